#pragma once
// Rows of a result, a chunk at a time, as views into memory that the producer owns: what the store reads and pgwire
// encodes, without either knowing the other.
//
// Threads: one reader. A chunk is valid until the next Next() or the end of the RowSource.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/column_batch.h"
#include "model/schema.h"

namespace model {

// How a column's cells lie in memory.
enum class CellKind : uint8_t {
  kNull,         // every row is NULL, no data
  kBool,         // uint8_t
  kInt8, kInt16, kInt32, kInt64,          // by bits; signed
  kUInt8, kUInt16, kUInt32, kUInt64,
  kHugeInt,      // two words: uint64_t low, int64_t high
  kDecimal,      // unscaled integer of `cell_bytes` (2, 4, 8, 16), `scale`
  kFloat, kDouble,
  kString,       // StringCell, UTF-8
  kBlob,         // StringCell
  kDate,         // int32_t days since 1970
  kTime,         // int64_t microseconds
  kTimestamp,    // int64_t microseconds since 1970 (UTC when the SQL type is timestamptz)
  kInterval,     // int32_t months, int32_t days, int64_t microseconds
  kUuid,         // hugeint with the top bit flipped (DuckDB's form)
  kList,         // ListCell into `child`
};

struct ListCell {
  uint64_t offset, length;
};

struct ColumnView {
  CellKind kind = CellKind::kNull;
  uint8_t cell_bytes = 0;               // kDecimal
  uint8_t scale = 0;
  const void* data = nullptr;
  const uint64_t* validity = nullptr;   // bits, 1 = valid; nullptr = all valid
  std::vector<ColumnView> child;        // kList: one element

  bool IsNull(size_t row) const {
    return kind == CellKind::kNull || (validity && !(validity[row / 64] >> (row % 64) & 1));
  }
  template <typename T>
  T Get(size_t row) const {
    T value;
    std::memcpy(&value, static_cast<const char*>(data) + row * sizeof(T), sizeof(T));
    return value;
  }
};

struct ChunkView {
  size_t rows = 0;
  std::vector<ColumnView> columns;
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const Fields& fields() const = 0;
  // The next chunk, or one with rows == 0 at the end. Errors as the query has them (kCancelled, kData ...).
  virtual base::Result<ChunkView> Next() = 0;
};

// A small result made of text: SHOW, EXPLAIN, catalog answers. Values are text cells whatever their declared type, so
// only for text columns.
class TextRows : public RowSource {
 public:
  TextRows(Fields fields, std::vector<std::vector<std::string>> rows);
  const Fields& fields() const override { return fields_; }
  base::Result<ChunkView> Next() override;

 private:
  Fields fields_;
  std::vector<std::vector<StringCell>> cells_;  // by column
  std::vector<std::vector<std::string>> rows_;
  bool done_ = false;
};

}  // namespace model
