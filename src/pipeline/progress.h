#pragma once
// How far a source, its lanes and partitions are: what freshet.sources and
// freshet.source_partitions show. Threads: values, copied out under the owner's lock.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "model/types.h"

namespace pipeline {

enum class SourceState {
  kStarting,  // resolving the topic and its start positions
  kRunning,
  kWaiting,  // something that passes by itself: broker away, topic not there yet; `error` says what
  kPaused,   // by ALTER SOURCE ... PAUSE
  kDiskFull,  // until there is room again
  kStopped,   // needs a person; `error` says what and the statement that accepts it
};
const char* NameOf(SourceState state);

struct PartitionProgress {
  model::PartitionId partition;
  model::LaneId lane;
  int64_t next_offset = 0;                    // committed
  int64_t high_watermark_offset = -1;         // -1 = not known yet
  std::optional<model::EventTime> watermark;  // of this partition, committed
  base::MonotonicTime last_row{};             // when it last had a row
  double rows_per_second = 0;                 // smoothed over some seconds
  int64_t lag() const {
    return high_watermark_offset < 0 ? 0
                                     : std::max<int64_t>(0, high_watermark_offset - next_offset);
  }
};

struct LaneProgress {
  std::string reader;  // Reader::kind()
  SourceState state = SourceState::kStarting;
  base::Status error;
  std::vector<PartitionProgress> partitions;
  std::optional<model::EventTime> newest_event;  // committed
  base::WallTime last_commit{};
};

struct SourceProgress {
  model::ObjectId source;
  SourceState state = SourceState::kStarting;
  base::Status error;
  base::WallTime since{};  // of the state
  std::vector<PartitionProgress> partitions;
  std::optional<model::EventTime> watermark;  // minimum over active partitions, never moves back
  std::optional<model::EventTime> newest_event;
  base::WallTime last_commit{};
  int lanes = 0;
  int64_t lag() const {
    int64_t total = 0;
    for (const auto& partition : partitions) total += partition.lag();
    return total;
  }
  std::string reader;  // which client reads: "direct", "librdkafka"; empty before there is one
};

}  // namespace pipeline
