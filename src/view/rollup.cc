#include "view/rollup.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "sql/printer.h"
#include "view/rename.h"

namespace view {
namespace {

base::Status Refuse(const std::string& what, const std::string& hint, const sql::Expr& expr) {
  base::Status status = base::Unsupported(what).WithHint(hint);
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

bool IsColumn(const sql::Expr& expr) { return expr.kind == sql::ExprKind::kColumn; }

// One name for the spellings of one aggregate.
std::string Family(const std::string& name) {
  static const std::map<std::string_view, const char*> same{
      {"every", "bool_and"}, {"stddev", "stddev_samp"}, {"variance", "var_samp"}};
  const auto found = same.find(name);
  return found == same.end() ? name : found->second;
}

// Aggregates whose value over values of their own is what they give over all rows, or whose states
// are kept and merged.
bool MergesWithItself(const std::string& family) {
  static const std::set<std::string_view> names{
      "min",         "max",       "bool_and",          "bool_or",
      "bit_and",     "bit_or",    "bit_xor",           "avg",
      "var_samp",    "var_pop",   "approx_percentile", "approx_count_distinct",
      "stddev_samp", "stddev_pop"};
  return names.contains(family);
}

// Seeing a value twice changes nothing, so rows of partials serve as well as groups.
bool IsIdempotent(const std::string& family) {
  static const std::set<std::string_view> names{
      "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "approx_count_distinct"};
  return names.contains(family);
}

const sql::Expr* ArgumentOf(const sql::Expr& call) {
  if (call.within_group) return call.order_by.size() == 1 ? call.order_by[0].expr.get() : nullptr;
  return call.args.size() == 1 ? call.args[0].get() : nullptr;
}

}  // namespace

Rollup::Rollup(const Plan& parent, const std::string& name)
    : parent_(parent), name_(name), prefix_("__s") {
  const auto taken = [this](const model::Field& field) { return field.name.starts_with(prefix_); };
  while (std::any_of(parent.fields.begin(), parent.fields.end(), taken)) prefix_ += "_";
}

base::Status Rollup::CheckParent() const {
  if (!parent_.having.empty())
    return base::Unsupported("materialized view \"" + name_ +
                             "\" has HAVING; which of its groups count is known only when they are "
                             "complete, so no view can be fed from it")
        .WithHint("Leave HAVING out of \"" + name_ +
                  "\" and filter in the queries that read it, or read its source instead.");
  if (parent_.top)
    return base::Unsupported("materialized view \"" + name_ +
                             "\" shows only its top groups, which change; no view can be fed "
                             "from it")
        .WithHint("Make the view over what \"" + name_ + "\" reads.");
  if (parent_.HasSessions())
    return base::Unsupported("materialized view \"" + name_ +
                             "\" has sessions, which grow together; no view can be fed from it")
        .WithHint("Make the view over the source of \"" + name_ + "\".");
  if (parent_.HasPanes())
    return base::Unsupported("materialized view \"" + name_ +
                             "\" has overlapping windows; a record stands in several of its groups")
        .WithHint("Make the view over the source of \"" + name_ + "\".");
  if (!parent_.lookups.empty())
    return base::Unsupported("materialized view \"" + name_ + "\" joins table \"" +
                             parent_.lookups[0].table +
                             "\" when it is read; no view can be fed from it")
        .WithHint("Make the view over what \"" + name_ + "\" reads, and join the table in it.");
  if (parent_.keys.empty())
    return base::Unsupported("materialized view \"" + name_ +
                             "\" has one row; there is nothing to roll up")
        .WithHint("Read \"" + name_ + "\" in a query, or make the view over its source.");
  return {};
}

const sql::Expr* Rollup::Output(const std::string& column) const {
  for (size_t i = 0; i < parent_.fields.size(); ++i)
    if (parent_.fields[i].name == column) return parent_.output_exprs[i].get();
  return nullptr;
}

const Value* Rollup::FindValue(const std::string& column) const {
  for (const Value& value : parent_.values)
    if (value.column == column) return &value;
  return nullptr;
}

bool Rollup::FollowsFromKeys(const sql::Expr& output) const {
  if (IsColumn(output)) {
    const Value* value = FindValue(output.name[0]);
    if (value != nullptr && value->call) return false;
  }
  return std::all_of(output.args.begin(), output.args.end(),
                     [this](const auto& argument) { return FollowsFromKeys(*argument); });
}

const Value* Rollup::AggregateOf(const std::string& column) const {
  const sql::Expr* output = Output(column);
  if (output == nullptr || !IsColumn(*output)) return nullptr;
  const Value* value = FindValue(output->name[0]);
  return value != nullptr && value->call ? value : nullptr;
}

bool Rollup::OverKeys(const sql::Expr& expr) const {
  if (IsColumn(expr)) {
    const sql::Expr* output = Output(expr.name[0]);
    return output == nullptr || FollowsFromKeys(*output);  // window_start of the child's own window
  }
  return std::all_of(expr.args.begin(), expr.args.end(),
                     [this](const auto& argument) { return OverKeys(*argument); });
}

base::Status Rollup::CheckKeys(const sql::Expr& expr, const char* place) const {
  if (OverKeys(expr)) return {};
  return Refuse(std::string(place) + " in a view over materialized view \"" + name_ +
                    "\" can only use what follows from its group keys, not its aggregates",
                "An aggregate of \"" + name_ +
                    "\" is known only when its group is complete. Filter and group by it in the "
                    "queries that read the view, or make the view over the source.",
                expr);
}

std::string Rollup::NameOf(const std::string& state) const { return prefix_ + state.substr(1); }

std::string Rollup::Items() const {
  std::string items;
  for (size_t i = 0; i < parent_.fields.size(); ++i)
    if (FollowsFromKeys(*parent_.output_exprs[i]))
      items += parent_.outputs[i] + " AS " + sql::QuoteIdentifier(parent_.fields[i].name) + ", ";
  for (const State& state : parent_.states)
    items += state.column + " AS " + NameOf(state.column) + ", ";
  return items.substr(0, items.size() - 2);
}

std::string Rollup::Extra() const {
  std::string extra;
  for (const Value& value : parent_.values)
    if (!value.call) extra += ", " + value.text + " AS " + value.column;
  return extra;
}

// The states in `text` as the child sees them, and only those of rows that pass the filter: a merge
// does not see NULL.
std::string Rollup::Renamed(const std::string& text, const std::string& filter) const {
  return RenameStates(text, [&](const std::string& state) {
    const std::string name = NameOf(state);
    return filter.empty() ? name : "CASE WHEN " + filter + " THEN " + name + " END";
  });
}

std::string Rollup::CountHint() const {
  for (size_t i = 0; i < parent_.fields.size(); ++i)
    if (const Value* value = AggregateOf(parent_.fields[i].name);
        value != nullptr && value->call->name.back() == "count" && !value->call->distinct)
      return "Write sum(" + parent_.fields[i].name + ") to count records.";
  return "Add count(*) to \"" + name_ + "\" and sum it here to count records.";
}

base::Status Rollup::CheckMerge(const sql::Expr& call, const std::string& column,
                                const Value& value) const {
  const std::string outer = Family(call.name.back()), inner = Family(value.call->name.back());
  const std::string what = outer + (call.distinct ? "(DISTINCT " : "(") + column + ")";
  const bool adds = outer == "sum" && (inner == "count" || inner == "sum") && !value.call->distinct;
  if (adds && !call.distinct) return {};
  if (outer == inner && call.distinct && value.call->distinct) return {};  // sets of values
  if (outer == inner && MergesWithItself(inner) && (!call.distinct || IsIdempotent(inner)))
    return {};
  std::string hint = "Make the view over the source of \"" + name_ + "\".";
  if (outer == "count") hint = CountHint();
  else if (MergesWithItself(inner) && !call.distinct) hint = "Write " + inner + "(" + column + ").";
  else if (inner == "sum" && outer == "avg")
    hint = "Keep avg(...) in \"" + name_ +
           "\" and write avg() of that column: it is merged by its sums and counts.";
  else if (inner == "count" || inner == "sum")
    hint = "Write sum(" + column + "), or make the view over the source.";
  return Refuse(what + " in a view over materialized view \"" + name_ +
                    "\" needs its complete groups: \"" + column + "\" is " + inner +
                    (value.call->distinct ? "(DISTINCT ...)" : "(...)"),
                hint, call);
}

base::Result<std::string> Rollup::ValueOf(const sql::Expr& call, StateBuilder* states) const {
  const sql::Expr* argument = ArgumentOf(call);
  std::string filter;
  if (call.filter) {
    RETURN_IF_ERROR(CheckKeys(*call.filter, "FILTER"));
    ASSIGN_OR_RETURN(filter, sql::PrintDuckDb(*call.filter, {}));
    filter = "(" + filter + ")";
  }
  if (argument == nullptr && !call.star)
    return Refuse(call.name.back() + " is not supported in a view over a materialized view",
                  "Make the view over the source of \"" + name_ + "\".", call);
  if (argument == nullptr)
    return Refuse("count(*) in a view over materialized view \"" + name_ +
                      "\" would count its groups, which are not "
                      "complete when it is fed",
                  CountHint(), call);
  if (OverKeys(*argument)) {
    if (IsIdempotent(Family(call.name.back())) || call.distinct) return states->ValueOf(call);
    return Refuse(call.name.back() + " of a group key of materialized view \"" + name_ +
                      "\" would count its groups, which are not complete when it is fed",
                  CountHint(), call);
  }
  const Value* value = IsColumn(*argument) ? AggregateOf(argument->name[0]) : nullptr;
  if (value == nullptr)
    return Refuse(
        "an aggregate over an expression of several columns or aggregates of materialized view \"" +
            name_ + "\" needs its complete groups",
        "Keep each aggregate in a column of its own in \"" + name_ +
            "\", re-aggregate the columns, and compute with the results here.",
        call);
  RETURN_IF_ERROR(CheckMerge(call, argument->name[0], *value));
  return call.name.back() == "sum" ? Added(call, *value, filter, states)
                                   : Merged(call, *value, filter, states);
}

// sum of a count or a sum: the same sum over more rows, in the type that the child's sum has.
base::Result<std::string> Rollup::Added(const sql::Expr& call, const Value& value,
                                        const std::string& filter, StateBuilder* states) const {
  const std::string state = *StatesIn(value.text).begin();
  std::string type;
  for (const State& known : parent_.states)
    if (known.column == state) type = known.duckdb_type == "BIGINT" ? "HUGEINT" : known.duckdb_type;
  const std::string column =
      states->AddState(type, "sum(" + Renamed(state, filter) + ")", "sum({})");
  return states->AddValue("CAST(" + column + " AS " + sql::DuckDbType(call.type) + ")", call.type);
}

// The parent's states, merged over more of its groups; the value is made of them as there.
base::Result<std::string> Rollup::Merged(const sql::Expr& call, const Value& value,
                                         const std::string& filter, StateBuilder* states) const {
  std::map<std::string, std::string> columns;
  for (const State& state : parent_.states) {
    if (!StatesIn(value.text).contains(state.column)) continue;
    if (StatesIn(state.merge) != std::set<std::string>{state.column})
      return Refuse(call.name.back() + " is not supported in a view over a materialized view",
                    "Make the view over the source of \"" + name_ + "\".", call);
    columns[state.column] = states->AddState(
        state.duckdb_type, Renamed(state.merge, filter),
        RenameStates(state.merge, [](const std::string&) { return std::string("{}"); }));
  }
  std::string text = value.text;
  if (call.within_group) {
    ASSIGN_OR_RETURN(text, states->QuantileText(call, *StatesIn(value.text).begin()));
  }
  text = RenameStates(text, [&](const std::string& state) { return columns.at(state); });
  if (call.type != value.type) text = "CAST(" + text + " AS " + sql::DuckDbType(call.type) + ")";
  return states->AddValue(text, call.type);
}

}  // namespace view
