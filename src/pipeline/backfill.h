#pragma once
// Backfill: fills one view from history, beside the stream: from the raw rows that its source
// keeps, else by a second reader of the source, in both cases up to where the lanes began to give
// the view what they read (catalog::View::history). Each commit holds partials and the view's own
// position, so a crash loses or repeats nothing.
//
// Threads: `fill-<id>` runs Run(); Start and Stop are for one caller, Progress for any. Owns: its
// reader, decoder and writer. Borrows: store, clock. Errors: what passes by itself is waited for;
// else `done` tells.
// Limits: PipelineOptions of one lane; kStepOffsets stored offsets a commit.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/source_runner.h"

namespace pipeline {

class Backfill {
 public:
  using Environment = SourceRunner::Environment;
  // `setup` holds the one view. `done` is called once, at the end, unless Stop came first.
  Backfill(Environment environment, SourceSetup setup,
           std::function<void(const base::Status&)> done);
  ~Backfill();

  void Start();
  void Stop();              // idempotent; not from `done`
  double Progress() const;  // 0 to 1

 private:
  static constexpr int64_t kStepOffsets = 100'000;
  using Key = std::pair<int32_t, int32_t>;  // incarnation, partition

  void Run();
  base::Status Fill();
  base::Result<std::map<Key, int64_t>> Reached() const;
  base::Status FromRows();
  base::Status FromSource();
  base::Result<std::vector<source::PartitionStart>> Starts();
  base::Result<int64_t> StartOf(source::TopicAdmin* admin, const catalog::HistoryEnd& end,
                                const std::map<Key, int64_t>& first) const;
  base::Result<std::shared_ptr<source::PartitionNames>> Names() const;
  base::Status ReadAll(source::Reader* reader, std::vector<source::PartitionStart> open);
  base::Status Take(const model::RecordBatch& records, std::vector<source::PartitionStart>* open);
  base::Status AwaitSchemas(const model::RecordBatch& records, const model::RecordRun& run);
  base::Status LeaveOutLetters(model::PartitionId partition, size_t first_row);
  std::string Letters() const;  // text from FROM on
  base::Result<bool> HasLetters() const;
  base::Status CommitRows();
  int64_t EndOf(model::PartitionId partition) const;
  bool Stopped() const;
  bool WaitFor(std::chrono::milliseconds time);  // false = stop
  const catalog::View& view() const { return *setup_.views.front(); }
  model::LaneId lane() const;

  const Environment env_;
  const SourceSetup setup_;
  const std::function<void(const base::Status&)> done_;
  std::atomic<int64_t> done_offsets_{0}, all_offsets_{0};

  // The thread's own, while it reads the source.
  std::shared_ptr<decode::SchemaRegistry> registry_;  // outlives the decoder
  std::unique_ptr<decode::Decoder> decoder_;
  std::unique_ptr<store::LaneWriter> writer_;
  std::unique_ptr<model::ColumnBatch> batch_;
  std::map<int32_t, int64_t> moved_;  // partition -> next offset, not yet committed
  bool has_letters_ = false;          // the source has dead letters of its own

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pipeline
