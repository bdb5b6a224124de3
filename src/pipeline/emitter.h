#pragma once
// Emitter: stage two of one view with EMIT ON WINDOW CLOSE. It reads what lanes have committed,
// releases each window once when the watermark passes its end plus the allowed lateness, counts
// rows that come later (semantics 11), and commits that together with how far it has released.
//
// Invariants:
// 1. The watermark is asked before the snapshot is taken, so the snapshot has every row that the
//    watermark speaks of.
// 2. The bound of released windows only rises, whatever the watermark does.
// 3. While neither the watermark moves nor a lane commits, rows are looked for once a second only:
//    a view that is just filled gets rows without either.
//
// Threads: `emit-<id>` runs Run(); Start and Stop are for one caller, State for any. Borrows:
// store, clock. Errors: logged, shown by State, tried again; a data error suspends the view by
// `failed`.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "store/store.h"

namespace pipeline {

class Emitter {
 public:
  struct Environment {
    store::Store* store;
    const base::Clock* clock;
    std::function<std::optional<model::EventTime>()> watermark;  // of the view's source
    std::function<base::WallTime()> last_commit;                 // of its lanes
    std::function<int64_t()> delivered;  // by every sink that reads the view
    std::function<void(const base::Status&)> failed;
    model::ObjectId source{0};
    int incarnation = 0;
  };
  Emitter(Environment environment, std::shared_ptr<const catalog::View> view);
  ~Emitter();

  void Start();
  void Stop();  // idempotent
  const catalog::View& view() const { return *view_; }

 private:
  void Run();
  base::Status Load();
  base::Status Step();
  bool NothingNew(std::optional<model::EventTime> watermark, base::WallTime commit) const;
  base::Status Forget();
  bool WaitFor(std::chrono::milliseconds time);  // false = stop

  const Environment env_;
  const std::shared_ptr<const catalog::View> view_;
  std::unique_ptr<store::StageWriter> writer_;
  std::unique_ptr<store::Connection> reader_;
  std::optional<int64_t> bound_;
  int64_t number_ = 0;
  std::optional<model::EventTime> forgotten_;
  // What Step saw when it last looked for rows to release.
  std::optional<model::EventTime> looked_at_watermark_;
  base::WallTime looked_at_commit_{};
  base::MonotonicTime looked_{};
  bool loaded_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pipeline
