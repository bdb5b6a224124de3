// Texts of windows; that rows fall into the right ones is tested where DuckDB runs them
// (query/view_values_test.cc, test/slt/views).

#include "sql/time_window.h"

#include <gtest/gtest.h>

namespace sql {
namespace {

using Window = TableRef::Window;
constexpr int64_t kMinute = 60'000'000;

TEST(TimeWindow, BeginsAtMidnightUtcOrItsOffset) {
  const TimeWindow minute{Window::kTumble, "ts", {0, kMinute}, {0, kMinute}};
  EXPECT_EQ(minute.PaneOf("\"ts\""), "time_bucket(INTERVAL '60000000 microseconds', \"ts\")");
  const TimeWindow week{
      Window::kTumble, "ts", {0, 10'080 * kMinute}, {0, 10'080 * kMinute}, 60 * kMinute};
  EXPECT_EQ(week.PaneOf("\"ts\""),
            "time_bucket(INTERVAL '604800000000 microseconds', \"ts\", TIMESTAMP '1970-01-01 "
            "00:00:00' + INTERVAL '3600000000 microseconds')");
  const TimeWindow month{Window::kTumble, "ts", {1, 0}, {1, 0}};
  EXPECT_EQ(month.EndText("k0"), "(k0 + INTERVAL '1 months')");
}

TEST(TimeWindow, PanesAreTheFinestGrainOfTheBounds) {
  const TimeWindow hop{Window::kHop, "ts", {0, 4 * kMinute}, {0, 6 * kMinute}};
  EXPECT_EQ(hop.Pane().microseconds, 2 * kMinute);
  EXPECT_EQ(hop.WindowsOfRow(), 2);
  EXPECT_FALSE(hop.BoundsOf("k0", "n").condition.empty());
  const TimeWindow even{Window::kHop, "ts", {0, kMinute}, {0, 60 * kMinute}};
  EXPECT_EQ(even.WindowsOfRow(), 60);
  EXPECT_TRUE(even.BoundsOf("k0", "n").condition.empty());
  const TimeWindow months{Window::kHop, "ts", {2, 0}, {3, 0}};
  EXPECT_EQ(months.Pane().months, 1);
}

}  // namespace
}  // namespace sql
