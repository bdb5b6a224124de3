#include "query/flights.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace query {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<KeptRows> Empty() {
  return std::make_shared<KeptRows>(std::make_shared<KeptBudget>(1 << 20));
}

TEST(Flights, OneThatArrivesAloneRunsItself) {
  Flights flights;
  Activity activity(&base::Clock::System());
  for (int i = 0; i < 2; ++i) {
    auto turn = flights.Join(
        "a", &activity, [] { return base::Result<Flights::Rows>(base::Internal("not called")); });
    ASSERT_TRUE(turn.ok());
    EXPECT_EQ(turn->rows, nullptr);
  }
}

// While one computation runs, `count` others arrive; they must not get what is being computed, and
// share the next one.
struct Burst {
  explicit Burst(int count, Flights::Compute compute) {
    auto first = flights.Join("a", &activity, compute);
    EXPECT_TRUE(first.ok() && !first->rows);
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, compute] {
        Activity own(&base::Clock::System());
        EXPECT_TRUE(own.Begin(std::nullopt).ok());
        auto turn = flights.Join("a", &own, compute);
        if (!turn.ok()) ++failed;
        else if (turn->rows) ++shared;
        else ++alone;
        own.End();
      });
    }
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(shared + alone + failed, 0);
  }
  void Finish() {
    for (auto& thread : threads) thread.join();
  }
  Flights flights;
  Activity activity{&base::Clock::System()};
  std::vector<std::thread> threads;
  std::atomic<int> shared{0}, alone{0}, failed{0};
};

TEST(Flights, ThoseWhoWaitShareOneComputationAndNeverTheRunningOne) {
  std::atomic<int> computed{0};
  Burst burst(8,
              [&]() -> base::Result<Flights::Rows> { return ++computed, Flights::Rows(Empty()); });
  burst.Finish();
  EXPECT_EQ(burst.shared, 8);
  EXPECT_EQ(computed, 1);
}

TEST(Flights, AnErrorIsTheErrorOfAll) {
  Burst burst(5,
              []() -> base::Result<Flights::Rows> { return base::DataError("division by zero"); });
  burst.Finish();
  EXPECT_EQ(burst.failed, 5);
}

TEST(Flights, AStoppedComputationIsTriedAgainByTheOthers) {
  std::atomic<int> computed{0};
  Burst burst(5, [&]() -> base::Result<Flights::Rows> {
    if (++computed == 1) return base::Cancelled("canceling statement due to user request");
    return Flights::Rows(Empty());
  });
  burst.Finish();
  EXPECT_EQ(burst.failed, 1);
  EXPECT_EQ(burst.shared + burst.alone, 4);
}

TEST(Flights, WhatIsTooLargeIsNotShared) {
  Burst burst(5, []() -> base::Result<Flights::Rows> { return Flights::Rows(nullptr); });
  burst.Finish();
  EXPECT_EQ(burst.alone, 5);
}

}  // namespace
}  // namespace query
