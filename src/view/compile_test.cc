// What the compiler makes of a SELECT, as text; that the numbers are right is tested where DuckDB
// can run it (query/view_values_test.cc).

#include <gtest/gtest.h>

#include "sql/parser.h"
#include "view/explain.h"
#include "view/plan.h"

namespace view {
namespace {

using model::TypeId;

const sql::RelationInfo& Orders() {
  static const sql::RelationInfo info{"public",
                                      "orders",
                                      {{"order_id", model::kInt8},
                                       {"region", model::kText},
                                       {"amount", {TypeId::kNumeric, 12, 2}},
                                       {"qty", model::kInt4},
                                       {"paid", model::kBool},
                                       {"price", model::kFloat8},
                                       {"tags", {TypeId::kText, 0, 0, true}},
                                       {"order_time", model::kTimestampTz},
                                       {"other_time", model::kTimestampTz}},
                                      "order_time"};
  return info;
}

class Lookup : public sql::RelationLookup {
 public:
  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override {
    return (schema.empty() || schema == "public") && name == "orders" ? &Orders() : nullptr;
  }
  std::vector<std::string_view> Names() const override { return {"orders"}; }
};

base::Result<Plan> CompileText(const std::string& text) {
  ASSIGN_OR_RETURN(auto select, sql::ParseSelect(text));
  auto bound = sql::BindSelect(select.get(), Lookup(), {});
  if (!bound.ok()) return bound.TakeStatus();
  return Compile(*select, Orders(), text);
}

Plan Compiled(const std::string& text) {
  auto plan = CompileText(text);
  EXPECT_TRUE(plan.ok()) << text << ": " << plan.status().ToString();
  return plan.ok() ? plan.Take() : Plan();
}

base::Status Refused(const std::string& text) {
  auto plan = CompileText(text);
  EXPECT_FALSE(plan.ok()) << text;
  return plan.ok() ? base::Status() : plan.TakeStatus();
}

TEST(Compile, WindowEndFollowsFromWindowStart) {
  const Plan plan = Compiled(
      "SELECT window_start, window_end, region, count(*) AS n FROM TUMBLE(orders, order_time, "
      "INTERVAL '1' MINUTE) "
      "GROUP BY window_start, window_end, region");
  ASSERT_EQ(plan.keys.size(), 2u);
  EXPECT_EQ(plan.CreateTable("partials_7"),
            "CREATE TABLE partials_7 (k0 TIMESTAMP, k1 VARCHAR, s0 BIGINT)");
  ASSERT_TRUE(plan.time);
  EXPECT_EQ(plan.time->key, 0);
  EXPECT_EQ(plan.time->bucket_us, 60'000'000);
  ASSERT_EQ(plan.fields.size(), 4u);
  EXPECT_EQ(plan.fields[1], (model::Field{"window_end", model::kTimestampTz}));
  EXPECT_EQ(plan.used_columns, (std::vector<int>{1, 7}));
}

TEST(Compile, GroupingByWindowEndAloneIsTheSameView) {
  const Plan plan = Compiled(
      "SELECT window_end, count(*) FROM TUMBLE(orders, order_time, INTERVAL '1' HOUR) GROUP BY "
      "window_end");
  ASSERT_EQ(plan.keys.size(), 1u);
  EXPECT_EQ(plan.time->bucket_us, 3'600'000'000);
}

TEST(Compile, EqualStatesAreStoredOnce) {
  const Plan plan = Compiled(
      "SELECT region, sum(qty), avg(qty), count(qty), sum(qty) * 2 AS twice, count(*) FILTER "
      "(WHERE paid) AS paid, "
      "approx_percentile(0.5) WITHIN GROUP (ORDER BY price) AS p50, approx_percentile(0.95) WITHIN "
      "GROUP (ORDER BY price) AS p95, "
      "stddev(price), var_pop(price) FROM orders o GROUP BY o.region");
  ASSERT_EQ(plan.states.size(), 5u);  // sum, count, count with a filter, sketch, moments
  EXPECT_EQ(plan.states[0].duckdb_type, "HUGEINT");
  EXPECT_EQ(plan.states[3].duckdb_type, "BLOB");
  EXPECT_EQ(plan.states[3].merge, "freshet_ddsketch_merge(s3)");
  EXPECT_EQ(plan.states[4].merge, "freshet_moments_merge(s4)");
}

TEST(Compile, ExactSumsKeepTheirScale) {
  const Plan plan = Compiled(
      "SELECT sum(amount), sum(amount * 1.25) AS taxed, sum(order_id) AS ids, sum(price) AS p, "
      "max(region) FROM orders");
  ASSERT_EQ(plan.states.size(), 5u);
  EXPECT_EQ(plan.states[0].duckdb_type, "DECIMAL(38,2)");
  EXPECT_EQ(plan.states[1].duckdb_type, "DECIMAL(38,4)");
  EXPECT_EQ(plan.states[2].duckdb_type, "HUGEINT");
  EXPECT_EQ(plan.states[3].duckdb_type, "DOUBLE");
  EXPECT_EQ(plan.states[4].duckdb_type, "VARCHAR");
  EXPECT_TRUE(plan.keys.empty());
  EXPECT_EQ(plan.Merge("p").find("GROUP BY"), std::string::npos);
}

TEST(Compile, BucketsOfTheEventTimeOrderTheView) {
  EXPECT_EQ(Compiled("SELECT date_trunc('hour', order_time) AS h, count(*) FROM orders GROUP BY 1")
                .time->bucket_us,
            3'600'000'000);
  EXPECT_EQ(Compiled("SELECT date_trunc('month', order_time) AS m, count(*) FROM orders GROUP BY m")
                .time->bucket_us,
            0);
  EXPECT_EQ(Compiled("SELECT date_bin('15 minutes', order_time, TIMESTAMPTZ '2000-01-01') AS q, "
                     "count(*) FROM orders GROUP BY 1")
                .time->bucket_us,
            900'000'000);
  EXPECT_EQ(Compiled("SELECT time_bucket(INTERVAL '5 minutes', order_time) AS q, count(*) FROM "
                     "orders GROUP BY 1")
                .time->bucket_us,
            300'000'000);
  EXPECT_FALSE(
      Compiled("SELECT date_trunc('hour', other_time) AS h, count(*) FROM orders GROUP BY 1").time);
  EXPECT_FALSE(Compiled("SELECT window_start, count(*) FROM TUMBLE(orders, other_time, INTERVAL "
                        "'1' MINUTE) GROUP BY 1")
                   .time);
  EXPECT_FALSE(Compiled("SELECT region, count(*) FROM orders GROUP BY 1").time);
  const Plan two = Compiled(
      "SELECT date_trunc('day', order_time) AS d, date_trunc('hour', order_time) AS h, count(*) "
      "FROM orders GROUP BY 1, 2");
  EXPECT_EQ(two.time->key, 1);
}

TEST(Compile, KeysMayBeExpressionsAndOutputsStandOverThem) {
  const Plan plan = Compiled(
      "SELECT CASE WHEN qty > 10 THEN 'many' ELSE 'few' END AS size, upper(region) || '!' AS "
      "shout, "
      "sum(amount) / count(*) AS average FROM orders GROUP BY CASE WHEN qty > 10 THEN 'many' ELSE "
      "'few' END, upper(region) "
      "HAVING count(*) > 1");
  ASSERT_EQ(plan.keys.size(), 2u);
  EXPECT_NE(plan.outputs[1].find("\"k1\""), std::string::npos);
  EXPECT_NE(plan.having.find("\"a1\""), std::string::npos);
}

TEST(Compile, ErrorsHaveTheirPlaceInCharacters) {
  EXPECT_EQ(Refused("SELECT 'é' AS e, random() AS r, count(*) FROM orders GROUP BY 2").position(),
            18);
}

TEST(Compile, SaysWhatMustBeGrouped) {
  EXPECT_EQ(Refused("SELECT region, qty, count(*) FROM orders GROUP BY region").sqlstate(),
            "42803");
  EXPECT_EQ(Refused("SELECT region FROM orders").sqlstate(), "42803");
  const auto twice = Refused("SELECT count(*) AS n, sum(qty) AS n FROM orders");
  EXPECT_EQ(twice.sqlstate(), "42701");
  EXPECT_EQ(Refused("SELECT count(*) AS n, sum(qty) AS \"N\" FROM orders").sqlstate(), "42701");
  EXPECT_EQ(Refused("SELECT 1 AS one FROM orders").sqlstate(), "0A000");
}

TEST(Compile, WhatAViewCannotKeepIsRefusedWithTheRemedy) {
  struct Case {
    const char* text;
    const char* hint;  // part of it
  };
  const Case cases[] = {
      {"SELECT count(*) FROM orders WHERE order_time > now()", "event time"},
      {"SELECT count(*) FROM orders WHERE order_time > current_timestamp", "reads the view"},
      {"SELECT random() AS r, count(*) FROM orders GROUP BY 1", "event time"},
      {"SELECT region, count(*) FROM orders GROUP BY 1 ORDER BY 2", "ORDER BY in the query"},
      {"SELECT region, count(*) FROM orders GROUP BY 1 LIMIT 5", "LIMIT in the query"},
      {"SELECT DISTINCT region FROM orders", "Group by"},
      {"SELECT a.region, count(*) FROM orders a JOIN orders b ON a.order_id = b.order_id GROUP BY "
       "1",
       "primary key"},
      {"SELECT count(*) FROM orders, orders b", "one source"},
      {"SELECT count(*) FROM (SELECT region FROM orders) AS o", "in the view itself"},
      {"SELECT count(*) FROM orders WHERE qty > (SELECT max(qty) FROM orders)", "Filter"},
      {"SELECT region, count(*) OVER () FROM orders", "window function"},
      {"WITH o AS (SELECT * FROM orders) SELECT count(*) FROM o", "common table"},
      {"SELECT count(*) FROM orders UNION ALL SELECT 1", "each branch"},
      {"SELECT stddev(DISTINCT qty) FROM orders", "query over the source"},
      {"SELECT array_agg(DISTINCT qty ORDER BY qty) FROM orders", ""},
      {"SELECT first(qty ORDER BY price, amount) FROM orders", "ORDER BY order_time"},
      {"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) FROM orders",
       "approx_percentile"},
      {"SELECT string_agg(region, ',') FROM orders", "Order the values"},
      {"SELECT string_agg(region, region ORDER BY qty) FROM orders", "','"},
      {"SELECT mode() WITHIN GROUP (ORDER BY qty) FROM orders", "functions.md"},
      {"SELECT window_start, count(*) FROM CUMULATE(orders, order_time, INTERVAL '1' MINUTE, "
       "INTERVAL '5' MINUTE) GROUP BY 1",
       "GROUP BY window_start, window_end"},
      {"SELECT region, count(*) FROM HOP(orders, order_time, INTERVAL '1' MINUTE, INTERVAL '5' "
       "MINUTE) GROUP BY 1",
       "count each row once"},
      {"SELECT window_start, min(window_end) FROM HOP(orders, order_time, INTERVAL '1' MINUTE, "
       "INTERVAL '5' MINUTE) GROUP BY 1",
       "HAVING"},
      {"SELECT window_start, count(*) FROM HOP(orders, order_time, INTERVAL '1' MINUTE, INTERVAL "
       "'5' MINUTE) WHERE window_end < order_time + INTERVAL '1' MINUTE GROUP BY 1",
       "HAVING"},
  };
  for (const Case& c : cases) {
    const auto status = Refused(c.text);
    EXPECT_EQ(status.sqlstate(), "0A000") << c.text << ": " << status.ToString();
    EXPECT_NE(status.hint().find(c.hint), std::string::npos) << c.text << ": " << status.ToString();
  }
}

TEST(Compile, TheFractionOfAPercentileIsChecked) {
  EXPECT_EQ(
      Refused("SELECT approx_percentile(1.5) WITHIN GROUP (ORDER BY price) FROM orders").sqlstate(),
      "22003");
  EXPECT_TRUE(
      CompileText("SELECT approx_percentile('0.5') WITHIN GROUP (ORDER BY amount) FROM orders")
          .ok());
}

TEST(Compile, OverlappingWindowsKeepPanes) {
  const Plan hop = Compiled(
      "SELECT window_start, window_end, count(*) AS n FROM HOP(orders, order_time, INTERVAL '2' "
      "MINUTE, INTERVAL '5' MINUTE) GROUP BY 1, 2");
  ASSERT_TRUE(hop.time);
  EXPECT_TRUE(hop.HasPanes());
  EXPECT_EQ(hop.keys.size(), 1u);
  EXPECT_EQ(hop.time->bucket_us, 60'000'000);
  EXPECT_EQ(hop.time->reach_us, 240'000'000);
  EXPECT_TRUE(hop.time->HasPartialGroups());
  const Plan cumulate = Compiled(
      "SELECT window_start, window_end, count(*) AS n FROM CUMULATE(orders, order_time, INTERVAL "
      "'10' MINUTE, INTERVAL '1' HOUR) GROUP BY 1, 2");
  EXPECT_EQ(cumulate.time->bucket_us, 3'600'000'000);
  EXPECT_EQ(cumulate.time->longest_us, 600'000'000);
  EXPECT_FALSE(cumulate.time->HasPartialGroups());
}

TEST(Compile, SessionsAreKeptAsFragments) {
  const Plan plan = Compiled(
      "SELECT window_start, window_end, region, paid, count(*) AS n FROM SESSION(orders, "
      "order_time, "
      "INTERVAL '5' MINUTE, region) GROUP BY window_start, window_end, region, paid");
  EXPECT_TRUE(plan.HasSessions());
  EXPECT_EQ(plan.session_keys, (std::vector<std::string>{"k1"}));
  EXPECT_EQ(plan.CreateTable("p"),
            "CREATE TABLE p (k0 TIMESTAMP, k1 VARCHAR, k2 BOOLEAN, w_last TIMESTAMP, s0 BIGINT)");
  EXPECT_TRUE(plan.time->session);
  EXPECT_FALSE(plan.time->HasPartialGroups());
  EXPECT_EQ(Refused("SELECT window_start, count(*) FROM SESSION(orders, order_time, INTERVAL '1' "
                    "MONTH) GROUP BY 1")
                .sqlstate(),
            "22023");
}

TEST(Compile, ExplainNamesTheWindow) {
  const auto line = [](const std::string& from) {
    const Plan plan = Compiled("SELECT window_start, window_end, count(*) AS n FROM " + from +
                               " GROUP BY window_start, window_end");
    return Explain(plan, "v", "p", "orders")[1];
  };
  EXPECT_EQ(
      line("HOP(orders, order_time, INTERVAL '1' MINUTE, INTERVAL '1' HOUR)"),
      "  Window HOP of \"order_time\", size 1 h, slide 1 min: partials of panes of 1 min, each "
      "read into at most 60 windows");
  EXPECT_EQ(line("SESSION(orders, order_time, INTERVAL '30' SECOND)"),
            "  Window SESSION of \"order_time\", gap 30 s: partials of fragments, joined by every "
            "reader");
  EXPECT_EQ(line("TUMBLE(orders, order_time, INTERVAL '1' DAY, 'Europe/Paris')"),
            "  Window TUMBLE of \"order_time\", size 1 d of civil time in 'Europe/Paris'");
}

TEST(Compile, FloorsAreStartsOfGroups) {
  const auto time = [](const std::string& key) {
    return *Compiled("SELECT " + key + " AS k, count(*) FROM orders GROUP BY 1").time;
  };
  constexpr int64_t kDay = 86'400'000'000;
  EXPECT_EQ(time("date_trunc('week', order_time)").origin_us, 4 * kDay);
  EXPECT_EQ(time("date_bin('7 days', order_time, TIMESTAMPTZ '2024-01-01')").origin_us, 4 * kDay);
  EXPECT_EQ(time("date_bin('1 day', order_time, TIMESTAMPTZ '2024-01-01 02:00+01')").origin_us,
            kDay / 24);
  EXPECT_EQ(time("time_bucket('7 days', order_time)").origin_us, 4 * kDay);
  EXPECT_EQ(time("date_trunc('month', order_time)").longest_us, 31 * kDay);
  EXPECT_TRUE(time("date_trunc('month', order_time)").HasPartialGroups());
}

TEST(Compile, ExplainShowsTheFourStatements) {
  const Plan plan = Compiled("SELECT region, count(*) AS n FROM orders GROUP BY region");
  const auto lines = Explain(plan, "per_region", "partials_9", "orders");
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  for (const char* part : {"Key k0 = region", "CREATE TABLE partials_9",
                           "Delta:", "Merge:", "Finalize:", "FROM orders GROUP BY 1"})
    EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
}

}  // namespace
}  // namespace view
