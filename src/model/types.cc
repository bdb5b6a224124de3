#include "model/types.h"

namespace model {
namespace {

const char* BaseName(TypeId id) {
  switch (id) {
    case TypeId::kUnknown: return "unknown";
    case TypeId::kBool: return "boolean";
    case TypeId::kInt2: return "smallint";
    case TypeId::kInt4: return "integer";
    case TypeId::kInt8: return "bigint";
    case TypeId::kNumeric: return "numeric";
    case TypeId::kFloat4: return "real";
    case TypeId::kFloat8: return "double precision";
    case TypeId::kText: return "text";
    case TypeId::kBytea: return "bytea";
    case TypeId::kDate: return "date";
    case TypeId::kTime: return "time without time zone";
    case TypeId::kTimestamp: return "timestamp without time zone";
    case TypeId::kTimestampTz: return "timestamp with time zone";
    case TypeId::kInterval: return "interval";
    case TypeId::kUuid: return "uuid";
    case TypeId::kJson: return "json";
    case TypeId::kJsonb: return "jsonb";
    case TypeId::kOid: return "oid";
    case TypeId::kName: return "name";
    case TypeId::kRegclass: return "regclass";
    case TypeId::kChar: return "\"char\"";
    case TypeId::kRecord: return "record";
  }
  return "unknown";
}

}  // namespace

std::string NameOf(Type type) {
  std::string name = BaseName(type.id);
  if (type.id == TypeId::kNumeric && type.precision > 0)
    name += "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  if (type.array) name += "[]";
  return name;
}

}  // namespace model
