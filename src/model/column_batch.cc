#include "model/column_batch.h"

#include <algorithm>

#include "base/check.h"

namespace model {

size_t Width(Type type) {
  switch (type.id) {
    case TypeId::kBool: return 1;
    case TypeId::kInt2: return 2;
    case TypeId::kInt4:
    case TypeId::kFloat4:
    case TypeId::kDate: return 4;
    case TypeId::kNumeric:
      CHECK(type.precision > 0);
      return type.precision <= 4 ? 2 : type.precision <= 9 ? 4 : type.precision <= 18 ? 8 : 16;
    case TypeId::kText:
    case TypeId::kBytea:
    case TypeId::kJson:
    case TypeId::kJsonb:
    case TypeId::kUuid: return 16;
    default: return 8;
  }
}

char* Arena::Allocate(size_t bytes) {
  used_ += bytes;
  if (!blocks_.empty() && at_ + bytes <= blocks_.back().size) {
    char* out = blocks_.back().data.get() + at_;
    at_ += bytes;
    return out;
  }
  const size_t size = std::max(kBlockBytes, bytes);
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  at_ = bytes;
  return blocks_.back().data.get();
}

void Arena::Clear() {
  if (blocks_.size() > 1) blocks_.resize(1);
  if (!blocks_.empty() && blocks_[0].size > kBlockBytes) blocks_.clear();
  at_ = 0;
  used_ = 0;
}

void Column::Enlarge() { cells_.resize(std::max<size_t>(1024 * width_, cells_.size() * 2)); }

void Column::MarkValid() {
  const size_t row = rows_ - 1;
  if (row / 64 >= validity_.size()) validity_.push_back(~uint64_t{0});
  validity_[row / 64] |= uint64_t{1} << (row % 64);
}

void Column::AppendNull() {
  if (!has_nulls_) {
    has_nulls_ = true;
    validity_.assign(rows_ / 64 + 1, ~uint64_t{0});
  }
  Grow();
  const size_t row = rows_ - 1;
  validity_[row / 64] &= ~(uint64_t{1} << (row % 64));
  std::memset(cells_.data() + row * width_, 0, width_);
}

void Column::Truncate(size_t rows) {
  CHECK(rows <= rows_);
  rows_ = rows;
  if (has_nulls_) validity_.resize(rows / 64 + 1, ~uint64_t{0});
}

void Column::Clear() {
  rows_ = 0;
  has_nulls_ = false;
  validity_.clear();
}

ColumnBatch::ColumnBatch(const std::vector<Type>& types)
    : partition_(kInt4), offset_(kInt8), kafka_time_(kTimestampTz) {
  columns_.reserve(types.size());
  for (Type type : types) columns_.emplace_back(type);
}

StringCell ColumnBatch::MakeString(std::string_view text) {
  StringCell cell;
  std::memset(&cell, 0, sizeof cell);
  cell.length = static_cast<uint32_t>(text.size());
  if (text.size() <= 12) {
    std::memcpy(cell.prefix_or_inline, text.data(), text.size());
    return cell;
  }
  char* copy = arena_.Allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  std::memcpy(cell.prefix_or_inline, copy, 4);
  cell.pointer = copy;
  return cell;
}

void ColumnBatch::TruncateToRows() {
  auto truncate = [this](Column& column) {
    if (column.size() > rows_) column.Truncate(rows_);
  };
  for (Column& column : columns_) truncate(column);
  truncate(partition_);
  truncate(offset_);
  truncate(kafka_time_);
}

namespace {

void FilterColumn(const std::vector<bool>& keep, Column* column) {
  Column kept(column->type());
  struct Cell16 { uint64_t low, high; };
  for (size_t row = 0; row < column->size(); ++row) {
    if (!keep[row]) continue;
    if (column->IsNull(row)) {
      kept.AppendNull();
      continue;
    }
    switch (column->width()) {
      case 1: kept.Append(column->Get<uint8_t>(row)); break;
      case 2: kept.Append(column->Get<uint16_t>(row)); break;
      case 4: kept.Append(column->Get<uint32_t>(row)); break;
      case 8: kept.Append(column->Get<uint64_t>(row)); break;
      default: kept.Append(column->Get<Cell16>(row)); break;
    }
  }
  *column = std::move(kept);
}

}  // namespace

void ColumnBatch::Filter(const std::vector<bool>& keep) {
  CHECK(keep.size() == rows_);
  for (Column& column : columns_)
    if (column.size() == rows_) FilterColumn(keep, &column);
  FilterColumn(keep, &partition_);
  FilterColumn(keep, &offset_);
  FilterColumn(keep, &kafka_time_);
  rows_ = static_cast<size_t>(std::count(keep.begin(), keep.end(), true));
}

void ColumnBatch::Clear() {
  rows_ = 0;
  for (Column& column : columns_) column.Clear();
  partition_.Clear();
  offset_.Clear();
  kafka_time_.Clear();
  arena_.Clear();
}

size_t ColumnBatch::bytes() const {
  size_t total = arena_.bytes() + partition_.bytes() + offset_.bytes() + kafka_time_.bytes();
  for (const Column& column : columns_) total += column.bytes();
  return total;
}

}  // namespace model
