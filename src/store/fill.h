#pragma once
// How a new view gets what lies before it: step by step from the rows that its source keeps, beside
// the stream, or at once from the view that feeds it, at a barrier.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/types.h"

namespace store {

// A view and the stored rows that it is filled from, beside the stream.
struct Fill {
  model::ObjectId source, view;  // the view owns the positions that the fill writes
  model::LaneId lane;            // the fill's own, for commit numbers
  std::string name;              // of the view, for dead letters
  std::string table, raw_table;
  std::function<std::string(const std::string&)> select;  // Plan::Delta over text for FROM
};

// A new view over a view, and what it begins with: all that its parent has.
struct ParentFill {
  model::ObjectId view, parent;
  std::string name, table;
  std::string select;       // Plan::Delta(the parent's table)
  std::string time_column;  // empty = none
  int64_t bucket_us = 0;    // of the time column, 0 = of no fixed length
  int64_t origin_us = 0;    // buckets begin at multiples of bucket_us plus this
};

// Offsets of one partition, half-open.
struct OffsetRange {
  model::Incarnation incarnation;
  model::PartitionId partition;
  int64_t first, end;
};

// Fills a view step by step. Threads: one owner. Errors: those of the engine; nothing of the step
// is committed then, or, after a failed COMMIT, ReadPositions of the view tells.
class ViewFill {
 public:
  virtual ~ViewFill() = default;
  // The offsets that the stored rows span.
  virtual base::Result<std::vector<OffsetRange>> Ranges() = 0;
  // Commits the partials of the rows in `range`, dead letters of those that the view's expressions
  // cannot take, and `range.end` as the view's position, in one transaction. Returns the letters.
  virtual base::Result<size_t> Step(const OffsetRange& range) = 0;
};

}  // namespace store
