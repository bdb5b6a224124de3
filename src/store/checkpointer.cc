#include "store/checkpointer.h"

#include <thread>

#include "store/disk.h"

namespace store {
namespace {

using base::Status;

constexpr size_t kDueBytes = size_t{16} << 20;
constexpr uint64_t kDueCommits = 2'000;
constexpr std::chrono::milliseconds kAgain{20}, kPause{2'000};
constexpr size_t kSpareBytes = size_t{8}
                               << 20;  // for what a checkpoint writes besides the rows of the log
// Merging small row groups takes two to four times as long as writing what is new, and commits wait
// for part of it. Under load row groups are large by themselves, so it is left for quieter times
// and for some checkpoints.
constexpr const char* kMerge = "SET GLOBAL max_vacuum_tasks = 2";
constexpr const char* kDoNotMerge = "SET GLOBAL max_vacuum_tasks = 0";
constexpr int kMergeEvery = 64;

}  // namespace

bool Checkpointer::Due() const {
  if (state_->engine->in_memory() || base::Clock::System().Monotonic() < not_before_.load())
    return false;
  return wanted_ || state_->load.commits_since_checkpoint >= kDueCommits ||
         WalBytes(*state_->engine) >= kDueBytes;
}

Status Checkpointer::Run(std::chrono::milliseconds patience) {
  if (state_->engine->in_memory()) return {};
  std::lock_guard lock(mutex_);
  const base::MonotonicTime start = base::Clock::System().Monotonic();
  const uint64_t commits = state_->load.commits_since_checkpoint;
  const bool merge = WalBytes(*state_->engine) < kDueBytes || ++unmerged_ >= kMergeEvery;
  if (merge) unmerged_ = 0;
  RETURN_IF_ERROR(session_.Run(merge ? kMerge : kDoNotMerge));
  Status status;
  for (;;) {
    status = Attempt();
    const bool worth_repeating = status.sqlstate() == "40001";
    if (status.ok() || !worth_repeating || base::Clock::System().Monotonic() - start >= patience)
      break;
    std::this_thread::sleep_for(kAgain);
  }
  if (!status.ok()) {
    not_before_ = base::Clock::System().Monotonic() + kPause;
    wanted_ = true;
    return status;
  }
  wanted_ = false;
  state_->load.commits_since_checkpoint -= commits;
  state_->metrics.checkpoints.Add();
  return {};
}

Status Checkpointer::Attempt() {
  const size_t room = FreeDiskBytes(state_->engine->options()),
               needed = WalBytes(*state_->engine) + kSpareBytes;
  if (room < needed) {
    state_->metrics.checkpoints_refused.Add();
    return base::Exhausted("the disk has no room for a checkpoint")
        .WithDetail(std::to_string(room) + " bytes are free, " + std::to_string(needed) +
                    " are needed.")
        .WithSqlstate("53100");
  }
  const base::MonotonicTime start = base::Clock::System().Monotonic();
  Status status = session_.Run("CHECKPOINT");
  if (!status.ok()) {
    state_->metrics.checkpoints_refused.Add();
    return status;
  }
  state_->metrics.checkpoint_seconds.Observe(
      std::chrono::duration<double>(base::Clock::System().Monotonic() - start).count());
  return {};
}

}  // namespace store
