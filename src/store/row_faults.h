#pragma once
// Which rows of a batch a SELECT cannot take: found by bisection, because DuckDB names the value
// but not the row. Late rows: which rows lie below a retention floor.
//
// Threads: the lane. Errors: those of the engine that have nothing to do with a row (disk, memory,
// interrupt).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/column_batch.h"
#include "model/dead_letter.h"
#include "store/lane_rows.h"
#include "store/statement.h"

namespace store {

struct RowFault {
  size_t row;
  base::Status error;
};

// An error that one row can cause: a value that does not fit, never memory, disk or the statement
// itself.
inline bool IsRowScope(const base::Status& status) { return status.code() == base::Code::kData; }
// An error of the whole store or process, not of one view.
bool IsStoreScope(const base::Status& status);

struct BisectRequest {
  std::function<base::Status()> run;  // over the lane's rows
  LaneRows* rows;
  const model::ColumnBatch* batch;
  std::vector<size_t> excluded;  // sorted; not looked at
};
// The rows that fail on their own. Empty when each part succeeds and only the whole does not (a
// state that overflows).
base::Result<std::vector<RowFault>> FindFaults(const BisectRequest& request);

model::DeadLetter DeadLetterOf(const model::ColumnBatch& batch, size_t row, std::string code,
                               std::string reason);

// Rows of one partition that a floor left out.
struct LateRows {
  int64_t object;
  model::PartitionId partition;
  int64_t first_offset, last_offset;
  size_t rows;
};
// Rows whose event time is below `floor_us`, sorted; counted by partition into `late`.
std::vector<size_t> RowsBelow(const model::ColumnBatch& batch, int event_time, int64_t floor_us,
                              int64_t object, std::vector<LateRows>* late);

}  // namespace store
