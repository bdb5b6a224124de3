#include "pipeline/balance.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

LaneProgress LaneWith(std::vector<int64_t> lags, int32_t first, int32_t step) {
  LaneProgress lane;
  lane.state = SourceState::kRunning;
  for (size_t i = 0; i < lags.size(); ++i) {
    PartitionProgress partition;
    partition.partition = model::PartitionId(first + static_cast<int32_t>(i) * step);
    partition.next_offset = 1'000;
    partition.high_watermark_offset = 1'000 + lags[i];
    lane.partitions.push_back(partition);
  }
  return lane;
}

std::vector<LaneProgress> Two(std::vector<int64_t> first, std::vector<int64_t> second) {
  return {LaneWith(std::move(first), 0, 2), LaneWith(std::move(second), 1, 2)};
}

TEST(Balance, AnIdleLaneTakesTheLargerOfTwoThatLag) {
  const auto move = ChooseMove(Two({0, 900'000, 0, 400'000}, {0, 10}));
  ASSERT_TRUE(move);
  EXPECT_EQ(move->from, 0u);
  EXPECT_EQ(move->to, 1u);
  EXPECT_EQ(move->partition.value, 2);
}

TEST(Balance, OnePartitionCannotBeShared) {
  EXPECT_FALSE(ChooseMove(Two({900'000, 0, 0}, {0, 0})));
  EXPECT_FALSE(ChooseMove(Two({900'000, 20'000}, {0, 0})));
}

TEST(Balance, EqualLanesAndLittleLagAreLeftAlone) {
  EXPECT_FALSE(ChooseMove(Two({500'000, 500'000}, {400'000, 300'000})));
  EXPECT_FALSE(ChooseMove(Two({40'000, 50'000}, {0})));
  EXPECT_FALSE(ChooseMove({LaneWith({500'000, 500'000}, 0, 1)}));
  EXPECT_FALSE(ChooseMove({}));
}

TEST(Balance, LanesThatWaitOrHaveStoppedAreLeftAlone) {
  auto lanes = Two({500'000, 500'000}, {0});
  lanes[1].state = SourceState::kWaiting;
  EXPECT_FALSE(ChooseMove(lanes));
}

}  // namespace
}  // namespace pipeline
