#pragma once
// Cells: one JSON value or one field of a record -> one cell of a column, by the strict rules of the README.
//
// A cell that does not fit is never written; why is said in Failure. Threads: one owner.

#include <optional>
#include <string>
#include <string_view>

#include "decode/json_cursor.h"
#include "model/column_batch.h"
#include "model/reason_codes.h"
#include "model/schema.h"

namespace decode {

// Why a record cannot be used. Malformed JSON found at a token has no text; the caller knows the position.
struct Failure {
  model::Reason reason{};
  std::string text;
};

// What a JSON value is turned into; decimals by the width of their cell.
enum class CellForm : uint8_t {
  kBool, kInt2, kInt4, kInt8, kDecimal2, kDecimal4, kDecimal8, kDecimal16, kFloat4, kFloat8, kText, kBytea, kDate, kInstant,
  kJson, kJsonb,
};

// The form for a type; nullopt when a column of that type cannot come from JSON.
std::optional<CellForm> FormOf(model::Type type);

class CellWriter {
 public:
  explicit CellWriter(const model::SourceSchema& schema) : schema_(schema) {}

  // The scalar that begins at the cursor (not null, not an object or array) into the row that `column` has open. The cursor
  // stays.
  bool WriteScalar(uint32_t index, CellForm form, const JsonCursor& cursor, model::ColumnBatch* rows);
  // The same for a number that is scanned, and for a string's characters, which are UTF-8 without NUL and may be read
  // model::kPadding bytes past their end. Neither is for json and jsonb.
  bool WriteNumber(uint32_t index, CellForm form, const Number& number, model::Column* column);
  bool WriteCharacters(uint32_t index, CellForm form, std::string_view text, model::ColumnBatch* rows);
  // The text of a whole JSON value into a json or jsonb column.
  bool WriteJson(uint32_t index, CellForm form, std::string_view text, model::ColumnBatch* rows);
  // Bytes of a key or header into a text or bytea column.
  bool WriteBytes(uint32_t index, std::string_view bytes, model::ColumnBatch* rows);

  bool Fail(model::Reason reason, std::string text);
  // The column, its type and what is wrong: `column "amount" (numeric(12,2)) ...`.
  bool FailColumn(uint32_t index, model::Reason reason, std::string_view what);
  // A JSON value that the column does not take.
  bool FailType(uint32_t index, const char* value);
  // Says what is wrong where only the reason is known.
  bool IsExplained() const { return !failure_.text.empty(); }
  void Explain(std::string text) { failure_.text = std::move(text); }
  Failure TakeFailure() { return std::move(failure_); }

 private:
  bool WriteString(uint32_t index, CellForm form, const JsonCursor& cursor, model::ColumnBatch* rows);
  bool ReadString(uint32_t index, const JsonCursor& cursor, std::string_view* out);

  const model::SourceSchema& schema_;
  Failure failure_;
  std::string unescaped_, bytes_;  // used again for each string that needs them
};

}  // namespace decode
