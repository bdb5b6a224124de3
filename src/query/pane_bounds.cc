#include "query/pane_bounds.h"

#include <set>
#include <string_view>

#include "sql/functions.h"
#include "sql/printer.h"
#include "sql/walk.h"

namespace query {
namespace {

using Bound = view::Plan::Bound;
using Narrowed = std::map<std::string, NarrowedView>;

// The same for the whole statement, and cannot be a column's value.
bool IsSettled(const sql::Expr& expr) {
  static const std::set<std::string_view> random{"random", "setseed", "gen_random_uuid",
                                                 "clock_timestamp"};
  switch (expr.kind) {
    case sql::ExprKind::kLiteral:
    case sql::ExprKind::kParameter:
    case sql::ExprKind::kDefault: break;
    case sql::ExprKind::kCast:
    case sql::ExprKind::kOperator:
    case sql::ExprKind::kAtTimeZone: break;
    case sql::ExprKind::kFunction:
      if (expr.over || expr.filter || sql::IsAggregate(expr.name.back()) ||
          random.contains(expr.name.back()))
        return false;
      break;
    default: return false;
  }
  if (expr.subquery) return false;
  bool settled = true;
  for (const auto& argument : expr.args) settled = settled && IsSettled(*argument);
  return settled;
}

bool IsTime(model::Type type) {
  return !type.array &&
         (type.id == model::TypeId::kTimestampTz || type.id == model::TypeId::kTimestamp);
}

// One view in FROM and what WHERE says about its windows.
class View {
 public:
  View(std::shared_ptr<const catalog::View> view, const sql::TableRef& table, bool alone)
      : alias_(table.alias.empty() ? table.name.back() : table.alias), alone_(alone) {
    narrowed_.view = std::move(view);
    const view::Plan& plan = *narrowed_.view->plan;
    const std::string start = plan.keys[static_cast<size_t>(plan.window_key)].column;
    std::string end;
    for (const view::Value& value : plan.values)
      if (value.text == "w_end") end = value.column;
    for (size_t i = 0; i < plan.outputs.size(); ++i) {
      const std::string& name = table.column_aliases.size() > i ? table.column_aliases[i]
                                                                : plan.fields[i].name;
      if (plan.outputs[i] == sql::QuoteIdentifier(start)) starts_.insert(name);
      if (!end.empty() && plan.outputs[i] == sql::QuoteIdentifier(end)) ends_.insert(name);
    }
  }

  void Read(const sql::Expr& condition) {
    if (condition.kind == sql::ExprKind::kBetween && !condition.negated && !condition.star) {
      Compare(*condition.args[0], ">=", *condition.args[1]);
      Compare(*condition.args[0], "<=", *condition.args[2]);
      return;
    }
    if (condition.kind != sql::ExprKind::kOperator || condition.name.empty()) return;
    const std::string& name = condition.name.back();
    if (name == "AND") {
      for (const auto& argument : condition.args) Read(*argument);
    } else if (condition.args.size() == 2) {
      Compare(*condition.args[0], name, *condition.args[1]);
      Compare(*condition.args[1], Turned(name), *condition.args[0]);
    }
  }

  NarrowedView Take() { return std::move(narrowed_); }
  bool found() const { return !narrowed_.bounds.empty(); }

 private:
  static std::string Turned(std::string_view name) {
    if (name == "<") return ">";
    if (name == ">") return "<";
    if (name == "<=") return ">=";
    return name == ">=" ? "<=" : std::string(name);
  }

  bool Names(const sql::Expr& expr, const std::set<std::string>& columns) const {
    if (expr.kind != sql::ExprKind::kColumn || expr.outer != 0) return false;
    const size_t parts = expr.name.size();
    return columns.contains(expr.name.back()) &&
           (parts > 1 ? expr.name[parts - 2] == alias_ : alone_);
  }

  void Compare(const sql::Expr& column, std::string_view name, const sql::Expr& value) {
    const bool start = Names(column, starts_), end = Names(column, ends_);
    if ((!start && !end) || !IsSettled(value) || !IsTime(value.type) ||
        value.type.id != column.type.id)
      return;
    const bool from = name == ">=" || name == ">" || name == "=";
    const bool to = name == "<=" || name == "<" || name == "=";
    if (from)
      narrowed_.bounds.push_back({start ? Bound::kStartFrom : Bound::kEndFrom, value.Clone()});
    if (to) narrowed_.bounds.push_back({start ? Bound::kStartTo : Bound::kEndTo, value.Clone()});
  }

  std::string alias_;
  bool alone_;
  std::set<std::string> starts_, ends_;
  NarrowedView narrowed_;
};

class Finder {
 public:
  explicit Finder(const Relations& relations) : relations_(relations) {}

  void Visit(sql::Select* select) {
    for (auto& common : select->with) {
      common_tables_.insert(common.name);
      Visit(common.select.get());
    }
    if (select->left) Visit(select->left.get());
    if (select->right) Visit(select->right.get());
    const bool alone =
        select->from.size() == 1 && select->from[0]->kind == sql::TableRef::Kind::kRelation;
    for (auto& table : select->from) Visit(table.get(), select->where.get(), alone);
  }

  Narrowed Take() { return std::move(narrowed_); }

 private:
  void Visit(sql::TableRef* table, const sql::Expr* where, bool alone) {
    if (table->subquery) Visit(table->subquery.get());
    if (table->left) Visit(table->left.get(), where, false);
    if (table->right) Visit(table->right.get(), where, false);
    if (table->kind != sql::TableRef::Kind::kRelation || where == nullptr) return;
    if (table->name.size() == 1 && common_tables_.contains(table->name[0])) return;
    auto found = relations_.PaneView(table->name);
    if (!found) return;
    View view(std::move(found), *table, alone);
    view.Read(*where);
    if (!view.found()) return;
    const std::string name = "#panes " + std::to_string(narrowed_.size());
    if (table->alias.empty()) table->alias = table->name.back();
    table->name = {name};
    narrowed_.emplace(name, view.Take());
  }

  const Relations& relations_;
  std::set<std::string> common_tables_;
  Narrowed narrowed_;
};

}  // namespace

std::map<std::string, NarrowedView> NarrowPanes(sql::Select* select, const Relations& relations) {
  Finder finder(relations);
  finder.Visit(select);
  return finder.Take();
}

}  // namespace query
