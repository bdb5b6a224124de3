#pragma once
// Joiner: stage two of one join of streams (view/interval_join.h). It takes what lanes have put
// aside of both streams, joins it with what is kept, and appends the pairs to a log that the joined
// rows are read from.
//
// Invariants:
// 1. Watermarks are asked before the rows that wait are looked at, and a floor does not rise above
//    one of those that a step leaves: no row is late by a watermark that is younger than it.
// 2. While a side is filled from history no floor rises.
//
// Threads: `join-<id>` runs Run(); Start, Stop and SetFilling are for one caller, Progress for any.
// Borrows: store, clock. Errors: what passes is logged and tried again; what the data is to blame
// for, and a state beyond its limit (54000), goes to `failed` and ends it.
// Limits: 100,000 rows of a side and step; 1,000,000 pairs in the log, then it waits for lanes.

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "store/store.h"

namespace pipeline {

struct JoinProgress {
  struct Side {
    int64_t waiting = 0, kept = 0;  // rows
    std::optional<model::EventTime> floor;
  };
  std::array<Side, 2> sides;
  int64_t pairs = 0;           // joined so far
  base::WallTime looked_at{};  // when it began to look at what waits
  bool current = false;        // and found nothing that could be joined
};

class Joiner {
 public:
  struct Side {
    std::shared_ptr<const catalog::View> view;
    model::ObjectId source{0};
    int incarnation = 0;
  };
  struct Environment {
    store::Store* store;
    const base::Clock* clock;
    std::function<std::optional<model::EventTime>(model::ObjectId source)> watermark;
    std::function<bool(model::ObjectId source)> idle;  // all of its partitions
    std::function<void(const base::Status&)> failed;
    model::ObjectId view{0};  // that owns the join
  };
  Joiner(Environment environment, std::shared_ptr<const catalog::Source> rows,
         std::array<Side, 2> sides);
  ~Joiner();

  void Start();
  void Stop();  // idempotent
  void SetFilling(bool filling) { filling_ = filling; }
  JoinProgress Progress() const;
  // Of the joined rows, once their lanes have committed up to pair `number`.
  std::optional<model::EventTime> Watermark(int64_t number) const;
  const catalog::Source& rows() const { return *rows_; }

 private:
  void Run();
  base::Status Load();
  // True = it was a full step, and more waits.
  base::Result<bool> Step();
  // By side: whether all that waits fits into the step.
  base::Result<std::array<bool, 2>> Look(bool filling, view::JoinStep* step);
  void RaiseFloors(const std::array<std::optional<model::EventTime>, 2>& watermarks,
                   const std::array<bool, 2>& whole, view::JoinStep* step) const;
  bool TakeLess();  // after a step that was too much for the memory; false = it cannot
  void NoteBound(std::optional<int64_t> bound);
  void HoldBack(std::optional<model::EventTime> stream, std::optional<model::EventTime> table,
                bool table_idle, const std::array<bool, 2>& whole, view::JoinStep* step) const;
  base::Status CountKept();
  base::Status TooMany(size_t side) const;
  base::Result<int64_t> Consumed() const;
  bool WaitFor(std::chrono::milliseconds time);  // false = stop

  const Environment env_;
  const std::shared_ptr<const catalog::Source> rows_;
  const std::array<Side, 2> sides_;
  std::atomic<bool> filling_{true};
  std::unique_ptr<store::StageWriter> writer_;
  std::unique_ptr<store::Connection> reader_;
  std::array<std::optional<int64_t>, 2> floors_;
  int64_t number_ = 0, trimmed_ = 0;
  int64_t step_rows_;  // of one side, at most; fewer after a step that the memory was too small for
  base::MonotonicTime swept_{};  // the last time for what need not be at once
  bool uncounted_ = false;       // kept rows changed since they were counted
  bool loaded_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  JoinProgress progress_;
  // The next pair's number and the least time of the pairs from there on, rising; at most 1,000.
  std::deque<std::pair<int64_t, int64_t>> bounds_;
  std::thread thread_;
};

}  // namespace pipeline
