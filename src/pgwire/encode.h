#pragma once
// Rows of a result as DataRow messages, in PostgreSQL's text or binary format per column. The
// declared type decides the form; how the cells lie in memory only decides how they are read (a sum
// of bigints is a hugeint declared numeric).
//
// Threads: one owner. Errors: kData 22003 for a value that its declared type cannot hold, kInternal
// for a pair of type and memory that cannot be; what was written for the failed row is taken back.
// Limits: a row is at most 1 GiB (the protocol's).

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time_zone.h"
#include "model/result.h"
#include "pgwire/codec.h"

namespace pgwire {

enum class Format : uint8_t { kText = 0, kBinary = 1 };

// What the text of values depends on in a session.
struct TextStyle {
  std::shared_ptr<const base::TimeZone> time_zone = base::TimeZone::Utc();
  int extra_float_digits = 1;
};

// What a cell writer sees beside the cell.
struct CellContext {
  explicit CellContext(const TextStyle& style)
      : offsets(style.time_zone), extra_float_digits(style.extra_float_digits) {}
  base::OffsetCache offsets;
  int extra_float_digits;
  base::Status error;  // of the first cell that failed
};

// Writes the length and bytes of one cell that is not NULL.
using CellWriter = void (*)(const model::ColumnView& column, size_t row, CellContext* context,
                            WriteBuffer* out);

// nullptr when cells of `kind` cannot stand for `type`. Arrays are written by the row encoder
// itself.
CellWriter TextWriter(model::Type type, const model::ColumnView& column);
CellWriter BinaryWriter(model::Type type, const model::ColumnView& column);

class RowEncoder {
 public:
  // `formats` has one entry a field.
  RowEncoder(model::Fields fields, std::vector<Format> formats, const TextStyle& style);

  // Writes rows [first, ...) of the chunk until `rows` are written or `out` holds more than
  // `until_bytes`; returns how many. The same chunk may be given several times.
  base::Result<size_t> Encode(const model::ChunkView& chunk, size_t first, size_t rows,
                              size_t until_bytes, WriteBuffer* out);

 private:
  base::Status Choose(const model::ChunkView& chunk);
  base::Status EncodeRow(const model::ChunkView& chunk, size_t row, WriteBuffer* out);

  const model::Fields fields_;
  const std::vector<Format> formats_;
  CellContext context_;
  std::vector<CellWriter> writers_;
};

}  // namespace pgwire
