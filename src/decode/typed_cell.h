#pragma once
// TypedCells: a value of some other system's types -> one cell, by the rules of the README: nothing
// is rounded, cut or guessed; what does not fit is a failure that names column and value.
//
// Threads: one owner. Borrows: the schema and the CellWriter, which keeps the failure.

#include <string>
#include <string_view>
#include <vector>

#include "decode/cell.h"
#include "decode/json_index.h"
#include "decode/json_number.h"

namespace decode {

class TypedCells {
 public:
  TypedCells(const model::SourceSchema& schema, CellWriter* cells);

  // Each writes one cell of column `index` into the row at work, or fails.
  bool Bool(uint32_t index, bool value, model::ColumnBatch* rows);
  bool Integer(uint32_t index, int64_t value, model::ColumnBatch* rows);
  bool Unsigned(uint32_t index, uint64_t value, model::ColumnBatch* rows);
  bool Double(uint32_t index, double value, model::ColumnBatch* rows);
  bool Float(uint32_t index, float value, model::ColumnBatch* rows);
  bool Decimal(uint32_t index, Int128 unscaled, int scale, model::ColumnBatch* rows);
  bool Text(uint32_t index, std::string_view text, model::ColumnBatch* rows);  // checked UTF-8
  bool Bytes(uint32_t index, std::string_view bytes, model::ColumnBatch* rows);
  bool Instant(uint32_t index, int64_t microseconds, model::ColumnBatch* rows);
  bool Day(uint32_t index, int64_t days, model::ColumnBatch* rows);
  bool Json(uint32_t index, std::string_view json, model::ColumnBatch* rows);  // of our making

  // Text that stands for a value of the column's type, as in CSV: 12, true, 2026-01-31, {"a":1}.
  bool Parse(uint32_t index, std::string_view text, model::ColumnBatch* rows);

  CellForm form(uint32_t index) const { return forms_[index]; }

 private:
  bool Number(uint32_t index, std::string_view text, model::ColumnBatch* rows);
  bool ParseBool(uint32_t index, std::string_view text, model::ColumnBatch* rows);
  bool ParseTime(uint32_t index, std::string_view text, model::ColumnBatch* rows);
  bool ParseBytes(uint32_t index, std::string_view text, model::ColumnBatch* rows);
  bool ParseJson(uint32_t index, std::string_view text, model::ColumnBatch* rows);
  bool FailValue(uint32_t index, std::string_view what, std::string_view value);

  const model::SourceSchema& schema_;
  CellWriter& cells_;
  std::vector<CellForm> forms_;  // by schema column
  std::string number_, bytes_, document_;
  StructuralIndex index_;
};

// JSON's number for a double; what JSON has no number for is null.
void AppendJsonDouble(double value, std::string* out);

}  // namespace decode
