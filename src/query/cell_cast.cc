#include "query/cell_cast.h"

#include <cmath>
#include <limits>
#include <optional>

namespace query {
namespace {

using model::CellKind;
using model::ColumnView;
using model::TypeId;
using Int128 = __int128;

constexpr int64_t kDayUs = 86'400'000'000;

bool IsInteger(CellKind kind) { return kind >= CellKind::kInt8 && kind <= CellKind::kHugeInt; }
bool IsNumber(CellKind kind) { return kind >= CellKind::kInt8 && kind <= CellKind::kDouble; }

bool Fits(CellKind kind, model::Type type) {
  if (kind == CellKind::kNull) return true;
  if (type.array) return kind == CellKind::kList;
  switch (type.id) {
    case TypeId::kBool: return kind == CellKind::kBool;
    case TypeId::kInt2: return kind == CellKind::kInt16;
    case TypeId::kInt4: return kind == CellKind::kInt32;
    case TypeId::kInt8: return kind == CellKind::kInt64;
    case TypeId::kNumeric: return IsNumber(kind);
    case TypeId::kFloat4: return kind == CellKind::kFloat;
    case TypeId::kFloat8: return kind == CellKind::kDouble;
    case TypeId::kDate: return kind == CellKind::kDate;
    case TypeId::kTime: return kind == CellKind::kTime;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return kind == CellKind::kTimestamp;
    case TypeId::kInterval: return kind == CellKind::kInterval;
    case TypeId::kUuid: return kind == CellKind::kUuid;
    case TypeId::kBytea: return kind == CellKind::kBlob;
    case TypeId::kOid:
    case TypeId::kRegclass: return IsInteger(kind) || kind == CellKind::kString;
    default: return kind == CellKind::kString;
  }
}

Int128 Huge(const ColumnView& column, size_t row) {
  struct Words {
    uint64_t low;
    int64_t high;
  };
  const auto words = column.Get<Words>(row);
  return static_cast<Int128>(words.high) << 64 | words.low;
}

Int128 DecimalUnits(const ColumnView& column, size_t row) {
  switch (column.cell_bytes) {
    case 2: return column.Get<int16_t>(row);
    case 4: return column.Get<int32_t>(row);
    case 8: return column.Get<int64_t>(row);
    default: return Huge(column, row);
  }
}

Int128 IntegerAt(const ColumnView& column, size_t row) {
  switch (column.kind) {
    case CellKind::kBool:
    case CellKind::kUInt8: return column.Get<uint8_t>(row);
    case CellKind::kInt8: return column.Get<int8_t>(row);
    case CellKind::kInt16: return column.Get<int16_t>(row);
    case CellKind::kInt32: return column.Get<int32_t>(row);
    case CellKind::kInt64: return column.Get<int64_t>(row);
    case CellKind::kUInt16: return column.Get<uint16_t>(row);
    case CellKind::kUInt32: return column.Get<uint32_t>(row);
    case CellKind::kUInt64: return column.Get<uint64_t>(row);
    default: return Huge(column, row);
  }
}

// Rounds half away from zero, as PostgreSQL's numeric does.
Int128 RoundedUnits(Int128 units, int scale) {
  if (scale == 0) return units;
  Int128 divisor = 1;
  for (int i = 0; i < scale; ++i) divisor *= 10;
  const Int128 quotient = units / divisor, rest = units % divisor;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude < divisor - magnitude) return quotient;
  return quotient + (units < 0 ? -1 : 1);
}

double DoubleAt(const ColumnView& column, size_t row) {
  if (column.kind == CellKind::kDouble) return column.Get<double>(row);
  if (column.kind == CellKind::kFloat) return column.Get<float>(row);
  if (column.kind == CellKind::kDecimal)
    return static_cast<double>(static_cast<long double>(DecimalUnits(column, row)) /
                               std::pow(10.0L, column.scale));
  return static_cast<double>(IntegerAt(column, row));
}

std::optional<Int128> WholeAt(const ColumnView& column, size_t row) {
  if (column.kind == CellKind::kDecimal)
    return RoundedUnits(DecimalUnits(column, row), column.scale);
  if (column.kind != CellKind::kDouble && column.kind != CellKind::kFloat)
    return IntegerAt(column, row);
  const double value =
      std::nearbyint(DoubleAt(column, row));  // half to even, as PostgreSQL's float8 -> int8
  if (!(value >= -9.3e18 && value <= 9.3e18)) return std::nullopt;
  return static_cast<Int128>(value);
}

template <typename T>
base::Status Integers(const ColumnView& column, size_t rows, const char* name,
                      std::vector<char>* out) {
  out->resize(rows * sizeof(T));
  for (size_t row = 0; row < rows; ++row) {
    T value{};
    if (!column.IsNull(row)) {
      const auto whole = WholeAt(column, row);
      if (!whole || *whole < std::numeric_limits<T>::min() ||
          *whole > std::numeric_limits<T>::max())
        return base::DataError(std::string(name) + " out of range").WithSqlstate("22003");
      value = static_cast<T>(*whole);
    }
    std::memcpy(out->data() + row * sizeof(T), &value, sizeof(T));
  }
  return {};
}

template <typename T>
void Floats(const ColumnView& column, size_t rows, std::vector<char>* out) {
  out->resize(rows * sizeof(T));
  for (size_t row = 0; row < rows; ++row) {
    const T value = column.IsNull(row) ? T{} : static_cast<T>(DoubleAt(column, row));
    std::memcpy(out->data() + row * sizeof(T), &value, sizeof(T));
  }
}

void Days(const ColumnView& column, size_t rows, std::vector<char>* out) {
  out->resize(rows * sizeof(int32_t));
  for (size_t row = 0; row < rows; ++row) {
    int64_t time = column.IsNull(row) ? 0 : column.Get<int64_t>(row);
    const auto days =
        static_cast<int32_t>(time >= 0 ? time / kDayUs : -((-time + kDayUs - 1) / kDayUs));
    std::memcpy(out->data() + row * sizeof(int32_t), &days, sizeof days);
  }
}

void Midnights(const ColumnView& column, size_t rows, std::vector<char>* out) {
  out->resize(rows * sizeof(int64_t));
  for (size_t row = 0; row < rows; ++row) {
    const int64_t time = column.IsNull(row) ? 0 : column.Get<int32_t>(row) * kDayUs;
    std::memcpy(out->data() + row * sizeof(int64_t), &time, sizeof time);
  }
}

struct Target {
  CellKind kind;
  base::Status status;
};

base::Status Mismatch(const model::Field& field, CellKind kind) {
  return base::Internal("column \"" + field.name + "\" of type " + model::NameOf(field.type) +
                        " came in cells of kind " + std::to_string(static_cast<int>(kind)));
}

Target Convert(const ColumnView& column, size_t rows, const model::Field& field,
               std::vector<char>* out) {
  const TypeId id = field.type.array ? TypeId::kUnknown : field.type.id;
  const bool number = IsNumber(column.kind) || column.kind == CellKind::kBool;
  if (number && id == TypeId::kInt2)
    return {CellKind::kInt16, Integers<int16_t>(column, rows, "smallint", out)};
  if (number && id == TypeId::kInt4)
    return {CellKind::kInt32, Integers<int32_t>(column, rows, "integer", out)};
  if (number && id == TypeId::kInt8)
    return {CellKind::kInt64, Integers<int64_t>(column, rows, "bigint", out)};
  if (number && id == TypeId::kFloat4)
    return Floats<float>(column, rows, out), Target{CellKind::kFloat, {}};
  if (number && id == TypeId::kFloat8)
    return Floats<double>(column, rows, out), Target{CellKind::kDouble, {}};
  if (column.kind == CellKind::kTimestamp && id == TypeId::kDate)
    return Days(column, rows, out), Target{CellKind::kDate, {}};
  if (column.kind == CellKind::kDate && (id == TypeId::kTimestamp || id == TypeId::kTimestampTz))
    return Midnights(column, rows, out), Target{CellKind::kTimestamp, {}};
  return {column.kind, Mismatch(field, column.kind)};
}

}  // namespace

base::Status CellCaster::Cast(model::ChunkView* chunk) {
  if (chunk->rows == 0) return {};
  if (chunk->columns.size() != fields_.size())
    return base::Internal("the engine gave " + std::to_string(chunk->columns.size()) +
                          " columns instead of " + std::to_string(fields_.size()));
  for (size_t i = 0; i < fields_.size(); ++i) {
    ColumnView& column = chunk->columns[i];
    if (Fits(column.kind, fields_[i].type)) continue;
    Target target = Convert(column, chunk->rows, fields_[i], &cells_[i]);
    RETURN_IF_ERROR(target.status);
    column.kind = target.kind;
    column.data = cells_[i].data();
    column.cell_bytes = column.scale = 0;
  }
  return {};
}

}  // namespace query
