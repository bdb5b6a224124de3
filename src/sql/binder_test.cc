#include "sql/binder.h"

#include <gtest/gtest.h>

#include "sql/parser.h"
#include "sql/position.h"
#include "sql/printer.h"
#include "sql/test_relations.h"

namespace sql {
namespace {

const TestRelations& Relations() {
  static const TestRelations relations;
  return relations;
}

struct Answer {
  base::Status status;
  Bound bound;
  SelectPtr select;
};

Answer BindText(const std::string& text, BindOptions options = {}) {
  Answer answer;
  base::Result<SelectPtr> select = ParseSelect(text);
  if (!select.ok()) return {select.TakeStatus(), {}, nullptr};
  answer.select = select.Take();
  options.text = text;
  base::Result<Bound> bound = BindSelect(answer.select.get(), Relations(), options);
  if (bound.ok()) answer.bound = bound.Take();
  else answer.status = bound.TakeStatus();
  return answer;
}

std::string Types(const std::string& text) {
  const Answer answer = BindText(text);
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString() << " in " << text;
  std::string out;
  for (const model::Field& field : answer.bound.output)
    out += (out.empty() ? "" : ", ") + model::NameOf(field.type);
  return out;
}

std::string Names(const std::string& text) {
  const Answer answer = BindText(text);
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString() << " in " << text;
  std::string out;
  for (const model::Field& field : answer.bound.output)
    out += (out.empty() ? "" : ", ") + field.name;
  return out;
}

std::string Canonical(const std::string& text) {
  const Answer answer = BindText(text);
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString() << " in " << text;
  return answer.status.ok() ? PrintPostgres(*answer.select) : "";
}

// `at` is where in the text the error must point to; "^word" is the last one.
void Fails(const std::string& text, const char* sqlstate, const std::string& message,
           const char* at, const std::string& hint = "") {
  const base::Status status = BindText(text).status;
  EXPECT_EQ(status.sqlstate(), sqlstate) << text;
  EXPECT_EQ(status.message(), message);
  if (!hint.empty()) {
    EXPECT_EQ(status.hint(), hint);
  }
  const size_t place = at[0] == '^' ? text.rfind(at + 1) : text.find(at);
  EXPECT_EQ(status.position(), CharacterPosition(text, static_cast<int>(place))) << text;
}

TEST(Binder, ArithmeticHasPostgresTypes) {
  EXPECT_EQ(
      Types("SELECT i2 + i2, i2 + i4, i4 + i8, i4 / 2, i4 + 1.5, f4 * 2, i4 + f8, n + f8 FROM t"),
      "smallint, integer, bigint, integer, numeric(12,1), double precision, double precision, "
      "double precision");
  EXPECT_EQ(Types("SELECT n + n, n * n, n / n, -n, n % 2, i8 * n FROM t"),
            "numeric(11,3), numeric(20,6), numeric, numeric(10,3), numeric(10,3), numeric(29,3)");
  EXPECT_EQ(Types("SELECT 1, 2147483648, 1.50, 1e3, 'x', NULL, true"),
            "integer, bigint, numeric(3,2), numeric(4,0), text, text, boolean");
  EXPECT_EQ(Types("SELECT d + 1, d - d, d + interval '1 day', tz - tz, tz + interval '1 day', iv * "
                  "2, tm - tm FROM t"),
            "date, integer, timestamp without time zone, interval, timestamp with time zone, "
            "interval, interval");
}

TEST(Binder, AggregatesHavePostgresTypes) {
  EXPECT_EQ(Types("SELECT count(*), sum(i2), sum(i4), sum(i8), sum(n), sum(f4), sum(f8), avg(i4), "
                  "avg(n), avg(f4), avg(iv) FROM t"),
            "bigint, bigint, bigint, numeric(38,0), numeric(38,3), real, double precision, "
            "numeric, numeric, double precision, interval");
  EXPECT_EQ(Types("SELECT min(n), max(s), stddev(i4), stddev(f8), bool_and(b), bit_or(i2), "
                  "array_agg(i4), string_agg(s, ',') FROM t"),
            "numeric(10,3), text, numeric, double precision, boolean, smallint, integer[], text");
  EXPECT_EQ(Types("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i4), percentile_disc(0.5) "
                  "WITHIN GROUP (ORDER BY d), "
                  "mode() WITHIN GROUP (ORDER BY n), approx_percentile(0.95) WITHIN GROUP (ORDER "
                  "BY i4), approx_count_distinct(s) FROM t"),
            "double precision, date, numeric(10,3), double precision, bigint");
  EXPECT_EQ(Types("SELECT row_number() OVER (), ntile(2) OVER (), lag(n) OVER (), sum(i4) OVER "
                  "(ORDER BY i8) FROM t"),
            "bigint, integer, numeric(10,3), bigint");
}

TEST(Binder, RoundHasTheScaleThatWasAskedFor) {
  EXPECT_EQ(
      Types("SELECT round(n, 1), round(n), round(avg(n), 2), trunc(n, 0), ceil(n), round(f8) FROM "
            "t GROUP BY n, f8"),
      "numeric(9,1), numeric(8,0), numeric(38,2), numeric(8,0), numeric(10,0), double precision");
}

TEST(Binder, ValuesTakeOneType) {
  EXPECT_EQ(Types("SELECT CASE WHEN b THEN 1 ELSE 2.5 END, coalesce(NULL, n, 0), greatest(i4, i8), "
                  "nullif(s, '') FROM t"),
            "numeric(2,1), numeric(10,3), bigint, text");
  EXPECT_EQ(Types("SELECT NULL UNION SELECT 1"), "integer");
  EXPECT_EQ(Types("SELECT '2026-01-01' UNION ALL SELECT tz FROM t"), "timestamp with time zone");
  EXPECT_EQ(Types("VALUES (1, NULL), (2.5, 'x')"), "numeric(2,1), text");
  EXPECT_EQ(Types("SELECT ARRAY[1, 2.5], ARRAY(SELECT s FROM t), (ARRAY['a'])[1]"),
            "numeric(2,1)[], text[], text");
}

TEST(Binder, UntypedConstantsTakeTheOtherSide) {
  EXPECT_EQ(Canonical("SELECT 1 FROM t WHERE tz >= '2026-01-01' AND i4 = '5' AND b = 'yes' AND n < "
                      "'1.50' AND d = '20260102'"),
            "SELECT 1 FROM t WHERE ((t.tz >= CAST('2026-01-01 00:00:00+00' AS timestamp with time "
            "zone)) AND (t.i4 = 5) AND "
            "(t.b = true) AND (t.n < 1.50) AND (t.d = CAST('2026-01-02' AS date)))");
  EXPECT_EQ(Canonical("SELECT 1 FROM t WHERE tz < '2026-01-01 10:00:00.5+02'"),
            "SELECT 1 FROM t WHERE (t.tz < CAST('2026-01-01 08:00:00.5+00' AS timestamp with time "
            "zone))");
  EXPECT_EQ(
      Canonical("SELECT 1 FROM t WHERE tz < TO_TIMESTAMP('2026-11-22 00:00:00.000000', 'YYYY-MM-DD "
                "HH24:MI:SS.US')"),
      "SELECT 1 FROM t WHERE (t.tz < CAST('2026-11-22 00:00:00+00' AS timestamp with time zone))");
  EXPECT_EQ(Canonical("SELECT DATE_TRUNC('MINUTE', tz) AS m FROM t"),
            "SELECT date_trunc('minute', t.tz) AS m FROM t");
}

TEST(Binder, AnotherTimeZoneLeavesCivilTimesOpen) {
  BindOptions options;
  options.time_zone = "Europe/Paris";
  const Answer answer =
      BindText("SELECT 1 FROM t WHERE tz >= '2026-01-01' AND tz < '2026-01-02Z'", options);
  ASSERT_TRUE(answer.status.ok());
  EXPECT_NE(PrintPostgres(*answer.select).find("'2026-01-01 00:00:00'"), std::string::npos);
  EXPECT_NE(PrintPostgres(*answer.select).find("'2026-01-02 00:00:00+00'"), std::string::npos);
}

TEST(Binder, NamesAreAsPostgresGivesThem) {
  EXPECT_EQ(
      Names("SELECT order_id, o.region, count(*), sum(amount) + 1, 'x', CASE WHEN true THEN 1 END, "
            "amount::int, now(), "
            "coalesce(region, ''), extract(hour FROM ordered_at), 5 AS \"Five\" FROM orders o "
            "GROUP BY 1, 2, amount, region, ordered_at"),
      "order_id, region, count, ?column?, ?column?, case, amount, now, coalesce, extract, Five");
  EXPECT_EQ(Names("SELECT to_timestamp('2026', 'YYYY'), date('2026-01-01'), '5'::int, (SELECT "
                  "max(order_id) FROM orders), ARRAY[1], true"),
            "to_timestamp, date, int4, max, array, ?column?");
  EXPECT_EQ(Names("SELECT * FROM orders a JOIN orders_per_minute b USING (region)"),
            "region, order_id, ordered_at, product, customer_id, status, quantity, amount, "
            "latency_ms, window_start, orders, revenue, p95");
  EXPECT_TRUE(Names("SELECT * FROM TUMBLE(orders, ordered_at, INTERVAL '1' HOUR) w")
                  .ends_with("latency_ms, window_start, window_end"));
  EXPECT_EQ(Names("SELECT g FROM generate_series(1, 3) AS g"), "g");
  EXPECT_EQ(Names("VALUES (1, 2)"), "column1, column2");
}

TEST(Binder, WrongNames) {
  Fails("SELECT nope FROM orders", "42703", "column \"nope\" does not exist", "nope");
  Fails("SELECT 'ä', regoin FROM orders", "42703", "column \"regoin\" does not exist", "regoin",
        "Perhaps you meant to reference the column \"orders.region\".");
  Fails("SELECT o.amuont FROM orders o", "42703", "column o.amuont does not exist", "o.amuont",
        "Perhaps you meant to reference the column \"o.amount\".");
  Fails("SELECT * FROM oders", "42P01", "relation \"oders\" does not exist", "oders",
        "Perhaps you meant \"orders\".");
  Fails("SELECT * FROM nowhere.orders", "42P01", "relation \"nowhere.orders\" does not exist",
        "nowhere");
  Fails("SELECT region FROM orders, orders_per_minute", "42702",
        "column reference \"region\" is ambiguous", "region");
  Fails("SELECT x.a FROM orders", "42P01", "missing FROM-clause entry for table \"x\"", "x.a");
  Fails("SELECT orders.region FROM orders o", "42P01",
        "invalid reference to FROM-clause entry for table \"orders\"", "orders.",
        "Perhaps you meant to reference the table alias \"o\".");
  Fails("SELECT 1 FROM orders, orders", "42712", "table name \"orders\" specified more than once",
        "^orders");
  Fails("SELECT lowre(region) FROM orders", "42883", "function lowre(text) does not exist", "lowre",
        "Perhaps you meant the function \"lower\".");
  Fails("SELECT lower(1)", "42883", "function lower(integer) does not exist", "lower",
        "No function matches the given name and argument types. You might need to add explicit "
        "type casts.");
  Fails("SELECT read_csv('/etc/passwd')", "42883", "function read_csv(unknown) does not exist",
        "read_csv");
  Fails("SELECT pg_catalog.pg_read_file('x')", "42883",
        "function pg_read_file(unknown) does not exist", "pg_catalog");
  Fails("SELECT 1::nope", "42704", "type \"nope\" does not exist", "::");
  Fails("SELECT orders FROM orders", "0A000", "a whole row as a value is not supported", "orders");
}

TEST(Binder, WrongTypes) {
  Fails("SELECT region + 1 FROM orders", "42883", "operator does not exist: text + integer", "+",
        "No operator matches the given name and argument types. You might need to add explicit "
        "type casts.");
  Fails("SELECT 1 FROM orders WHERE region = 1", "42883", "operator does not exist: text = integer",
        "=");
  Fails("SELECT 1 FROM orders WHERE order_id LIKE 'x'", "42883",
        "operator does not exist: bigint ~~ unknown", "LIKE");
  Fails("SELECT 1 FROM orders WHERE order_id", "42804",
        "argument of WHERE must be type boolean, not type bigint", "order_id");
  Fails("SELECT true AND 1", "42804", "argument of AND must be type boolean, not type integer",
        "1");
  Fails("SELECT CASE WHEN true THEN 1 ELSE region END FROM orders", "42804",
        "CASE types text and integer cannot be matched", "1");
  Fails("SELECT 1 UNION SELECT region FROM orders", "42804",
        "UNION types integer and text cannot be matched", "region");
  Fails("SELECT 1, 2 UNION SELECT 1", "42601",
        "each UNION query must have the same number of columns", "^1");
  Fails("SELECT i4 + 'x' FROM t", "22P02", "invalid input syntax for type integer: \"x\"", "'x'");
  Fails("SELECT 1 FROM t WHERE tz > 'yesterdy'", "22007",
        "invalid input syntax for type timestamp with time zone: \"yesterdy\"", "'yes");
  Fails("SELECT '2026-02-30'::date", "22008", "date/time field value out of range: \"2026-02-30\"",
        "'2026");
  Fails("SELECT '99999999999'::int", "22003",
        "value \"99999999999\" is out of range for type integer", "'9");
  Fails("SELECT d::int FROM t", "42846", "cannot cast type date to integer", "::");
  Fails("SELECT date_trunc('fortnight', tz) FROM t", "22023",
        "unit \"fortnight\" not recognized for type timestamp with time zone", "'fort");
  Fails("SELECT region COLLATE \"sv_SE\" FROM orders", "42704",
        "collation \"sv_SE\" for encoding \"UTF8\" does not exist", "COLLATE");
  Fails("SELECT ARRAY[]", "42P18", "cannot determine type of empty array", "ARRAY");
}

TEST(Binder, WrongGrouping) {
  Fails("SELECT region, count(*) FROM orders", "42803",
        "column \"orders.region\" must appear in the GROUP BY clause or be used in an aggregate "
        "function",
        "region");
  Fails("SELECT quantity + 1 FROM orders GROUP BY quantity + 2", "42803",
        "column \"orders.quantity\" must appear in the GROUP BY clause or be used in an aggregate "
        "function",
        "quantity");
  Fails("SELECT 1 FROM orders WHERE sum(amount) > 1", "42803",
        "aggregate functions are not allowed in WHERE", "sum");
  Fails("SELECT sum(count(*)) FROM orders", "42803", "aggregate function calls cannot be nested",
        "count");
  Fails("SELECT count(*) AS n FROM orders GROUP BY n", "42803",
        "aggregate functions are not allowed in GROUP BY", "^n");
  Fails("SELECT 1 FROM orders WHERE row_number() OVER () = 1", "42P20",
        "window functions are not allowed in WHERE", "row_number");
  Fails("SELECT row_number() FROM orders", "42809",
        "window function row_number requires an OVER clause", "row_number");
  Fails("SELECT region FROM orders GROUP BY 2", "42P10",
        "GROUP BY position 2 is not in select list", "2");
  Fails("SELECT region FROM orders ORDER BY 3", "42P10",
        "ORDER BY position 3 is not in select list", "3");
  Fails("SELECT DISTINCT region FROM orders ORDER BY order_id", "42P10",
        "for SELECT DISTINCT, ORDER BY expressions must appear in select list", "order_id");
  Fails(
      "SELECT region, (SELECT max(revenue) FROM orders_per_minute m WHERE m.region = o.product) "
      "FROM orders o GROUP BY region",
      "42803", "subquery uses ungrouped column \"o.product\" from outer query", "o.product");
  EXPECT_TRUE(BindText("SELECT upper(region), count(*) FROM orders GROUP BY region HAVING count(*) "
                       "> 1 ORDER BY region")
                  .status.ok());
  EXPECT_TRUE(
      BindText("SELECT region, sum(sum(amount)) OVER () FROM orders GROUP BY ROLLUP (region)")
          .status.ok());
}

TEST(Binder, GroupAndOrderNamesFollowPostgres) {
  // GROUP BY takes an input column before an alias, ORDER BY an alias before an input column.
  EXPECT_EQ(Canonical("SELECT upper(region) AS region FROM orders GROUP BY region ORDER BY region"),
            "SELECT upper(orders.region) AS region FROM orders GROUP BY orders.region ORDER BY "
            "upper(orders.region)");
  EXPECT_EQ(Canonical("SELECT upper(region) AS r FROM orders GROUP BY r ORDER BY 1 DESC"),
            "SELECT upper(orders.region) AS r FROM orders GROUP BY upper(orders.region) ORDER BY "
            "upper(orders.region) DESC");
}

TEST(Binder, OuterColumnsKnowTheirDistance) {
  const Answer answer = BindText(
      "SELECT (SELECT max(m.orders) FROM orders_per_minute m WHERE m.region = o.region) FROM "
      "orders o");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  const Expr& where = *answer.select->items[0].expr->subquery->where;
  EXPECT_EQ(where.args[0]->outer, 0);
  EXPECT_EQ(where.args[1]->outer, 1);
}

TEST(Binder, InfersParameters) {
  const Answer answer =
      BindText("SELECT $1, $2 + i4 FROM t WHERE s = $3 AND tz > $4 AND i8 IN ($5, 1) LIMIT $6");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  std::string types;
  for (model::Type type : answer.bound.parameter_types) types += model::NameOf(type) + " ";
  EXPECT_EQ(types, "text integer text timestamp with time zone bigint bigint ");
  BindOptions declared;
  declared.parameter_types = {model::kInt8};
  EXPECT_EQ(model::NameOf(BindText("SELECT $1", declared).bound.output[0].type), "bigint");
  EXPECT_EQ(BindText("SELECT lower($1)", declared).status.sqlstate(), "42883");
}

TEST(Binder, RelationsAreReportedOnce) {
  const Answer answer = BindText(
      "WITH a AS (SELECT * FROM orders) SELECT * FROM a JOIN orders o USING (order_id) WHERE "
      "EXISTS (SELECT 1 FROM freshet.views)");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  ASSERT_EQ(answer.bound.relations.size(), 2u);
  EXPECT_EQ(answer.bound.relations[1]->schema, "freshet");
}

TEST(Binder, SessionValuesBecomeConstants) {
  BindOptions options;
  options.session_value = [](std::string_view name) {
    return name == "pg_backend_pid" ? std::string("7") : "<" + std::string(name) + ">";
  };
  const Answer answer = BindText(
      "SELECT current_user, current_database(), pg_backend_pid(), current_setting('app.region'), "
      "version()",
      options);
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(PrintPostgres(*answer.select),
            "SELECT '<current_user>' AS \"current_user\", '<current_database>' AS "
            "current_database, 7 AS pg_backend_pid, "
            "'<app.region>' AS current_setting, 'PostgreSQL <server_version>' AS version");
}

TEST(Binder, Windows) {
  EXPECT_TRUE(BindText("SELECT window_start, window_end, sum(amount) FROM TUMBLE(orders, "
                       "ordered_at, INTERVAL '1' MINUTE) GROUP BY 1, 2")
                  .status.ok());
  Fails("SELECT 1 FROM TUMBLE(orders, region, INTERVAL '1' MINUTE)", "42804",
        "column \"region\" cannot be the time of a window: it is text", "TUMBLE");
  Fails("SELECT 1 FROM TUMBLE(orders, ordered_at, INTERVAL '-1' MINUTE)", "22023",
        "the size of TUMBLE must be positive, in months or in days and smaller units", "'-1'");
  EXPECT_TRUE(BindText("SELECT window_start, count(*) FROM HOP(orders, ordered_at, INTERVAL '1' "
                       "MINUTE, INTERVAL '5' MINUTE, INTERVAL '30' SECOND) GROUP BY 1")
                  .status.ok());
  Fails("SELECT 1 FROM HOP(orders, ordered_at, INTERVAL '1' MINUTE, INTERVAL '5' MONTH)", "22023",
        "the slide and the size of HOP must be in the same unit", "'5'");
  Fails("SELECT 1 FROM HOP(orders, ordered_at, INTERVAL '1' SECOND, INTERVAL '1' DAY)", "22023",
        "a row would stand in more than 10000 windows of HOP", "'1' DAY");
  Fails("SELECT 1 FROM CUMULATE(orders, ordered_at, INTERVAL '2' MINUTE, INTERVAL '5' MINUTE)",
        "22023", "the size of CUMULATE must be a multiple of its step", "'5'");
}

TEST(Binder, Expressions) {
  const model::Fields fields{{"amount", {model::TypeId::kNumeric, 12, 2}},
                             {"status", model::kText}};
  base::Result<ExprPtr> expr = ParseExpression("CASE WHEN status = 'paid' THEN amount ELSE 0 END");
  base::Result<model::Type> type = BindExpression(expr->get(), fields);
  ASSERT_TRUE(type.ok()) << type.status().ToString();
  EXPECT_EQ(model::NameOf(*type), "numeric(12,2)");
  for (const char* bad : {"sum(amount)", "(SELECT 1)", "nope", "amount OVER ()"}) {
    base::Result<ExprPtr> wrong = ParseExpression(bad);
    EXPECT_FALSE(wrong.ok() && BindExpression(wrong->get(), fields).ok()) << bad;
  }
}

TEST(Binder, RecursiveTables) {
  EXPECT_EQ(Types("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) "
                  "SELECT n FROM r"),
            "integer");
  Fails("WITH a AS (SELECT 1), a AS (SELECT 2) SELECT 1", "42712",
        "WITH query name \"a\" specified more than once", "a AS (SELECT 2");
  Fails("SELECT * FROM r", "42P01", "relation \"r\" does not exist", "^r");
}

}  // namespace
}  // namespace sql
