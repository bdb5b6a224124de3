#pragma once
// LaneDeltas: the prepared inserts of a lane's views. A view that no view feeds is computed from
// the batch; one with a parent from the partial rows that the parent just got, or from the batch
// when both do not see the same rows. The latter is rare and prepared when it is first needed.
//
// What joins the batch with tables is planned anew in each transaction: the engine plans by a
// table's statistics, such as its longest text, and keeps a plan when the table outgrows them.
//
// Threads: the lane. Errors: those of the engine, with the view's name. Limits: partial rows of
// views that feed others are held in memory until the next commit, within the engine's limit.

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/delta_rows.h"
#include "store/statement.h"
#include "store/store.h"

namespace store {

class LaneDeltas {
 public:
  explicit LaneDeltas(std::string prefix) : prefix_(std::move(prefix)) {}

  base::Status Prepare(Engine* engine, const Session::Use& use, const std::vector<Delta>& deltas);
  void Drop();  // the statements

  // Run inside the lane's transaction; give the number of partial rows. The lane's rows are shown.
  base::Result<size_t> FromRows(size_t delta);
  // The parent's insert ran before in the same transaction.
  base::Result<size_t> FromParent(size_t delta);
  void Clear();  // what was kept for views that are fed

 private:
  struct Insert {
    std::string from_rows, from_parent;  // text; from_parent is empty without a parent
    bool reads_tables = false;           // from_rows
    Statement rows, parent;
    std::shared_ptr<DeltaRows> kept;  // null: feeds no view
  };
  base::Result<size_t> Run(Insert* insert, Statement* statement);
  base::Status PrepareOne(const std::vector<Delta>& deltas, size_t delta);

  const std::string prefix_;
  Engine* engine_ = nullptr;
  duckdb_connection connection_ = nullptr;
  std::vector<Insert> inserts_;
  std::vector<std::shared_ptr<DeltaRows>> functions_;  // by number of the delta, made when needed
};

}  // namespace store
