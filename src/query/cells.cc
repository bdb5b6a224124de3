#include "query/cells.h"

#include <cstring>

#include "base/check.h"

namespace query {
namespace {

using model::CellKind;
using model::ColumnView;

constexpr size_t kInlineString = 12;

bool IsString(CellKind kind) { return kind == CellKind::kString || kind == CellKind::kBlob; }

// Rows of a list's child that its lists refer to.
size_t ChildRows(const ColumnView& column, size_t rows) {
  size_t end = 0;
  for (size_t row = 0; row < rows; ++row) {
    if (column.IsNull(row)) continue;
    const auto cell = column.Get<model::ListCell>(row);
    end = std::max<size_t>(end, cell.offset + cell.length);
  }
  return end;
}

size_t BytesOf(const ColumnView& column, size_t rows) {
  if (column.data == nullptr) return 0;
  size_t bytes = rows * CellWidth(column);
  if (IsString(column.kind)) {
    for (size_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) continue;
      const auto cell = column.Get<model::StringCell>(row);
      if (cell.length > kInlineString) bytes += cell.length;
    }
  }
  if (!column.child.empty()) bytes += BytesOf(column.child[0], ChildRows(column, rows));
  return bytes;
}

// Bits [first, first + rows) moved to the front.
void ShiftBits(const uint64_t* bits, size_t first, size_t rows, std::vector<uint64_t>* out) {
  const size_t words = (rows + 63) / 64, shift = first % 64, last = (first + rows + 63) / 64;
  out->resize(words);
  for (size_t i = 0; i < words; ++i) {
    const size_t at = first / 64 + i;
    (*out)[i] = bits[at] >> shift;
    if (shift > 0 && at + 1 < last) (*out)[i] |= bits[at + 1] << (64 - shift);
  }
}

}  // namespace

size_t CellWidth(const ColumnView& column) {
  switch (column.kind) {
    case CellKind::kNull: return 0;
    case CellKind::kBool:
    case CellKind::kInt8:
    case CellKind::kUInt8: return 1;
    case CellKind::kInt16:
    case CellKind::kUInt16: return 2;
    case CellKind::kInt32:
    case CellKind::kUInt32:
    case CellKind::kFloat:
    case CellKind::kDate: return 4;
    case CellKind::kInt64:
    case CellKind::kUInt64:
    case CellKind::kDouble:
    case CellKind::kTime:
    case CellKind::kTimestamp: return 8;
    case CellKind::kHugeInt:
    case CellKind::kString:
    case CellKind::kBlob:
    case CellKind::kInterval:
    case CellKind::kUuid:
    case CellKind::kList: return 16;
    case CellKind::kDecimal: return column.cell_bytes;
  }
  return 0;
}

size_t BytesOf(const model::ChunkView& chunk) {
  size_t bytes = 0;
  for (const ColumnView& column : chunk.columns) bytes += BytesOf(column, chunk.rows);
  return bytes;
}

model::ChunkView Slicer::Slice(const model::ChunkView& chunk, size_t first, size_t rows) {
  CHECK(first + rows <= chunk.rows);
  if (first == 0 && rows == chunk.rows) return chunk;
  model::ChunkView slice;
  slice.rows = rows;
  validity_.resize(chunk.columns.size());
  for (size_t i = 0; i < chunk.columns.size(); ++i) {
    ColumnView column = chunk.columns[i];
    if (column.data != nullptr)
      column.data = static_cast<const char*>(column.data) + first * CellWidth(column);
    if (column.validity != nullptr) {
      ShiftBits(column.validity, first, rows, &validity_[i]);
      column.validity = validity_[i].data();
    }
    slice.columns.push_back(std::move(column));
  }
  return slice;
}

ChunkCopy::ChunkCopy(const model::ChunkView& from) {
  view_.rows = from.rows;
  for (const ColumnView& column : from.columns)
    view_.columns.push_back(CopyColumn(column, from.rows));
}

void* ChunkCopy::Keep(const void* data, size_t bytes) {
  if (bytes == 0) return nullptr;
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
  if (data != nullptr) std::memcpy(blocks_.back().get(), data, bytes);
  bytes_ += bytes;
  return blocks_.back().get();
}

ColumnView ChunkCopy::CopyColumn(const ColumnView& from, size_t rows) {
  ColumnView copy = from;
  if (from.validity != nullptr)
    copy.validity = static_cast<uint64_t*>(Keep(from.validity, (rows + 63) / 64 * 8));
  if (from.data != nullptr) copy.data = Keep(from.data, rows * CellWidth(from));
  if (IsString(from.kind)) {
    size_t outside = BytesOf(from, rows) - rows * CellWidth(from);
    char* text = static_cast<char*>(Keep(nullptr, outside));
    auto* cells = static_cast<model::StringCell*>(const_cast<void*>(copy.data));
    for (size_t row = 0; row < rows; ++row) {
      if (from.IsNull(row) || cells[row].length <= kInlineString) continue;
      std::memcpy(text, cells[row].pointer, cells[row].length);
      cells[row].pointer = text;
      text += cells[row].length;
    }
  }
  if (!from.child.empty()) copy.child[0] = CopyColumn(from.child[0], ChildRows(from, rows));
  return copy;
}

}  // namespace query
