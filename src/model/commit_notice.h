#pragma once
// What one commit changed; handed to listeners (result cache, sinks, invalidation) after it is readable. Threads: values.

#include <vector>

#include "model/types.h"

namespace model {

struct CommitNotice {
  ObjectId source;
  LaneId lane;
  CommitNumber commit;
  size_t rows = 0;
  std::vector<ObjectId> changed;  // the source and the views whose rows changed
  EventTime min_event_time, max_event_time;  // of the committed rows; equal to each other and 0 when there are none
};

}  // namespace model
