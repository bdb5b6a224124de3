#pragma once
// Checkpointer: moves the write-ahead log into the database file, when it has grown and the disk
// has room for a rewrite.
//
// A checkpoint is refused while a transaction older than the last DDL is open; such a transaction
// ends before long, so the attempt is repeated every 20 ms for a bounded time. FORCE CHECKPOINT is
// never used: it spins and blocks all writers.
//
// Threads: any, one checkpoint at a time. Errors: what refused it; nothing is lost, the log only
// stays longer. Limits: due at 16 MB of log or 2,000 commits (restarting replays 0.63 ms a commit).

#include <chrono>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "store/store_state.h"

namespace store {

class Checkpointer {
 public:
  explicit Checkpointer(StoreState* state) : state_(state), session_(state->engine.get()) {}

  bool Due() const;
  base::Status Run(std::chrono::milliseconds patience);
  // The next Due is true.
  void Want() { wanted_ = true; }

 private:
  base::Status Attempt();

  StoreState* state_;
  std::mutex mutex_;
  Session session_;
  int unmerged_ = 0;  // checkpoints since one that merged row groups, under mutex_
  std::atomic<bool> wanted_{false};
  std::atomic<base::MonotonicTime> not_before_{};  // after a refusal
};

}  // namespace store
