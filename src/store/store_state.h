#pragma once
// StoreState: what the parts of one open store share: engine, commit numbers, floors, load since the last maintenance.
//
// Threads: any. Owns: the engine. Lives until the last lane and connection is gone.

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "store/commit_ledger.h"
#include "store/directory_lock.h"
#include "store/engine.h"
#include "store/floors.h"
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

struct StoreState {
  DirectoryLock lock;  // released after the engine has closed
  std::unique_ptr<Engine> engine;
  CommitLedger ledger;
  Floors floors;
  StoreMetrics metrics;
  Load load;

  // The table function of a lane stays known to the engine, so a lane that comes back gets the same object.
  // Null while another writer has it.
  std::shared_ptr<LaneRows> TakeLaneRows(model::LaneId lane) {
    std::lock_guard lock(lanes_mutex_);
    std::shared_ptr<LaneRows>& rows = lanes_[lane.value];
    if (!rows) rows = std::make_shared<LaneRows>(lane);
    if (taken_[lane.value]) return nullptr;
    taken_[lane.value] = true;
    return rows;
  }
  void ReturnLaneRows(model::LaneId lane) {
    std::lock_guard lock(lanes_mutex_);
    taken_[lane.value] = false;
  }

 private:
  std::mutex lanes_mutex_;
  std::map<int32_t, std::shared_ptr<LaneRows>> lanes_;
  std::map<int32_t, bool> taken_;
};

}  // namespace store
