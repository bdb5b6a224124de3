#pragma once
// Top: of the groups that share all other keys a view shows only those with the most of a value,
// and what the rest holds together as one more group (the OTHER bucket), or not at all. The choice
// is made when the view is read, from merged states, so the rest is as exact as its states are: a
// percentile of it is a percentile of all its records.
//
// Threads: any. Errors: kInvalid (42703, 22023) and kUnsupported (0A000) with HINT.

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "view/plan.h"

namespace view {

struct TopOptions {
  static constexpr int64_t kMaxCount = 10'000;
  int64_t count = 0;
  std::string of;  // output column: a group key; empty = the only one beside the window
  std::string by;  // output column: an aggregate
  std::optional<std::string> other;
};

base::Status SetTop(const TopOptions& options, Plan* plan);

}  // namespace view
