#include "view/plan.h"

#include "sql/printer.h"

namespace view {
namespace {

void AppendItem(std::string* list, const std::string& item) {
  if (!list->empty()) *list += ", ";
  *list += item;
}

// By ordinal: the input may have a column named k0, and a column would win over the alias.
std::string GroupBy(const std::vector<Key>& keys) {
  if (keys.empty()) return "";
  std::string list;
  for (size_t i = 1; i <= keys.size(); ++i) AppendItem(&list, std::to_string(i));
  return " GROUP BY " + list;
}

std::string Microseconds(int64_t count) {
  return "INTERVAL '" + std::to_string(count) + " microseconds'";
}

}  // namespace

// Windows begin at 1970-01-01 plus the offset. DuckDB's own origin is another midnight, which comes
// to the same for what divides a day and is faster.
std::string Tumble::StartText() const {
  constexpr int64_t kDayUs = 86'400'000'000;
  const std::string column_text = sql::QuoteIdentifier(column);
  if (months > 0)
    return "time_bucket(INTERVAL '" + std::to_string(months) + " months', " + column_text +
           ", TIMESTAMP '1970-01-01 00:00:00')";
  const std::string bucket = "time_bucket(" + Microseconds(microseconds) + ", " + column_text;
  if (offset_us == 0 && kDayUs % microseconds == 0) return bucket + ")";
  return bucket + ", TIMESTAMP '1970-01-01 00:00:00' + " + Microseconds(offset_us) + ")";
}

std::string Tumble::EndText(const std::string& start) const {
  if (months > 0) return "(" + start + " + INTERVAL '" + std::to_string(months) + " months')";
  return "(" + start + " + " + Microseconds(microseconds) + ")";
}

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
  std::string from = input;
  if (tumble) {
    from = "(SELECT *, " + tumble->StartText() + " AS window_start FROM " + input + ")";
    from = "(SELECT *, " + tumble->EndText("window_start") + " AS window_end FROM " + from + ")";
  }
  return "SELECT " + items + " FROM " + from + (filter.empty() ? "" : " WHERE " + filter) +
         GroupBy(keys);
}

std::string Plan::Merge(const std::string& table, const std::string& where) const {
  std::string items;
  for (const Key& key : keys) AppendItem(&items, key.column);
  for (const State& state : states) AppendItem(&items, state.merge + " AS " + state.column);
  return "SELECT " + items + " FROM " + table + (where.empty() ? "" : " WHERE " + where) +
         GroupBy(keys);
}

std::string Plan::Finalize(const std::string& table) const {
  std::string items;
  for (size_t i = 0; i < outputs.size(); ++i)
    AppendItem(&items, outputs[i] + " AS " + sql::QuoteIdentifier(fields[i].name));
  std::string inner;
  for (const Key& key : keys) AppendItem(&inner, key.column);
  for (const Value& value : values) AppendItem(&inner, value.text + " AS " + value.column);
  if (inner.empty())
    inner = "1 AS a0";  // outputs are constants: SELECT 'x' ... GROUP BY nothing but a HAVING
  return "SELECT " + items + " FROM (SELECT " + inner + " FROM (" + Merge(table) + "))" +
         (having.empty() ? "" : " WHERE " + having);
}

}  // namespace view
