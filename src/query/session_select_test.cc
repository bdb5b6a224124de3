// SELECT through a session: what it reads, who may, what goes wrong and what it is told.

#include <gtest/gtest.h>

#include "query/test_world.h"

namespace query {
namespace {

const char* kFirst = "1, 'north', 10.50, 3, true, TIMESTAMP '2024-03-01 10:00:10'";
const char* kSecond = "2, 'south', 20.00, NULL, false, TIMESTAMP '2024-03-01 10:00:50'";
const char* kThird = "3, 'north', NULL, 5, NULL, TIMESTAMP '2024-03-01 10:01:00'";

class SelectTest : public ::testing::Test {
 protected:
  SelectTest() {
    for (const char* row : {kFirst, kSecond, kThird}) world_.Insert(row);
    session_ = world_.Connect();
  }
  World world_;
  std::unique_ptr<Session> session_;
};

TEST_F(SelectTest, RawRowsHaveTheSourcesColumnsAndTypes) {
  auto execution = MustRun(session_.get(), "SELECT * FROM orders ORDER BY order_id");
  const model::Fields expected{{"order_id", model::kInt8},
                               {"region", model::kText},
                               {"amount", {model::TypeId::kNumeric, 12, 2}},
                               {"qty", model::kInt4},
                               {"paid", model::kBool},
                               {"order_time", model::kTimestampTz}};
  EXPECT_EQ(execution.rows->fields(), expected);
  EXPECT_EQ(execution.tag, "SELECT");
  const Rows rows = ReadAll(execution.rows.get());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0],
            (std::vector<std::string>{"1", "north", "10.50", "3", "t", "1709287210000000us"}));
  EXPECT_EQ(rows[2],
            (std::vector<std::string>{"3", "north", "NULL", "5", "NULL", "1709287260000000us"}));
}

TEST_F(SelectTest, AViewIsItsMergedPartials) {
  EXPECT_EQ(MustRead(session_.get(), "SELECT * FROM per_region ORDER BY region"),
            (Rows{{"north", "2", "10.50"}, {"south", "1", "20.00"}}));
  world_.Insert("4, 'north', 1.00, 1, true, TIMESTAMP '2024-03-01 10:05:00'");
  EXPECT_EQ(MustRead(session_.get(),
                     "SELECT orders, revenue FROM public.per_region AS v WHERE v.region = 'north'"),
            (Rows{{"3", "11.50"}}));
  EXPECT_EQ(MustRead(session_.get(),
                     "SELECT window_start, window_end, orders, revenue FROM per_minute ORDER BY "
                     "window_start LIMIT 2"),
            (Rows{{"1709287200000000us", "1709287260000000us", "2", "30.50"},
                  {"1709287260000000us", "1709287320000000us", "1", "NULL"}}));
}

TEST_F(SelectTest, TheRollupOfAViewEqualsTheRawAnswer) {
  const char* by_view = "SELECT sum(orders), sum(revenue) FROM per_minute";
  const char* by_rows = "SELECT count(*), sum(amount) FROM orders";
  EXPECT_EQ(MustRead(session_.get(), by_view), MustRead(session_.get(), by_rows));
}

TEST_F(SelectTest, CellsAreOfTheTypeThatIsPromised) {
  auto execution = MustRun(session_.get(),
                           "SELECT sum(qty), sum(order_id), count(*), avg(qty), sum(amount), "
                           "max(order_time)::date FROM orders");
  const auto& fields = execution.rows->fields();
  EXPECT_EQ(fields[0].type, model::kInt8);
  EXPECT_EQ(fields[1].type.id, model::TypeId::kNumeric);
  EXPECT_EQ(fields[3].type.id, model::TypeId::kNumeric);
  EXPECT_EQ(fields[5].type.id, model::TypeId::kDate);
  auto chunk = execution.rows->Next();
  ASSERT_TRUE(chunk.ok()) << chunk.status().ToString();
  EXPECT_EQ(chunk->columns[0].kind, model::CellKind::kInt64);
  EXPECT_EQ(chunk->columns[2].kind, model::CellKind::kInt64);
  EXPECT_EQ(chunk->columns[5].kind, model::CellKind::kDate);
  EXPECT_EQ(RowText(*chunk, 0)[1], "6");
  EXPECT_EQ(RowText(*chunk, 0)[4], "30.50");
}

TEST_F(SelectTest, OnlyWhatWasGrantedIsRead) {
  auto guest = world_.Connect("guest");
  EXPECT_EQ(MustRead(guest.get(), "SELECT count(*) FROM orders"), (Rows{{"3"}}));
  const auto denied = Error(guest.get(), "SELECT * FROM orders JOIN per_region USING (region)");
  EXPECT_EQ(denied.sqlstate(), "42501");
  EXPECT_EQ(denied.message(), "permission denied for materialized view per_region");
  // A plan that another role left in the cache does not help.
  MustRead(session_.get(), "SELECT revenue FROM per_region");
  EXPECT_EQ(Error(guest.get(), "SELECT revenue FROM per_region").sqlstate(), "42501");
}

TEST_F(SelectTest, AReaderChangesNothing) {
  for (const char* text :
       {"INSERT INTO orders VALUES (1)", "CREATE TABLE t (a int)", "DELETE FROM orders",
        "DROP SOURCE orders", "GRANT SELECT ON orders TO guest", "CREATE ROLE r",
        "SELECT * INTO t FROM orders"})
    EXPECT_EQ(Error(session_.get(), text).sqlstate(), "42501") << text;
  auto admin = world_.Connect("freshet");
  EXPECT_EQ(Error(admin.get(), "INSERT INTO orders VALUES (1)").sqlstate(), "42809");
  EXPECT_TRUE(world_.definer.applied.empty());
}

TEST_F(SelectTest, WrongNamesAreToldWithTheirPlace) {
  const auto relation = Error(session_.get(), "SELECT 1 FROM ordres");
  EXPECT_EQ(relation.sqlstate(), "42P01");
  EXPECT_EQ(relation.position(), 15);
  const auto column = Error(session_.get(), "SELECT regionn FROM orders");
  EXPECT_EQ(column.sqlstate(), "42703");
  EXPECT_EQ(column.position(), 8);
  EXPECT_FALSE(column.hint().empty());
  EXPECT_EQ(Error(session_.get(), "SELECT 'é'; SELECT regionn FROM orders").position(), 20);
  EXPECT_EQ(Error(session_.get(), "SELECT read_csv('/etc/passwd')").sqlstate(), "42883");
  EXPECT_EQ(Error(session_.get(), "SELECT * FROM raw_1").sqlstate(), "42P01");
  EXPECT_EQ(Error(session_.get(), "SELECT * FROM other.public.orders").sqlstate(), "0A000");
}

TEST_F(SelectTest, ASourceWithoutRowsNamesItsViews) {
  const auto status = Error(session_.get(), "SELECT * FROM silent");
  EXPECT_EQ(status.sqlstate(), "55000");
  EXPECT_FALSE(status.hint().empty());
}

TEST_F(SelectTest, RowErrorsHavePostgresCodes) {
  EXPECT_EQ(Error(session_.get(), "SELECT order_id / 0 FROM orders").sqlstate(), "22012");
  EXPECT_EQ(Error(session_.get(), "SELECT region::int FROM orders").sqlstate(), "22P02");
  EXPECT_EQ(Error(session_.get(), "SELECT (order_id + 40000)::smallint FROM orders").sqlstate(),
            "22003");
  EXPECT_EQ(Error(session_.get(), "SELECT qty + 2147483647 FROM orders").sqlstate(), "22003");
  EXPECT_EQ(session_->TransactionState(), 'I');
}

TEST_F(SelectTest, ParametersAreValuesAndNeverText) {
  EXPECT_EQ(
      MustRead(session_.get(), "SELECT order_id FROM orders WHERE region = $1 AND order_id > $2",
               {"north", "1"}),
      (Rows{{"3"}}));
  EXPECT_EQ(MustRead(session_.get(), "SELECT $1", {"'; DROP TABLE raw_1; --"}),
            (Rows{{"'; DROP TABLE raw_1; --"}}));
  EXPECT_EQ(MustRead(session_.get(), "SELECT $1::int IS NULL", {std::nullopt}), (Rows{{"t"}}));
  EXPECT_EQ(Error(session_.get(), "SELECT * FROM orders WHERE order_id = $1", {"one"}).sqlstate(),
            "22P02");
  EXPECT_EQ(
      Error(session_.get(), "SELECT * FROM orders WHERE qty = $1", {"99999999999"}).sqlstate(),
      "22003");
  EXPECT_EQ(Error(session_.get(), "SELECT * FROM orders WHERE amount > $1", {"1e"}).sqlstate(),
            "22P02");
  EXPECT_EQ(
      MustRead(session_.get(), "SELECT count(*) FROM orders WHERE amount > $1 AND order_time < $2",
               {"10.49", "2024-03-01 10:00:50+00"}),
      (Rows{{"1"}}));
  EXPECT_EQ(Error(session_.get(), "SELECT $1::int", {}).sqlstate(), "08P01");
}

TEST_F(SelectTest, APreparedStatementOutlivesNewDefinitionsThatDoNotChangeIt) {
  auto statements = session_->Parse("SELECT * FROM per_region ORDER BY region");
  ASSERT_TRUE(statements.ok());
  auto prepared = session_->Prepare(std::move((*statements)[0]), {});
  ASSERT_TRUE(prepared.ok());
  world_.AddView("another", "SELECT paid, count(*) FROM orders GROUP BY paid");
  auto execution = session_->Execute(*prepared, {});
  ASSERT_TRUE(execution.ok()) << execution.status().ToString();
  EXPECT_EQ(ReadAll(execution->rows.get()).size(), 2u);
  world_.AddView("per_region",
                 "SELECT region, qty, count(*) AS orders FROM orders GROUP BY region, qty");
  EXPECT_EQ(session_->Execute(*prepared, {}).status().message(),
            "cached plan must not change result type");
}

TEST_F(SelectTest, SystemRelationsJoinLikeAnyOther) {
  world_.engine->AddSystemRows("views", {{"name", model::kText}, {"rows", model::kInt8}}, [] {
    return Rows{{"per_region", "7"}, {"it's", "\1"}};
  });
  world_.engine->AddSystemQuery("letters", {{"n", model::kInt4}}, [] { return "SELECT 5 AS n"; });
  EXPECT_EQ(MustRead(session_.get(), "SELECT name, rows + 1 FROM freshet.views ORDER BY name"),
            (Rows{{"it's", "NULL"}, {"per_region", "8"}}));
  EXPECT_EQ(
      MustRead(session_.get(),
               "SELECT v.rows, l.n FROM freshet.views v, freshet.letters l WHERE v.rows > l.n"),
      (Rows{{"7", "5"}}));
  EXPECT_EQ(Error(session_.get(), "SELECT * FROM views").sqlstate(), "42P01");
  MustRun(session_.get(), "SET search_path = public, freshet");
  EXPECT_EQ(MustRead(session_.get(), "SELECT count(*) FROM views"), (Rows{{"2"}}));
  auto guest = world_.Connect("guest");
  EXPECT_EQ(Error(guest.get(), "SELECT * FROM freshet.views").sqlstate(), "42501");
}

TEST_F(SelectTest, LargeResultsComeWholeAndInOrder) {
  world_.Run(
      "INSERT INTO raw_1 SELECT i, 'bulk', i, 1, true, TIMESTAMP '2024-01-01', 0 FROM range(10000, "
      "30000) r(i)");
  const Rows rows = MustRead(session_.get(),
                             "SELECT order_id FROM orders WHERE region = 'bulk' ORDER BY order_id");
  ASSERT_EQ(rows.size(), 20'000u);
  for (size_t i = 0; i < rows.size(); i += 997) EXPECT_EQ(rows[i][0], std::to_string(10'000 + i));
}

TEST_F(SelectTest, SeveralStatementsRunInOrderAndEmptyOnesCount) {
  EXPECT_EQ(MustRead(session_.get(), ";; SELECT 1; SELECT 2 ;"), (Rows{{"2"}}));
  EXPECT_EQ(MustRun(session_.get(), "").rows, nullptr);
}

TEST_F(SelectTest, TheTimeZoneOfTheSessionIsUsed) {
  EXPECT_EQ(MustRead(session_.get(),
                     "SELECT date_trunc('day', order_time) FROM orders WHERE order_id = 1"),
            (Rows{{"1709251200000000us"}}));
  MustRun(session_.get(), "SET TimeZone = 'Asia/Tokyo'");
  EXPECT_EQ(MustRead(session_.get(),
                     "SELECT date_trunc('day', order_time) FROM orders WHERE order_id = 1"),
            (Rows{{"1709218800000000us"}}));
}

TEST_F(SelectTest, ExplainSaysWhatIsReadAndWhy) {
  const auto text = [](const Rows& rows) {
    std::string all;
    for (const auto& row : rows) all += row[0] + "\n";
    return all;
  };
  const std::string plan = text(MustRead(session_.get(), "EXPLAIN SELECT count(*) FROM orders"));
  EXPECT_NE(plan.find("Source orders: read from its rows in raw_1"), std::string::npos) << plan;
  const std::string analyzed =
      text(MustRead(session_.get(), "EXPLAIN ANALYZE SELECT count(*) FROM per_region"));
  EXPECT_NE(analyzed.find("Materialized View per_region"), std::string::npos) << analyzed;
  const std::string rewrite =
      text(MustRead(session_.get(), "EXPLAIN (REWRITE) SELECT count(*) FROM orders"));
  EXPECT_NE(rewrite.find("Not considered: materialized view per_region"), std::string::npos)
      << rewrite;
  const std::string view = text(MustRead(session_.get(), "EXPLAIN MATERIALIZED VIEW per_region"));
  EXPECT_NE(view.find("CREATE TABLE partials_100"), std::string::npos) << view;
  EXPECT_EQ(Error(session_.get(), "EXPLAIN MATERIALIZED VIEW per_regionn").hint(),
            "Perhaps you meant \"per_region\".");
}

TEST_F(SelectTest, AnUnknownDatabaseOrRoleIsRefused) {
  SessionInfo info;
  info.role = "superset";
  info.database = "public";
  EXPECT_EQ(world_.engine->Connect(info).status().sqlstate(), "3D000");
  info.database = "freshet";
  info.role = "nobody";
  EXPECT_EQ(world_.engine->Connect(info).status().sqlstate(), "28000");
}

}  // namespace
}  // namespace query
