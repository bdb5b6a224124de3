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

// The session of a fragment or of a row in DuckDB's words: its keys, and its number among theirs.
std::string SessionOf(const std::vector<std::string>& keys) {
  std::string list;
  for (const std::string& key : keys) AppendItem(&list, key);
  AppendItem(&list, "\"__island\"");
  return list;
}

// Partials of fragments: `columns` are the keys' texts over the islands of `fragments`, but for the
// window's, and `states` those of the states. Where there are keys beside the session's, the bounds
// are those of the whole session and not of the rows that share them.
std::string OfSessions(const Plan& plan, const sql::TimeWindow::Fragments& fragments,
                       const std::vector<std::string>& columns, const std::string& states) {
  const bool shared = plan.keys.size() > plan.session_keys.size() + 1;
  const std::string session = SessionOf(fragments.keys);
  std::string from = plan.window->Islands(fragments), items, groups = session;
  std::string begin = "min(" + fragments.first + ")", end = "max(" + fragments.last + ")";
  if (shared) {
    const std::string over = " OVER (PARTITION BY " + session + ")";
    from = "(SELECT *, " + begin + over + " AS \"__first\", " + end + over +
           " AS \"__last\" FROM " + from + ")";
    begin = "min(\"__first\")";
    end = "max(\"__last\")";
  }
  for (size_t i = 0; i < plan.keys.size(); ++i) {
    const bool window = static_cast<int>(i) == plan.window_key;
    AppendItem(&items, (window ? begin : columns[i]) + " AS " + plan.keys[i].column);
    if (!window && shared) AppendItem(&groups, columns[i]);
  }
  AppendItem(&items, end + " AS w_last");
  if (!states.empty()) AppendItem(&items, states);
  return "SELECT " + items + " FROM " + from + " GROUP BY " + groups;
}

std::string SessionDelta(const Plan& plan, const std::string& input) {
  const std::string time = sql::QuoteIdentifier(plan.window->column);
  sql::TimeWindow::Fragments rows{
      "(SELECT * FROM " + plan.input_prefix + input + plan.input_suffix + " WHERE " + time +
          " IS NOT NULL" + (plan.filter.empty() ? "" : " AND (" + plan.filter + ")") + ")",
      time,
      time,
      {}};
  for (const std::string& key : plan.window->keys) rows.keys.push_back(sql::QuoteIdentifier(key));
  std::vector<std::string> columns;
  std::string states;
  for (const Key& key : plan.keys) columns.push_back(key.delta);
  for (const State& state : plan.states) AppendItem(&states, state.delta + " AS " + state.column);
  return OfSessions(plan, rows, columns, states);
}

std::string MergeSessions(const Plan& plan, const std::string& table) {
  const std::string& start = plan.keys[static_cast<size_t>(plan.window_key)].column;
  std::vector<std::string> columns;
  std::string states;
  for (const Key& key : plan.keys) columns.push_back(key.column);
  for (const State& state : plan.states) AppendItem(&states, state.merge + " AS " + state.column);
  return OfSessions(plan, {table, start, "w_last", plan.session_keys}, columns, states);
}

std::string Joined(const std::vector<Lookup>& lookups, const TableText& tables) {
  std::string text;
  for (size_t i = 0; i < lookups.size(); ++i) {
    std::string columns;
    for (const auto& [name, column] : lookups[i].columns)
      AppendItem(&columns, sql::QuoteIdentifier(column) + " AS " + name);
    const std::string rows =
        tables ? tables(lookups[i].table) : sql::QuoteIdentifier(lookups[i].table);
    text += (i == 0 ? " AS groups" : "") + std::string(lookups[i].left ? " LEFT JOIN" : " JOIN") +
            " (SELECT " + columns + " FROM " + rows + ") AS lookup" + std::to_string(i) + " ON (" +
            lookups[i].on + ")";
  }
  return text;
}

}  // namespace

std::string Plan::Expired(const std::string& table, const std::string& floor) const {
  const std::string& start = keys[static_cast<size_t>(window_key)].column;
  const std::string fragments = "(SELECT rowid AS id, * FROM " + table + ")";
  return "SELECT id FROM (SELECT id, max(w_last) OVER (PARTITION BY " + SessionOf(session_keys) +
         ") AS ends FROM " + window->Islands({fragments, start, "w_last", session_keys}) +
         ") WHERE " + window->EndText("ends") + " <= " + floor;
}

std::string Plan::TimeColumn() const {
  if (!time) return "";
  const std::string& key = keys[static_cast<size_t>(time->key)].column;
  for (size_t i = 0; i < fields.size(); ++i)
    if (output_exprs[i]->kind == sql::ExprKind::kColumn && output_exprs[i]->name[0] == key)
      return fields[i].name;
  return "";
}

std::string Plan::CreateTable(const std::string& table) const {
  std::string columns;
  for (const Key& key : keys) AppendItem(&columns, key.column + " " + key.duckdb_type);
  if (HasSessions()) AppendItem(&columns, "w_last TIMESTAMP");
  for (const State& state : states) AppendItem(&columns, state.column + " " + state.duckdb_type);
  return "CREATE TABLE " + table + " (" + columns + ")";
}

std::string Plan::Delta(const std::string& input) const {
  if (HasSessions()) return SessionDelta(*this, input);
  std::string items;
  for (const Key& key : keys) AppendItem(&items, key.delta + " AS " + key.column);
  for (const State& state : states) AppendItem(&items, state.delta + " AS " + state.column);
  std::string from = input_prefix + input + input_suffix, where = filter;
  if (window) {
    const std::string time = sql::QuoteIdentifier(window->column);
    from = "(SELECT *, " + window->PaneOf(time) + " AS window_start FROM " + from + ")";
    if (!HasPanes())
      from = "(SELECT *, " + window->EndText("window_start") + " AS window_end FROM " + from + ")";
    else where = time + " IS NOT NULL" + (filter.empty() ? "" : " AND (" + filter + ")");
  }
  return "SELECT " + items + " FROM " + from + (where.empty() ? "" : " WHERE " + where) +
         (whole_rows ? "" : GroupBy(keys.size()));
}

std::string Plan::Merge(const std::string& table, const std::string& where) const {
  if (HasSessions())
    return MergeSessions(
        *this, where.empty() ? table : "(SELECT * FROM " + table + " WHERE " + where + ")");
  std::string items;
  for (const Key& key : keys) AppendItem(&items, key.column);
  for (const State& state : states) AppendItem(&items, state.merge + " AS " + state.column);
  return "SELECT " + items + " FROM " + table + (where.empty() ? "" : " WHERE " + where) +
         GroupBy(keys.size());
}

// Panes are spread over windows before they are merged, so that a filter on window_start cuts the
// rows that are merged.
std::string Plan::MergeWindows(const std::string& table, const std::string& panes) const {
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
  const std::string from =
      panes.empty() ? table : "(SELECT * FROM " + table + " WHERE " + panes + ")";
  return "SELECT " + items + " FROM (SELECT " + spread + " FROM " + from + " AS panes, range(" +
         std::to_string(window->WindowsOfRow()) + ") AS numbers(n)" +
         (bounds.condition.empty() ? "" : " WHERE " + bounds.condition) + ")" +
         GroupBy(keys.size() + 1);
}

std::string Plan::PaneCondition(Bound bound, const std::string& value) const {
  const std::string& start = keys[static_cast<size_t>(window_key)].column;
  switch (bound) {
    case Bound::kStartFrom: return start + " >= (" + value + ")";
    case Bound::kStartTo: return start + " <= (" + value + ") + " + window->size.Text();
    case Bound::kEndFrom: return start + " >= (" + value + ") - " + window->size.Text();
    case Bound::kEndTo: return start + " < (" + value + ")";
  }
  return "true";
}

// Equal values go by their key, so that every reader sees the same groups.
std::string Plan::CutToTop(const std::string& merged) const {
  const std::string& cut = keys[static_cast<size_t>(top->key)].column;
  std::string values_of, others, items;
  for (const Value& value : values) AppendItem(&values_of, value.text + " AS " + value.column);
  for (const Key& key : keys) {
    if (key.column != cut) AppendItem(&others, key.column);
    AppendItem(&items, key.column == cut && top->other
                           ? "CASE WHEN place <= " + std::to_string(top->count) + " THEN " + cut +
                                 " ELSE " + sql::QuoteLiteral(*top->other) + " END AS " + cut
                           : key.column);
  }
  size_t groups = keys.size();
  if (window && window->Overlaps()) {
    AppendItem(&others, "w_end");
    AppendItem(&items, "w_end");
    ++groups;
  }
  const std::string ranked = "(SELECT *, row_number() OVER (" +
                             (others.empty() ? "" : "PARTITION BY " + others) + " ORDER BY " +
                             top->by + " DESC NULLS LAST, " + cut + ") AS place FROM (SELECT *, " +
                             values_of + " FROM (" + merged + ")))";
  for (const State& state : states)
    AppendItem(&items, (top->other ? state.merge : state.column) + " AS " + state.column);
  return "SELECT " + items + " FROM " + ranked +
         (top->other ? GroupBy(groups) : " WHERE place <= " + std::to_string(top->count));
}

std::string Plan::Finalize(const std::string& table, const std::string& floor,
                           const std::string& panes, const TableText& tables) const {
  std::string items;
  for (size_t i = 0; i < outputs.size(); ++i)
    AppendItem(&items, outputs[i] + " AS " + sql::QuoteIdentifier(fields[i].name));
  std::string inner;
  for (const Key& key : keys) AppendItem(&inner, key.column);
  for (const Value& value : values) AppendItem(&inner, value.text + " AS " + value.column);
  if (inner.empty())
    inner = "1 AS a0";  // outputs are constants: SELECT 'x' ... GROUP BY nothing but a HAVING
  std::string where;
  const auto also = [&where](const std::string& condition) {
    if (!condition.empty()) where += (where.empty() ? "(" : " AND (") + condition + ")";
  };
  if (!floor.empty() && time) also(keys[static_cast<size_t>(time->key)].column + " >= " + floor);
  also(joined_filter);
  also(having);
  std::string merged = window && window->Overlaps() ? MergeWindows(table, panes) : Merge(table);
  if (top) merged = CutToTop(merged);
  return "SELECT " + items + " FROM (SELECT " + inner + " FROM (" + merged + "))" +
         Joined(lookups, tables) + (where.empty() ? "" : " WHERE " + where);
}

}  // namespace view
