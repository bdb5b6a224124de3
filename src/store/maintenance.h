#pragma once
// Maintenance: the thread `store-maintenance` that keeps a store small: retention, compaction, the
// bound of dead letters, checkpoints. One at a time, whoever asks.
//
// Threads: any may call; the thread itself runs between Start and Stop. Errors: logged, counted and
// tried again. Limits: see compactor.h, checkpointer.h, retention.h. An idle store costs a look at
// three counters five times a second.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/checkpointer.h"
#include "store/compactor.h"
#include "store/store_state.h"

namespace store {

class Retention;

class Maintenance {
 public:
  using Watermark = std::function<std::optional<model::EventTime>(model::ObjectId)>;

  explicit Maintenance(std::shared_ptr<StoreState> state);
  ~Maintenance();

  base::Status LoadFloors();
  void SetTables(std::vector<Store::Maintained> tables, Watermark watermark);
  base::Status RunAll();
  // After DDL: at once when nothing refuses it for long, else as soon as may be.
  void CheckpointSoon();
  void Start();
  void Stop();  // idempotent

 private:
  struct Work {
    std::vector<Store::Maintained> tables;
    Watermark watermark;
  };
  Work Snapshot();
  void Loop();
  void Look(bool long_tick);
  void PublishSizes();

  std::shared_ptr<StoreState> state_;
  std::mutex tables_mutex_;
  Work work_;

  std::mutex mutex_;  // of compaction and retention
  Compactor compactor_;
  std::unique_ptr<Retention> retention_;
  Checkpointer checkpointer_;
  uint64_t dead_letters_seen_ = 0;

  std::mutex thread_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace store
