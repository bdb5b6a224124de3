#include "store/delta_rows.h"

#include <utility>

#include "store/lane_rows.h"
#include "store/store.h"

namespace store {

using base::Result;
using base::Status;

std::string LaneWriter::DeltaFunction(model::LaneId lane, size_t delta) {
  return "lane_" + std::to_string(lane.value) + "_delta_" + std::to_string(delta) + "()";
}

Status DeltaRows::Prepare(Engine* engine, const Session::Use& use, const std::string& table) {
  Clear();
  duckdb_result empty;
  const std::string sql = "SELECT * FROM " + QuoteName(table) + " LIMIT 0";
  if (duckdb_query(use.connection, sql.c_str(), &empty) != DuckDBSuccess) {
    Status status = engine->Note(&empty);
    duckdb_destroy_result(&empty);
    return status;
  }
  names_.clear();
  types_.clear();
  for (idx_t i = 0; i < duckdb_column_count(&empty); ++i) {
    names_.emplace_back(duckdb_column_name(&empty, i));
    types_.emplace_back(duckdb_column_logical_type(&empty, i));
  }
  duckdb_destroy_result(&empty);
  return Register(use);
}

Status DeltaRows::Register(const Session::Use& use) {
  if (generation_ == use.access.generation()) return {};
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, function_.c_str());
  duckdb_table_function_set_extra_info(
      function, new std::shared_ptr<DeltaRows>(shared_from_this()),
      [](void* p) { delete static_cast<std::shared_ptr<DeltaRows>*>(p); });
  duckdb_table_function_set_bind(function, Bind);
  duckdb_table_function_set_init(function, Init);
  duckdb_table_function_set_function(function, Run);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const bool registered = duckdb_register_table_function(use.connection, function) == DuckDBSuccess;
  duckdb_destroy_table_function(&function);
  if (!registered) return base::Internal("the engine refuses table function " + function_);
  generation_ = use.access.generation();
  return {};
}

size_t DeltaRows::Take(duckdb_result* result) {
  Clear();
  size_t rows = 0;
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(*result)) {
    rows += duckdb_data_chunk_get_size(chunk);
    chunks_.push_back(chunk);
  }
  duckdb_destroy_result(result);
  return rows;
}

void DeltaRows::Clear() {
  for (duckdb_data_chunk& chunk : chunks_) duckdb_destroy_data_chunk(&chunk);
  chunks_.clear();
}

void DeltaRows::Bind(duckdb_bind_info info) {
  const DeltaRows* self = Self(duckdb_bind_get_extra_info(info));
  for (size_t i = 0; i < self->names_.size(); ++i)
    duckdb_bind_add_result_column(info, self->names_[i].c_str(), self->types_[i].get());
}

void DeltaRows::Init(duckdb_init_info info) {
  auto scan = std::make_unique<Scan>();
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i)
    scan->columns.push_back(duckdb_init_get_column_index(info, i));
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan.release(), [](void* p) { delete static_cast<Scan*>(p); });
}

void DeltaRows::Run(duckdb_function_info info, duckdb_data_chunk out) {
  const DeltaRows* self = Self(duckdb_function_get_extra_info(info));
  auto* scan = static_cast<Scan*>(duckdb_function_get_init_data(info));
  if (scan->next == self->chunks_.size()) return duckdb_data_chunk_set_size(out, 0);
  const duckdb_data_chunk chunk = self->chunks_[scan->next++];
  for (size_t i = 0; i < scan->columns.size(); ++i) {
    if (scan->columns[i] >= self->names_.size()) continue;  // a row id, when only rows are counted
    duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, i),
                                   duckdb_data_chunk_get_vector(chunk, scan->columns[i]));
  }
  duckdb_data_chunk_set_size(out, duckdb_data_chunk_get_size(chunk));
}

}  // namespace store
