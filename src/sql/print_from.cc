#include <algorithm>
#include <array>

#include "sql/print_duckdb.h"
#include "sql/print_special.h"
#include "sql/time_window.h"

namespace sql {

using Text = DuckDbPrinter::Text;

namespace {

std::string ColumnList(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns)
    out += (out.empty() ? "" : ", ") + QuoteIdentifier(column);
  return "(" + out + ")";
}

std::string AliasText(const std::string& alias, const std::vector<std::string>& columns) {
  return " AS " + QuoteIdentifier(alias) + (columns.empty() ? "" : ColumnList(columns));
}

// Functions of FROM that give one column of rows. DuckDB has them as functions of the select list,
// which may read the items of FROM before them.
bool IsColumnFunction(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames{
      "unnest",          "generate_series",          "generate_subscripts", "regexp_split_to_table",
      "string_to_table", "jsonb_array_elements_text"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

Text DuckDbPrinter::PrintTable(const TableRef& table) {
  switch (table.kind) {
    case TableRef::Kind::kRelation: return PrintRelation(table);
    case TableRef::Kind::kFunction: return PrintTableFunction(table);
    case TableRef::Kind::kJoin: return PrintJoin(table);
    case TableRef::Kind::kWindow: return PrintWindowTable(table);
    case TableRef::Kind::kSubquery: break;
  }
  ASSIGN_OR_RETURN(std::string inner, PrintSelect(*table.subquery));
  return std::string(table.lateral ? "LATERAL " : "") + "(" + inner + ")" +
         AliasText(table.alias.empty() ? "unnamed_subquery" : table.alias, table.column_aliases);
}

Text DuckDbPrinter::RelationText(const std::vector<std::string>& name) {
  const bool common = name.size() == 1 && std::find(common_tables_.begin(), common_tables_.end(),
                                                    name[0]) != common_tables_.end();
  if (!common && options_.relation) return options_.relation(name);
  std::string out;
  for (const std::string& part : name) out += (out.empty() ? "" : ".") + QuoteIdentifier(part);
  return out;
}

Text DuckDbPrinter::PrintRelation(const TableRef& table) {
  ASSIGN_OR_RETURN(std::string text, RelationText(table.name));
  return text +
         AliasText(table.alias.empty() ? table.name.back() : table.alias, table.column_aliases);
}

Text DuckDbPrinter::PrintTableFunction(const TableRef& table) {
  const Expr& call = *table.function;
  const std::string name = call.name.empty() ? "function" : call.name.back();
  const std::string alias = table.alias.empty() ? name : table.alias;
  ASSIGN_OR_RETURN(std::string text, Print(call));
  if (!IsColumnFunction(name))
    return std::string(table.lateral ? "LATERAL " : "") + text +
           (table.with_ordinality ? " WITH ORDINALITY" : "") +
           AliasText(alias, table.column_aliases);
  std::vector<std::string> columns = table.column_aliases;
  if (columns.empty()) columns.push_back(alias);
  std::string inner;
  if (table.with_ordinality) {
    if (columns.size() < 2) columns.push_back("ordinality");
    const std::string list = text.starts_with("unnest(") ? text.substr(7, text.size() - 8) : "";
    if (list.empty()) return base::Unsupported("WITH ORDINALITY is only supported for unnest");
    inner = "SELECT " + text + ", generate_subscripts(" + list + ", 1)";
  } else {
    // generate_series is a list in DuckDB's select list.
    inner = "SELECT " + (text.starts_with("unnest(") || !text.starts_with("generate_series(")
                             ? text
                             : "unnest(" + text + ")");
  }
  return "LATERAL (" + inner + ")" + AliasText(alias, columns);
}

Text DuckDbPrinter::PrintJoin(const TableRef& table) {
  if (!table.alias.empty())
    return base::Unsupported("an alias for a join is not supported")
        .WithHint("Put the join into a subquery.");
  ASSIGN_OR_RETURN(std::string left, PrintTable(*table.left));
  ASSIGN_OR_RETURN(std::string right, PrintTable(*table.right));
  std::string word;
  switch (table.join) {
    case TableRef::Join::kInner: word = "JOIN"; break;
    case TableRef::Join::kLeft: word = "LEFT JOIN"; break;
    case TableRef::Join::kRight: word = "RIGHT JOIN"; break;
    case TableRef::Join::kFull: word = "FULL JOIN"; break;
    case TableRef::Join::kCross: word = "CROSS JOIN"; break;
  }
  std::string out = "(" + left + (table.natural ? " NATURAL " : " ") + word + " " + right;
  if (!table.using_columns.empty()) {
    out += " USING " + ColumnList(table.using_columns);
  } else if (table.on != nullptr) {
    ASSIGN_OR_RETURN(std::string on, Print(*table.on));
    out += " ON " + on;
  }
  return out + ")";
}

Text DuckDbPrinter::PrintWindowTable(const TableRef& table) {
  ASSIGN_OR_RETURN(const TimeWindow window, MakeTimeWindow(table));
  ASSIGN_OR_RETURN(std::string relation, RelationText(table.name));
  return window.Rows(relation) +
         AliasText(table.alias.empty() ? table.name.back() : table.alias, table.column_aliases);
}

}  // namespace sql
