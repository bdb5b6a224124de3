// Cells in binary format: big-endian, times counted from 2000-01-01.
#include <algorithm>
#include <bit>
#include <limits>

#include "pgwire/cell_text.h"
#include "pgwire/cell_value.h"
#include "pgwire/encode.h"
#include "pgwire/numeric.h"

namespace pgwire {
namespace {

using model::CellKind;
using model::ColumnView;
using model::TypeId;

constexpr int32_t kDaysTo2000 = 10'957;
constexpr int64_t kMicrosTo2000 = kDaysTo2000 * kMicrosPerDay;

void Fail(CellContext* context, const char* type) {
  if (context->error.ok()) context->error = OutOfRange(type);
}

template <typename T>
T Checked(const ColumnView& column, size_t row, CellContext* context, const char* type) {
  const Int128 value = IntegerAt(column, row);
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) Fail(context, type);
  return static_cast<T>(value);
}

void String(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const std::string_view bytes = StringAt(column, row);
  out->Int32(static_cast<int32_t>(bytes.size()));
  out->Bytes(bytes);
}
void Char(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const std::string_view bytes = StringAt(column, row);
  out->Int32(1);
  out->Byte(bytes.empty() ? '\0' : bytes[0]);
}
void Jsonb(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  constexpr char kVersion = 1;
  const std::string_view bytes = StringAt(column, row);
  out->Int32(static_cast<int32_t>(bytes.size() + 1));
  out->Byte(kVersion);
  out->Bytes(bytes);
}
// Text of a cell whose memory is not text: the text writer's bytes are the binary form of text too.
template <CellWriter (*Choose)(model::Type, const ColumnView&)>
void Text(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  Choose(model::kText, column)(column, row, context, out);
}

void Bool(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  out->Int32(1);
  out->Byte(column.Get<uint8_t>(row) ? 1 : 0);
}
void Int2(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  out->Int32(2);
  out->Int16(Checked<int16_t>(column, row, context, "smallint"));
}
void Int4(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  out->Int32(4);
  out->Int32(Checked<int32_t>(column, row, context, "integer"));
}
void Int8(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  out->Int32(8);
  out->Int64(Checked<int64_t>(column, row, context, "bigint"));
}
void Oid(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  out->Int32(4);
  out->Int32(static_cast<int32_t>(Checked<uint32_t>(column, row, context, "oid")));
}
void Float4(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  out->Int32(4);
  out->Int32(std::bit_cast<int32_t>(static_cast<float>(DoubleAt(column, row))));
}
void Float8(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  out->Int32(8);
  out->Int64(std::bit_cast<int64_t>(DoubleAt(column, row)));
}

void Numeric(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  char text[kMaxFixedDouble];
  const bool is_float = column.kind == CellKind::kDouble || column.kind == CellKind::kFloat;
  const int scale = column.kind == CellKind::kDecimal ? column.scale : 0;
  const char* end = is_float ? PrintFixedDouble(text, DoubleAt(column, row)) : PrintDecimal(text, IntegerAt(column, row), scale);
  const size_t mark = out->size();
  out->Int32(0);
  WriteNumeric({text, static_cast<size_t>(end - text)}, out);
  out->PatchInt32(mark, static_cast<int32_t>(out->size() - mark - 4));
}

void Date(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  const int32_t days = DaysAt(column, row);
  int32_t since_2000 = days == kDateInfinity ? INT32_MAX : INT32_MIN;
  const bool finite = days != kDateInfinity && days != -kDateInfinity;
  if (finite && __builtin_sub_overflow(days, kDaysTo2000, &since_2000)) Fail(context, "date");
  out->Int32(4);
  out->Int32(since_2000);
}
void Time(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  out->Int32(8);
  out->Int64(column.Get<int64_t>(row));
}
void Timestamp(const ColumnView& column, size_t row, CellContext* context, WriteBuffer* out) {
  const int64_t micros = MicrosAt(column, row);
  int64_t since_2000 = micros == kTimestampInfinity ? INT64_MAX : INT64_MIN;
  const bool finite = micros != kTimestampInfinity && micros != -kTimestampInfinity;
  if (finite && __builtin_sub_overflow(micros, kMicrosTo2000, &since_2000)) Fail(context, "timestamp");
  out->Int32(8);
  out->Int64(since_2000);
}
void Interval(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const auto cell = column.Get<IntervalCell>(row);
  out->Int32(16);
  out->Int64(cell.micros);
  out->Int32(cell.days);
  out->Int32(cell.months);
}
void Uuid(const ColumnView& column, size_t row, CellContext*, WriteBuffer* out) {
  const UuidWords words = UuidAt(column, row);
  out->Int32(16);
  out->Int64(static_cast<int64_t>(words.high));
  out->Int64(static_cast<int64_t>(words.low));
}

bool IsDay(CellKind kind) { return kind == CellKind::kDate || kind == CellKind::kTimestamp; }

CellWriter TextLikeWriter(TypeId type, const ColumnView& column) {
  if (column.kind != CellKind::kString) return TextWriter(model::kText, column) ? Text<TextWriter> : nullptr;
  if (type == TypeId::kChar) return Char;
  return type == TypeId::kJsonb ? Jsonb : String;
}

}  // namespace

CellWriter BinaryWriter(model::Type type, const ColumnView& column) {
  const CellKind kind = column.kind;
  switch (type.id) {
    case TypeId::kBool: return kind == CellKind::kBool ? Bool : nullptr;
    case TypeId::kInt2: return IsIntegerKind(kind) ? Int2 : nullptr;
    case TypeId::kInt4: return IsIntegerKind(kind) ? Int4 : nullptr;
    case TypeId::kInt8: return IsIntegerKind(kind) ? Int8 : nullptr;
    case TypeId::kOid:
    case TypeId::kRegclass: return IsIntegerKind(kind) ? Oid : nullptr;
    case TypeId::kNumeric: return IsNumberKind(kind) ? Numeric : nullptr;
    case TypeId::kFloat4: return IsNumberKind(kind) ? Float4 : nullptr;
    case TypeId::kFloat8: return IsNumberKind(kind) ? Float8 : nullptr;
    case TypeId::kBytea: return kind == CellKind::kBlob || kind == CellKind::kString ? String : nullptr;
    case TypeId::kDate: return IsDay(kind) ? Date : nullptr;
    case TypeId::kTime: return kind == CellKind::kTime ? Time : nullptr;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return IsDay(kind) ? Timestamp : nullptr;
    case TypeId::kInterval: return kind == CellKind::kInterval ? Interval : nullptr;
    case TypeId::kUuid: return kind == CellKind::kUuid ? Uuid : nullptr;
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kJson:
    case TypeId::kJsonb:
    case TypeId::kName:
    case TypeId::kChar: return TextLikeWriter(type.id, column);
    case TypeId::kRecord: return nullptr;
  }
  return nullptr;
}

}  // namespace pgwire
