// Cells in text format.
#include <string>

#include "pgwire/cell_text.h"
#include "pgwire/cell_value.h"
#include "pgwire/encode.h"

namespace pgwire {
namespace {

using model::CellKind;
using model::ColumnView;
using model::TypeId;

// Writes a cell whose text `print` makes at a pointer.
template <typename Print>
void WithLength(WriteBuffer* out, Print print, size_t room = kMaxCellText) {
  char* at = out->Reserve(4 + room);
  const size_t length = static_cast<size_t>(print(at + 4) - (at + 4));
  const uint32_t big = __builtin_bswap32(static_cast<uint32_t>(length));
  std::memcpy(at, &big, sizeof big);
  out->Commit(4 + length);
}

void PutBytes(std::string_view bytes, WriteBuffer* out) {
  out->Int32(static_cast<int32_t>(bytes.size()));
  out->Bytes(bytes);
}

void Fail(CellContext* context, base::Status status) {
  if (context->error.ok()) context->error = std::move(status);
}

void String(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) { PutBytes(StringAt(column, row), out); }

void Hex(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const std::string_view bytes = StringAt(column, row);
  out->Int32(static_cast<int32_t>(2 + 2 * bytes.size()));
  char* at = out->Reserve(2 + 2 * bytes.size());
  *at++ = '\\';
  *at++ = 'x';
  for (unsigned char c : bytes) {
    *at++ = "0123456789abcdef"[c >> 4];
    *at++ = "0123456789abcdef"[c & 15];
  }
  out->Commit(2 + 2 * bytes.size());
}

void Bool(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  PutBytes(column.Get<uint8_t>(row) ? "t" : "f", out);
}
void BoolWord(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  PutBytes(column.Get<uint8_t>(row) ? "true" : "false", out);
}

template <typename T>
void Integer(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintInteger(at, column.Get<T>(row)); });
}

template <typename T>
void Unsigned(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintUnsigned(at, column.Get<T>(row)); });
}

// An integer of any width in a column declared narrower or wider.
void CheckedInteger(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out, Int128 low, Int128 high) {
  const Int128 value = IntegerAt(column, row);
  if (value < low || value > high) Fail(context, OutOfRange(low == INT16_MIN ? "smallint" : low == INT32_MIN ? "integer" : "bigint"));
  WithLength(out, [&](char* at) { return PrintHuge(at, value); });
}
void AsInt2(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  CheckedInteger(column, row, context, out, INT16_MIN, INT16_MAX);
}
void AsInt4(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  CheckedInteger(column, row, context, out, INT32_MIN, INT32_MAX);
}
void AsInt8(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  CheckedInteger(column, row, context, out, INT64_MIN, INT64_MAX);
}
void AnyInteger(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintHuge(at, IntegerAt(column, row)); });
}

void Decimal(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintDecimal(at, IntegerAt(column, row), column.scale); });
}

void Double(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintDouble(at, DoubleAt(column, row), context->extra_float_digits); });
}
void Float(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintFloat(at, static_cast<float>(DoubleAt(column, row)), context->extra_float_digits); });
}
void FixedDouble(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintFixedDouble(at, DoubleAt(column, row)); }, kMaxFixedDouble);
}

void Date(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintDate(at, DaysAt(column, row)); });
}
void Time(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintTime(at, column.Get<int64_t>(row)); });
}
void Timestamp(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  WithLength(out, [&](char* at) { return PrintTimestamp(at, MicrosAt(column, row)); });
}
void TimestampTz(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  const int64_t micros = MicrosAt(column, row);
  const int64_t second = micros / kMicrosPerSecond - (micros % kMicrosPerSecond < 0);
  const int32_t offset = context->offsets.OffsetAt(second);
  WithLength(out, [&](char* at) { return PrintTimestampTz(at, micros, offset); });
}
void Interval(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const IntervalCell cell = column.Get<IntervalCell>(row);
  WithLength(out, [&](char* at) { return PrintInterval(at, cell.months, cell.days, cell.micros); });
}
void Uuid(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const UuidWords words = UuidAt(column, row);
  WithLength(out, [&](char* at) { return PrintUuid(at, words.high, words.low); });
}

CellWriter IntegerWriter(TypeId type, CellKind kind) {
  bool fits = kind <= CellKind::kUInt32;   // kInt8..kInt64, kUInt8..kUInt32
  if (type == TypeId::kInt4) fits = kind <= CellKind::kInt32 || kind == CellKind::kUInt8 || kind == CellKind::kUInt16;
  if (type == TypeId::kInt2) fits = kind <= CellKind::kInt16 || kind == CellKind::kUInt8;
  if (!fits) return type == TypeId::kInt2 ? AsInt2 : type == TypeId::kInt4 ? AsInt4 : AsInt8;
  switch (kind) {
    case CellKind::kInt8: return Integer<int8_t>;
    case CellKind::kInt16: return Integer<int16_t>;
    case CellKind::kInt32: return Integer<int32_t>;
    case CellKind::kInt64: return Integer<int64_t>;
    case CellKind::kUInt8: return Unsigned<uint8_t>;
    case CellKind::kUInt16: return Unsigned<uint16_t>;
    default: return Unsigned<uint32_t>;
  }
}

// The text of a cell by its memory alone: for text columns and where the declared type has no form of its own.
CellWriter NaturalWriter(CellKind kind) {
  if (IsIntegerKind(kind)) return AnyInteger;
  switch (kind) {
    case CellKind::kBool: return BoolWord;
    case CellKind::kDecimal: return Decimal;
    case CellKind::kFloat: return Float;
    case CellKind::kDouble: return Double;
    case CellKind::kString: return String;
    case CellKind::kBlob: return Hex;
    case CellKind::kDate: return Date;
    case CellKind::kTime: return Time;
    case CellKind::kTimestamp: return Timestamp;
    case CellKind::kInterval: return Interval;
    case CellKind::kUuid: return Uuid;
    default: return nullptr;
  }
}

}  // namespace

CellWriter TextWriter(model::Type type, const ColumnView& column) {
  const CellKind kind = column.kind;
  if (kind == CellKind::kString && type.id != TypeId::kBytea) return String;
  switch (type.id) {
    case TypeId::kBool: return kind == CellKind::kBool ? Bool : nullptr;
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8: return IsIntegerKind(kind) ? IntegerWriter(type.id, kind) : nullptr;
    case TypeId::kOid:
    case TypeId::kRegclass: return IsIntegerKind(kind) ? AnyInteger : nullptr;
    case TypeId::kNumeric:
      if (IsIntegerKind(kind)) return AnyInteger;
      if (kind == CellKind::kDecimal) return Decimal;
      return kind == CellKind::kDouble || kind == CellKind::kFloat ? FixedDouble : nullptr;
    case TypeId::kFloat4: return IsNumberKind(kind) ? Float : nullptr;
    case TypeId::kFloat8: return IsNumberKind(kind) ? Double : nullptr;
    case TypeId::kBytea: return kind == CellKind::kBlob || kind == CellKind::kString ? Hex : nullptr;
    case TypeId::kDate: return kind == CellKind::kDate || kind == CellKind::kTimestamp ? Date : nullptr;
    case TypeId::kTime: return kind == CellKind::kTime ? Time : nullptr;
    case TypeId::kTimestamp: return kind == CellKind::kDate || kind == CellKind::kTimestamp ? Timestamp : nullptr;
    case TypeId::kTimestampTz: return kind == CellKind::kDate || kind == CellKind::kTimestamp ? TimestampTz : nullptr;
    case TypeId::kInterval: return kind == CellKind::kInterval ? Interval : nullptr;
    case TypeId::kUuid: return kind == CellKind::kUuid ? Uuid : nullptr;
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kJson:
    case TypeId::kJsonb:
    case TypeId::kName:
    case TypeId::kChar:
    case TypeId::kRecord: return NaturalWriter(kind);
  }
  return nullptr;
}

}  // namespace pgwire
