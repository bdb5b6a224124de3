#include "view/plan.h"

#include "sql/printer.h"

namespace view {
namespace {

void AppendItem(std::string* list, const std::string& item) {
  if (!list->empty()) *list += ", ";
  *list += item;
}

// By ordinal: the input may have a column named k0, and a column would win over the alias.
std::string GroupBy(size_t keys) {
  if (keys == 0) return "";
  std::string list;
  for (size_t i = 1; i <= keys; ++i) AppendItem(&list, std::to_string(i));
  return " GROUP BY " + list;
}

}  // namespace

std::string Plan::CreateTable(const std::string& table) const {
  std::string columns;
  for (const Key& key : keys) AppendItem(&columns, key.column + " " + key.duckdb_type);
  for (const State& state : states) AppendItem(&columns, state.column + " " + state.duckdb_type);
  return "CREATE TABLE " + table + " (" + columns + ")";
}

std::string Plan::Delta(const std::string& input) const {
  std::string items;
  for (const Key& key : keys) AppendItem(&items, key.delta + " AS " + key.column);
  for (const State& state : states) AppendItem(&items, state.delta + " AS " + state.column);
  std::string from = input, where = filter;
  if (window) {
    const std::string time = sql::QuoteIdentifier(window->column);
    from = "(SELECT *, " + window->PaneOf(time) + " AS window_start FROM " + input + ")";
    if (!HasPanes())
      from = "(SELECT *, " + window->EndText("window_start") + " AS window_end FROM " + from + ")";
    else where = time + " IS NOT NULL" + (filter.empty() ? "" : " AND (" + filter + ")");
  }
  return "SELECT " + items + " FROM " + from + (where.empty() ? "" : " WHERE " + where) +
         GroupBy(keys.size());
}

std::string Plan::Merge(const std::string& table, const std::string& where) const {
  std::string items;
  for (const Key& key : keys) AppendItem(&items, key.column);
  for (const State& state : states) AppendItem(&items, state.merge + " AS " + state.column);
  return "SELECT " + items + " FROM " + table + (where.empty() ? "" : " WHERE " + where) +
         GroupBy(keys.size());
}

// Panes are spread over windows before they are merged, so that a filter on window_start cuts the
// rows that are merged.
std::string Plan::MergeWindows(const std::string& table) const {
  const std::string& start = keys[static_cast<size_t>(window_key)].column;
  const auto bounds = window->BoundsOf("panes." + start, "numbers.n");
  std::string spread, items;
  for (const Key& key : keys) {
    AppendItem(&spread, (key.column == start ? bounds.start : key.column) + " AS " + key.column);
    AppendItem(&items, key.column);
  }
  AppendItem(&spread, bounds.end + " AS w_end");
  AppendItem(&items, "w_end");
  for (const State& state : states) {
    AppendItem(&spread, state.column);
    AppendItem(&items, state.merge + " AS " + state.column);
  }
  return "SELECT " + items + " FROM (SELECT " + spread + " FROM " + table + " AS panes, range(" +
         std::to_string(window->WindowsOfRow()) + ") AS numbers(n)" +
         (bounds.condition.empty() ? "" : " WHERE " + bounds.condition) + ")" +
         GroupBy(keys.size() + 1);
}

std::string Plan::Finalize(const std::string& table, const std::string& floor) const {
  std::string items;
  for (size_t i = 0; i < outputs.size(); ++i)
    AppendItem(&items, outputs[i] + " AS " + sql::QuoteIdentifier(fields[i].name));
  std::string inner;
  for (const Key& key : keys) AppendItem(&inner, key.column);
  for (const Value& value : values) AppendItem(&inner, value.text + " AS " + value.column);
  if (inner.empty())
    inner = "1 AS a0";  // outputs are constants: SELECT 'x' ... GROUP BY nothing but a HAVING
  std::string where = having;
  if (!floor.empty() && time)
    where = keys[static_cast<size_t>(time->key)].column + " >= " + floor +
            (having.empty() ? "" : " AND (" + having + ")");
  return "SELECT " + items + " FROM (SELECT " + inner + " FROM (" +
         (HasPanes() ? MergeWindows(table) : Merge(table)) + "))" +
         (where.empty() ? "" : " WHERE " + where);
}

}  // namespace view
