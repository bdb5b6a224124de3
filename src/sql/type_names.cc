#include "sql/type_names.h"

#include <array>
#include <utility>

namespace sql {
namespace {

using model::TypeId;

// The first name of each type is its short name.
constexpr std::array<std::pair<std::string_view, TypeId>, 28> kNames{{
    {"unknown", TypeId::kUnknown},
    {"bool", TypeId::kBool},
    {"boolean", TypeId::kBool},
    {"int2", TypeId::kInt2},
    {"int4", TypeId::kInt4},
    {"int", TypeId::kInt4},
    {"int8", TypeId::kInt8},
    {"numeric", TypeId::kNumeric},
    {"float4", TypeId::kFloat4},
    {"float8", TypeId::kFloat8},
    {"text", TypeId::kText},
    {"varchar", TypeId::kText},
    {"bpchar", TypeId::kText},
    {"bytea", TypeId::kBytea},
    {"date", TypeId::kDate},
    {"time", TypeId::kTime},
    {"timestamp", TypeId::kTimestamp},
    {"timestamptz", TypeId::kTimestampTz},
    {"interval", TypeId::kInterval},
    {"uuid", TypeId::kUuid},
    {"json", TypeId::kJson},
    {"jsonb", TypeId::kJsonb},
    {"oid", TypeId::kOid},
    {"name", TypeId::kName},
    {"regclass", TypeId::kRegclass},
    {"char", TypeId::kChar},
    {"record", TypeId::kRecord},
    {"bigint", TypeId::kInt8},
}};

}  // namespace

std::optional<model::Type> TypeByName(std::string_view name) {
  for (const auto& [known, id] : kNames)
    if (known == name && id != TypeId::kUnknown) return model::Type{id};
  return std::nullopt;
}

std::string_view ShortName(TypeId id) {
  for (const auto& [known, of] : kNames)
    if (of == id) return known;
  return "unknown";
}

}  // namespace sql
