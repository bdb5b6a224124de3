#include "query/places.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace query {
namespace {

using namespace std::chrono_literals;

class InterruptCounter : public store::Connection {
 public:
  base::Result<std::unique_ptr<model::RowSource>> Query(const std::string&) override {
    return base::Internal("not used");
  }
  base::Result<model::Fields> Describe(const std::string&) override {
    return base::Internal("not used");
  }
  base::Result<size_t> Write(const std::string&) override { return size_t{0}; }
  base::Status Run(const std::string&) override { return {}; }
  base::Status BeginSnapshot() override { return {}; }
  void EndSnapshot() override {}
  void Interrupt() override { ++interrupts; }
  std::atomic<int> interrupts{0};
};

TEST(Places, TheNextComesInWhenOneLeaves) {
  Places places(1, 5);
  Activity a(&base::Clock::System()), b(&base::Clock::System());
  auto first = places.Enter(&a);
  ASSERT_TRUE(first.ok());
  std::atomic<bool> entered{false};
  std::thread waiter([&] {
    ASSERT_TRUE(b.Begin(std::nullopt).ok());
    auto second = places.Enter(&b);
    EXPECT_TRUE(second.ok());
    entered = true;
    b.End();
  });
  while (!b.Look().waiting) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(entered);
  first->Leave();
  waiter.join();
  EXPECT_TRUE(entered);
}

TEST(Places, AStoppedStatementWaitsNoLonger) {
  Places places(1, 5);
  Activity a(&base::Clock::System()), b(&base::Clock::System());
  auto first = places.Enter(&a);
  ASSERT_TRUE(first.ok());
  std::thread waiter([&] {
    ASSERT_TRUE(b.Begin(std::nullopt).ok());
    auto second = places.Enter(&b);
    EXPECT_EQ(second.status().sqlstate(), "57014");
    b.End();
  });
  while (!b.Look().waiting) std::this_thread::sleep_for(1ms);
  b.Stop(StopReason::kUser);
  waiter.join();
}

TEST(Places, ABoundedNumberWaits) {
  Places places(1, 0);
  Activity a(&base::Clock::System());
  auto first = places.Enter(&a);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(places.Enter(&a).status().sqlstate(), "53300");
}

TEST(Activity, AStopIsRepeatedUntilTheWorkEndsAndThenForgotten) {
  base::ManualClock clock;
  Activity activity(&clock);
  InterruptCounter connection;
  EXPECT_FALSE(activity.Stop(StopReason::kUser));  // nothing runs
  ASSERT_TRUE(activity.Begin(std::nullopt).ok());
  EXPECT_TRUE(activity.Stop(StopReason::kUser));
  activity.RunsOn(&connection);
  EXPECT_EQ(connection.interrupts, 1);
  activity.Tick();
  EXPECT_EQ(connection.interrupts, 2);
  EXPECT_EQ(activity.Explain(base::Internal("interrupted")).message(),
            "canceling statement due to user request");
  activity.End();
  activity.Tick();
  EXPECT_EQ(connection.interrupts, 2);
  ASSERT_TRUE(activity.Begin(std::nullopt).ok());
  EXPECT_TRUE(activity.Stopped().ok());
  activity.End();
}

TEST(Activity, ADeadlineStopsAndNestedWorkDoesNotMoveIt) {
  base::ManualClock clock;
  Activity activity(&clock);
  ASSERT_TRUE(activity.Begin(clock.Monotonic() + 10s).ok());
  ASSERT_TRUE(activity.Begin(clock.Monotonic() + 100s).ok());
  activity.End();
  clock.Advance(9s);
  activity.Tick();
  EXPECT_TRUE(activity.Stopped().ok());
  clock.Advance(1s);
  activity.Tick();
  EXPECT_EQ(activity.Stopped().message(), "canceling statement due to statement timeout");
  activity.End();
}

TEST(Activity, AnEndedSessionCannotBeginAgain) {
  base::ManualClock clock;
  Activity activity(&clock);
  ASSERT_TRUE(activity.Begin(std::nullopt).ok());
  EXPECT_FALSE(activity.EndIfIdleSince(clock.Monotonic() + 1s));  // it works
  activity.End();
  EXPECT_TRUE(activity.EndIfIdleSince(clock.Monotonic()));
  EXPECT_FALSE(activity.EndIfIdleSince(clock.Monotonic()));  // told once
  EXPECT_EQ(activity.Begin(std::nullopt).sqlstate(), "25P03");
}

}  // namespace
}  // namespace query
