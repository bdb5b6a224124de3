#include "view/json_text.h"

#include "sql/printer.h"

namespace view {
namespace {

// The JSON text of a string value.
std::string Quoted(const std::string& text) { return "to_json(" + text + ")::VARCHAR"; }

std::string ValueText(const std::string& column, model::Type type) {
  using model::TypeId;
  const std::string text = "CAST(" + column + " AS VARCHAR)";
  if (type.array) return "to_json(" + column + ")::VARCHAR";
  switch (type.id) {
    case TypeId::kBool:
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kNumeric:
    case TypeId::kJson:
    case TypeId::kJsonb: return text;
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return "CASE WHEN isfinite(" + column + ") THEN " + text + " ELSE " + Quoted(text) + " END";
    case TypeId::kTimestamp:
      return Quoted("strftime(CAST(" + column + " AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f')");
    case TypeId::kTimestampTz:
      return Quoted("strftime(CAST(" + column + " AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%fZ')");
    case TypeId::kBytea: return Quoted("base64(" + column + ")");
    default: return Quoted(text);
  }
}

}  // namespace

std::string JsonObject(const model::Fields& fields) {
  std::string out = "'{'";
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string column = sql::QuoteIdentifier(fields[i].name);
    out += " || " + std::string(i > 0 ? "',' || " : "") + Quoted(sql::QuoteLiteral(fields[i].name)) +
           " || ':' || coalesce(" + ValueText(column, fields[i].type) + ", 'null')";
  }
  return out + " || '}'";
}

}  // namespace view
