#pragma once
// SourceRunner: one source at work. Finds its topic and start positions, deals the partitions to
// lanes, watches for new partitions and a recreated topic, and is the barrier for DDL.
//
// Threads: `source-<id>` runs Run(); Start, Stop, Park, Unpark are for one caller at a time (the
// Pipeline), Progress for any. Owns: its lanes. Borrows: store, clock. Errors: as
// SourceProgress::state and error; it tries again by itself what may pass.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/balance.h"
#include "pipeline/lane.h"
#include "source/partition_names.h"

namespace pipeline {

constexpr int kLanesPerSource = 64;  // lane ids are object id * 64 + index

// Who owns the positions at which a source began, and the row that keeps its watermark: they stand
// beside its newest positions.
inline model::ObjectId StartsOf(model::ObjectId source) { return model::ObjectId(-source.value); }

// How readers are made; the server passes the real ones, tests may count calls.
struct ReaderFactory {
  std::function<base::Result<std::unique_ptr<source::Reader>>(const source::ReaderOptions&)> reader;
  std::function<base::Result<std::unique_ptr<source::TopicAdmin>>(const source::ReaderOptions&)>
      admin;
  // The schema registry of a source's format; nullptr = it has none. May be empty.
  std::function<base::Result<std::unique_ptr<decode::SchemaRegistry>>(const catalog::Source&)>
      registry;
};

// What the source's connector is told; limits are the caller's.
source::ReaderOptions ReaderOptionsOf(const catalog::Source& source);

struct RunnerEvents {
  LaneEvents lane;
  // The topic's id was seen for the first time; keep it, so that a recreated topic is noticed.
  std::function<void(model::ObjectId source, const std::string& topic_id)> topic_seen;
  // The watermark of joined rows that are committed up to `offset`; they have none of their own.
  // Called with the runner's lock held.
  std::function<std::optional<model::EventTime>(model::ObjectId rows, int64_t offset)>
      join_watermark;
};

class SourceRunner {
 public:
  struct Environment {
    PipelineOptions options;
    store::Store* store;
    const base::Clock* clock;
    ReaderFactory readers;
    RunnerEvents events;
  };
  SourceRunner(Environment environment, SourceSetup setup);
  ~SourceRunner();

  void Start();
  void Stop();  // idempotent
  void Park();  // all lanes stand at a commit boundary and none is made
  base::Status Unpark(const SourceSetup& setup);  // goes on, with what is new

  void EndParked();  // instead of Unpark: its tables are gone

  SourceProgress Progress() const;
  std::optional<model::EventTime> Watermark() const;
  bool IsIdle() const;  // all partitions

 private:
  void Run();
  base::Status Connect();                      // topic, positions, lanes
  base::Result<source::TopicInfo> Describe();  // partitions numbered
  base::Status NumberNames(source::TopicInfo* info);
  base::Status CheckTopic(const source::TopicInfo& info);
  base::Result<std::vector<store::Position>> StartPositions(const source::TopicInfo& info);
  base::Status MakeLanes(const source::TopicInfo& info,
                         const std::vector<store::Position>& positions);
  base::Status NoticeGrowth();
  base::Status NoticeLag();
  base::Result<std::vector<store::Position>> StoredPositions(const catalog::Source& source) const;
  model::LaneId LaneOf(model::PartitionId partition) const;
  size_t LaneCount(const source::TopicInfo& info) const;
  std::chrono::milliseconds DescribeInterval() const;
  SourceSetup Setup() const;  // a copy: a barrier may replace the setup at any moment
  std::optional<model::EventTime> WatermarkOf(
      const std::vector<PartitionProgress>& partitions) const;  // under mutex_
  bool IsIdle(const PartitionProgress& partition) const;        // under mutex_
  void LoadWatermark();
  void KeepWatermark();
  static std::optional<model::EventTime> ToldBy(const std::vector<PartitionProgress>& partitions);
  bool WaitFor(std::chrono::milliseconds time);  // false = stop
  void SetState(SourceState state, base::Status error = {});

  const Environment env_;
  const model::ObjectId id_;  // of the source, the same in every setup
  std::mutex barrier_;        // held while parked, and while lanes are made or given partitions
  std::unique_ptr<source::TopicAdmin> admin_;  // made under mutex_, by the runner's thread alone
  std::vector<std::unique_ptr<Lane>> lanes_;   // changed under mutex_, by the runner's thread alone
  std::vector<model::PartitionId> known_;
  std::optional<PartitionMove> wanted_move_;  // by the last look
  size_t lane_count_ = 0;
  std::shared_ptr<decode::SchemaRegistry> registry_;  // with the lanes; lives as long as the runner
  const std::shared_ptr<source::PartitionNames> names_;  // with the lanes' readers
  std::map<std::string, model::PartitionId> numbers_;    // the other way round

  mutable std::mutex mutex_;  // guards what follows
  SourceSetup setup_;
  std::vector<store::Position> stored_;  // by the run before, told until there are lanes
  std::condition_variable wake_;
  bool stop_ = false;
  SourceState state_ = SourceState::kStarting;
  base::Status error_;
  base::WallTime since_{};
  mutable std::optional<model::EventTime> watermark_;         // never moves back
  mutable std::optional<model::EventTime> wanted_watermark_;  // once it is stored
  std::optional<model::EventTime> kept_watermark_;            // stored
  std::thread thread_;
};

}  // namespace pipeline
