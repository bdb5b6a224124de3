#include "pgwire/cell_value.h"

#include <cmath>
#include <string>

namespace pgwire {
namespace {

using model::CellKind;
using model::ColumnView;

Int128 HugeAt(const ColumnView& column, size_t row) {
  struct Words {
    uint64_t low;
    int64_t high;
  };
  const auto words = column.Get<Words>(row);
  return static_cast<Int128>(words.high) << 64 | words.low;
}

Int128 UnscaledAt(const ColumnView& column, size_t row) {
  switch (column.cell_bytes) {
    case 2: return column.Get<int16_t>(row);
    case 4: return column.Get<int32_t>(row);
    case 8: return column.Get<int64_t>(row);
    default: return HugeAt(column, row);
  }
}

}  // namespace

Int128 IntegerAt(const ColumnView& column, size_t row) {
  switch (column.kind) {
    case CellKind::kInt8: return column.Get<int8_t>(row);
    case CellKind::kInt16: return column.Get<int16_t>(row);
    case CellKind::kInt32: return column.Get<int32_t>(row);
    case CellKind::kInt64: return column.Get<int64_t>(row);
    case CellKind::kUInt8: return column.Get<uint8_t>(row);
    case CellKind::kUInt16: return column.Get<uint16_t>(row);
    case CellKind::kUInt32: return column.Get<uint32_t>(row);
    case CellKind::kUInt64: return column.Get<uint64_t>(row);
    case CellKind::kHugeInt: return HugeAt(column, row);
    case CellKind::kDecimal: return UnscaledAt(column, row);
    default: CHECK(false);
  }
  return 0;
}

double DoubleAt(const ColumnView& column, size_t row) {
  if (column.kind == CellKind::kDouble) return column.Get<double>(row);
  if (column.kind == CellKind::kFloat) return column.Get<float>(row);
  const auto whole = static_cast<double>(IntegerAt(column, row));
  return column.kind == CellKind::kDecimal ? whole / std::pow(10.0, column.scale) : whole;
}

int32_t DaysAt(const ColumnView& column, size_t row) {
  if (column.kind == CellKind::kDate) return column.Get<int32_t>(row);
  const auto micros = column.Get<int64_t>(row);
  if (micros == kTimestampInfinity) return kDateInfinity;
  if (micros == -kTimestampInfinity) return -kDateInfinity;
  return static_cast<int32_t>(micros / kMicrosPerDay - (micros % kMicrosPerDay < 0));
}

int64_t MicrosAt(const ColumnView& column, size_t row) {
  if (column.kind == CellKind::kTimestamp) return column.Get<int64_t>(row);
  const auto days = column.Get<int32_t>(row);
  int64_t micros;
  if (days == kDateInfinity || days == -kDateInfinity || __builtin_mul_overflow(days, kMicrosPerDay, &micros))
    return days > 0 ? kTimestampInfinity : -kTimestampInfinity;
  return micros;
}

UuidWords UuidAt(const ColumnView& column, size_t row) {
  const auto huge = HugeAt(column, row);
  return {static_cast<uint64_t>(huge >> 64) ^ (uint64_t{1} << 63), static_cast<uint64_t>(huge)};
}

base::Status OutOfRange(const char* type) {
  return base::DataError(std::string(type) + " out of range").WithSqlstate("22003");
}

}  // namespace pgwire
