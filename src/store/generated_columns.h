#pragma once
// GeneratedColumns: fills the columns of a batch that are expressions over the others, and applies
// to them what the decoder applies to the rest: NOT NULL, a NULL event time, an event time too far
// ahead. A row that fails becomes a dead letter of the source and leaves the batch.
//
// Threads: the lane. Errors: only those that no row causes.

#include <vector>

#include "store/row_faults.h"
#include "store/statement.h"
#include "store/store.h"

namespace store {

class GeneratedColumns {
 public:
  base::Status Prepare(Engine* engine, duckdb_connection connection, const LaneSetup& setup);
  void Drop() { select_.Reset(); }

  // Does nothing when the batch is filled already (a commit that is repeated).
  base::Status Fill(Engine* engine, const LaneSetup& setup, LaneRows* rows, LaneCommit* commit);

 private:
  base::Status Evaluate(Engine* engine, const LaneSetup& setup, LaneRows* rows,
                        model::ColumnBatch* batch);
  void ApplyRules(const LaneSetup& setup, LaneCommit* commit);

  Statement select_;
};

}  // namespace store
