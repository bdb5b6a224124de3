#pragma once
// Lane: the owner of some partitions of one source from the poll to the commit. Its thread polls
// records, decodes them into its column batch, and commits micro-batches; nothing of it is shared
// but the database.
//
// Micro-batches close on rows, bytes or linger, whichever is first; while records are waiting
// (backlog) they are let grow.
//
// Threads: `lane-<id>` runs Run(); the other functions are for one controlling thread (the source's
// runner), Progress for
//   any. Park/Unpark is the barrier of semantics 19: a parked lane stands at a commit boundary.
// Owns: reader, decoder, writer, batch. Borrows: store, clock (for its life).
// Errors: what passes by itself is waited for (state kWaiting, kDiskFull); anything else ends the
// lane (kStopped) with
//   everything before the failing record committed.
// Limits: LaneOptions.

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "decode/decoder.h"
#include "decode/schema_registry.h"
#include "model/commit_notice.h"
#include "pipeline/options.h"
#include "pipeline/progress.h"
#include "source/reader.h"
#include "store/store.h"

namespace pipeline {

// What a lane works on; replaced at a barrier.
struct SourceSetup {
  std::shared_ptr<const catalog::Source> source;
  // That are fed by it and not suspended; a view comes after the view that feeds it.
  std::vector<std::shared_ptr<const catalog::View>> views;
};

// The store's description of a lane, from the catalog's objects.
base::Result<store::LaneSetup> MakeLaneSetup(const SourceSetup& setup, model::LaneId lane);
// Flags per column: needed by raw rows, a view, a generated column, NOT NULL or the event time.
std::vector<bool> UsedColumns(const SourceSetup& setup);

struct LaneEvents {
  std::function<void(const model::CommitNotice&)> committed;
  // View-scope failure: the view must be suspended in the catalog; this lane already leaves it out.
  std::function<void(model::ObjectId view, const base::Status& why)> view_failed;
};

// What a stored position tells before its lane has read anything.
PartitionProgress ProgressAt(const store::Position& position, model::LaneId lane,
                             base::MonotonicTime now);
// The newest event that a watermark stands for: the watermark runs behind it by the source's delay.
std::optional<model::EventTime> NewestEvent(const catalog::Source& source,
                                            const store::Position& position);

struct LaneStart {
  SourceSetup setup;
  model::LaneId lane;
  std::vector<store::Position> positions;            // its partitions and where they stand
  std::shared_ptr<decode::SchemaRegistry> registry;  // of the source's lanes; nullptr = none
};

class Lane {
 public:
  Lane(const PipelineOptions& options, store::Store* store, const base::Clock* clock,
       LaneEvents events);
  ~Lane();

  base::Status Start(LaneStart start, std::unique_ptr<source::Reader> reader);
  void StartParked() { command_ = Command::kPark; }  // before Start: a paused source
  void Stop();                                       // idempotent; commits what is decoded first
  model::LaneId id() const { return lane_; }

  void Park();  // returns when the lane stands at a commit boundary (or has ended)
  base::Status Unpark(const SourceSetup& setup);
  // While parked:
  void AddPartitions(const std::vector<store::Position>& positions);
  std::optional<store::Position> TakePartition(model::PartitionId id);  // none = it has it not

  LaneProgress Progress() const;

 private:
  struct Partition {
    store::Position position;  // decoded, not yet committed
    bool moved = false;
    PartitionProgress progress;
    int64_t rows_since_rate = 0;
  };

  void Run();
  bool HandleCommands();  // false = stop
  bool PollOnce();        // false = the lane ended
  bool DecodeRuns();      // false = the lane ended
  bool DecodeReady(model::RecordRun* run, base::Status* waits_for);
  bool DecodeRun(const model::RecordRun& run);
  void StopAtError(Partition* partition, size_t first_row);
  bool BatchIsDue() const;
  bool InBacklog(std::chrono::milliseconds age) const;
  bool CommitBatch();  // false = the lane ended or the batch is given up
  void Rewind();
  bool RetryCommit(const base::Status& error, std::chrono::milliseconds* backoff);
  void AfterCommit(const store::LaneCommitResult& result);
  void UpdateWatermarks(size_t first_row);
  void DropFailedViews(const store::LaneCommitResult& result);
  void PublishProgress();
  void SetState(SourceState state, base::Status error = {});
  void End(base::Status error);
  bool WaitForRoom();
  void Sleep(std::chrono::milliseconds time);  // wakes for commands
  base::Status Reassign();
  base::Status Rebuild(const SourceSetup& setup);
  Partition* Find(model::PartitionId id);

  const PipelineOptions options_;
  store::Store* const store_;
  const base::Clock* const clock_;
  const LaneEvents events_;

  // The lane thread's own (touched by others only while it is parked or not running).
  SourceSetup setup_;
  model::LaneId lane_{0};
  std::unique_ptr<source::Reader> reader_;
  std::unique_ptr<decode::Decoder> decoder_;
  std::unique_ptr<store::LaneWriter> writer_;
  std::unique_ptr<model::ColumnBatch> batch_;
  std::vector<model::DeadLetter> dead_letters_;
  size_t dead_letter_bytes_ = 0;
  model::RecordBatch records_;  // its runs are those that wait to be decoded
  std::shared_ptr<decode::SchemaRegistry> registry_;
  std::vector<Partition> partitions_;
  base::MonotonicTime batch_started_{};
  base::MonotonicTime rate_started_{};
  bool batch_open_ = false;
  bool assignment_changed_ = false;
  bool given_up_ = false;  // the batch: it could not be committed and the lane is to park
  base::WallTime last_commit_{};
  std::optional<model::EventTime> newest_event_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  enum class Command { kRun, kPark, kStop } command_ = Command::kRun;  // guarded by mutex_
  bool parked_ = false, ended_ = false;                                // guarded by mutex_
  LaneProgress progress_;                                              // guarded by mutex_
  std::thread thread_;

  // What a record costs the lane's thread, by stage.
  enum Stage { kFetch, kParse, kAggregate, kCommit, kStages };
  void Spent(Stage stage, std::chrono::microseconds time) {
    cpu_metrics_[stage]->Add(static_cast<uint64_t>(time.count()));
  }
  std::array<base::Counter*, kStages> cpu_metrics_{};

  base::Counter* rows_metric_ = nullptr;
  base::Counter* dead_letters_metric_ = nullptr;
  base::Histogram* commit_seconds_ = nullptr;
  base::Histogram* latency_seconds_ = nullptr;
};

}  // namespace pipeline
