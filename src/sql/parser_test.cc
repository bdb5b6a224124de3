#include "sql/parser.h"

#include <gtest/gtest.h>

#include "sql/parse_one.h"
#include "sql/tokens.h"

namespace sql {
namespace {

std::string Repeat(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

TEST(Parser, SplitsAndKeepsPlaces) {
  const std::string text = "-- first\nSELECT 'a;b' /* ; */;;\n\n SELECT (1);SHOW x";
  base::Result<std::vector<Statement>> parsed = ParseStatements(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  ASSERT_EQ(parsed->size(), 3u);
  EXPECT_EQ((*parsed)[0].text, "SELECT 'a;b'");
  EXPECT_EQ((*parsed)[0].line, 2);
  EXPECT_EQ((*parsed)[1].text, "SELECT (1)");
  EXPECT_EQ((*parsed)[1].line, 4);
  EXPECT_EQ(text.substr((*parsed)[2].begin, 4), "SHOW");
}

TEST(Parser, NothingIsOneEmptyStatement) {
  One<EmptyStatement>("");
  One<EmptyStatement>(" ; -- nothing\n ;");
}

TEST(Parser, ErrorsSayTheirPlaceInTheWholeTextInCharacters) {
  EXPECT_EQ(Fails("SELECT 'äö';\nSELECT 1 frm x").position(), 27);
  const base::Status status = Fails("SELECT 1; SELCT 2");
  EXPECT_EQ(status.sqlstate(), "42601");
  EXPECT_EQ(status.message(), "syntax error at or near \"SELCT\"");
  EXPECT_EQ(status.position(), 11);
  EXPECT_EQ(Fails("SELECT 'open").sqlstate(), "42601");
}

TEST(Parser, HostileTextIsRefusedBeforeItIsParsed) {
  EXPECT_EQ(Fails("SELECT " + Repeat("a+", 50'000) + "a").sqlstate(), "54000");
  EXPECT_EQ(Fails("SELECT " + Repeat("a+", 49'000) + "a").sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT " + Repeat("(", 100'000) + "1" + Repeat(")", 100'000)).sqlstate(),
            "54000");
  EXPECT_EQ(Fails("SELECT " + Repeat("(", 40'000) + "1" + Repeat(")", 40'000)).sqlstate(), "54001");
  EXPECT_EQ(
      Fails("SELECT " + Repeat("CASE WHEN a THEN ", 300) + "1" + Repeat(" END", 300)).sqlstate(),
      "54001");
  EXPECT_EQ(Fails("SELECT " + Repeat("NOT ", 2000) + "a").sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT " + Repeat("- ", 2000) + "a").sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT a" + Repeat("::int", 2000)).sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT a" + Repeat(" IS NULL", 2000)).sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT a" + Repeat(" IS NULL BETWEEN 1 AND 2", 2000)).sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT 1" + Repeat(" UNION SELECT 1", 2000)).sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT 1 FROM a" + Repeat(" NATURAL JOIN a", 2000)).sqlstate(), "54001");
  EXPECT_EQ(Fails("SELECT " + Repeat("ARRAY[", 250)).sqlstate(), "54001");
  // Two hundred levels of five hundred each are a hundred thousand.
  std::string tower = "a";
  for (int i = 0; i < 150; ++i) tower = "(" + tower + Repeat("+a", 100) + ")";
  EXPECT_EQ(Fails("SELECT " + tower).sqlstate(), "54001");
  EXPECT_EQ(Fails(std::string("SELECT 1\0", 9)).sqlstate(), "22021");
  EXPECT_EQ(Fails("SELECT '\xff'").sqlstate(), "22021");
  EXPECT_EQ(Fails(std::string(2'000'000, ' ')).sqlstate(), "54000");
}

TEST(Parser, LongButFlatTextIsTaken) {
  One<SelectStatement>("SELECT " + Repeat("a+", 900) + "a");
  One<SelectStatement>("SELECT 1 WHERE a = 1" + Repeat(" OR a = 1", 9000));
  One<SelectStatement>("SELECT 1 WHERE a IN (1" + Repeat(", 1", 30'000) + ")");
  One<SelectStatement>("SELECT " + Repeat("(", 190) + "1" + Repeat(")", 190));
}

TEST(Parser, Fingerprints) {
  EXPECT_EQ(Fingerprint("select a from t where b = 1"), Fingerprint("SELECT a FROM t WHERE b = 2"));
  EXPECT_NE(Fingerprint("select a from t"), Fingerprint("select b from t"));
  EXPECT_EQ(Fingerprint("select ("), 0u);
}

TEST(Parser, Expressions) {
  ASSERT_TRUE(ParseExpression("a + 1").ok());
  EXPECT_EQ((*ParseExpression("a + bb"))->args[1]->location, 4);
  for (const char* bad :
       {"", "a b", "a AS b", "1, 2", "a FROM b", "1 UNION SELECT 2", "*; SELECT 1", "a) + (b"})
    EXPECT_FALSE(ParseExpression(bad).ok() && (*ParseExpression(bad))->kind != ExprKind::kStar)
        << bad;
  EXPECT_EQ(ParseExpression("a + ").status().position(), 5);
}

TEST(Parser, SessionStatements) {
  EXPECT_EQ(One<SetStatement>("SET search_path = \"public\", b").value, "public, b");
  EXPECT_EQ(One<SetStatement>("SET TIME ZONE 'UTC'").name, "timezone");
  EXPECT_EQ(One<SetStatement>("SET NAMES 'utf8'").name, "client_encoding");
  EXPECT_TRUE(One<SetStatement>("SET LOCAL x TO DEFAULT").to_default);
  EXPECT_TRUE(One<SetStatement>("SET LOCAL x TO DEFAULT").local);
  const auto modes = One<SetStatement>(
      "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  EXPECT_EQ(modes.name, "default_transaction_isolation");
  EXPECT_EQ(modes.value, "repeatable read");
  ASSERT_EQ(modes.also.size(), 1u);
  EXPECT_EQ(modes.also[0],
            std::make_pair(std::string("default_transaction_read_only"), std::string("on")));
  EXPECT_EQ(One<ShowStatement>("SHOW transaction isolation level").name, "transaction_isolation");
  EXPECT_EQ(One<ShowStatement>("SHOW SOURCES").name, "sources");
  EXPECT_EQ(One<ShowStatement>("SHOW MATERIALIZED VIEWS").name, "materialized views");
  EXPECT_EQ(One<ResetStatement>("RESET ALL").name, "all");
  EXPECT_TRUE(One<TransactionStatement>("BEGIN READ WRITE").read_write);
  EXPECT_FALSE(One<TransactionStatement>("START TRANSACTION READ ONLY").read_write);
  EXPECT_EQ(One<TransactionStatement>("ROLLBACK TO SAVEPOINT s").savepoint, "s");
  const auto cursor = One<DeclareCursor>("DECLARE \"c_1\" CURSOR WITH HOLD FOR select 1");
  EXPECT_TRUE(cursor.hold);
  EXPECT_EQ(cursor.select_text, "select 1");
  EXPECT_EQ(One<FetchCursor>("FETCH FORWARD 5 FROM c").count, 5);
  EXPECT_TRUE(One<FetchCursor>("FETCH ALL c").all);
  EXPECT_TRUE(One<FetchCursor>("MOVE BACKWARD ALL IN c").backward);
  EXPECT_TRUE(One<FetchCursor>("FETCH -3 FROM c").backward);
  EXPECT_EQ(One<CloseCursor>("CLOSE ALL").name, "");
  const auto prepare = One<PrepareStatement>("PREPARE p (int, text) AS SELECT $1");
  EXPECT_EQ(prepare.text, "SELECT $1");
  EXPECT_EQ(prepare.types.at(1).type.id, model::TypeId::kText);
  EXPECT_EQ(One<ExecuteStatement>("EXECUTE p(1, 'a')").args.size(), 2u);
  One<DeallocateStatement>("DEALLOCATE ALL");
  One<DiscardStatement>("DISCARD ALL");
  One<ListenStatement>("LISTEN x");
}

TEST(Parser, RolesAndGrants) {
  const auto role = One<RoleStatement>("CREATE USER IF NOT EXISTS bi PASSWORD 'x' NOSUPERUSER");
  EXPECT_TRUE(role.if_not_exists);
  EXPECT_EQ(role.login, true);
  EXPECT_EQ(role.superuser, false);
  EXPECT_EQ(role.password, "x");
  EXPECT_FALSE(One<RoleStatement>("ALTER ROLE bi LOGIN").create);
  EXPECT_EQ(Fails("CREATE ROLE a CREATEDB").sqlstate(), "0A000");
  EXPECT_TRUE(
      One<GrantStatement>("GRANT SELECT ON ALL TABLES IN SCHEMA public TO a").relations.empty());
  const auto grant = One<GrantStatement>("REVOKE ALL ON public.x, freshet.y FROM a, PUBLIC");
  EXPECT_TRUE(grant.revoke);
  EXPECT_EQ(grant.relations, (std::vector<std::string>{"x", "freshet.y"}));
  EXPECT_EQ(grant.roles.at(1), "public");
  EXPECT_EQ(Fails("GRANT INSERT ON x TO a").sqlstate(), "0A000");
  EXPECT_EQ(One<DropStatement>("DROP ROLE IF EXISTS a, b").names.size(), 2u);
}

TEST(Parser, RowsOfTablesAreWritten) {
  const auto insert = One<Dml>("INSERT INTO public.t AS x (a, \"B\") VALUES (1, 'x'), (2, $1)");
  EXPECT_EQ(insert.kind, Dml::Kind::kInsert);
  EXPECT_EQ(insert.columns, (std::vector<std::string>{"a", "B"}));
  EXPECT_EQ(insert.table->name.back(), "t");
  EXPECT_EQ(insert.select->values.size(), 2u);
  const auto update = One<Dml>("UPDATE t x SET a = x.a + 1, b = NULL WHERE a > 3");
  EXPECT_EQ(update.kind, Dml::Kind::kUpdate);
  EXPECT_EQ(update.values.size(), 2u);
  EXPECT_TRUE(update.where);
  EXPECT_EQ(One<Dml>("DELETE FROM t").kind, Dml::Kind::kDelete);
  for (const char* text :
       {"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "INSERT INTO t DEFAULT VALUES",
        "INSERT INTO t VALUES (1) RETURNING a", "INSERT INTO t (a[1]) VALUES (1)",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "UPDATE t SET a = s.a FROM s",
        "UPDATE t SET (a, b) = (1, 2)", "DELETE FROM t USING s",
        "DELETE FROM t WHERE CURRENT OF c"})
    EXPECT_EQ(Fails(text).sqlstate(), "0A000") << text;
}

TEST(Parser, TablesHaveAKey) {
  const auto table = One<CreateSource>(
      "CREATE TABLE IF NOT EXISTS t (a int, b text NOT NULL, PRIMARY KEY (a, b))");
  EXPECT_TRUE(table.table && table.if_not_exists && table.format.empty());
  EXPECT_EQ(table.primary_key, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(One<CreateSource>("CREATE TABLE t (a int PRIMARY KEY)").primary_key.size(), 1u);
  EXPECT_EQ(Fails("CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)").sqlstate(), "42P16");
  EXPECT_EQ(
      Fails(
          "CREATE SOURCE t (a int PRIMARY KEY) WITH (connector = 'kafka') FORMAT PLAIN ENCODE JSON")
          .sqlstate(),
      "0A000");
  EXPECT_EQ(One<DropStatement>("DROP TABLE IF EXISTS a, b CASCADE").kind,
            DropStatement::Kind::kTable);
}

TEST(Parser, WhatIsNotRunIsNamed) {
  EXPECT_EQ(One<RefusedStatement>("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE").command,
            "MERGE");
  EXPECT_EQ(One<RefusedStatement>("CREATE TABLE t AS SELECT 1").command, "CREATE TABLE AS");
  EXPECT_EQ(One<RefusedStatement>("DROP VIEW t").command, "DROP VIEW");
  EXPECT_EQ(One<RefusedStatement>("SELECT 1 INTO t").command, "SELECT INTO");
  EXPECT_EQ(One<RefusedStatement>("SELECT 1 FROM t FOR UPDATE").command, "SELECT FOR UPDATE");
  EXPECT_EQ(One<RefusedStatement>("COPY t TO '/etc/passwd'").command, "COPY");
  EXPECT_EQ(Fails("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x").sqlstate(), "0A000");
  EXPECT_EQ(Fails("SELECT * FROM (SELECT 1 FOR UPDATE) x").sqlstate(), "0A000");
  EXPECT_EQ(Fails("ALTER SINK s").sqlstate(), "0A000");
}

TEST(Parser, Explain) {
  EXPECT_EQ(One<Explain>("EXPLAIN SELECT 1").kind, Explain::Kind::kQuery);
  EXPECT_EQ(One<Explain>("EXPLAIN ANALYZE SELECT 1").kind, Explain::Kind::kAnalyze);
  EXPECT_EQ(One<Explain>("EXPLAIN (REWRITE) SELECT 1").kind, Explain::Kind::kRewrite);
  const auto view = One<Explain>("EXPLAIN MATERIALIZED VIEW v FOR clickhouse");
  EXPECT_EQ(view.view, "v");
  EXPECT_EQ(view.dialect, "clickhouse");
  EXPECT_EQ(Fails("EXPLAIN (REWRIT) SELECT 1").hint(), "Perhaps you meant \"rewrite\".");
}

TEST(Parser, IntervalsGetTheirUnits) {
  const auto text = [](const char* sql) { return (*ParseExpression(sql))->args[0]->literal.text; };
  EXPECT_EQ(text("INTERVAL '5' SECOND"), "00:00:05");
  EXPECT_EQ(text("INTERVAL '1' MINUTE"), "00:01:00");
  EXPECT_EQ(text("INTERVAL '1-2' YEAR TO MONTH"), "1 year 2 mons");
  EXPECT_EQ(text("INTERVAL '1 day 2:03:04' DAY TO HOUR"), "1 day 02:00:00");
  EXPECT_EQ(text("INTERVAL '5 SECONDS'"), "5 SECONDS");
  EXPECT_EQ(Fails("SELECT INTERVAL 'x' SECOND").sqlstate(), "22007");
}

TEST(Interval, ReadsPostgresSpellings) {
  const auto is = [](std::string_view text, int months, int days, int64_t us) {
    base::Result<Interval> interval = ParseInterval(text);
    ASSERT_TRUE(interval.ok()) << text;
    EXPECT_EQ(interval->months, months) << text;
    EXPECT_EQ(interval->days, days) << text;
    EXPECT_EQ(interval->microseconds, us) << text;
  };
  is("1 year 2 days", 12, 2, 0);
  is("10 minutes", 0, 0, 600'000'000);
  is("30s", 0, 0, 30'000'000);
  is("1h30m", 0, 0, 5'400'000'000);
  is("1.5 days", 0, 1, 43'200'000'000);
  is("1.5 months", 1, 15, 0);
  is("-1 day 02:03:04.5", 0, -1, 7'384'500'000);
  is("3 4:05:06", 0, 3, 14'706'000'000);
  is("1 week ago", 0, -7, 0);
  is("P1Y2M3DT4H5M6S", 14, 3, 14'706'000'000);
  is("500 ms", 0, 0, 500'000);
  is("0", 0, 0, 0);
  for (const char* bad :
       {"", "x", "1 parsec", "1:99", "9999999999 years", "1 day ago ago", "--1 day", "1e5 days"})
    EXPECT_FALSE(ParseInterval(bad).ok()) << bad;
}

}  // namespace
}  // namespace sql
