#include "decode/typed_cell.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/json_text.h"
#include "decode/base64.h"
#include "decode/instant.h"
#include "model/record_batch.h"

namespace decode {
namespace {

using model::Origin;
using model::Reason;

constexpr size_t kShownBytes = 60;
constexpr int64_t kDayUs = 86'400'000'000;

// The beginning of some bytes, as text that is always UTF-8.
std::string Shown(std::string_view bytes) {
  const bool whole = bytes.size() <= kShownBytes;
  size_t end = std::min(bytes.size(), kShownBytes);
  while (!whole && end > 0 && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80) --end;
  std::string out(bytes.substr(0, end));
  if (!IsUtf8(out)) return std::to_string(bytes.size()) + " bytes";
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return "\"" + out + (whole ? "\"" : "...\"");
}

std::string TextOf(Int128 value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  Uint128 rest = negative ? 0 - static_cast<Uint128>(value) : static_cast<Uint128>(value);
  std::string digits;
  for (; rest > 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return negative ? "-" + digits : digits;
}

bool IsWord(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

bool DecodeHex(std::string_view digits, std::string* out) {
  out->clear();
  if (digits.size() % 2 != 0) return false;
  for (size_t i = 0; i < digits.size(); i += 2) {
    unsigned char byte = 0;
    const char* begin = digits.data() + i;
    if (std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2) return false;
    out->push_back(static_cast<char>(byte));
  }
  return true;
}

}  // namespace

void AppendJsonDouble(double value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append("null");
    return;
  }
  char text[40];
  out->append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

TypedCells::TypedCells(const model::SourceSchema& schema, CellWriter* cells)
    : schema_(schema), cells_(*cells), forms_(schema.columns.size()) {
  for (size_t i = 0; i < schema.columns.size(); ++i)
    if (schema.columns[i].origin == Origin::kValue) forms_[i] = *FormOf(schema.columns[i].type);
}

bool TypedCells::FailValue(uint32_t index, std::string_view what, std::string_view value) {
  return cells_.FailColumn(index, Reason::kTypeMismatch, std::string(what) + Shown(value));
}

bool TypedCells::Bool(uint32_t index, bool value, model::ColumnBatch* rows) {
  if (forms_[index] == CellForm::kBool) {
    rows->columns()[index].Append<uint8_t>(value ? 1 : 0);
    return true;
  }
  return Json(index, value ? "true" : "false", rows);
}

// Numbers take the one way from digits to cells that JSON's take.
bool TypedCells::Number(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  number_.assign(text);
  number_.append(model::kPadding, '\n');
  const uint32_t places[2] = {0, static_cast<uint32_t>(text.size())};
  JsonCursor cursor;
  cursor.Start(number_.data(), places, 2);
  return cells_.WriteScalar(index, forms_[index], cursor, rows);
}

bool TypedCells::Integer(uint32_t index, int64_t value, model::ColumnBatch* rows) {
  model::Column& column = rows->columns()[index];
  switch (forms_[index]) {
    case CellForm::kInt8: column.Append(value); return true;
    case CellForm::kInt4:
      if (value < INT32_MIN || value > INT32_MAX) break;
      column.Append(static_cast<int32_t>(value));
      return true;
    default: break;
  }
  char text[24];
  const char* end = std::to_chars(text, text + sizeof text, value).ptr;
  return Number(index, {text, static_cast<size_t>(end - text)}, rows);
}

bool TypedCells::Unsigned(uint32_t index, uint64_t value, model::ColumnBatch* rows) {
  if (value <= INT64_MAX) return Integer(index, static_cast<int64_t>(value), rows);
  return Number(index, std::to_string(value), rows);
}

bool TypedCells::Double(uint32_t index, double value, model::ColumnBatch* rows) {
  model::Column& column = rows->columns()[index];
  if (forms_[index] == CellForm::kFloat8) {
    column.Append(value);
    return true;
  }
  if (!std::isfinite(value)) {
    if (forms_[index] == CellForm::kFloat4) {
      column.Append(static_cast<float>(value));
      return true;
    }
    return cells_.FailColumn(index, Reason::kOutOfRange,
                             std::isnan(value) ? "cannot hold NaN" : "cannot hold an infinity");
  }
  number_.clear();
  AppendJsonDouble(value, &number_);
  return Number(index, std::string(number_), rows);
}

bool TypedCells::Float(uint32_t index, float value, model::ColumnBatch* rows) {
  if (forms_[index] == CellForm::kFloat4) {
    rows->columns()[index].Append(value);
    return true;
  }
  return Double(index, static_cast<double>(value), rows);
}

bool TypedCells::Decimal(uint32_t index, Int128 unscaled, int scale, model::ColumnBatch* rows) {
  std::string text = TextOf(unscaled);
  if (scale != 0) text += "e" + std::to_string(-scale);
  return Number(index, text, rows);
}

bool TypedCells::Text(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  if (forms_[index] == CellForm::kText) return cells_.WriteBytes(index, text, rows);
  if (!IsUtf8(text))
    return cells_.FailColumn(index, Reason::kInvalidUtf8, "got bytes that are not UTF-8");
  switch (forms_[index]) {
    case CellForm::kJson:
    case CellForm::kJsonb: {
      document_.clear();
      base::AppendJsonText(text, &document_);
      return Json(index, document_, rows);
    }
    case CellForm::kDate:
    case CellForm::kInstant: return ParseTime(index, text, rows);
    default: return FailValue(index, "does not take a string, here ", text);
  }
}

bool TypedCells::Bytes(uint32_t index, std::string_view bytes, model::ColumnBatch* rows) {
  if (forms_[index] != CellForm::kBytea)
    return cells_.FailColumn(index, Reason::kTypeMismatch, "does not take bytes");
  rows->columns()[index].Append(rows->MakeString(bytes));
  return true;
}

bool TypedCells::Instant(uint32_t index, int64_t microseconds, model::ColumnBatch* rows) {
  model::Column& column = rows->columns()[index];
  const CellForm form = forms_[index];
  if (form == CellForm::kInt8) {
    column.Append(microseconds);
    return true;
  }
  if (form != CellForm::kInstant && form != CellForm::kDate)
    return cells_.FailColumn(index, Reason::kTypeMismatch, "does not take a time");
  if (microseconds < kFirstInstantUs || microseconds > kLastInstantUs)
    return cells_.FailColumn(index, Reason::kOutOfRange,
                             "cannot hold a time outside the years 1 to 9999");
  if (form == CellForm::kInstant) column.Append(microseconds);
  else column.Append(DateOf(microseconds));
  return true;
}

bool TypedCells::Day(uint32_t index, int64_t days, model::ColumnBatch* rows) {
  if (days < kFirstInstantUs / kDayUs || days > kLastInstantUs / kDayUs)
    return cells_.FailColumn(index, Reason::kOutOfRange,
                             "cannot hold a day outside the years 1 to 9999");
  if (forms_[index] == CellForm::kInstant || forms_[index] == CellForm::kDate)
    return Instant(index, days * kDayUs, rows);
  return cells_.FailColumn(index, Reason::kTypeMismatch, "does not take a date");
}

bool TypedCells::Json(uint32_t index, std::string_view json, model::ColumnBatch* rows) {
  if (forms_[index] == CellForm::kJson || forms_[index] == CellForm::kJsonb)
    return cells_.WriteJson(index, forms_[index], json, rows);
  return FailValue(index, "does not take ", json);
}

bool TypedCells::Parse(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  switch (forms_[index]) {
    case CellForm::kText: return cells_.WriteBytes(index, text, rows);
    case CellForm::kBool: return ParseBool(index, text, rows);
    case CellForm::kBytea: return ParseBytes(index, text, rows);
    case CellForm::kJson:
    case CellForm::kJsonb: return ParseJson(index, text, rows);
    case CellForm::kDate:
    case CellForm::kInstant: return ParseTime(index, text, rows);
    default: break;
  }
  // 007 and +7 are numbers of text though not of JSON.
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  while (digits.size() > 1 && digits[0] == '0' && IsDigit(digits[1])) digits.remove_prefix(1);
  document_ = negative ? "-" : "";
  document_ += digits;
  document_.append(model::kPadding, '\n');
  struct Number number;
  const size_t length = digits.size() + (negative ? 1 : 0);
  if (!ScanNumber(document_.data(), &number) || number.end != document_.data() + length)
    return FailValue(index, "takes a number, not ", text);
  return Number(index, std::string_view(document_).substr(0, length), rows);
}

bool TypedCells::ParseBool(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  const bool yes = IsWord(text, "true") || IsWord(text, "t") || text == "1" || IsWord(text, "yes");
  const bool no = IsWord(text, "false") || IsWord(text, "f") || text == "0" || IsWord(text, "no");
  return yes || no ? Bool(index, yes, rows) : FailValue(index, "takes true or false, not ", text);
}

// RFC 3339, or a number in timestamp.unit.
bool TypedCells::ParseTime(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  model::Column& column = rows->columns()[index];
  if (forms_[index] == CellForm::kDate) {
    if (const auto days = ParseDate(text)) {
      column.Append(*days);
      return true;
    }
  } else if (const auto instant = ParseInstant(text)) {
    column.Append(*instant);
    return true;
  }
  document_.assign(text);
  document_.append(model::kPadding, '\n');
  struct Number number;
  if (ScanNumber(document_.data(), &number) && number.end == document_.data() + text.size())
    return Number(index, text, rows);
  return FailValue(index,
                   forms_[index] == CellForm::kDate ? "takes a date yyyy-mm-dd, not "
                                                    : "takes an RFC 3339 time, not ",
                   text);
}

// Hexadecimal as PostgreSQL writes it, or base64.
bool TypedCells::ParseBytes(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  const bool good =
      text.starts_with("\\x") ? DecodeHex(text.substr(2), &bytes_) : DecodeBase64(text, &bytes_);
  return good ? Bytes(index, bytes_, rows)
              : FailValue(index, "takes base64 or \\x and hexadecimal digits, not ", text);
}

bool TypedCells::ParseJson(uint32_t index, std::string_view text, model::ColumnBatch* rows) {
  document_ = "{\"\":";
  document_ += text;
  document_ += '}';
  document_.append(model::kPadding, '}');
  const std::string_view document = std::string_view(document_).substr(0, text.size() + 5);
  JsonCursor cursor;
  const bool good = index_.Build(document) == Indexed::kOk &&
                    cursor.Start(document.data(), index_.begin(), index_.count()) &&
                    index_.count() > 4;
  if (good) {
    cursor.Advance(), cursor.Advance(), cursor.Advance();
    if (cursor.SkipValue(1) == Walk::kOk && cursor.AfterValue('}') == JsonCursor::Next::kDone &&
        cursor.AtEnd())
      return Json(index, text, rows);
  }
  return FailValue(index, "takes JSON, not ", text);
}

}  // namespace decode
