#include "pgwire/query_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace pgwire {
namespace {

// Holds every heavy place until it is let go.
struct Gate {
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
};

TEST(QueryThreads, LightWorkDoesNotWaitForHeavyWork) {
  QueryThreads threads(4);   // two heavy places
  Gate gate;
  std::atomic<int> heavy_begun{0};
  for (int i = 0; i < 10; ++i) threads.Post(Lane::kHeavy, nullptr, [&] { ++heavy_begun; gate.opened.wait(); });
  std::promise<void> light;
  threads.Post(Lane::kLight, nullptr, [&] { light.set_value(); });
  EXPECT_EQ(light.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_LE(heavy_begun, 2);
  gate.open.set_value();
  threads.Stop();
  EXPECT_EQ(heavy_begun, 10) << "what was queued is finished";
}

TEST(QueryThreads, WithdrawsOnlyWhatHasNotBegun) {
  QueryThreads threads(3);   // one heavy place
  Gate gate;
  std::promise<void> begun;
  int first = 0, second = 0;
  bool second_ran = false;
  threads.Post(Lane::kHeavy, &first, [&] { begun.set_value(); gate.opened.wait(); });
  begun.get_future().wait();
  threads.Post(Lane::kHeavy, &second, [&] { second_ran = true; });
  EXPECT_FALSE(threads.Withdraw(&first));
  EXPECT_TRUE(threads.Withdraw(&second));
  EXPECT_FALSE(threads.Withdraw(&second));
  gate.open.set_value();
  threads.Stop();
  EXPECT_FALSE(second_ran);
}

TEST(QueryThreads, StopIsIdempotent) {
  QueryThreads threads(1);
  threads.Stop();
  threads.Stop();
}

}  // namespace
}  // namespace pgwire
