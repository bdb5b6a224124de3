#include "store/lane_rows.h"

#include <algorithm>
#include <cstring>

#include "store/duckdb_types.h"

namespace store {
namespace {

using base::Status;

struct Hidden {
  const char* name;
  duckdb_type type;
};
constexpr Hidden kHidden[] = {{"__partition", DUCKDB_TYPE_INTEGER},
                              {"__offset", DUCKDB_TYPE_BIGINT},
                              {"__kafka_time", DUCKDB_TYPE_TIMESTAMP},
                              {"__row", DUCKDB_TYPE_BIGINT}};

// Copies validity bits [from, from + count) of `source` to bit `to` of `target`.
void CopyValidity(const uint64_t* source, size_t from, size_t count, uint64_t* target, size_t to) {
  if (from % 64 == 0 && to % 64 == 0) {
    std::memcpy(target + to / 64, source + from / 64, count / 64 * 8);
    from += count / 64 * 64;
    to += count / 64 * 64;
    count %= 64;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint64_t bit = source[(from + i) / 64] >> ((from + i) % 64) & 1;
    uint64_t& word = target[(to + i) / 64];
    word = (word & ~(uint64_t{1} << ((to + i) % 64))) | bit << ((to + i) % 64);
  }
}

void CopyColumn(const model::Column& column, RowRange rows, duckdb_vector vector, size_t to) {
  const size_t count = rows.end - rows.begin, width = column.width();
  auto* cells = static_cast<uint8_t*>(duckdb_vector_get_data(vector));
  std::memcpy(cells + to * width, column.data() + rows.begin * width, count * width);
  if (!column.has_nulls()) return;
  duckdb_vector_ensure_validity_writable(vector);
  CopyValidity(column.validity(), rows.begin, count, duckdb_vector_get_validity(vector), to);
}

void CountRows(RowRange rows, duckdb_vector vector, size_t to) {
  auto* cells = static_cast<int64_t*>(duckdb_vector_get_data(vector)) + to;
  for (size_t row = rows.begin; row < rows.end; ++row) *cells++ = static_cast<int64_t>(row);
}

}  // namespace

std::string LaneWriter::RowsFunction(model::LaneId lane) {
  return "lane_" + std::to_string(lane.value) + "_rows()";
}

std::vector<RowRange> RangesWithout(size_t rows, const std::vector<size_t>& excluded) {
  std::vector<RowRange> ranges;
  size_t begin = 0;
  for (size_t row : excluded) {
    if (row > begin) ranges.push_back({begin, row});
    begin = row + 1;
  }
  if (begin < rows) ranges.push_back({begin, rows});
  return ranges;
}

Status LaneRows::SetColumns(std::vector<std::string> names, std::vector<model::Type> types) {
  if (names.size() != types.size())
    return base::Internal("a lane needs a type for each of its columns");
  for (const model::Type& type : types) RETURN_IF_ERROR(LogicalTypeOf(type).TakeStatus());
  names_ = std::move(names);
  types_ = std::move(types);
  return {};
}

Status LaneRows::Register(const Session::Use& use) {
  if (generation_ == use.access.generation()) return {};
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, function_.c_str());
  duckdb_table_function_set_extra_info(
      function, new std::shared_ptr<LaneRows>(shared_from_this()),
      [](void* p) { delete static_cast<std::shared_ptr<LaneRows>*>(p); });
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

void LaneRows::Bind(duckdb_bind_info info) {
  const LaneRows* self = Self(duckdb_bind_get_extra_info(info));
  // The hidden ones come first: DuckDB asks for the first column where rows are only counted, and these are always filled.
  for (const Hidden& hidden : kHidden)
    duckdb_bind_add_result_column(info, hidden.name, LogicalType(hidden.type).get());
  for (size_t i = 0; i < self->names_.size(); ++i) {
    base::Result<LogicalType> type = LogicalTypeOf(self->types_[i]);
    if (!type.ok()) return duckdb_bind_set_error(info, type.status().message().c_str());
    duckdb_bind_add_result_column(info, self->names_[i].c_str(), type->get());
  }
}

const model::Column* LaneRows::ColumnAt(idx_t index) const {
  if (index >= std::size(kHidden)) return &batch_->columns()[index - std::size(kHidden)];
  switch (index) {
    case 0: return &batch_->partition();
    case 1: return &batch_->offset();
    case 2: return &batch_->kafka_time();
    default: return nullptr;
  }
}

void LaneRows::Init(duckdb_init_info info) {
  const LaneRows* self = Self(duckdb_init_get_extra_info(info));
  if (!self->batch_)
    return duckdb_init_set_error(info, "lane rows: they can only be read by their own commit");
  auto scan = std::make_unique<Scan>();
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t index = duckdb_init_get_column_index(info, i);
    scan->columns.push_back(index);
    const size_t column = index - std::size(kHidden);
    if (index < std::size(kHidden) || column >= self->names_.size()) continue;
    if (self->batch_->columns()[column].size() < self->batch_->rows()) {
      const std::string error =
          "lane rows: column \"" + self->names_[column] + "\" is not filled in this batch";
      return duckdb_init_set_error(info, error.c_str());
    }
  }
  if (!self->ranges_.empty()) scan->at = self->ranges_[0].begin;
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan.release(), [](void* p) { delete static_cast<Scan*>(p); });
}

void LaneRows::Run(duckdb_function_info info, duckdb_data_chunk out) {
  const LaneRows* self = Self(duckdb_function_get_extra_info(info));
  self->Fill(static_cast<Scan*>(duckdb_function_get_init_data(info)), out);
}

void LaneRows::Fill(Scan* scan, duckdb_data_chunk out) const {
  const size_t capacity = duckdb_vector_size();
  const idx_t declared = names_.size() + std::size(kHidden);
  size_t filled = 0;
  while (filled < capacity && scan->range < ranges_.size()) {
    const size_t end = std::min(ranges_[scan->range].end, scan->at + (capacity - filled));
    const RowRange rows{scan->at, end};
    for (size_t i = 0; i < scan->columns.size(); ++i) {
      if (scan->columns[i] >= declared) continue;  // a row id, when only rows are counted
      duckdb_vector vector = duckdb_data_chunk_get_vector(out, i);
      if (const model::Column* column = ColumnAt(scan->columns[i]))
        CopyColumn(*column, rows, vector, filled);
      else CountRows(rows, vector, filled);
    }
    filled += end - scan->at;
    scan->at = end;
    if (end == ranges_[scan->range].end && ++scan->range < ranges_.size())
      scan->at = ranges_[scan->range].begin;
  }
  duckdb_data_chunk_set_size(out, filled);
}

}  // namespace store
