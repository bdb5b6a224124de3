#include "store/maintenance.h"

#include <pthread.h>

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "store/disk.h"
#include "store/retention.h"

namespace store {
namespace {

using base::Status;

constexpr std::chrono::milliseconds kLook{200}, kCheckpointPatience{2'000}, kDdlPatience{100};
constexpr int kLooksPerLongTick = 5;           // retention and gauges: once a second
constexpr int kLooksPerDeadLetterBound = 300;  // once a minute

void LogFailure(const char* what, const Status& status) {
  if (!status.ok()) base::Log(base::Level::kWarning, "store", what, {{"error", status.ToString()}});
}

}  // namespace

Maintenance::Maintenance(std::shared_ptr<StoreState> state)
    : state_(std::move(state)),
      compactor_(state_.get()),
      retention_(std::make_unique<Retention>(state_.get())),
      checkpointer_(state_.get()) {}
Maintenance::~Maintenance() { Stop(); }

Status Maintenance::LoadFloors() {
  std::lock_guard lock(mutex_);
  return retention_->LoadFloors();
}

void Maintenance::SetTables(std::vector<Store::Maintained> tables, Watermark watermark) {
  std::lock_guard lock(tables_mutex_);
  work_ = {std::move(tables), std::move(watermark)};
}

Maintenance::Work Maintenance::Snapshot() {
  std::lock_guard lock(tables_mutex_);
  return work_;
}

Status Maintenance::RunAll() {
  const Work work = Snapshot();
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(retention_->Run(work.tables, work.watermark));
  RETURN_IF_ERROR(retention_->BoundDeadLetters());
  RETURN_IF_ERROR(compactor_.Run(work.tables, true));
  PublishSizes();
  return checkpointer_.Run(kCheckpointPatience);
}

void Maintenance::CheckpointSoon() {
  if (checkpointer_.Run(kDdlPatience).ok()) return;
  checkpointer_.Want();
}

void Maintenance::Start() {
  std::lock_guard lock(thread_mutex_);
  if (thread_.joinable()) return;
  stopping_ = false;
  thread_ = std::thread([this] { Loop(); });
  pthread_setname_np(thread_.native_handle(), "store-maintenan");  // as far as 15 letters go
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
  for (int look = 1;; ++look) {
    {
      std::unique_lock lock(thread_mutex_);
      if (wake_.wait_for(lock, kLook, [this] { return stopping_; })) return;
    }
    Look(look % kLooksPerLongTick == 0);
    if (look % kLooksPerDeadLetterBound != 1 ||
        state_->metrics.dead_letters.value() == dead_letters_seen_)
      continue;
    dead_letters_seen_ = state_->metrics.dead_letters.value();
    std::lock_guard lock(mutex_);
    LogFailure("dead letters could not be bounded", retention_->BoundDeadLetters());
  }
}

void Maintenance::Look(bool long_tick) {
  {
    const Work work = Snapshot();
    std::lock_guard lock(mutex_);
    // Failures are logged where they happen, with the table's name.
    if (long_tick) (void)retention_->Run(work.tables, work.watermark);
    (void)compactor_.Run(work.tables, false);
  }
  if (long_tick) PublishSizes();
  if (checkpointer_.Due())
    LogFailure("the checkpoint is put off", checkpointer_.Run(kCheckpointPatience));
}

void Maintenance::PublishSizes() {
  state_->metrics.file_bytes.Set(static_cast<double>(FileBytes(*state_->engine)));
  state_->metrics.wal_bytes.Set(static_cast<double>(WalBytes(*state_->engine)));
  if (!state_->engine->in_memory())
    state_->metrics.free_disk_bytes.Set(
        static_cast<double>(FreeDiskBytes(state_->engine->options())));
}

}  // namespace store
