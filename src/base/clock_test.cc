#include "base/clock.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(WallTime(1'000'000us));
  const MonotonicTime before = clock.Monotonic();
  EXPECT_EQ(clock.Wall(), WallTime(1'000'000us));
  clock.Advance(250ms);
  EXPECT_EQ(clock.Wall(), WallTime(1'250'000us));
  EXPECT_EQ(clock.Monotonic() - before, 250ms);
}

TEST(SystemClock, MonotonicNeverGoesBackAndWallIsThisCentury) {
  const Clock& clock = Clock::System();
  MonotonicTime last = clock.Monotonic();
  for (int i = 0; i < 1'000; ++i) {
    const MonotonicTime now = clock.Monotonic();
    EXPECT_GE(now, last);
    last = now;
  }
  EXPECT_GT(clock.Wall(), WallTime(std::chrono::sys_days(std::chrono::year{2026} / 1 / 1)));
}

}  // namespace
}  // namespace base
