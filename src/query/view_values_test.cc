// The numbers of a view: rows split at random into deltas, merged in random order and in several
// steps, finalized, and compared with the answer of one query over all rows that is written by hand
// in DuckDB's words.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sql/binder.h"
#include "sql/parser.h"
#include "store/store.h"
#include "view/plan.h"

namespace query {
namespace {

using Table = std::vector<std::vector<std::string>>;

struct ViewCase {
  const char* name;
  const char* view;      // our SQL
  const char* oracle;    // DuckDB's, over table `rows`
  double tolerance = 0;  // relative; 0 = equal as text
};

const char* kColumns =
    "id BIGINT, region VARCHAR, amount DECIMAL(12,2), qty INTEGER, small SMALLINT, paid BOOLEAN, "
    "price DOUBLE, ts TIMESTAMP, d DATE";

const sql::RelationInfo& Relation() {
  static const sql::RelationInfo info{"public",
                                      "rows",
                                      {{"id", model::kInt8},
                                       {"region", model::kText},
                                       {"amount", {model::TypeId::kNumeric, 12, 2}},
                                       {"qty", model::kInt4},
                                       {"small", {model::TypeId::kInt2}},
                                       {"paid", model::kBool},
                                       {"price", model::kFloat8},
                                       {"ts", model::kTimestampTz},
                                       {"d", {model::TypeId::kDate}}},
                                      "ts"};
  return info;
}

class Lookup : public sql::RelationLookup {
 public:
  const sql::RelationInfo* Find(std::string_view, std::string_view name) const override {
    return name == "rows" ? &Relation() : nullptr;
  }
  std::vector<std::string_view> Names() const override { return {"rows"}; }
};

class ViewValues : public ::testing::TestWithParam<ViewCase> {
 protected:
  void SetUp() override {
    auto opened = store::Store::Open({});
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = opened.Take();
    auto connected = store_->Connect();
    ASSERT_TRUE(connected.ok());
    connection_ = connected.Take();
    Run("CREATE TABLE rows (" + std::string(kColumns) +
        R"(, part INTEGER, "__partition" INTEGER, "__offset" BIGINT))");
  }

  void Run(const std::string& sql) {
    const auto status = connection_->Run(sql);
    ASSERT_TRUE(status.ok()) << sql << "\n" << status.ToString();
  }

  // All rows of a query as text, in an order that does not depend on the query.
  Table Read(const std::string& sql) {
    Table table;
    auto rows =
        connection_->Query("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (" + sql + ") ORDER BY ALL");
    EXPECT_TRUE(rows.ok()) << sql << "\n" << rows.status().ToString();
    if (!rows.ok()) return table;
    while (true) {
      auto chunk = (*rows)->Next();
      EXPECT_TRUE(chunk.ok()) << chunk.status().ToString();
      if (!chunk.ok() || chunk->rows == 0) return table;
      for (size_t row = 0; row < chunk->rows; ++row) {
        table.emplace_back();
        for (const auto& column : chunk->columns)
          table.back().push_back(
              column.IsNull(row) ? "NULL" : std::string(column.Get<model::StringCell>(row).View()));
      }
    }
  }

  // `count` rows with NULLs in every column, spread over `parts` deltas. Groups have rows in many
  // of them.
  void Fill(int count, int parts, uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
    const auto or_null = [&](const std::string& text) {
      return below(8) == 0 ? std::string("NULL") : text;
    };
    const char* regions[] = {"'north'", "'south'", "'it''s'", "''"};
    std::string values;
    for (int i = 0; i < count; ++i) {
      values += (i > 0 ? ", (" : "(") + std::to_string(i) + ", " + or_null(regions[below(4)]) +
                ", " + or_null(std::to_string(below(2000000) - 1000000) + "::DECIMAL(18,2) / 100") +
                ", " + or_null(std::to_string(below(200) - 100)) + ", " +
                or_null(std::to_string(below(100) - 50)) + ", " +
                or_null(below(2) ? "true" : "false") + ", " +
                or_null(std::to_string(std::exp((below(1000) - 500) / 100.0))) +
                ", make_timestamp(" +
                std::to_string(1'700'000'000'000'000LL + below(7200) * 1'000'000LL) + "), " +
                or_null("DATE '2024-01-01' + " + std::to_string(below(60))) + ", " +
                std::to_string(below(parts)) + ", 0, " + std::to_string(i) + ")";
    }
    Run("INSERT INTO rows VALUES " + values);
  }

  view::Plan CompileView(const char* text) {
    auto select = sql::ParseSelect(text);
    EXPECT_TRUE(select.ok()) << select.status().ToString();
    auto bound = sql::BindSelect(select->get(), Lookup(), {});
    EXPECT_TRUE(bound.ok()) << text << "\n" << bound.status().ToString();
    if (!bound.ok()) return {};
    auto plan = view::Compile(**select, Relation());
    EXPECT_TRUE(plan.ok()) << text << "\n" << plan.status().ToString();
    return plan.ok() ? plan.Take() : view::Plan();
  }

  // The deltas of all parts in random order, with merges of what is there in between.
  void Feed(const view::Plan& plan, int parts, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<int> order;
    for (int i = 0; i < parts; ++i) order.push_back(i);
    std::shuffle(order.begin(), order.end(), random);
    Run(plan.CreateTable("p"));
    for (int part : order) {
      Run("INSERT INTO p " +
          plan.Delta("(SELECT * FROM rows WHERE part = " + std::to_string(part) + ")"));
      if (random() % 3 != 0) continue;
      Run("CREATE OR REPLACE TABLE merged AS " + plan.Merge("p"));
      Run("DELETE FROM p");
      Run("INSERT INTO p SELECT * FROM merged");
    }
  }

  static void ExpectEqual(const Table& got, const Table& want, double tolerance,
                          const std::string& what) {
    ASSERT_EQ(got.size(), want.size()) << what;
    for (size_t row = 0; row < want.size(); ++row) {
      ASSERT_EQ(got[row].size(), want[row].size()) << what;
      for (size_t column = 0; column < want[row].size(); ++column) {
        if (got[row][column] == want[row][column]) continue;
        char* end = nullptr;
        const double left = std::strtod(got[row][column].c_str(), &end),
                     right = std::strtod(want[row][column].c_str(), nullptr);
        const bool near = end != got[row][column].c_str() && *end == 0 &&
                          std::abs(left - right) <= tolerance * std::abs(right) + tolerance * 1e-6;
        EXPECT_TRUE(near) << what << " row " << row << " column " << column << ": "
                          << got[row][column] << " instead of " << want[row][column];
      }
    }
  }

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Connection> connection_;
};

TEST_P(ViewValues, EqualTheOneShotAnswer) {
  const view::Plan plan = CompileView(GetParam().view);
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const int parts = 3 + static_cast<int>(seed);
    Fill(seed == 1 ? 12 : 400, parts, seed);
    Feed(plan, parts, seed * 7);
    ExpectEqual(Read(plan.Finalize("p")), Read(GetParam().oracle), GetParam().tolerance,
                "seed " + std::to_string(seed));
    Run("DROP TABLE p");
    Run("DELETE FROM rows");
  }
}

// Before the first record, and with records that the filter does not accept.
TEST_P(ViewValues, EqualTheOneShotAnswerOverNothing) {
  const view::Plan plan = CompileView(GetParam().view);
  Run(plan.CreateTable("p"));
  ExpectEqual(Read(plan.Finalize("p")), Read(GetParam().oracle), 0, "empty");
  Run("INSERT INTO p " + plan.Delta("(SELECT * FROM rows)"));
  Run("INSERT INTO p " + plan.Delta("(SELECT * FROM rows)"));
  ExpectEqual(Read(plan.Finalize("p")), Read(GetParam().oracle), 0, "empty deltas");
}

const ViewCase kCases[] = {
    {"counts",
     "SELECT region, count(*) AS n, count(qty) AS q, count(*) FILTER (WHERE paid) AS paid FROM "
     "rows GROUP BY region",
     "SELECT region, count(*) n, count(qty) q, count(*) FILTER (WHERE paid) paid FROM rows GROUP "
     "BY region"},
    {"sums",
     "SELECT region, sum(small), sum(qty) AS q, sum(id) AS i, sum(amount) AS a, sum(amount * 1.25) "
     "AS t FROM rows GROUP BY region",
     "SELECT region, sum(small), sum(qty) q, sum(id) i, sum(amount) a, sum(amount * 1.25) t FROM "
     "rows GROUP BY region"},
    {"double_sums", "SELECT region, sum(price) AS s, avg(price) AS a FROM rows GROUP BY region",
     "SELECT region, sum(price) s, avg(price) a FROM rows GROUP BY region", 1e-9},
    {"averages",
     "SELECT paid, avg(qty) AS q, avg(amount) AS a, avg(id) AS i FROM rows GROUP BY paid",
     "SELECT paid, avg(qty) q, avg(amount) a, avg(id) i FROM rows GROUP BY paid", 1e-15},
    {"extremes",
     "SELECT region, min(amount) AS a, max(qty) AS b, min(region) AS c, max(ts) AS d, min(d) AS e, "
     "max(price) AS f FROM rows GROUP BY region",
     "SELECT region, min(amount) a, max(qty) b, min(region) c, max(ts) d, min(d) e, max(price) f "
     "FROM rows GROUP BY region"},
    {"bits",
     "SELECT region, bool_and(paid) AS a, bool_or(paid) AS o, every(qty > -90) AS e, bit_and(qty) "
     "AS x, bit_or(small) AS y, bit_xor(id) AS z FROM rows GROUP BY region",
     "SELECT region, bool_and(paid) a, bool_or(paid) o, bool_and(qty > -90) e, bit_and(qty) x, "
     "bit_or(small) y, bit_xor(id) z FROM rows GROUP BY region"},
    {"moments",
     "SELECT region, stddev(price) AS a, stddev_pop(qty) AS b, variance(amount) AS c, "
     "var_pop(price) AS d FROM rows GROUP BY region",
     "SELECT region, stddev_samp(price) a, stddev_pop(qty) b, var_samp(amount) c, var_pop(price) d "
     "FROM rows GROUP BY region",
     1e-9},
    {"no_group",
     "SELECT count(*) AS n, sum(amount) AS s, min(qty) AS m, avg(qty) AS a, bool_or(paid) AS b, "
     "approx_count_distinct(id) > 0 AS seen FROM rows",
     "SELECT count(*) n, sum(amount) s, min(qty) m, avg(qty) a, bool_or(paid) b, count(id) > 0 "
     "seen FROM rows",
     1e-15},
    {"nothing_accepted",
     "SELECT count(*) AS n, sum(amount) AS s, max(region) AS m, avg(price) AS a, stddev(price) AS "
     "d FROM rows WHERE qty > 1000",
     "SELECT count(*) n, sum(amount) s, max(region) m, avg(price) a, stddev_samp(price) d FROM "
     "rows WHERE qty > 1000"},
    {"tumble",
     "SELECT window_start, window_end, region, count(*) AS n, sum(amount) AS s FROM TUMBLE(rows, "
     "ts, INTERVAL '5' MINUTE) GROUP BY window_start, window_end, region",
     "SELECT to_timestamp(epoch(ts)::BIGINT // 300 * 300)::TIMESTAMP ws, "
     "to_timestamp(epoch(ts)::BIGINT // 300 * 300 + 300)::TIMESTAMP we, region, count(*) n, "
     "sum(amount) s FROM rows GROUP BY ALL"},
    {"tumble_week",
     "SELECT window_start, count(*) AS n FROM TUMBLE(rows, ts, INTERVAL '7' DAY, INTERVAL '1' DAY) "
     "GROUP BY window_start",
     "SELECT to_timestamp((epoch(ts)::BIGINT - 86400) // 604800 * 604800 + 86400)::TIMESTAMP ws, "
     "count(*) n FROM rows GROUP BY ALL"},
    {"hop",
     "SELECT window_start, window_end, region, count(*) AS n, sum(amount) AS s, avg(qty) AS a FROM "
     "HOP(rows, ts, INTERVAL '2' MINUTE, INTERVAL '5' MINUTE, INTERVAL '30' SECOND) GROUP BY "
     "window_start, window_end, region HAVING count(*) > 1",
     "SELECT ws, ws + INTERVAL 5 MINUTE we, region, count(*) n, sum(amount) s, avg(qty) a FROM "
     "rows, "
     "(SELECT unnest(generate_series(TIMESTAMP '2023-11-14 22:00:30', TIMESTAMP '2023-11-15 "
     "01:00:30', INTERVAL 2 MINUTE)) ws) WHERE ws <= ts AND ts < ws + INTERVAL 5 MINUTE GROUP BY "
     "ALL "
     "HAVING count(*) > 1",
     1e-15},
    {"hop_percentiles",
     "SELECT window_end, approx_percentile(0.5) WITHIN GROUP (ORDER BY price) AS p50 FROM "
     "HOP(rows, "
     "ts, INTERVAL '10' MINUTE, INTERVAL '30' MINUTE) GROUP BY window_end",
     "SELECT ws + INTERVAL 30 MINUTE we, quantile_disc(price, 0.5) p50 FROM rows, (SELECT "
     "unnest(generate_series(TIMESTAMP '2023-11-14 21:00:00', TIMESTAMP '2023-11-15 01:00:00', "
     "INTERVAL 10 MINUTE)) ws) WHERE ws <= ts AND ts < ws + INTERVAL 30 MINUTE GROUP BY ALL",
     0.0101},
    {"cumulate",
     "SELECT window_start, window_end, paid, count(*) AS n, max(price) AS m FROM CUMULATE(rows, "
     "ts, "
     "INTERVAL '10' MINUTE, INTERVAL '1' HOUR) GROUP BY window_start, window_end, paid",
     "SELECT ws, ws + s * INTERVAL 10 MINUTE we, paid, count(*) n, max(price) m FROM (SELECT *, "
     "date_trunc('hour', ts) ws FROM rows), range(1, 7) r(s) WHERE ts < ws + s * INTERVAL 10 "
     "MINUTE "
     "GROUP BY ALL"},
    {"truncated",
     "SELECT date_trunc('hour', ts) AS h, extract(minute FROM ts) > 30 AS late, count(*) AS n FROM "
     "rows GROUP BY 1, 2",
     "SELECT to_timestamp(epoch(ts)::BIGINT // 3600 * 3600)::TIMESTAMP h, (epoch(ts)::BIGINT % "
     "3600) // 60 > 30 late, count(*) n FROM rows GROUP BY ALL"},
    {"expressions",
     "SELECT CASE WHEN qty > 10 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END AS size, "
     "coalesce(region, '?') || '!' AS r, "
     "sum(amount) * 2 - sum(qty) AS x, count(*) + 1 AS n1, max(qty) - min(qty) AS span FROM rows "
     "WHERE paid IS NOT FALSE "
     "GROUP BY CASE WHEN qty > 10 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END, "
     "coalesce(region, '?')",
     "SELECT CASE WHEN qty > 10 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END size, "
     "coalesce(region, '?') || '!' r, "
     "sum(amount) * 2 - sum(qty) x, count(*) + 1 n1, max(qty) - min(qty) span FROM rows WHERE paid "
     "IS DISTINCT FROM false "
     "GROUP BY CASE WHEN qty > 10 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END, "
     "coalesce(region, '?')"},
    {"having",
     "SELECT region, count(*) AS n FROM rows GROUP BY region HAVING count(*) > 70 AND min(qty) < 0",
     "SELECT region, count(*) n FROM rows GROUP BY region HAVING count(*) > 70 AND min(qty) < 0"},
    {"having_alone", "SELECT sum(qty) AS s FROM rows HAVING count(*) > 100",
     "SELECT sum(qty) s FROM rows HAVING count(*) > 100"},
    {"keys_only", "SELECT region, paid FROM rows GROUP BY region, paid",
     "SELECT region, paid FROM rows GROUP BY region, paid"},
    {"date_key",
     "SELECT d, date_trunc('month', d) AS m, count(*) AS n FROM rows GROUP BY d, "
     "date_trunc('month', d)",
     "SELECT d, date_trunc('month', d)::TIMESTAMP m, count(*) n FROM rows GROUP BY ALL"},
    {"percentiles",
     "SELECT region, approx_percentile(0.5) WITHIN GROUP (ORDER BY price) AS p50, "
     "approx_percentile(0.99) WITHIN GROUP (ORDER BY price) AS p99, "
     "approx_percentile(0.1) WITHIN GROUP (ORDER BY price DESC) AS p90 FROM rows GROUP BY region",
     "SELECT region, quantile_disc(price, 0.5) p50, quantile_disc(price, 0.99) p99, "
     "quantile_disc(price, 0.9) p90 FROM rows GROUP BY region",
     0.0101},
    {"distinct",
     "SELECT paid, approx_count_distinct(id) AS n, approx_count_distinct(region) AS r FROM rows "
     "GROUP BY paid",
     "SELECT paid, count(DISTINCT id) n, count(DISTINCT region) r FROM rows GROUP BY paid", 0.04},
    {"exact_distinct",
     "SELECT paid, count(DISTINCT qty) AS q, count(DISTINCT region) FILTER (WHERE small > 0) AS r, "
     "sum(DISTINCT qty) AS s, sum(DISTINCT amount) AS a, avg(DISTINCT small) AS m, count(DISTINCT "
     "d) "
     "AS d, sum(DISTINCT id) AS i, count(*) AS n FROM rows GROUP BY paid",
     "SELECT paid, count(DISTINCT qty) q, count(DISTINCT region) FILTER (WHERE small > 0) r, "
     "sum(DISTINCT qty) s, sum(DISTINCT amount) a, avg(DISTINCT small) m, count(DISTINCT d) d, "
     "sum(DISTINCT id) i, count(*) n FROM rows GROUP BY paid",
     1e-14},
    {"distinct_without_group",
     "SELECT count(DISTINCT price) AS p, sum(DISTINCT price) AS s, avg(DISTINCT qty) AS q FROM "
     "rows",
     "SELECT count(DISTINCT price) p, sum(DISTINCT price) s, avg(DISTINCT qty) q FROM rows", 1e-9},
    {"first_and_last",
     "SELECT region, first(qty) AS a, last(qty) AS b, first(amount ORDER BY price) AS c, "
     "last(region ORDER BY ts DESC) AS d, last(price) FILTER (WHERE paid) AS e FROM rows GROUP BY "
     "region",
     "SELECT region, first(qty ORDER BY ts, id) a, last(qty ORDER BY ts, id) b, first(amount ORDER "
     "BY price, id) FILTER (WHERE price IS NOT NULL) c, first(region ORDER BY ts, id) d, "
     "last(price "
     "ORDER BY ts, id) FILTER (WHERE paid) e FROM rows GROUP BY region"},
    {"extremes_of_pairs",
     "SELECT region, arg_min(amount, qty) AS a, arg_max(id, small) AS b, arg_max(region, ts) "
     "FILTER "
     "(WHERE qty > 0) AS c FROM rows GROUP BY region",
     "SELECT region, first(amount ORDER BY qty, amount) FILTER (WHERE amount IS NOT NULL AND qty "
     "IS "
     "NOT NULL) a, last(id ORDER BY small, id) FILTER (WHERE small IS NOT NULL AND id IS NOT NULL) "
     "b, last(region ORDER BY ts, region) FILTER (WHERE qty > 0 AND region IS NOT NULL) c FROM "
     "rows "
     "GROUP BY region"},
    {"pairs",
     "SELECT region, corr(price, qty) AS a, covar_pop(price, amount) AS b, covar_samp(qty, small) "
     "AS c, regr_slope(amount, qty) AS d, regr_intercept(amount, qty) AS e, regr_r2(price, small) "
     "AS f, regr_sxx(qty, small) AS g, regr_syy(qty, small) AS h, regr_sxy(qty, small) AS i, "
     "regr_avgx(qty, small) AS j, regr_avgy(qty, small) AS k, regr_count(qty, small) AS l FROM "
     "rows "
     "GROUP BY region",
     "SELECT region, nullif(corr(price, qty), 'nan') a, covar_pop(price, amount) b, "
     "covar_samp(qty, small) c, "
     "nullif(regr_slope(amount, qty), 'nan') d, nullif(regr_intercept(amount, qty), 'nan') e, "
     "nullif(regr_r2(price, small), 'nan') f, "
     "regr_sxx(qty, small) g, regr_syy(qty, small) h, regr_sxy(qty, small) i, regr_avgx(qty, "
     "small) "
     "j, regr_avgy(qty, small) k, regr_count(qty, small) l FROM rows GROUP BY region",
     1e-8},
    {"histograms",
     "SELECT paid, histogram(region) AS h, histogram(qty / 50) AS q FROM rows GROUP BY paid",
     "SELECT paid, (SELECT '{' || string_agg(to_json(r) || ': ' || n, ', ' ORDER BY length(r), r) "
     "|| '}' FROM "
     "(SELECT region r, count(*) n FROM rows i WHERE i.paid IS NOT DISTINCT FROM o.paid AND region "
     "IS NOT NULL GROUP BY 1)) h, (SELECT '{' || string_agg('\"' || r || '\": ' || n, ', ' ORDER "
     "BY length(r), r) || '}' FROM (SELECT (sign(qty) * (abs(qty) // 50))::INT::VARCHAR r, "
     "count(*) n FROM rows "
     "i "
     "WHERE i.paid IS NOT DISTINCT FROM o.paid AND qty IS NOT NULL GROUP BY 1)) q FROM (SELECT "
     "DISTINCT paid FROM rows) o"},
    {"most_frequent", "SELECT approx_top_k(region, 2) AS t FROM rows",
     "SELECT '[' || string_agg('{\"count\": ' || n || ', \"value\": ' || to_json(r) || '}', ', ' "
     "ORDER BY n DESC, r) || ']' t FROM (SELECT region r, count(*) n FROM rows WHERE region IS NOT "
     "NULL GROUP BY 1 ORDER BY n DESC, r LIMIT 2)"},
    {"collected",
     "SELECT paid, string_agg(region, '; ' ORDER BY ts DESC, id) AS a, array_agg(qty ORDER BY "
     "amount "
     "NULLS FIRST, id DESC) AS b, string_agg(DISTINCT region, ',' ORDER BY region DESC) AS c, "
     "string_agg(region, '' ORDER BY id) FILTER (WHERE false) IS NULL AS d FROM rows GROUP BY paid",
     "SELECT paid, string_agg(region, '; ' ORDER BY ts DESC, id) a, array_agg(qty ORDER BY amount "
     "NULLS FIRST, id DESC) b, string_agg(DISTINCT region, ',' ORDER BY region DESC) c, true d "
     "FROM "
     "rows GROUP BY paid"},
    {"hop_distinct",
     "SELECT window_start, count(DISTINCT region) AS r, last(qty) AS q FROM HOP(rows, ts, INTERVAL "
     "'10' MINUTE, INTERVAL '20' MINUTE) GROUP BY window_start",
     "SELECT ws, count(DISTINCT region) r, last(qty ORDER BY ts, id) q FROM rows, (SELECT "
     "unnest(generate_series(TIMESTAMP '2023-11-14 21:00:00', TIMESTAMP '2023-11-15 01:00:00', "
     "INTERVAL 10 MINUTE)) ws) WHERE ws <= ts AND ts < ws + INTERVAL 20 MINUTE GROUP BY ALL"},
    {"sessions",
     "SELECT window_start, window_end, region, count(*) AS n, sum(amount) AS s, count(DISTINCT "
     "qty) "
     "AS q FROM SESSION(rows, ts, INTERVAL '1' MINUTE, region) GROUP BY window_start, window_end, "
     "region",
     "SELECT min(ts) ws, max(ts) + INTERVAL 1 MINUTE we, region, count(*) n, sum(amount) s, "
     "count(DISTINCT qty) q FROM (SELECT *, sum(b) OVER (PARTITION BY region ORDER BY ts) i FROM "
     "(SELECT *, CASE WHEN ts - lag(ts) OVER (PARTITION BY region ORDER BY ts) < INTERVAL 1 MINUTE "
     "THEN 0 ELSE 1 END b FROM rows)) GROUP BY region, i"},
    {"sessions_of_all",
     "SELECT window_start, count(*) AS n FROM SESSION(rows, ts, INTERVAL '20' SECOND) GROUP BY "
     "window_start HAVING count(*) > 2",
     "SELECT min(ts) ws, count(*) n FROM (SELECT *, sum(b) OVER (ORDER BY ts) i FROM (SELECT *, "
     "CASE "
     "WHEN ts - lag(ts) OVER (ORDER BY ts) < INTERVAL 20 SECOND THEN 0 ELSE 1 END b FROM rows)) "
     "GROUP BY i HAVING count(*) > 2"},
    {"sessions_shared",
     "SELECT paid, window_start, region, window_end, max(price) AS m FROM SESSION(rows, ts, "
     "INTERVAL "
     "'1' MINUTE, region) WHERE region <> 'south' GROUP BY paid, window_start, region, window_end",
     "SELECT paid, ws, region, we, max(price) m FROM (SELECT *, min(ts) OVER (PARTITION BY region, "
     "i) "
     "ws, max(ts) OVER (PARTITION BY region, i) + INTERVAL 1 MINUTE we FROM (SELECT *, sum(b) OVER "
     "(PARTITION BY region ORDER BY ts) i FROM (SELECT *, CASE WHEN ts - lag(ts) OVER (PARTITION "
     "BY "
     "region ORDER BY ts) < INTERVAL 1 MINUTE THEN 0 ELSE 1 END b FROM rows WHERE region <> "
     "'south'))) GROUP BY ALL"},
    {"civil_days",
     "SELECT window_start, window_end, count(*) AS n FROM TUMBLE(rows, ts, INTERVAL '1' DAY, "
     "INTERVAL '17' HOUR, 'America/New_York') GROUP BY 1, 2",
     "SELECT CASE WHEN ts < TIMESTAMP '2023-11-14 22:00:00' THEN TIMESTAMP '2023-11-13 22:00:00' "
     "ELSE TIMESTAMP '2023-11-14 22:00:00' END ws, ws + INTERVAL 1 DAY we, count(*) n FROM rows "
     "GROUP BY ALL"},
};

INSTANTIATE_TEST_SUITE_P(Cases, ViewValues, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace query
