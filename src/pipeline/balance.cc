#include "pipeline/balance.h"

#include <algorithm>

namespace pipeline {
namespace {

int64_t LagOf(const LaneProgress& lane) {
  int64_t lag = 0;
  for (const auto& partition : lane.partitions) lag += partition.lag();
  return lag;
}

}  // namespace

std::optional<PartitionMove> ChooseMove(const std::vector<LaneProgress>& lanes) {
  if (lanes.size() < 2) return std::nullopt;
  for (const auto& lane : lanes)
    if (lane.state != SourceState::kRunning) return std::nullopt;
  const auto by_lag = [](const LaneProgress& a, const LaneProgress& b) {
    return LagOf(a) < LagOf(b);
  };
  const auto [least, most] = std::minmax_element(lanes.begin(), lanes.end(), by_lag);
  const int64_t behind = LagOf(*most), idle = LagOf(*least);
  if (behind - idle < kWorthMoving || idle > behind / 4) return std::nullopt;
  const PartitionProgress* best = nullptr;
  for (const auto& partition : most->partitions)
    if (partition.lag() >= kWorthMoving / 4 && idle + partition.lag() <= behind / 5 * 4 &&
        (best == nullptr || partition.lag() > best->lag()))
      best = &partition;
  if (best == nullptr) return std::nullopt;
  return PartitionMove{static_cast<size_t>(most - lanes.begin()),
                       static_cast<size_t>(least - lanes.begin()), best->partition};
}

}  // namespace pipeline
