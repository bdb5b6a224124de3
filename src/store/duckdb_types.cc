#include "store/duckdb_types.h"

#include <optional>
#include <string>
#include <string_view>

namespace store {
namespace {

using base::Result;
using model::Type;
using model::TypeId;

std::optional<TypeId> Scalar(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN: return TypeId::kBool;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_SMALLINT: return TypeId::kInt2;
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_INTEGER: return TypeId::kInt4;
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_BIGINT: return TypeId::kInt8;
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT: return TypeId::kNumeric;
    case DUCKDB_TYPE_FLOAT: return TypeId::kFloat4;
    case DUCKDB_TYPE_DOUBLE: return TypeId::kFloat8;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS: return TypeId::kTimestamp;
    case DUCKDB_TYPE_TIMESTAMP_TZ: return TypeId::kTimestampTz;
    case DUCKDB_TYPE_DATE: return TypeId::kDate;
    case DUCKDB_TYPE_TIME: return TypeId::kTime;
    case DUCKDB_TYPE_INTERVAL: return TypeId::kInterval;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_SQLNULL: return TypeId::kText;
    case DUCKDB_TYPE_BLOB: return TypeId::kBytea;
    case DUCKDB_TYPE_UUID: return TypeId::kUuid;
    case DUCKDB_TYPE_INVALID:
    case DUCKDB_TYPE_ANY: return TypeId::kUnknown;
    default: return std::nullopt;
  }
}

Result<Type> ElementOf(duckdb_logical_type child) {
  LogicalType owned(child);
  ASSIGN_OR_RETURN(Type type, TypeOf(owned.get()));
  type.array = true;  // an array of arrays is an array in PostgreSQL
  return type;
}

duckdb_type BatchType(TypeId id) {
  switch (id) {
    case TypeId::kBool: return DUCKDB_TYPE_BOOLEAN;
    case TypeId::kInt2: return DUCKDB_TYPE_SMALLINT;
    case TypeId::kInt4: return DUCKDB_TYPE_INTEGER;
    case TypeId::kInt8: return DUCKDB_TYPE_BIGINT;
    case TypeId::kFloat4: return DUCKDB_TYPE_FLOAT;
    case TypeId::kFloat8: return DUCKDB_TYPE_DOUBLE;
    case TypeId::kText:
    case TypeId::kJson:
    case TypeId::kJsonb: return DUCKDB_TYPE_VARCHAR;
    case TypeId::kBytea: return DUCKDB_TYPE_BLOB;
    case TypeId::kDate: return DUCKDB_TYPE_DATE;
    case TypeId::kTime: return DUCKDB_TYPE_TIME;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return DUCKDB_TYPE_TIMESTAMP;
    case TypeId::kUuid: return DUCKDB_TYPE_UUID;
    default: return DUCKDB_TYPE_INVALID;
  }
}

}  // namespace

Result<Type> TypeOf(duckdb_logical_type type) {
  char* alias = duckdb_logical_type_get_alias(type);
  const bool json = alias && std::string_view(alias) == "JSON";
  duckdb_free(alias);
  if (json) return Type{TypeId::kJson};
  const duckdb_type id = duckdb_get_type_id(type);
  if (id == DUCKDB_TYPE_LIST) return ElementOf(duckdb_list_type_child_type(type));
  if (id == DUCKDB_TYPE_ARRAY) return ElementOf(duckdb_array_type_child_type(type));
  if (id == DUCKDB_TYPE_DECIMAL)
    return Type{TypeId::kNumeric, duckdb_decimal_width(type), duckdb_decimal_scale(type)};
  if (const auto scalar = Scalar(id)) return Type{*scalar};
  return base::Unsupported("a result column has a type that clients cannot read (engine type " +
                           std::to_string(id) + ")")
      .WithHint("Cast it to text, or select its parts.");
}

Result<LogicalType> LogicalTypeOf(Type type) {
  if (type.id == TypeId::kNumeric && !type.array && type.precision > 0)
    return LogicalType(duckdb_create_decimal_type(type.precision, type.scale));
  const duckdb_type id = BatchType(type.id);
  if (type.array || id == DUCKDB_TYPE_INVALID)
    return base::Unsupported("a column of type " + model::NameOf(type) + " cannot be stored");
  return LogicalType(id);
}

Result<std::string> SqlTypeOf(Type type) {
  ASSIGN_OR_RETURN(const LogicalType logical, LogicalTypeOf(type));
  switch (logical.id()) {
    case DUCKDB_TYPE_BOOLEAN: return std::string("BOOLEAN");
    case DUCKDB_TYPE_SMALLINT: return std::string("SMALLINT");
    case DUCKDB_TYPE_INTEGER: return std::string("INTEGER");
    case DUCKDB_TYPE_BIGINT: return std::string("BIGINT");
    case DUCKDB_TYPE_FLOAT: return std::string("FLOAT");
    case DUCKDB_TYPE_DOUBLE: return std::string("DOUBLE");
    case DUCKDB_TYPE_VARCHAR: return std::string("VARCHAR");
    case DUCKDB_TYPE_BLOB: return std::string("BLOB");
    case DUCKDB_TYPE_DATE: return std::string("DATE");
    case DUCKDB_TYPE_TIME: return std::string("TIME");
    case DUCKDB_TYPE_TIMESTAMP: return std::string("TIMESTAMP");
    case DUCKDB_TYPE_UUID: return std::string("UUID");
    default:
      return "DECIMAL(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  }
}

namespace {
std::string Quote(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}
}  // namespace

std::string QuoteName(std::string_view name) { return Quote(name, '"'); }
std::string QuoteText(std::string_view text) { return Quote(text, '\''); }

}  // namespace store
