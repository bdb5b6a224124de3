#include "sql/coercion.h"

#include <algorithm>

namespace sql {

using model::Type;
using model::TypeId;

Category CategoryOf(Type type) {
  if (type.array) return Category::kArray;
  switch (type.id) {
    case TypeId::kUnknown: return Category::kUnknown;
    case TypeId::kBool: return Category::kBool;
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kNumeric:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kOid:
    case TypeId::kRegclass: return Category::kNumber;
    case TypeId::kText:
    case TypeId::kName:
    case TypeId::kChar: return Category::kText;
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return Category::kTime;
    case TypeId::kInterval: return Category::kSpan;
    case TypeId::kRecord: return Category::kRecord;
    default: return Category::kUser;
  }
}

bool IsPreferred(Type type) {
  if (type.array) return false;
  switch (type.id) {
    case TypeId::kFloat8:
    case TypeId::kOid:
    case TypeId::kText:
    case TypeId::kTimestampTz:
    case TypeId::kInterval:
    case TypeId::kBool: return true;
    default: return false;
  }
}

bool SameType(Type a, Type b) { return a.id == b.id && a.array == b.array; }

bool ImplicitlyBecomes(Type from, Type to) {
  if (SameType(from, to)) return true;
  if (from.id == TypeId::kUnknown && !from.array) return true;
  if (from.array || to.array) return from.array && to.array && from.id == TypeId::kUnknown;
  switch (from.id) {
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      if (to.id == TypeId::kOid || to.id == TypeId::kRegclass) return true;
      return (to.id > from.id && to.id <= TypeId::kFloat8);
    case TypeId::kNumeric: return to.id == TypeId::kFloat4 || to.id == TypeId::kFloat8;
    case TypeId::kFloat4: return to.id == TypeId::kFloat8;
    case TypeId::kOid: return to.id == TypeId::kInt8 || to.id == TypeId::kRegclass;
    case TypeId::kRegclass: return to.id == TypeId::kOid || to.id == TypeId::kInt8;
    case TypeId::kDate: return to.id == TypeId::kTimestamp || to.id == TypeId::kTimestampTz;
    case TypeId::kTimestamp: return to.id == TypeId::kTimestampTz;
    case TypeId::kTime: return to.id == TypeId::kInterval;
    case TypeId::kText: return to.id == TypeId::kName || to.id == TypeId::kRegclass;
    case TypeId::kName:
    case TypeId::kChar: return to.id == TypeId::kText;
    default: return false;
  }
}

bool ExplicitlyBecomes(Type from, Type to) {
  if (ImplicitlyBecomes(from, to)) return true;
  if (from.array != to.array) return (to.IsText() && from.array) || (from.IsText() && to.array);
  if (from.array) return ExplicitlyBecomes(Type{from.id}, Type{to.id});
  if (from.id == TypeId::kRecord || to.id == TypeId::kRecord) return to.IsText();
  if (from.IsText() || to.IsText()) return true;  // through the text form
  if (from.IsNumber() && to.IsNumber()) return true;
  const auto either = [&](TypeId a, TypeId b) {
    return (from.id == a && to.id == b) || (from.id == b && to.id == a);
  };
  if (from.IsTime() && to.IsTime()) return true;
  if (to.id == TypeId::kTime)
    return from.id == TypeId::kTimestamp || from.id == TypeId::kTimestampTz ||
           from.id == TypeId::kInterval;
  return either(TypeId::kBool, TypeId::kInt4) || either(TypeId::kJson, TypeId::kJsonb) ||
         either(TypeId::kOid, TypeId::kInt4) ||
         (from.id == TypeId::kJsonb && (to.IsNumber() || to.id == TypeId::kBool));
}

Type CommonType(std::span<const Type> types, int* culprit) {
  *culprit = -1;
  Type chosen;
  for (size_t i = 0; i < types.size(); ++i) {
    const Type type = types[i];
    if (CategoryOf(type) == Category::kUnknown) continue;
    if (CategoryOf(chosen) == Category::kUnknown) {
      chosen = type;
    } else if (SameType(chosen, type)) {
      if (type.id == TypeId::kNumeric) chosen = WiderNumeric(chosen, type);
    } else if (CategoryOf(chosen) != CategoryOf(type)) {
      *culprit = static_cast<int>(i);
      return chosen;
    } else if (!IsPreferred(chosen) && ImplicitlyBecomes(chosen, type) &&
               !ImplicitlyBecomes(type, chosen)) {
      chosen = type.id == TypeId::kNumeric ? WiderNumeric(AsNumeric(chosen), type) : type;
    } else if (chosen.id == TypeId::kNumeric && type.IsInteger()) {
      chosen = WiderNumeric(chosen, AsNumeric(type));
    }
  }
  if (CategoryOf(chosen) == Category::kUnknown) return model::kText;
  for (size_t i = 0; i < types.size(); ++i)
    if (!ImplicitlyBecomes(types[i], chosen)) {
      *culprit = static_cast<int>(i);
      return chosen;
    }
  return chosen;
}

Type AsNumeric(Type type) {
  switch (type.id) {
    case TypeId::kInt2: return {TypeId::kNumeric, 5, 0};
    case TypeId::kInt4: return {TypeId::kNumeric, 10, 0};
    case TypeId::kInt8: return {TypeId::kNumeric, 19, 0};
    case TypeId::kNumeric: return type;
    default: return model::kNumeric;
  }
}

Type WiderNumeric(Type a, Type b) {
  a = AsNumeric(a);
  b = AsNumeric(b);
  if (a.precision == 0 || b.precision == 0) return model::kNumeric;
  const int scale = std::max(a.scale, b.scale);
  const int whole = std::max(a.precision - a.scale, b.precision - b.scale);
  return {TypeId::kNumeric, static_cast<uint8_t>(std::min(38, whole + scale)),
          static_cast<uint8_t>(scale)};
}

Type NumericResult(std::string_view op, Type a, Type b) {
  if (a.precision == 0 || b.precision == 0 || op == "/" || op == "^") return model::kNumeric;
  const int whole_a = a.precision - a.scale, whole_b = b.precision - b.scale;
  int scale = std::max(a.scale, b.scale), whole = std::max(whole_a, whole_b);
  if (op == "*") {
    scale = a.scale + b.scale;
    whole = whole_a + whole_b;
    if (scale > 30) return model::kNumeric;  // leaves eight digits before the point
  } else if (op != "%") {
    ++whole;
  }
  return {TypeId::kNumeric, static_cast<uint8_t>(std::min(38, whole + scale)),
          static_cast<uint8_t>(scale)};
}

}  // namespace sql
