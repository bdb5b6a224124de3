#include "view/explain.h"

#include "sql/printer.h"

namespace view {
namespace {

std::string Duration(int64_t microseconds) {
  const int64_t seconds = microseconds / 1'000'000;
  if (microseconds % 1'000'000 != 0) return std::to_string(microseconds) + " microseconds";
  if (seconds % 86'400 == 0) return std::to_string(seconds / 86'400) + " d";
  if (seconds % 3'600 == 0) return std::to_string(seconds / 3'600) + " h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds) + " s";
}

std::string LengthOf(const sql::Span& span) {
  return span.months > 0 ? std::to_string(span.months) + " months" : Duration(span.microseconds);
}

std::string WindowNote(const sql::TimeWindow& window) {
  if (window.IsSession()) {
    std::string keys;
    for (const std::string& key : window.keys)
      keys += (keys.empty() ? " of each " : ", ") + sql::QuoteIdentifier(key);
    return "  Window SESSION of " + sql::QuoteIdentifier(window.column) + ", gap " +
           LengthOf(window.size) + keys + ": partials of fragments, joined by every reader";
  }
  std::string note = std::string("  Window ") + sql::NameOf(window.kind) + " of " +
                     sql::QuoteIdentifier(window.column) + ", size " + LengthOf(window.size);
  if (!window.zone.empty()) note += " of civil time in " + sql::QuoteLiteral(window.zone);
  if (!window.Overlaps()) return note;
  note += window.kind == sql::TableRef::Window::kHop ? ", slide " : ", step ";
  return note + LengthOf(window.slide) + ": partials of panes of " + LengthOf(window.Pane()) +
         ", each read into at most " + std::to_string(window.WindowsOfRow()) + " windows";
}

std::string TimeNote(const Plan& plan, size_t key) {
  if (!plan.time || plan.time->key != static_cast<int>(key)) return "";
  if (plan.time->session) return ", orders the view in time (sessions)";
  if (plan.time->bucket_us == 0) return ", orders the view in time (calendar buckets)";
  if (plan.time->bucket_us == 1) return ", orders the view in time";
  return ", orders the view in time (buckets of " + Duration(plan.time->bucket_us) + ")";
}

const model::Field* FieldOf(const Plan& plan, const std::string& name) {
  for (const auto& field : plan.fields)
    if (field.name == name) return &field;
  return nullptr;
}

// Keys that the view does not show have no expression.
std::string TextOf(const Key& key) { return key.expr ? sql::PrintPostgres(*key.expr) : key.delta; }

std::string KeyList(const Plan& plan) {
  std::string list;
  for (const Key& key : plan.keys) list += (list.empty() ? "" : ", ") + TextOf(key);
  return list.empty() ? "none" : list;
}

}  // namespace

std::vector<std::string> ExplainChange(const std::string& name, const Plan* old, const Plan& next) {
  std::vector<std::string> lines{"Materialized View " + name +
                                 (old ? " would be replaced" : " would be made")};
  for (const auto& field : next.fields) {
    const auto* before = old ? FieldOf(*old, field.name) : nullptr;
    if (!before) {
      lines.push_back("  New column " + field.name + " " + model::NameOf(field.type));
    } else if (!(before->type == field.type)) {
      lines.push_back("  Column " + field.name + " changes from " + model::NameOf(before->type) +
                      " to " + model::NameOf(field.type));
    } else {
      lines.push_back("  Column " + field.name + " stays " + model::NameOf(field.type));
    }
  }
  if (old)
    for (const auto& field : old->fields)
      if (!FieldOf(next, field.name))
        lines.push_back("  Column " + field.name + " " + model::NameOf(field.type) + " goes away");
  if (old && old->input != next.input)
    lines.push_back("  Reads " + next.input + " instead of " + old->input);
  if (old && KeyList(*old) != KeyList(next))
    lines.push_back("  Keys change from " + KeyList(*old) + " to " + KeyList(next));
  else lines.push_back("  Keys: " + KeyList(next));
  lines.push_back("  States: " + std::to_string(next.states.size()) +
                  (old ? ", before " + std::to_string(old->states.size()) : ""));
  return lines;
}

std::vector<std::string> Explain(const Plan& plan, const std::string& name,
                                 const std::string& table, const std::string& input) {
  std::vector<std::string> lines{"Materialized View " + name + " over " + plan.input};
  if (plan.window) lines.push_back(WindowNote(*plan.window));
  for (size_t i = 0; i < plan.keys.size(); ++i)
    lines.push_back("  Key " + plan.keys[i].column + " = " + TextOf(plan.keys[i]) +
                    TimeNote(plan, i));
  if (plan.keys.empty()) lines.push_back("  No key: one row over all records");
  for (const State& state : plan.states)
    lines.push_back("  State " + state.column + " " + state.duckdb_type + " = " + state.delta);
  for (const Value& value : plan.values)
    lines.push_back("  Value " + value.column + " = " + value.text);
  if (plan.top)
    lines.push_back("  Top " + std::to_string(plan.top->count) + " of " +
                    plan.keys[static_cast<size_t>(plan.top->key)].column + " by " +
                    plan.top->column + ": at read time" +
                    (plan.top->other ? ", the rest merged as " + sql::QuoteLiteral(*plan.top->other)
                                     : ", the rest not shown"));
  for (const std::string& note : plan.looked_up_notes) lines.push_back("  " + note);
  for (const Lookup& lookup : plan.lookups)
    lines.push_back("  " + std::string(lookup.left ? "Left join " : "Join ") + lookup.table +
                    ": at read time, with its current rows, ON " + lookup.on);
  lines.push_back("Table: partials, append-only, several rows may stand for one key");
  lines.push_back("  " + plan.CreateTable(table));
  lines.push_back(
      plan.input_prefix.empty()
          ? "Delta: rows of one micro-batch -> partials, committed with the source's positions"
          : "Delta: partials that one micro-batch gave " + plan.input +
                " -> partials, in the same commit");
  lines.push_back("  " + plan.Delta(input));
  lines.push_back("Merge: partials of one key -> one, by every reader and by compaction");
  lines.push_back("  " + plan.Merge(table));
  lines.push_back("Finalize: what SELECT from the view reads");
  lines.push_back("  " + plan.Finalize(table));
  return lines;
}

}  // namespace view
