#include "store/maintenance.h"

#include <pthread.h>

#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "store/disk.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Status;

constexpr size_t kCheckpointBytes = size_t{16} << 20;
constexpr uint64_t kCheckpointCommits = 2'000;
constexpr std::chrono::milliseconds kCheckpointRetry{20}, kCheckpointPatience{2'000}, kLook{1'000};

}  // namespace

Maintenance::Maintenance(std::shared_ptr<StoreState> state) : state_(std::move(state)), session_(state_->engine.get()) {}
Maintenance::~Maintenance() { Stop(); }

Status Maintenance::LoadFloors() {
  std::lock_guard lock(mutex_);
  auto rows = Rows::Read(&session_, "SELECT object, epoch_us(max(floor)) FROM freshet_floors GROUP BY object");
  if (!rows.ok()) return rows.TakeStatus();
  for (size_t i = 0; i < rows->size(); ++i) state_->floors.Raise(rows->Int64(i, 0), rows->Int64(i, 1));
  return {};
}

void Maintenance::SetTables(std::vector<Store::Maintained> tables, Watermark watermark) {
  std::lock_guard lock(mutex_);
  tables_ = std::move(tables);
  watermark_ = std::move(watermark);
}

Status Maintenance::CheckpointNow() {
  std::lock_guard lock(mutex_);
  return Checkpoint();
}

Status Maintenance::RunAll() { return CheckpointNow(); }

// A checkpoint is refused while a transaction older than the last DDL is open; it ends before long, so it is tried again.
Status Maintenance::Checkpoint() {
  if (state_->engine->in_memory()) return {};
  const base::MonotonicTime start = base::Clock::System().Monotonic();
  for (;;) {
    Status status = session_.Run("CHECKPOINT");
    if (status.ok()) break;
    state_->metrics.checkpoints_refused.Add();
    if (base::Clock::System().Monotonic() - start > kCheckpointPatience) return status;
    std::this_thread::sleep_for(kCheckpointRetry);
  }
  state_->load.commits_since_checkpoint = 0;
  state_->load.bytes_since_checkpoint = 0;
  state_->metrics.checkpoints.Add();
  return {};
}

void Maintenance::Start() {
  std::lock_guard lock(thread_mutex_);
  if (thread_.joinable()) return;
  stopping_ = false;
  thread_ = std::thread([this] { Loop(); });
  pthread_setname_np(thread_.native_handle(), "store-maint");
}

void Maintenance::Stop() {
  std::thread thread;
  {
    std::lock_guard lock(thread_mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  wake_.notify_all();
  if (thread.joinable()) thread.join();
}

void Maintenance::Loop() {
  for (;;) {
    {
      std::unique_lock lock(thread_mutex_);
      if (wake_.wait_for(lock, kLook, [this] { return stopping_; })) return;
    }
    const bool due = WalBytes(*state_->engine) >= kCheckpointBytes || state_->load.commits_since_checkpoint >= kCheckpointCommits;
    if (!due) continue;
    if (Status status = CheckpointNow(); !status.ok())
      base::Log(base::Level::kWarning, "store", "checkpoint put off", {{"error", status.ToString()}});
  }
}

}  // namespace store
