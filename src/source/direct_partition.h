#pragma once
// What the direct reader knows of a partition, and what was fetched of it and is not yet handed out. Threads: one owner.

#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "base/status.h"
#include "source/frame_buffer.h"
#include "source/record_walker.h"

namespace source {

enum class Check : uint8_t { kNone, kNeeded, kAsked };

struct Partition {
  int32_t id = -1;
  int64_t next = 0, fetch_offset = 0;
  int generation = 0;
  bool paused = false;
  int32_t leader = -1, leader_epoch = -1;
  int32_t last_epoch = -1;                     // of the last batch that was fetched
  bool stale = true;                           // its leader must be looked up
  Check epoch_check = Check::kNone;            // a new leader: is what we have read still there?
  int ranges_asked = -1;                       // out of range: questions under way about what the broker has; -1 = none asked
  int64_t range_low = -1, range_high = -1;
  int32_t fetch_bytes = 0;
  base::MonotonicTime retry_at{};
  int64_t high = -1, low = -1;
  base::Status trouble;                        // passes by itself
};

// One fetched partition, being handed out.
struct Segment {
  int32_t partition;
  int generation;
  RecordWalker walker;
};

struct Fetched {
  FrameBuffer frame;
  std::deque<Segment> segments;
  struct Link* link;
};

}  // namespace source
