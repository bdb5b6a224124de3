#include "decode/cell.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "decode/base64.h"
#include "decode/instant.h"
#include "decode/json_index.h"
#include "decode/json_number.h"
#include "model/record_batch.h"

namespace decode {
namespace {

using model::Reason;
using model::TypeId;

constexpr size_t kShownBytes = 60;

const char* NameOfValue(char first) {
  switch (first) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': return "a string";
    case 't': case 'f': return "a boolean";
    case 'n': return "null";
    default: return "a number";
  }
}

// The beginning of some UTF-8 text, cut between characters.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

// The escape \u0000, not a backslash before the text u0000.
bool HasNulEscape(std::string_view json) {
  for (size_t at = json.find("\\u0000"); at != std::string_view::npos; at = json.find("\\u0000", at + 1)) {
    size_t before = at;
    while (before > 0 && json[before - 1] == '\\') --before;
    if ((at - before) % 2 == 0) return true;
  }
  return false;
}

std::string_view TextOf(const Number& number) { return {number.begin, static_cast<size_t>(number.end - number.begin)}; }

bool AppendInteger(const Number& number, CellForm form, model::Column* column) {
  const uint64_t limit = uint64_t{1} << (form == CellForm::kInt2 ? 15 : form == CellForm::kInt4 ? 31 : 63);
  if (!number.exact || number.mantissa > limit - (number.negative ? 0 : 1)) return false;
  const auto value = static_cast<int64_t>(number.negative ? 0 - number.mantissa : number.mantissa);
  if (form == CellForm::kInt8) column->Append(value);
  else if (form == CellForm::kInt4) column->Append(static_cast<int32_t>(value));
  else column->Append(static_cast<int16_t>(value));
  return true;
}

bool AppendDecimal(const Number& number, CellForm form, model::Column* column) {
  const model::Type type = column->type();
  const auto limit = static_cast<Int128>(kPowersOfTen[type.precision]);
  if (form == CellForm::kDecimal8 && number.exact && number.scale == type.scale) {  // the usual case
    if (number.mantissa >= static_cast<uint64_t>(limit)) return false;
    column->Append(static_cast<int64_t>(number.negative ? 0 - number.mantissa : number.mantissa));
    return true;
  }
  Int128 value = 0;
  if (!ToInteger(number, type.scale, &value)) return false;
  if (value >= limit || value <= -limit) return false;
  if (form == CellForm::kDecimal2) column->Append(static_cast<int16_t>(value));
  else if (form == CellForm::kDecimal4) column->Append(static_cast<int32_t>(value));
  else if (form == CellForm::kDecimal8) column->Append(static_cast<int64_t>(value));
  else column->Append(value);
  return true;
}

template <typename Float>
bool AppendNearest(const Number& number, model::Column* column) {
  Float value = 0;
  if (std::from_chars(number.begin, number.end, value).ec != std::errc()) return false;
  column->Append(value);
  return true;
}

bool AppendFloat(const Number& number, CellForm form, model::Column* column) {
  return form == CellForm::kFloat4 ? AppendNearest<float>(number, column) : AppendNearest<double>(number, column);
}

}  // namespace

std::optional<CellForm> FormOf(model::Type type) {
  if (type.array) return std::nullopt;
  switch (type.id) {
    case TypeId::kBool: return CellForm::kBool;
    case TypeId::kInt2: return CellForm::kInt2;
    case TypeId::kInt4: return CellForm::kInt4;
    case TypeId::kInt8: return CellForm::kInt8;
    case TypeId::kFloat4: return CellForm::kFloat4;
    case TypeId::kFloat8: return CellForm::kFloat8;
    case TypeId::kText: return CellForm::kText;
    case TypeId::kBytea: return CellForm::kBytea;
    case TypeId::kDate: return CellForm::kDate;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return CellForm::kInstant;
    case TypeId::kJson: return CellForm::kJson;
    case TypeId::kJsonb: return CellForm::kJsonb;
    case TypeId::kNumeric:
      if (type.precision == 0) return std::nullopt;
      switch (model::Width(type)) {
        case 2: return CellForm::kDecimal2;
        case 4: return CellForm::kDecimal4;
        case 8: return CellForm::kDecimal8;
        default: return CellForm::kDecimal16;
      }
    default: return std::nullopt;
  }
}

bool CellWriter::Fail(Reason reason, std::string text) {
  failure_ = {reason, std::move(text)};
  return false;
}

bool CellWriter::FailColumn(uint32_t index, Reason reason, std::string_view what) {
  const auto& column = schema_.columns[index];
  return Fail(reason, "column \"" + column.name + "\" (" + model::NameOf(column.type) + ") " + std::string(what));
}

bool CellWriter::FailType(uint32_t index, const char* value) {
  return FailColumn(index, Reason::kTypeMismatch, std::string("does not take ") + NameOfValue(*value));
}

bool CellWriter::WriteScalar(uint32_t index, CellForm form, const JsonCursor& cursor, model::ColumnBatch* rows) {
  const char* at = cursor.Here();
  switch (*at) {
    case '"': return WriteString(index, form, cursor, rows);
    case 't':
    case 'f': {
      if (!IsLiteral(at, *at == 't' ? "true" : "false")) return Fail(Reason::kMalformedJson, {});
      if (form == CellForm::kBool) {
        rows->columns()[index].Append<uint8_t>(*at == 't');
        return true;
      }
      if (form == CellForm::kJson || form == CellForm::kJsonb) return WriteJson(index, form, *at == 't' ? "true" : "false", rows);
      return FailType(index, at);
    }
    default: break;
  }
  Number number;
  if (!ScanNumber(at, &number)) return Fail(Reason::kMalformedJson, {});
  if (form == CellForm::kJson || form == CellForm::kJsonb) return WriteJson(index, form, TextOf(number), rows);
  return WriteNumber(index, form, number, &rows->columns()[index]);
}

bool CellWriter::WriteNumber(uint32_t index, CellForm form, const Number& number, model::Column* column) {
  bool fits = false;
  switch (form) {
    case CellForm::kInt2:
    case CellForm::kInt4:
    case CellForm::kInt8:
      if (!number.integral) return FailColumn(index, Reason::kTypeMismatch, "takes integers, not " + Shown(TextOf(number)));
      fits = AppendInteger(number, form, column);
      break;
    case CellForm::kDecimal2:
    case CellForm::kDecimal4:
    case CellForm::kDecimal8:
    case CellForm::kDecimal16: fits = AppendDecimal(number, form, column); break;
    case CellForm::kFloat4:
    case CellForm::kFloat8: fits = AppendFloat(number, form, column); break;
    case CellForm::kDate:
    case CellForm::kInstant: {
      const auto instant = InstantOf(number, schema_.timestamp_unit);
      if (!instant)
        return FailColumn(index, Reason::kOutOfRange,
                          "cannot hold " + Shown(TextOf(number)) + ": outside the years 1 to 9999 (see timestamp.unit)");
      if (form == CellForm::kDate) column->Append(DateOf(*instant));
      else column->Append(*instant);
      return true;
    }
    default: return FailType(index, number.begin);
  }
  return fits || FailColumn(index, Reason::kOutOfRange, "cannot hold " + Shown(TextOf(number)));
}

bool CellWriter::ReadString(uint32_t index, const JsonCursor& cursor, std::string_view* out) {
  const char* begin = cursor.Here() + 1;
  const char* end = cursor.StringEnd();
  *out = {begin, static_cast<size_t>(end - begin)};
  if (FindBackslash(begin, end) == end) return true;
  switch (Unescape(begin, end, &unescaped_)) {
    case Unescaped::kOk: break;
    case Unescaped::kBadEscape: return Fail(Reason::kMalformedJson, {});
    case Unescaped::kHalfCharacter:
      return FailColumn(index, Reason::kInvalidUtf8, "got a string with an unpaired surrogate");
    case Unescaped::kNul: return FailColumn(index, Reason::kNulCharacter, "got a string with the character NUL");
  }
  const size_t length = unescaped_.size();
  unescaped_.append(model::kPadding, '\0');
  *out = std::string_view(unescaped_).substr(0, length);
  return true;
}

bool CellWriter::WriteString(uint32_t index, CellForm form, const JsonCursor& cursor, model::ColumnBatch* rows) {
  if (form == CellForm::kJson || form == CellForm::kJsonb) {
    const char* end = cursor.StringEnd() + 1;
    if (!HasGoodEscapes(cursor.Here() + 1, end - 1)) return Fail(Reason::kMalformedJson, {});
    return WriteJson(index, form, {cursor.Here(), static_cast<size_t>(end - cursor.Here())}, rows);
  }
  std::string_view text;
  return ReadString(index, cursor, &text) && WriteCharacters(index, form, text, rows);
}

bool CellWriter::WriteCharacters(uint32_t index, CellForm form, std::string_view text, model::ColumnBatch* rows) {
  model::Column& column = rows->columns()[index];
  switch (form) {
    case CellForm::kText:
      column.Append(rows->MakePaddedString(text));
      return true;
    case CellForm::kBytea:
      if (!DecodeBase64(text, &bytes_))
        return FailColumn(index, Reason::kTypeMismatch, "takes base64, not \"" + Shown(text) + "\"");
      column.Append(rows->MakeString(bytes_));
      return true;
    case CellForm::kDate:
      if (const auto days = ParseDate(text)) {
        column.Append(*days);
        return true;
      }
      return FailColumn(index, Reason::kTypeMismatch, "takes a date yyyy-mm-dd, not \"" + Shown(text) + "\"");
    case CellForm::kInstant:
      if (const auto instant = ParseInstant(text)) {
        column.Append(*instant);
        return true;
      }
      return FailColumn(index, Reason::kTypeMismatch, "takes an RFC 3339 time, not \"" + Shown(text) + "\"");
    default: return FailColumn(index, Reason::kTypeMismatch, "does not take a string (\"" + Shown(text) + "\")");
  }
}

bool CellWriter::WriteJson(uint32_t index, CellForm form, std::string_view text, model::ColumnBatch* rows) {
  if (form == CellForm::kJsonb && HasNulEscape(text))
    return FailColumn(index, Reason::kNulCharacter, "got the escape \\u0000, which jsonb cannot hold");
  rows->columns()[index].Append(rows->MakeString(text));
  return true;
}

bool CellWriter::WriteBytes(uint32_t index, std::string_view bytes, model::ColumnBatch* rows) {
  if (schema_.columns[index].type.id == TypeId::kText) {
    if (!IsUtf8(bytes)) return FailColumn(index, Reason::kInvalidUtf8, "got bytes that are not UTF-8");
    if (bytes.find('\0') != std::string_view::npos)
      return FailColumn(index, Reason::kNulCharacter, "got the character NUL");
  }
  rows->columns()[index].Append(rows->MakeString(bytes));
  return true;
}

}  // namespace decode
