#pragma once
// Maintenance: the thread `store-maintenance` that keeps a store small: compaction, retention, the bound of dead letters,
// checkpoints. One at a time, whoever asks.
//
// Threads: any may call; the thread itself runs between Start and Stop. Errors: logged, counted and tried again.
// Limits: compaction every 1,000 commits or 20 partials a key; CHECKPOINT at 16 MB of WAL or 2,000 commits.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/store_state.h"

namespace store {

class Maintenance {
 public:
  using Watermark = std::function<std::optional<model::EventTime>(model::ObjectId)>;

  explicit Maintenance(std::shared_ptr<StoreState> state);
  ~Maintenance();

  base::Status LoadFloors();
  void SetTables(std::vector<Store::Maintained> tables, Watermark watermark);
  base::Status RunAll();
  base::Status CheckpointNow();
  void Start();
  void Stop();  // idempotent

 private:
  void Loop();
  base::Status Checkpoint();

  std::shared_ptr<StoreState> state_;
  std::mutex mutex_;              // of everything below but the thread's own
  Session session_;
  std::vector<Store::Maintained> tables_;
  Watermark watermark_;

  std::mutex thread_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace store
