// What bounds a statement: time, cancel, places, bytes; and what ends a session.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "query/test_world.h"

namespace query {
namespace {

using namespace std::chrono_literals;

const char* kEndless =
    "SELECT count(*) FROM orders a, orders b, orders c WHERE a.order_id + b.order_id + c.order_id "
    "< 0";

void Fill(World* world) {
  world->Run(
      "INSERT INTO raw_1 SELECT i, repeat('x', 100), i, 1, true, TIMESTAMP '2024-01-01', 0 FROM "
      "range(20000) r(i)");
}

// Waits, at most five seconds, until `reached`.
template <typename F>
bool Eventually(F reached) {
  for (int i = 0; i < 500; ++i) {
    if (reached()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(Limits, AStatementThatTakesTooLongIsStopped) {
  World world;
  Fill(&world);
  auto session = world.Connect();
  MustRun(session.get(), "SET statement_timeout = 200");
  const auto begun = std::chrono::steady_clock::now();
  const auto status = Error(session.get(), kEndless);
  EXPECT_EQ(status.sqlstate(), "57014");
  EXPECT_EQ(status.message(), "canceling statement due to statement timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  EXPECT_EQ(MustRead(session.get(), "SELECT 1"), (Rows{{"1"}}));
}

TEST(Limits, TheEnginesTimeoutHoldsWhateverAReaderSets) {
  EngineOptions options;
  options.statement_timeout = 300ms;
  World world(options);
  Fill(&world);
  auto session = world.Connect();
  MustRun(session.get(), "SET statement_timeout = 0");
  EXPECT_EQ(Error(session.get(), kEndless).sqlstate(), "57014");
}

TEST(Limits, CancelStopsWhatRunsAndOnlyThat) {
  World world;
  Fill(&world);
  SessionInfo info;
  info.role = "superset";
  info.pid = 7;
  auto session = world.Connect(info);
  session->Cancel();  // nothing runs
  std::thread other([&] {
    EXPECT_TRUE(Eventually([&] { return world.engine->Backends()[0].state == "active"; }));
    std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(world.engine->CancelBackend(7, false));
  });
  const auto status = Error(session.get(), kEndless);
  other.join();
  EXPECT_EQ(status.message(), "canceling statement due to user request");
  EXPECT_EQ(MustRead(session.get(), "SELECT 1"), (Rows{{"1"}}));
  EXPECT_FALSE(world.engine->CancelBackend(8, false));
}

TEST(Limits, AQueryWaitsForAPlaceAndIsSeenWaiting) {
  EngineOptions options;
  options.max_running = 1;
  World world(options);
  Fill(&world);
  SessionInfo info;
  info.role = "superset";
  info.pid = 1;
  auto first = world.Connect(info);
  info.pid = 2;
  auto second = world.Connect(info);
  std::thread endless([&] { EXPECT_EQ(Error(first.get(), kEndless).sqlstate(), "57014"); });
  const auto waiting = [&](int pid, bool active, bool waits) {
    return Eventually([&] {
      for (const auto& backend : world.engine->Backends())
        if (backend.pid == pid)
          return (backend.state == "active") == active && backend.waiting == waits;
      return false;
    });
  };
  ASSERT_TRUE(waiting(1, true, false));
  std::thread later([&] { EXPECT_EQ(MustRead(second.get(), "SELECT 5"), (Rows{{"5"}})); });
  EXPECT_TRUE(waiting(2, true, true));
  world.engine->CancelBackend(1, false);
  endless.join();
  later.join();
}

TEST(Limits, AResultNobodyReadsGivesItsPlaceBack) {
  EngineOptions options;
  options.max_running = 1;
  World world(options);
  Fill(&world);
  auto lazy = world.Connect(), busy = world.Connect();
  auto portal = MustRun(lazy.get(), "SELECT order_id FROM orders");
  ASSERT_TRUE(portal.rows->Next().ok());
  EXPECT_EQ(MustRead(busy.get(), "SELECT 1"), (Rows{{"1"}}));  // after a quarter of a second
  EXPECT_GT(ReadAll(portal.rows.get()).size(), 10'000u);
}

TEST(Limits, AnOpenResultIsClosedWhenItsTimeIsOver) {
  EngineOptions options;
  options.statement_timeout = 200ms;
  World world(options);
  Fill(&world);
  auto session = world.Connect();
  auto portal = MustRun(session.get(), "SELECT order_id FROM orders");
  ASSERT_TRUE(portal.rows->Next().ok());
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(portal.rows->Next().status().sqlstate(), "57014");
}

TEST(Limits, InABlockPausesAreTheClients) {
  EngineOptions options;
  options.statement_timeout = 200ms;
  World world(options);
  Fill(&world);
  auto session = world.Connect();
  MustRun(session.get(), "BEGIN");
  auto portal = MustRun(session.get(), "SELECT order_id FROM orders");
  ASSERT_TRUE(portal.rows->Next().ok());
  std::this_thread::sleep_for(400ms);
  EXPECT_TRUE(portal.rows->Next().ok());
}

TEST(Limits, ASessionIdleInATransactionIsEnded) {
  EngineOptions options;
  options.idle_in_transaction_timeout = 200ms;
  World world(options);
  std::atomic<int> ended{0};
  SessionInfo info;
  info.role = "superset";
  info.terminate = [&](base::Status status) {
    EXPECT_EQ(status.sqlstate(), "25P03");
    ++ended;
  };
  auto session = world.Connect(info);
  std::this_thread::sleep_for(300ms);  // idle outside a transaction is no fault
  MustRun(session.get(), "BEGIN");
  auto portal = MustRun(session.get(), "SELECT order_id FROM orders");
  EXPECT_TRUE(Eventually([&] { return ended == 1; }));
  EXPECT_EQ(portal.rows->Next().status().sqlstate(), "25P03");
  EXPECT_EQ(Error(session.get(), "SELECT 1").sqlstate(), "25P03");
  EXPECT_EQ(ended, 1);
}

TEST(Limits, TerminateEndsASessionAtWork) {
  World world;
  Fill(&world);
  std::atomic<int> ended{0};
  SessionInfo info;
  info.role = "superset";
  info.pid = 5;
  info.terminate = [&](base::Status status) {
    EXPECT_EQ(status.sqlstate(), "57P01");
    ++ended;
  };
  auto session = world.Connect(info);
  std::thread other([&] {
    EXPECT_TRUE(Eventually([&] { return world.engine->Backends()[0].state == "active"; }));
    EXPECT_TRUE(world.engine->CancelBackend(5, true));
  });
  EXPECT_EQ(Error(session.get(), kEndless).sqlstate(), "57P01");
  other.join();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(Error(session.get(), "SELECT 1").sqlstate(), "57P01");
}

TEST(Limits, AResultThatIsTooLargeIsStopped) {
  EngineOptions options;
  options.max_result_bytes = 1 << 20;
  World world(options);
  Fill(&world);
  auto session = world.Connect();
  EXPECT_EQ(Error(session.get(), "SELECT region FROM orders").sqlstate(), "54000");
  EXPECT_EQ(MustRead(session.get(), "SELECT count(*) FROM orders"), (Rows{{"20000"}}));
}

TEST(Limits, CursorsKeepABoundedNumberOfBytes) {
  EngineOptions options;
  options.max_kept_bytes = 1 << 20;
  World world(options);
  Fill(&world);
  auto session = world.Connect();
  MustRun(session.get(), "BEGIN");
  EXPECT_EQ(
      Error(session.get(), "DECLARE c SCROLL CURSOR FOR SELECT region FROM orders").sqlstate(),
      "53200");
  MustRun(session.get(), "ROLLBACK");
  MustRun(session.get(), "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT region FROM orders");
  EXPECT_EQ(Error(session.get(), "COMMIT").sqlstate(), "53200");
  EXPECT_EQ(session->TransactionState(), 'I');
}

}  // namespace
}  // namespace query
