#pragma once
// Balance: which partition another lane of the source should take, when one lane lags and another
// has nothing to do. Pure.
//
// A single partition that lags cannot be helped: its records are in order. Of several, the largest
// goes that does not only turn the two lanes' parts round.

#include <optional>
#include <vector>

#include "pipeline/progress.h"

namespace pipeline {

struct PartitionMove {
  size_t from = 0, to = 0;  // indexes of lanes
  model::PartitionId partition;
};

// Less lag than this is worked off sooner than a barrier pays.
constexpr int64_t kWorthMoving = 100'000;

std::optional<PartitionMove> ChooseMove(const std::vector<LaneProgress>& lanes);

}  // namespace pipeline
