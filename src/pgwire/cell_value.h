#pragma once
// Reading a cell by its kind: widened to what both formats need. Threads: any.

#include <string_view>

#include "base/status.h"
#include "model/result.h"
#include "pgwire/cell_text.h"

namespace pgwire {

struct IntervalCell {
  int32_t months, days;
  int64_t micros;
};

struct UuidWords {
  uint64_t high, low;
};

inline bool IsIntegerKind(model::CellKind kind) {
  return kind >= model::CellKind::kInt8 && kind <= model::CellKind::kHugeInt;
}
inline bool IsNumberKind(model::CellKind kind) {
  return kind >= model::CellKind::kInt8 && kind <= model::CellKind::kDouble;
}

inline std::string_view StringAt(const model::ColumnView& column, size_t row) {
  return static_cast<const model::StringCell*>(column.data)[row].View();   // a view into the cell, so no copy of it
}

// Integer kinds, and the unscaled integer of a decimal.
Int128 IntegerAt(const model::ColumnView& column, size_t row);
double DoubleAt(const model::ColumnView& column, size_t row);     // any number kind
int32_t DaysAt(const model::ColumnView& column, size_t row);      // kDate; of a kTimestamp its day
int64_t MicrosAt(const model::ColumnView& column, size_t row);    // kTimestamp; of a kDate its midnight
UuidWords UuidAt(const model::ColumnView& column, size_t row);

base::Status OutOfRange(const char* type);   // 22003

}  // namespace pgwire
