#include "pgwire/type_oids.h"

#include <array>

namespace pgwire {
namespace {

using model::TypeId;

struct Row {
  TypeId id;
  uint32_t oid, array_oid;
  int16_t length;
};

// pg_type.oid, typarray, typlen. An untyped literal is sent as text, as PostgreSQL does.
constexpr std::array kRows{
    Row{TypeId::kUnknown, 25, 1009, -1},      Row{TypeId::kBool, 16, 1000, 1},
    Row{TypeId::kInt2, 21, 1005, 2},          Row{TypeId::kInt4, 23, 1007, 4},
    Row{TypeId::kInt8, 20, 1016, 8},          Row{TypeId::kNumeric, 1700, 1231, -1},
    Row{TypeId::kFloat4, 700, 1021, 4},       Row{TypeId::kFloat8, 701, 1022, 8},
    Row{TypeId::kText, 25, 1009, -1},         Row{TypeId::kBytea, 17, 1001, -1},
    Row{TypeId::kDate, 1082, 1182, 4},        Row{TypeId::kTime, 1083, 1183, 8},
    Row{TypeId::kTimestamp, 1114, 1115, 8},   Row{TypeId::kTimestampTz, 1184, 1185, 8},
    Row{TypeId::kInterval, 1186, 1187, 16},   Row{TypeId::kUuid, 2950, 2951, 16},
    Row{TypeId::kJson, 114, 199, -1},         Row{TypeId::kJsonb, 3802, 3807, -1},
    Row{TypeId::kOid, 26, 1028, 4},           Row{TypeId::kName, 19, 1003, 64},
    Row{TypeId::kRegclass, 2205, 2210, 4},    Row{TypeId::kChar, 18, 1002, 1},
    Row{TypeId::kRecord, 2249, 2287, -1},
};

// Types that arrive as parameters and mean one of ours.
struct Alias {
  uint32_t oid;
  model::Type type;
};
constexpr std::array kAliases{
    Alias{0, {TypeId::kUnknown}},
    Alias{705, {TypeId::kUnknown}},
    Alias{1043, {TypeId::kText}},                    // varchar
    Alias{1042, {TypeId::kText}},                    // bpchar
    Alias{1015, {TypeId::kText, 0, 0, true}},        // varchar[]
    Alias{1014, {TypeId::kText, 0, 0, true}},        // bpchar[]
    Alias{28, {TypeId::kOid}},                       // xid
};

}  // namespace

TypeOid OidOf(model::Type type) {
  for (const Row& row : kRows) {
    if (row.id != type.id) continue;
    TypeOid out{type.array ? row.array_oid : row.oid, type.array ? int16_t{-1} : row.length, -1};
    if (type.id == TypeId::kNumeric && type.precision > 0) out.modifier = (type.precision << 16 | type.scale) + 4;
    return out;
  }
  return {25, -1, -1};
}

std::optional<model::Type> TypeOf(uint32_t oid) {
  for (const Alias& alias : kAliases)
    if (alias.oid == oid) return alias.type;
  for (const Row& row : kRows) {
    if (row.id == TypeId::kUnknown) continue;
    if (row.oid == oid) return model::Type{row.id};
    if (row.array_oid == oid) return model::Type{row.id, 0, 0, true};
  }
  return std::nullopt;
}

}  // namespace pgwire
