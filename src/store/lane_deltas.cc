#include "store/lane_deltas.h"

#include <algorithm>
#include <utility>

namespace store {

using base::Result;
using base::Status;

Status LaneDeltas::Prepare(Engine* engine, const Session::Use& use,
                           const std::vector<Delta>& deltas) {
  Drop();
  engine_ = engine;
  connection_ = use.connection;
  inserts_.resize(deltas.size());
  functions_.resize(std::max(functions_.size(), deltas.size()));
  for (size_t i = 0; i < deltas.size(); ++i) {
    const int parent = deltas[i].parent;
    if (parent >= static_cast<int>(i))
      return base::Internal("a view is fed before the view that feeds it");
    if (parent < 0) continue;
    auto& function = functions_[static_cast<size_t>(parent)];
    if (!function)
      function = std::make_shared<DeltaRows>(prefix_ + "_delta_" + std::to_string(parent));
    inserts_[static_cast<size_t>(parent)].kept = function;
  }
  for (size_t i = 0; i < deltas.size(); ++i) {
    if (inserts_[i].kept) RETURN_IF_ERROR(inserts_[i].kept->Prepare(engine, use, deltas[i].table));
    Status status = PrepareOne(deltas, i);
    if (!status.ok()) return std::move(status).WithContext("view \"" + deltas[i].name + "\"");
  }
  return {};
}

Status LaneDeltas::PrepareOne(const std::vector<Delta>& deltas, size_t delta) {
  Insert& insert = inserts_[delta];
  const std::string into = "INSERT INTO " + QuoteName(deltas[delta].table) + " ";
  const std::string returning = insert.kept ? " RETURNING *" : "";
  insert.from_rows = into + deltas[delta].select + returning;
  insert.reads_tables = deltas[delta].reads_tables;
  if (deltas[delta].parent < 0) return insert.rows.Prepare(engine_, connection_, insert.from_rows);
  insert.from_parent = into + deltas[delta].from_parent + returning;
  return insert.parent.Prepare(engine_, connection_, insert.from_parent);
}

void LaneDeltas::Drop() {
  Clear();
  inserts_.clear();
}

void LaneDeltas::Clear() {
  for (const Insert& insert : inserts_)
    if (insert.kept) insert.kept->Clear();
}

Result<size_t> LaneDeltas::FromRows(size_t delta) {
  Insert& insert = inserts_[delta];
  if (!insert.rows.prepared() || insert.reads_tables)
    RETURN_IF_ERROR(insert.rows.Prepare(engine_, connection_, insert.from_rows));
  return Run(&insert, &insert.rows);
}

Result<size_t> LaneDeltas::FromParent(size_t delta) {
  return Run(&inserts_[delta], &inserts_[delta].parent);
}

Result<size_t> LaneDeltas::Run(Insert* insert, Statement* statement) {
  if (!insert->kept) return statement->Execute(engine_);
  duckdb_result result;
  if (!RunPrepared(statement->get(), Answer::kWhole, &result)) {
    Status status = engine_->Note(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  return insert->kept->Take(&result);
}

}  // namespace store
