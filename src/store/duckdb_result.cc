#include "store/duckdb_result.h"

#include <utility>

namespace store {
namespace {

using base::Result;
using model::CellKind;

CellKind KindOf(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return CellKind::kBool;
    case DUCKDB_TYPE_TINYINT: return CellKind::kInt8;
    case DUCKDB_TYPE_SMALLINT: return CellKind::kInt16;
    case DUCKDB_TYPE_INTEGER: return CellKind::kInt32;
    case DUCKDB_TYPE_BIGINT: return CellKind::kInt64;
    case DUCKDB_TYPE_UTINYINT: return CellKind::kUInt8;
    case DUCKDB_TYPE_USMALLINT: return CellKind::kUInt16;
    case DUCKDB_TYPE_UINTEGER: return CellKind::kUInt32;
    case DUCKDB_TYPE_UBIGINT: return CellKind::kUInt64;
    case DUCKDB_TYPE_HUGEINT: return CellKind::kHugeInt;
    case DUCKDB_TYPE_DECIMAL: return CellKind::kDecimal;
    case DUCKDB_TYPE_FLOAT: return CellKind::kFloat;
    case DUCKDB_TYPE_DOUBLE: return CellKind::kDouble;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM: return CellKind::kString;
    case DUCKDB_TYPE_BLOB: return CellKind::kBlob;
    case DUCKDB_TYPE_DATE: return CellKind::kDate;
    case DUCKDB_TYPE_TIME: return CellKind::kTime;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ: return CellKind::kTimestamp;
    case DUCKDB_TYPE_INTERVAL: return CellKind::kInterval;
    case DUCKDB_TYPE_UUID: return CellKind::kUuid;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY: return CellKind::kList;
    default: return CellKind::kNull;
  }
}

uint8_t DecimalBytes(duckdb_type internal) {
  switch (internal) {
    case DUCKDB_TYPE_SMALLINT: return 2;
    case DUCKDB_TYPE_INTEGER: return 4;
    case DUCKDB_TYPE_BIGINT: return 8;
    default: return 16;
  }
}

model::StringCell CellOf(const std::string& text) {
  model::StringCell cell;
  std::memset(&cell, 0, sizeof cell);
  cell.length = static_cast<uint32_t>(text.size());
  if (text.size() <= 12) {
    std::memcpy(cell.prefix_or_inline, text.data(), text.size());
  } else {
    std::memcpy(cell.prefix_or_inline, text.data(), 4);
    cell.pointer = text.data();
  }
  return cell;
}

}  // namespace

Result<ChunkReader::Shape> ChunkReader::ShapeOf(duckdb_logical_type type) {
  Shape shape;
  shape.id = duckdb_get_type_id(type);
  shape.kind = KindOf(shape.id);
  if (shape.id == DUCKDB_TYPE_DECIMAL) {
    shape.cell_bytes = DecimalBytes(duckdb_decimal_internal_type(type));
    shape.scale = duckdb_decimal_scale(type);
  }
  if (shape.id == DUCKDB_TYPE_ENUM) {
    shape.enum_index = duckdb_enum_internal_type(type);
    for (uint32_t i = 0; i < duckdb_enum_dictionary_size(type); ++i) {
      char* label = duckdb_enum_dictionary_value(type, i);
      shape.labels.emplace_back(label);
      duckdb_free(label);
    }
  }
  if (shape.kind == CellKind::kList) {
    const bool fixed = shape.id == DUCKDB_TYPE_ARRAY;
    if (fixed) shape.array_size = duckdb_array_type_array_size(type);
    LogicalType element(fixed ? duckdb_array_type_child_type(type)
                              : duckdb_list_type_child_type(type));
    ASSIGN_OR_RETURN(Shape child, ShapeOf(element.get()));
    shape.child = std::make_unique<Shape>(std::move(child));
  }
  return shape;
}

Result<ChunkReader> ChunkReader::Make(duckdb_result* result) {
  ChunkReader reader;
  const idx_t columns = duckdb_column_count(result);
  for (idx_t i = 0; i < columns; ++i) {
    LogicalType type(duckdb_column_logical_type(result, i));
    ASSIGN_OR_RETURN(model::Type ours, TypeOf(type.get()));
    reader.fields_.push_back({duckdb_column_name(result, i), ours});
    ASSIGN_OR_RETURN(Shape shape, ShapeOf(type.get()));
    reader.shapes_.push_back(std::move(shape));
  }
  return reader;
}

void ChunkReader::Read(duckdb_data_chunk chunk, model::ChunkView* view) {
  view->rows = duckdb_data_chunk_get_size(chunk);
  view->columns.resize(shapes_.size());
  for (size_t i = 0; i < shapes_.size(); ++i)
    ReadVector(duckdb_data_chunk_get_vector(chunk, i), view->rows, &shapes_[i], &view->columns[i]);
}

void ChunkReader::ReadVector(duckdb_vector vector, idx_t rows, Shape* shape,
                             model::ColumnView* view) {
  view->kind = shape->kind;
  view->cell_bytes = shape->cell_bytes;
  view->scale = shape->scale;
  view->validity = duckdb_vector_get_validity(vector);
  view->data = duckdb_vector_get_data(vector);
  switch (shape->id) {
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return RewriteTimes(static_cast<const int64_t*>(view->data), rows, shape, view);
    case DUCKDB_TYPE_ENUM: return RewriteEnum(view->data, rows, shape, view);
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY: return ReadList(vector, rows, shape, view);
    default: return;
  }
}

void ChunkReader::RewriteTimes(const int64_t* from, idx_t rows, Shape* shape,
                               model::ColumnView* view) {
  shape->cells.resize(rows * sizeof(int64_t));
  auto* to = reinterpret_cast<int64_t*>(shape->cells.data());
  for (idx_t row = 0; row < rows; ++row) {
    if (view->IsNull(row)) to[row] = 0;
    else if (shape->id == DUCKDB_TYPE_TIMESTAMP_S) to[row] = from[row] * 1'000'000;
    else if (shape->id == DUCKDB_TYPE_TIMESTAMP_MS) to[row] = from[row] * 1'000;
    else to[row] = from[row] / 1'000 - (from[row] % 1'000 < 0);
  }
  view->data = to;
}

void ChunkReader::RewriteEnum(const void* from, idx_t rows, Shape* shape, model::ColumnView* view) {
  shape->cells.resize(rows * sizeof(model::StringCell));
  auto* to = reinterpret_cast<model::StringCell*>(shape->cells.data());
  for (idx_t row = 0; row < rows; ++row) {
    if (view->IsNull(row)) {
      to[row] = CellOf({});
      continue;
    }
    const size_t index =
        shape->enum_index == DUCKDB_TYPE_UTINYINT    ? static_cast<const uint8_t*>(from)[row]
        : shape->enum_index == DUCKDB_TYPE_USMALLINT ? static_cast<const uint16_t*>(from)[row]
                                                     : static_cast<const uint32_t*>(from)[row];
    to[row] = CellOf(shape->labels[index]);
  }
  view->data = to;
}

void ChunkReader::ReadList(duckdb_vector vector, idx_t rows, Shape* shape,
                           model::ColumnView* view) {
  static_assert(sizeof(model::ListCell) == sizeof(duckdb_list_entry));
  view->child.resize(1);
  if (shape->id == DUCKDB_TYPE_LIST) {
    ReadVector(duckdb_list_vector_get_child(vector), duckdb_list_vector_get_size(vector),
               shape->child.get(), &view->child[0]);
    return;
  }
  shape->cells.resize(rows * sizeof(model::ListCell));
  auto* to = reinterpret_cast<model::ListCell*>(shape->cells.data());
  for (idx_t row = 0; row < rows; ++row) to[row] = {row * shape->array_size, shape->array_size};
  view->data = to;
  ReadVector(duckdb_array_vector_get_child(vector), rows * shape->array_size, shape->child.get(),
             &view->child[0]);
}

}  // namespace store
