#pragma once
// StoreState: what the parts of one open store share: engine, commit numbers, floors, load since
// the last maintenance.
//
// Threads: any. Owns: the engine. Lives until the last lane and connection is gone.

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/commit_ledger.h"
#include "store/directory_lock.h"
#include "store/engine.h"
#include "store/floors.h"
#include "store/lane_deltas.h"
#include "store/lane_rows.h"
#include "store/store_metrics.h"

namespace store {

// Partial rows written since their table was compacted, by view.
class PartialCounts {
 public:
  void Add(int64_t object, uint64_t rows) {
    std::lock_guard lock(mutex_);
    rows_[object] += rows;
  }
  void Subtract(int64_t object, uint64_t rows) {
    std::lock_guard lock(mutex_);
    rows_[object] -= rows;
  }
  uint64_t Get(int64_t object) const {
    std::lock_guard lock(mutex_);
    const auto found = rows_.find(object);
    return found == rows_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int64_t, uint64_t> rows_;
};

// What lanes did since the maintenance thread last worked.
struct Load {
  std::atomic<uint64_t> commits_since_compaction{0}, commits_since_checkpoint{0};
  PartialCounts partials;
  void Committed() {
    commits_since_compaction.fetch_add(1, std::memory_order_relaxed);
    commits_since_checkpoint.fetch_add(1, std::memory_order_relaxed);
  }
};

struct LaneFunctions {
  std::shared_ptr<LaneRows> rows, positions;
  std::shared_ptr<LaneDeltas> deltas;
};

struct StoreState {
  DirectoryLock lock;  // released after the engine has closed
  std::unique_ptr<Engine> engine;
  CommitLedger ledger;
  Floors floors;
  StoreMetrics metrics;
  Load load;

  // The table functions of a lane stay known to the engine, so a lane that comes back gets the same
  // objects. Nothing while another writer has them.
  std::optional<LaneFunctions> TakeLane(model::LaneId lane) {
    std::lock_guard lock(lanes_mutex_);
    KnownLane& known = lanes_[lane.value];
    if (known.taken) return std::nullopt;
    known.taken = true;
    if (!known.functions.rows) {
      const std::string name = "lane_" + std::to_string(lane.value);
      known.functions = {std::make_shared<LaneRows>(name + "_rows"),
                         std::make_shared<LaneRows>(name + "_positions"),
                         std::make_shared<LaneDeltas>(name)};
    }
    return known.functions;
  }
  void ReturnLane(model::LaneId lane) {
    std::lock_guard lock(lanes_mutex_);
    lanes_[lane.value].taken = false;
  }

 private:
  struct KnownLane {
    LaneFunctions functions;
    bool taken = false;
  };
  std::mutex lanes_mutex_;
  std::map<int32_t, KnownLane> lanes_;
};

}  // namespace store
