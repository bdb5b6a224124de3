// freshet.tables: the tables, what feeds them and how large they are.

#include "server/system_relations.h"
#include "sql/printer.h"
#include "sql/shown_text.h"

namespace server {
namespace {

std::string KeyOf(const catalog::Source& table) {
  std::string key;
  for (const int column : table.primary_key)
    key += (key.empty() ? "" : ", ") + table.fields[static_cast<size_t>(column)].name;
  return key;
}

std::string RowOf(const catalog::Source& table) {
  return "SELECT " + sql::QuoteLiteral(table.name) + "::VARCHAR AS name, " +
         TextOrNull(table.connector) + " AS connector, " + TextOrNull(table.topic) + " AS topic, " +
         TextOrNull(KeyOf(table)) + " AS primary_key, (SELECT count(*) FROM " +
         table.CurrentRows() + ")::BIGINT AS \"rows\", (SELECT count(*) FROM " +
         sql::QuoteIdentifier(table.RawTable()) + ")::BIGINT AS versions, " +
         TextOrNull(sql::ShownText(table.definition)) + " AS definition";
}

}  // namespace

SystemRelation TablesRelation(const SystemState* state) {
  SystemRelation out{"tables",
                     {{"name", model::kText},
                      {"connector", model::kText},
                      {"topic", model::kText},
                      {"primary_key", model::kText},
                      {"rows", model::kInt8},
                      {"versions", model::kInt8},
                      {"definition", model::kText}},
                     nullptr,
                     nullptr};
  out.sql = [state] {
    std::string text;
    const auto catalog = state->catalog->Get();
    for (const auto& [name, source] : catalog->sources)
      if (source->is_table) text += (text.empty() ? "" : " UNION ALL ") + RowOf(*source);
    if (!text.empty()) return text;
    return std::string(
        "SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS connector, NULL::VARCHAR AS topic, "
        "NULL::VARCHAR AS primary_key, NULL::BIGINT AS \"rows\", NULL::BIGINT AS versions, "
        "NULL::VARCHAR AS definition WHERE false");
  };
  return out;
}

}  // namespace server
