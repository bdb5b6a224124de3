#pragma once
// ColumnBatch: decoded rows, column by column, in the memory layout that DuckDB's vectors have, so that the store hands
// them over by memcpy of whole arrays and strings are never copied again.
//
// A column's cells are `Width(type)` bytes: bool 1, int2 2, int4 4, int8 8, float4 4, float8 8, timestamp(tz) 8 (UTC
// microseconds), date 4 (days), numeric(p,s) 2/4/8/16 (p <= 4/9/18/38, the unscaled integer), text/bytea/json 16
// (StringCell). Nulls are bits: 1 = valid. Numerics without precision are not stored in batches.
// Hidden columns say where each row came from: partition, offset and Kafka timestamp.
//
// Owns: cells and the string arena. Threads: one owner (a lane). Limits: the lane closes a batch by rows and bytes().

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "model/types.h"

namespace model {

// The layout of DuckDB's duckdb_string_t: up to 12 bytes inline, else a 4-byte prefix and a pointer.
struct StringCell {
  uint32_t length;
  char prefix_or_inline[4];
  union {
    char rest_inline[8];
    const char* pointer;
  };
  std::string_view View() const { return {length <= 12 ? prefix_or_inline : pointer, length}; }
};
static_assert(sizeof(StringCell) == 16);

size_t Width(Type type);

// Bytes that live until Clear. Blocks of 1 MiB; a larger string gets a block of its own.
class Arena {
 public:
  char* Allocate(size_t bytes);
  void Clear();  // keeps one block
  size_t bytes() const { return used_; }

 private:
  static constexpr size_t kBlockBytes = 1 << 20;
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t at_ = 0;    // in the last block
  size_t used_ = 0;
};

class Column {
 public:
  explicit Column(Type type) : type_(type), width_(Width(type)) {}
  Type type() const { return type_; }
  size_t width() const { return width_; }
  size_t size() const { return rows_; }
  bool has_nulls() const { return has_nulls_; }
  const uint8_t* data() const { return cells_.data(); }
  const uint64_t* validity() const { return validity_.data(); }  // meaningful when has_nulls()
  bool IsNull(size_t row) const { return has_nulls_ && !(validity_[row / 64] >> (row % 64) & 1); }

  template <typename T>
  void Append(T value) {
    static_assert(sizeof(T) <= 16);
    Grow();
    std::memcpy(cells_.data() + (rows_ - 1) * width_, &value, sizeof(T));
  }
  void AppendNull();
  template <typename T>
  T Get(size_t row) const {
    T value;
    std::memcpy(&value, cells_.data() + row * width_, sizeof(T));
    return value;
  }
  void Truncate(size_t rows);  // drops the rows after `rows`; used when a record fails halfway
  void Clear();
  size_t bytes() const { return rows_ * width_; }

 private:
  void Grow() {
    ++rows_;
    if (rows_ * width_ > cells_.size()) Enlarge();
    if (has_nulls_) MarkValid();
  }
  void Enlarge();
  void MarkValid();

  Type type_;
  size_t width_;
  size_t rows_ = 0;
  bool has_nulls_ = false;
  std::vector<uint8_t> cells_;      // capacity in bytes, doubled
  std::vector<uint64_t> validity_;
};

class ColumnBatch {
 public:
  explicit ColumnBatch(const std::vector<Type>& types);
  ColumnBatch(const ColumnBatch&) = delete;
  ColumnBatch& operator=(const ColumnBatch&) = delete;

  size_t rows() const { return rows_; }
  std::vector<Column>& columns() { return columns_; }
  const std::vector<Column>& columns() const { return columns_; }
  Column& partition() { return partition_; }        // int4
  Column& offset() { return offset_; }              // int8
  Column& kafka_time() { return kafka_time_; }      // timestamptz, null when the record had none
  const Column& partition() const { return partition_; }
  const Column& offset() const { return offset_; }
  const Column& kafka_time() const { return kafka_time_; }
  Arena& arena() { return arena_; }

  StringCell MakeString(std::string_view text);  // copies into the arena when longer than 12 bytes
  // The same for text that may be read 12 bytes past its end.
  StringCell MakePaddedString(std::string_view text) {
    return text.size() <= 12 ? ShortString(text.data(), text.size()) : MakeString(text);
  }

  // After a cell was appended to every column: counts the row. Before: TruncateToRows undoes a half-written row.
  void FinishRow() { ++rows_; }
  void TruncateToRows() ;
  // Keeps only rows whose bit in `keep` is set (one bool a row); used when generated columns or views exclude rows.
  void Filter(const std::vector<bool>& keep);
  void Clear();
  size_t bytes() const;

 private:
  static StringCell ShortString(const char* text, size_t bytes) {
    uint64_t first;
    uint32_t rest;
    std::memcpy(&first, text, 8);
    std::memcpy(&rest, text + 8, 4);
    first &= bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * bytes)) - 1;
    rest &= bytes <= 8 ? 0 : bytes >= 12 ? ~uint32_t{0} : (uint32_t{1} << (8 * (bytes - 8))) - 1;
    StringCell cell;
    cell.length = static_cast<uint32_t>(bytes);
    std::memcpy(cell.prefix_or_inline, &first, 4);
    const uint64_t tail = first >> 32 | uint64_t{rest} << 32;
    std::memcpy(cell.rest_inline, &tail, 8);
    return cell;
  }

  size_t rows_ = 0;
  std::vector<Column> columns_;
  Column partition_, offset_, kafka_time_;
  Arena arena_;
};

}  // namespace model
