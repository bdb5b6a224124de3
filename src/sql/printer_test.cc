#include "sql/printer.h"

#include <gtest/gtest.h>

#include "sql/binder.h"
#include "sql/parser.h"
#include "sql/test_relations.h"

namespace sql {
namespace {

// The select list of "SELECT <items> FROM t", bound and printed, without the names given to its
// items.
std::string Item(const std::string& expression, const std::string& time_zone = "UTC") {
  static const TestRelations relations;
  base::Result<SelectPtr> select = ParseSelect("SELECT " + expression + " AS x FROM t");
  EXPECT_TRUE(select.ok()) << select.status().ToString();
  BindOptions bind;
  bind.time_zone = time_zone;
  base::Result<Bound> bound = BindSelect(select->get(), relations, bind);
  EXPECT_TRUE(bound.ok()) << bound.status().ToString() << " in " << expression;
  if (!bound.ok()) return "";
  PrintOptions print;
  print.time_zone = time_zone;
  base::Result<std::string> text = PrintDuckDb(**select, print);
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  if (!text.ok()) return "";
  std::string out = *text;
  for (size_t at; (at = out.find("\"t\".")) != std::string::npos;) out.erase(at, 4);
  return out.substr(7, out.find(" AS \"x\"") - 7);
}

std::string Whole(const std::string& query) {
  static const TestRelations relations;
  base::Result<SelectPtr> select = ParseSelect(query);
  EXPECT_TRUE(select.ok()) << select.status().ToString();
  base::Result<Bound> bound = BindSelect(select->get(), relations, {});
  EXPECT_TRUE(bound.ok()) << bound.status().ToString() << " in " << query;
  PrintOptions options;
  options.relation = [](const std::vector<std::string>& name) -> base::Result<std::string> {
    return "<" + name.back() + ">";
  };
  base::Result<std::string> text = PrintDuckDb(**select, options);
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  return text.ok() ? *text : "";
}

std::string Unbound(const std::string& query, const PrintOptions& options = {}) {
  base::Result<std::string> text = PrintDuckDb(**ParseSelect(query), options);
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  return text.ok() ? *text : "";
}

TEST(PrintDuckDb, DivisionIsPostgres) {
  EXPECT_EQ(Item("i4 / 2"), "(\"i4\" // 2)");
  EXPECT_EQ(Item("10 / i4"),
            "CASE WHEN \"i4\" = 0 THEN error('division by zero') ELSE (10 // \"i4\") END");
  EXPECT_EQ(Item("i4 % NULLIF(i4, 0)"), "(\"i4\" % nullif(\"i4\", 0))");
  EXPECT_EQ(Item("f8 / 2.0::float8"), "(\"f8\" / CAST(2.0 AS DOUBLE))");
  EXPECT_EQ(Item("n / 2"), "(CAST(\"n\" AS DOUBLE) / CAST(CAST('2' AS DECIMAL(1,0)) AS DOUBLE))");
}

TEST(PrintDuckDb, DecimalsDoNotOverflowWhereTheirDigitsFit) {
  EXPECT_EQ(Item("n * 2"), "(\"n\" * CAST('2' AS DECIMAL(1,0)))");
  EXPECT_EQ(Item("n * n"), "CAST(CAST(\"n\" AS DECIMAL(19,3)) * \"n\" AS DECIMAL(20,6))");
}

TEST(PrintDuckDb, TypesAreThoseOfTheBinder) {
  EXPECT_EQ(Item("i2 + i4"), "(CAST(\"i2\" AS INTEGER) + \"i4\")");
  EXPECT_EQ(Item("i8 = 1"), "(\"i8\" = CAST(1 AS BIGINT))");
  EXPECT_EQ(Item("sum(i4)"), "CAST(sum(\"i4\") AS BIGINT)");
  EXPECT_EQ(Item("sum(i8)"), "CAST(sum(\"i8\") AS DECIMAL(38,0))");
  EXPECT_EQ(Item("avg(n)"), "avg(\"n\")");
  EXPECT_EQ(Item("length(s)"), "CAST(length(\"s\") AS INTEGER)");
  EXPECT_EQ(Item("-9223372036854775808"), "CAST('-9223372036854775808' AS BIGINT)");
  EXPECT_EQ(Item("- i4"), "(- \"i4\")");
  EXPECT_EQ(Item("i4 - -1"), "(\"i4\" - (-1))");
}

TEST(PrintDuckDb, Patterns) {
  EXPECT_EQ(Item("s LIKE 'a%'"), "(\"s\" LIKE 'a%')");
  EXPECT_EQ(Item("s LIKE 'a\\_'"), "(\"s\" LIKE 'a\\_' ESCAPE '\\')");
  EXPECT_EQ(Item("s LIKE s"), "(\"s\" LIKE \"s\" ESCAPE '\\')");
  EXPECT_EQ(Item("s NOT ILIKE 'x!%' ESCAPE '!'"), "(\"s\" NOT ILIKE 'x!%' ESCAPE '!')");
  EXPECT_EQ(Item("s ~ '^a'"), "regexp_matches(\"s\", '^a', 's')");
  EXPECT_EQ(Item("s !~* '\\ya'"), "(NOT regexp_matches(\"s\", '\\ba', 'is'))");
  EXPECT_EQ(Item("s SIMILAR TO 'a%|(b_)'"), "regexp_matches(\"s\", '^(?:a.*|(?:b.))$', 's')");
}

TEST(PrintDuckDb, TimesInUtcAreCheap) {
  EXPECT_EQ(Item("date_trunc('HOUR', tz)"), "date_trunc('hour', \"tz\")");
  EXPECT_EQ(Item("tz >= '2026-01-01'"), "(\"tz\" >= TIMESTAMP '2026-01-01 00:00:00')");
  EXPECT_EQ(Item("tz + interval '1 day'"), "(\"tz\" + INTERVAL '1 day')");
  EXPECT_EQ(Item("tz::date"), "CAST(\"tz\" AS DATE)");
  EXPECT_EQ(Item("tz::text"), "(CAST(\"tz\" AS VARCHAR) || '+00')");
  EXPECT_EQ(Item("now()"), "make_timestamp(epoch_us(now()))");
  EXPECT_EQ(Item("to_char(tz, 'YYYY-MM-DD HH24:MI')"), "(strftime(\"tz\", '%Y-%m-%d %H:%M'))");
}

TEST(PrintDuckDb, OtherZonesGoThroughCivilTime) {
  const std::string civil = "freshet_to_civil('Europe/Paris', \"tz\")";
  EXPECT_EQ(Item("date_trunc('day', tz)", "Europe/Paris"),
            "freshet_from_civil('Europe/Paris', date_trunc('day', " + civil + "))");
  EXPECT_EQ(Item("date_trunc('second', tz)", "Europe/Paris"), "date_trunc('second', \"tz\")");
  EXPECT_EQ(Item("tz::date", "Europe/Paris"), "CAST(" + civil + " AS DATE)");
  EXPECT_EQ(Item("tz + interval '1 hour'", "Europe/Paris"), "(\"tz\" + INTERVAL '01:00:00')");
  EXPECT_EQ(Item("tz >= '2026-01-01'", "Europe/Paris"),
            "(\"tz\" >= freshet_from_civil('Europe/Paris', TIMESTAMP '2026-01-01 00:00:00'))");
}

TEST(PrintDuckDb, OrderSaysWhereNullsGo) {
  EXPECT_EQ(Whole("SELECT s FROM t ORDER BY s, i4 DESC, i8 NULLS FIRST"),
            "SELECT \"t\".\"s\" AS \"s\" FROM <t> AS \"t\" ORDER BY \"t\".\"s\" ASC NULLS LAST, "
            "\"t\".\"i4\" DESC NULLS FIRST, \"t\".\"i8\" ASC NULLS FIRST");
  EXPECT_EQ(Item("string_agg(s, ',' ORDER BY s DESC)"),
            "string_agg(\"s\", ',' ORDER BY \"s\" DESC NULLS FIRST)");
}

TEST(PrintDuckDb, KeysThatAreItemsAreNumbers) {
  EXPECT_EQ(
      Whole(
          "SELECT i4 + 1 AS k, 1 AS one, count(*) AS n FROM t GROUP BY i4 + 1, 2 ORDER BY n DESC"),
      "SELECT (\"t\".\"i4\" + 1) AS \"k\", 1 AS \"one\", count(*) AS \"n\" FROM <t> AS \"t\" GROUP "
      "BY 1, 2 ORDER BY 3 DESC NULLS FIRST");
}

TEST(PrintDuckDb, Sketches) {
  EXPECT_EQ(Item("approx_percentile(0.95) WITHIN GROUP (ORDER BY i4) FILTER (WHERE b)"),
            "freshet_quantile(freshet_ddsketch(CAST(CAST(\"i4\" AS DOUBLE) AS DOUBLE)) FILTER "
            "(WHERE \"b\"), CAST(0.95 AS DOUBLE))");
  EXPECT_EQ(
      Item("approx_count_distinct(i4)"),
      "coalesce(CAST(freshet_hll_estimate(freshet_hll(CAST(\"i4\" AS VARCHAR))) AS BIGINT), 0)");
}

TEST(PrintDuckDb, ValuesHavePostgresNames) {
  EXPECT_EQ(Whole("VALUES (1, 'a')"),
            "SELECT * FROM (VALUES (1, 'a')) AS \"*VALUES*\"(\"column1\", \"column2\")");
}

TEST(PrintDuckDb, CommonTablesAreNotAskedFor) {
  EXPECT_EQ(Whole("WITH orders AS (SELECT 1 AS a) SELECT a FROM orders"),
            "WITH \"orders\" AS (SELECT 1 AS \"a\") SELECT \"orders\".\"a\" AS \"a\" FROM "
            "\"orders\" AS \"orders\"");
  EXPECT_EQ(Whole("WITH a AS (SELECT s FROM t) SELECT x.s FROM a AS x, t"),
            "WITH \"a\" AS (SELECT \"t\".\"s\" AS \"s\" FROM <t> AS \"t\") SELECT \"x\".\"s\" AS "
            "\"s\" FROM \"a\" AS \"x\", <t> AS \"t\"");
}

TEST(PrintDuckDb, TumbleAddsItsWindow) {
  EXPECT_EQ(Whole("SELECT w.window_start FROM TUMBLE(orders, ordered_at, INTERVAL '1' MINUTE) w"),
            "SELECT \"w\".\"window_start\" AS \"window_start\" FROM (SELECT *, "
            "(\"window_start\" + INTERVAL '60000000 microseconds') AS \"window_end\" "
            "FROM (SELECT *, time_bucket(INTERVAL '60000000 microseconds', "
            "\"window_input\".\"ordered_at\") "
            "AS \"window_start\" FROM <orders> AS \"window_input\") AS \"window_rows\") AS \"w\"");
}

TEST(PrintDuckDb, NamesCannotBreakOut) {
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(Unbound("SELECT 'a''b' AS \"x\"\"y\", E'\\\\' FROM \"t\"\"\""),
            "SELECT 'a''b' AS \"x\"\"y\", '\\' AS \"?column?\" FROM \"t\"\"\" AS \"t\"\"\"");
}

TEST(PrintDuckDb, TextIsBounded) {
  std::string nested = "i4";
  for (int i = 0; i < 40; ++i) nested = "(1 / " + nested + ")";
  static const TestRelations relations;
  base::Result<SelectPtr> select = ParseSelect("SELECT " + nested + " FROM t");
  ASSERT_TRUE(select.ok());
  ASSERT_TRUE(BindSelect(select->get(), relations, {}).ok());
  EXPECT_EQ(PrintDuckDb(**select, {}).status().sqlstate(), "54001");
}

TEST(PrintDuckDb, TreesThatAreNotBoundGoByName) {
  EXPECT_EQ(Unbound("SELECT pg_catalog.pg_class.relname, pg_catalog.format_type(a, 1) FROM "
                    "pg_catalog.pg_class WHERE relname OPERATOR(pg_catalog.~) '^(x)$' "
                    "COLLATE pg_catalog.default"),
            "SELECT \"pg_class\".\"relname\" AS \"relname\", \"format_type\"(\"a\", 1) AS "
            "\"format_type\" FROM \"pg_catalog\".\"pg_class\" AS \"pg_class\" "
            "WHERE regexp_matches(\"relname\", '^(x)$', 's')");
  EXPECT_EQ(Unbound("SELECT 'x'::regclass::oid, a = ANY(b), c = ANY (ARRAY['r', 'v'])"),
            "SELECT CAST(CAST('x' AS \"regclass\") AS BIGINT) AS \"oid\", list_contains(\"b\", "
            "\"a\") AS \"?column?\", (\"c\" IN ('r', 'v')) AS \"?column?\"");
  PrintOptions hooks;
  hooks.function = [](const Expr& call,
                      const std::vector<std::string>& args) -> std::optional<std::string> {
    if (call.name.back() != "quote_ident") return std::nullopt;
    return "my_quote(" + args[0] + ")";
  };
  hooks.type = [](const TypeName& type) -> std::optional<std::string> {
    if (type.name == "regproc") return "VARCHAR";
    return std::nullopt;
  };
  EXPECT_EQ(Unbound("SELECT quote_ident(a)::regproc", hooks),
            "SELECT CAST(my_quote(\"a\") AS VARCHAR) AS \"quote_ident\"");
}

TEST(PrintPostgres, IsReadBackAsTheSame) {
  for (const char* query :
       {"SELECT a, b.c AS \"D e\", count(DISTINCT x) FILTER (WHERE y) OVER (PARTITION BY z ORDER "
        "BY w DESC NULLS LAST "
        "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t AS u (q), LATERAL (SELECT 1) AS v",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), -1, 1.5, 'it''s', NULL, (ARRAY[1, "
        "2])[1], (r).f "
        "FROM a LEFT JOIN b USING (c) WHERE NOT a LIKE 'x' ESCAPE '!'",
        "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT * FROM r ORDER BY 1 LIMIT "
        "2 OFFSET 3",
        "SELECT CASE x WHEN 1 THEN 2 ELSE 3 END, x IS NOT DISTINCT FROM y, x BETWEEN SYMMETRIC 1 "
        "AND 2, x IN (1, 2), "
        "EXISTS (SELECT 1), x::numeric(3,1), t.x AT TIME ZONE 'UTC' FROM TUMBLE(s, c, INTERVAL '1' "
        "DAY) AS t "
        "GROUP BY ROLLUP (a, b), ()"}) {
    base::Result<SelectPtr> select = ParseSelect(query);
    ASSERT_TRUE(select.ok()) << select.status().ToString();
    const std::string once = PrintPostgres(**select);
    base::Result<SelectPtr> again = ParseSelect(once);
    ASSERT_TRUE(again.ok()) << again.status().ToString() << "\n" << once;
    EXPECT_EQ(PrintPostgres(**again), once);
    EXPECT_EQ(PrintPostgres(*(*select)->Clone()), once);
  }
}

}  // namespace
}  // namespace sql
