// Transaction blocks, cursors, prepared statements, settings, definitions: what a session answers
// itself.

#include <gtest/gtest.h>

#include "query/test_world.h"

namespace query {
namespace {

class BlockTest : public ::testing::Test {
 protected:
  BlockTest() {
    world_.Run(
        "INSERT INTO raw_1 SELECT i, 'r' || i % 3, i, 1, true, TIMESTAMP '2024-01-01', 0 FROM "
        "range(1, 10001) r(i)");
    session_ = world_.Connect();
  }
  std::string Tag(const std::string& text) { return MustRun(session_.get(), text).tag; }
  Rows Read(const std::string& text) { return MustRead(session_.get(), text); }
  std::string State(const std::string& text) {
    return std::string(Error(session_.get(), text).sqlstate());
  }

  World world_;
  std::unique_ptr<Session> session_;
};

TEST_F(BlockTest, ABlockReadsOneSnapshot) {
  EXPECT_EQ(Tag("BEGIN"), "BEGIN");
  EXPECT_EQ(session_->TransactionState(), 'T');
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10000"}}));
  world_.Run("INSERT INTO raw_1 VALUES (20000, 'x', 1, 1, true, NULL, 0)");
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10000"}}));
  EXPECT_EQ(Tag("COMMIT"), "COMMIT");
  EXPECT_EQ(session_->TransactionState(), 'I');
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10001"}}));
}

TEST_F(BlockTest, AnErrorFailsTheBlockUntilItsEnd) {
  Tag("BEGIN");
  EXPECT_EQ(State("SELECT nope FROM orders"), "42703");
  EXPECT_EQ(session_->TransactionState(), 'E');
  EXPECT_EQ(State("SELECT 1"), "25P02");
  EXPECT_EQ(State("SHOW TimeZone"), "25P02");
  EXPECT_EQ(Tag("COMMIT"), "ROLLBACK");
  EXPECT_EQ(Read("SELECT 1"), (Rows{{"1"}}));
}

TEST_F(BlockTest, AnErrorWhileRowsAreReadFailsTheBlockToo) {
  world_.Run("INSERT INTO raw_1 SELECT i, 'x', i, 1, true, NULL, 0 FROM range(10001, 400001) r(i)");
  Tag("BEGIN");
  auto execution =
      MustRun(session_.get(), "SELECT 10000 / (order_id - 399999), region FROM orders");
  ASSERT_TRUE(execution.rows);
  auto rows = [&] {
    while (true) {
      auto chunk = execution.rows->Next();
      if (!chunk.ok() || chunk->rows == 0) return chunk.TakeStatus();
    }
  }();
  EXPECT_EQ(rows.sqlstate(), "22012") << rows.ToString();
  session_->Fail();  // the wire says so
  EXPECT_EQ(session_->TransactionState(), 'E');
  EXPECT_EQ(Tag("ROLLBACK"), "ROLLBACK");
}

TEST_F(BlockTest, SavepointsBringABlockBack) {
  Tag("BEGIN");
  EXPECT_EQ(Tag("SAVEPOINT a"), "SAVEPOINT");
  EXPECT_EQ(State("SELECT nope"), "42703");
  EXPECT_EQ(Tag("ROLLBACK TO SAVEPOINT a"), "ROLLBACK");
  EXPECT_EQ(session_->TransactionState(), 'T');
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10000"}}));
  EXPECT_EQ(Tag("RELEASE a"), "RELEASE");
  EXPECT_EQ(State("ROLLBACK TO a"), "3B001");
  EXPECT_EQ(Tag("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(State("SAVEPOINT a"), "25P01");
}

TEST_F(BlockTest, EndingWhatDidNotBeginWarns) {
  auto execution = MustRun(session_.get(), "COMMIT");
  EXPECT_EQ(execution.tag, "COMMIT");
  ASSERT_EQ(execution.notices.size(), 1u);
  EXPECT_EQ(execution.notices[0].second, "there is no transaction in progress");
  Tag("BEGIN");
  EXPECT_EQ(MustRun(session_.get(), "BEGIN").notices.size(), 1u);
}

TEST_F(BlockTest, AResultLeftHalfReadIsStillRightAfterAnotherStatement) {
  for (const char* begin : {"BEGIN", "SELECT 1"}) {
    Tag(begin);
    auto portal = MustRun(session_.get(), "SELECT order_id FROM orders ORDER BY order_id");
    auto first = portal.rows->Next();
    ASSERT_TRUE(first.ok());
    const size_t read = first->rows;
    ASSERT_GT(read, 0u);
    ASSERT_LT(read, 10'000u);
    EXPECT_EQ(Read("SELECT max(order_id) FROM orders"), (Rows{{"10000"}}));
    const Rows rest = ReadAll(portal.rows.get());
    ASSERT_EQ(rest.size(), 10'000 - read) << begin;
    EXPECT_EQ(rest.front()[0], std::to_string(read + 1));
    EXPECT_EQ(rest.back()[0], "10000");
  }
}

TEST_F(BlockTest, ACursorGivesItsRowsInPortions) {
  EXPECT_EQ(State("DECLARE c CURSOR FOR SELECT 1"), "25P01");
  Tag("BEGIN");
  EXPECT_EQ(Tag("DECLARE c CURSOR FOR SELECT order_id FROM orders ORDER BY order_id"),
            "DECLARE CURSOR");
  EXPECT_EQ(Read("FETCH 2 FROM c"), (Rows{{"1"}, {"2"}}));
  EXPECT_EQ(Read("FETCH FORWARD 1 FROM c"), (Rows{{"3"}}));
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10000"}}));
  EXPECT_EQ(Tag("MOVE 4000 IN c"), "MOVE 4000");
  EXPECT_EQ(Read("FETCH 1 FROM c"), (Rows{{"4004"}}));
  EXPECT_EQ(Read("FETCH ALL FROM c").size(), 5'996u);
  EXPECT_EQ(Read("FETCH 1 FROM c").size(), 0u);
  EXPECT_EQ(State("FETCH BACKWARD 1 FROM c"), "55000");
  Tag("ROLLBACK");
  EXPECT_EQ(State("FETCH 1 FROM c"), "34000");
}

TEST_F(BlockTest, AScrollingCursorGoesBothWays) {
  Tag("BEGIN");
  Tag("DECLARE c SCROLL CURSOR FOR SELECT order_id FROM orders WHERE order_id <= 5 ORDER BY 1");
  EXPECT_EQ(Read("FETCH 3 FROM c"), (Rows{{"1"}, {"2"}, {"3"}}));
  EXPECT_EQ(Read("FETCH BACKWARD 1 FROM c"), (Rows{{"2"}}));
  EXPECT_EQ(Read("FETCH BACKWARD ALL FROM c"), (Rows{{"1"}}));
  EXPECT_EQ(Read("FETCH ALL FROM c").size(), 5u);
  EXPECT_EQ(Read("FETCH PRIOR FROM c"), (Rows{{"5"}}));
  EXPECT_EQ(Read("FETCH -2 FROM c"), (Rows{{"4"}, {"3"}}));
  EXPECT_EQ(Tag("MOVE BACKWARD ALL IN c"), "MOVE 2");
  EXPECT_EQ(Read("FETCH NEXT FROM c"), (Rows{{"1"}}));
}

TEST_F(BlockTest, ACursorWithHoldOutlivesItsTransaction) {
  EXPECT_EQ(Read("BEGIN; DECLARE \"SQL_CUR1\" CURSOR WITH HOLD FOR SELECT order_id FROM orders "
                 "ORDER BY 1; FETCH 2 IN \"SQL_CUR1\""),
            (Rows{{"1"}, {"2"}}));
  Tag("COMMIT");
  EXPECT_EQ(Read("FETCH 2 IN \"SQL_CUR1\""), (Rows{{"3"}, {"4"}}));
  Tag("BEGIN");
  State("SELECT nope");
  Tag("ROLLBACK");
  EXPECT_EQ(Read("FETCH ALL IN \"SQL_CUR1\"").size(), 9'996u);
  EXPECT_EQ(Tag("CLOSE \"SQL_CUR1\""), "CLOSE CURSOR");
  EXPECT_EQ(State("CLOSE \"SQL_CUR1\""), "34000");
}

TEST_F(BlockTest, PreparedStatementsTakeExpressions) {
  EXPECT_EQ(Tag("PREPARE p (bigint, text) AS SELECT order_id, $2 FROM orders WHERE order_id = $1"),
            "PREPARE");
  EXPECT_EQ(Read("EXECUTE p(1 + 1, 'it''s')"), (Rows{{"2", "it's"}}));
  EXPECT_EQ(State("EXECUTE p(1)"), "42601");
  EXPECT_EQ(State("EXECUTE p('x', 'y')"), "22P02");
  EXPECT_EQ(State("PREPARE p AS SELECT 1"), "42P05");
  EXPECT_EQ(Tag("DEALLOCATE p"), "DEALLOCATE");
  EXPECT_EQ(State("EXECUTE p(1, 'a')"), "26000");
  EXPECT_EQ(State("PREPARE q AS SELECT nope FROM orders"), "42703");
}

TEST_F(BlockTest, SettingsAreShownAndUndone) {
  EXPECT_EQ(Read("SHOW statement_timeout"), (Rows{{"1min"}}));
  Tag("SET statement_timeout = '5s'");
  EXPECT_EQ(Read("SHOW statement_timeout"), (Rows{{"5s"}}));
  EXPECT_EQ(MustRun(session_.get(), "SET statement_timeout = 0").notices.size(),
            1u);  // a reader is stopped all the same
  Tag("RESET ALL");
  EXPECT_EQ(Read("SHOW statement_timeout"), (Rows{{"1min"}}));
  Tag("BEGIN");
  Tag("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  EXPECT_EQ(Read("SHOW transaction isolation level"), (Rows{{"repeatable read"}}));
  Tag("SET LOCAL search_path = freshet");
  EXPECT_EQ(State("SELECT 1 FROM orders"), "42P01");
  Tag("ROLLBACK");
  EXPECT_EQ(Read("SHOW transaction isolation level"), (Rows{{"read committed"}}));
  EXPECT_EQ(Read("SELECT count(*) FROM orders"), (Rows{{"10000"}}));
  EXPECT_EQ(MustRun(session_.get(), "SET LOCAL TimeZone = 'UTC'").notices.size(), 1u);
  EXPECT_EQ(State("SET nonsense = 1"), "42704");
  EXPECT_EQ(State("SHOW nonsense"), "42704");
  EXPECT_GT(Read("SHOW ALL").size(), 30u);
  EXPECT_EQ(MustRun(session_.get(), "SHOW datestyle").rows->fields()[0].name, "DateStyle");
}

TEST_F(BlockTest, SetConfigIsASetting) {
  EXPECT_EQ(Read("SELECT set_config('application_name', 'x', false), pg_catalog.set_config('jit', "
                 "'on', true)"),
            (Rows{{"x", "on"}}));
  EXPECT_EQ(Read("SHOW application_name"), (Rows{{"x"}}));
  EXPECT_EQ(Read("SHOW jit"), (Rows{{"off"}}));  // local to the statement's own transaction
  EXPECT_EQ(State("SELECT set_config('nonsense', 'x', false)"), "42704");
}

TEST_F(BlockTest, ShowListsWhatTheRoleMayRead) {
  EXPECT_EQ(Read("SHOW TABLES").size(), 4u);
  EXPECT_EQ(Read("SHOW MATERIALIZED VIEWS"),
            (Rows{{"per_minute", "orders", "running"}, {"per_region", "orders", "running"}}));
  auto guest = world_.Connect("guest");
  EXPECT_EQ(MustRead(guest.get(), "SHOW SOURCES"),
            (Rows{{"orders", "kafka", "orders", "running"}}));
  EXPECT_TRUE(MustRead(guest.get(), "SHOW VIEWS").empty());
}

TEST_F(BlockTest, DiscardAllForgetsTheSession) {
  Tag("PREPARE p AS SELECT 1");
  Tag("SET application_name = 'x'");
  Tag("DECLARE c CURSOR WITH HOLD FOR SELECT 1");
  EXPECT_EQ(Tag("DISCARD ALL"), "DISCARD ALL");
  EXPECT_EQ(State("EXECUTE p"), "26000");
  EXPECT_EQ(State("FETCH 1 FROM c"), "34000");
  EXPECT_EQ(Read("SHOW application_name"), (Rows{{""}}));
}

TEST_F(BlockTest, StartupSettingsAreChecked) {
  SessionInfo info;
  info.role = "superset";
  info.application_name = "test";
  info.startup_settings = {{"statement_timeout", "30000"}, {"TimeZone", "Asia/Tokyo"}};
  auto session = world_.Connect(info);
  EXPECT_EQ(MustRead(session.get(), "SHOW statement_timeout"), (Rows{{"30s"}}));
  EXPECT_EQ(MustRead(session.get(), "SHOW application_name"), (Rows{{"test"}}));
  info.database = "freshet";
  info.startup_settings = {{"nonsense", "1"}};
  EXPECT_EQ(world_.engine->Connect(info).status().sqlstate(), "42704");
}

TEST_F(BlockTest, DefinitionsOfOneStringAreAppliedTogether) {
  auto admin = world_.Connect("freshet");
  auto statements = admin->Parse("DROP SOURCE a; DROP SOURCE b; SELECT 1; DROP SOURCE c");
  ASSERT_TRUE(statements.ok()) << statements.status().ToString();
  std::vector<std::string> tags;
  for (auto& statement : *statements) {
    auto prepared = admin->Prepare(std::move(statement), {});
    ASSERT_TRUE(prepared.ok());
    auto execution = admin->Execute(*prepared, {});
    ASSERT_TRUE(execution.ok()) << execution.status().ToString();
    tags.push_back(execution->tag);
  }
  EXPECT_EQ(tags, (std::vector<std::string>{"DONE 0", "DONE 1", "SELECT", "DONE 0"}));
  ASSERT_EQ(world_.definer.applied.size(), 2u);
  EXPECT_EQ(world_.definer.applied[0],
            (std::vector<std::string>{"DROP SOURCE a", "DROP SOURCE b"}));
  EXPECT_EQ(world_.definer.applied[1], (std::vector<std::string>{"DROP SOURCE c"}));
  EXPECT_EQ(Error(admin.get(), "BEGIN; DROP SOURCE a").sqlstate(), "25001");
}

TEST_F(BlockTest, AFailedDefinitionAppliesNothing) {
  auto admin = world_.Connect("freshet");
  world_.definer.error = base::NotFound("source \"b\" does not exist").WithSqlstate("42P01");
  EXPECT_EQ(Error(admin.get(), "DROP SOURCE a; DROP SOURCE b").sqlstate(), "42P01");
  EXPECT_TRUE(world_.definer.applied.empty());
}

}  // namespace
}  // namespace query
