#include "sql/ast.h"

#include "sql/printer.h"

namespace sql {
namespace {

ExprPtr CloneExpr(const ExprPtr& expr) { return expr == nullptr ? nullptr : expr->Clone(); }
SelectPtr CloneSelect(const SelectPtr& select) {
  return select == nullptr ? nullptr : select->Clone();
}

std::vector<ExprPtr> CloneList(const std::vector<ExprPtr>& list) {
  std::vector<ExprPtr> out;
  out.reserve(list.size());
  for (const ExprPtr& expr : list) out.push_back(CloneExpr(expr));
  return out;
}

std::vector<SortKey> CloneKeys(const std::vector<SortKey>& keys) {
  std::vector<SortKey> out;
  out.reserve(keys.size());
  for (const SortKey& key : keys) out.push_back({CloneExpr(key.expr), key.descending, key.nulls});
  return out;
}

WindowSpec CloneWindow(const WindowSpec& window) {
  WindowSpec out;
  out.name = window.name;
  out.partition_by = CloneList(window.partition_by);
  out.order_by = CloneKeys(window.order_by);
  out.frame.options = window.frame.options;
  out.frame.start = CloneExpr(window.frame.start);
  out.frame.end = CloneExpr(window.frame.end);
  return out;
}

bool Same(const ExprPtr& a, const ExprPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return SameExpr(*a, *b);
}

bool Same(const std::vector<ExprPtr>& a, const std::vector<ExprPtr>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!Same(a[i], b[i])) return false;
  return true;
}

bool Same(const std::vector<SortKey>& a, const std::vector<SortKey>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].descending != b[i].descending || a[i].nulls != b[i].nulls ||
        !Same(a[i].expr, b[i].expr))
      return false;
  return true;
}

bool Same(const std::unique_ptr<WindowSpec>& a, const std::unique_ptr<WindowSpec>& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->name == b->name && Same(a->partition_by, b->partition_by) &&
         Same(a->order_by, b->order_by) && a->frame.options == b->frame.options &&
         Same(a->frame.start, b->frame.start) && Same(a->frame.end, b->frame.end);
}

bool Same(const Literal& a, const Literal& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Literal::Kind::kNull: return true;
    case Literal::Kind::kBool: return a.boolean == b.boolean;
    case Literal::Kind::kInteger: return a.integer == b.integer;
    default: return a.text == b.text;
  }
}

bool SameType(const TypeName& a, const TypeName& b) {
  return a.type == b.type && a.name == b.name && a.modifiers == b.modifiers;
}

// The name PostgreSQL gives an expression and how sure it is: 0 no name, 1 a weak one, 2 a good
// one.
int NameOfExpr(const Expr& expr, std::string* name) {
  switch (expr.kind) {
    case ExprKind::kColumn:
    case ExprKind::kField: *name = expr.name.empty() ? "?column?" : expr.name.back(); return 2;
    case ExprKind::kFunction: *name = expr.name.empty() ? "?column?" : expr.name.back(); return 2;
    case ExprKind::kSubscript:
    case ExprKind::kCollate: return expr.args.empty() ? 0 : NameOfExpr(*expr.args[0], name);
    case ExprKind::kCast: {
      const int strength = expr.args.empty() ? 0 : NameOfExpr(*expr.args[0], name);
      if (strength > 1) return strength;
      *name = expr.cast.name.substr(expr.cast.name.rfind('.') + 1);
      return 1;
    }
    case ExprKind::kCase: {
      const int strength =
          expr.has_else && !expr.args.empty() ? NameOfExpr(*expr.args.back(), name) : 0;
      if (strength > 1) return strength;
      *name = "case";
      return 1;
    }
    case ExprKind::kCoalesce:
    case ExprKind::kDefault: {
      name->clear();
      for (char c : expr.name.empty() ? std::string() : expr.name[0])
        *name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      return 2;
    }
    case ExprKind::kExists: *name = "exists"; return 2;
    case ExprKind::kArray: *name = "array"; return 2;
    case ExprKind::kRow: *name = "row"; return 2;
    case ExprKind::kExtract: *name = "extract"; return 2;
    case ExprKind::kAtTimeZone: *name = "timezone"; return 2;
    case ExprKind::kSubquery: {
      if (expr.subquery == nullptr || expr.subquery->items.size() != 1) return 0;
      *name = OutputName(expr.subquery->items[0]);
      return *name == "?column?" ? 0 : 2;
    }
    default: return 0;
  }
}

}  // namespace

ExprPtr Expr::Clone() const {
  auto out = std::make_unique<Expr>();
  out->kind = kind;
  out->location = location;
  out->name = name;
  out->args = CloneList(args);
  out->literal = literal;
  out->parameter = parameter;
  out->negated = negated;
  out->distinct = distinct;
  out->star = star;
  out->within_group = within_group;
  out->variadic = variadic;
  out->has_operand = has_operand;
  out->has_else = has_else;
  out->filter = CloneExpr(filter);
  out->order_by = CloneKeys(order_by);
  if (over != nullptr) out->over = std::make_unique<WindowSpec>(CloneWindow(*over));
  out->subquery = CloneSelect(subquery);
  out->cast = cast;
  out->type = type;
  out->outer = outer;
  return out;
}

std::unique_ptr<TableRef> TableRef::Clone() const {
  auto out = std::make_unique<TableRef>();
  out->kind = kind;
  out->join = join;
  out->location = location;
  out->name = name;
  out->alias = alias;
  out->column_aliases = column_aliases;
  out->lateral = lateral;
  out->with_ordinality = with_ordinality;
  out->natural = natural;
  out->as_of_processing = as_of_processing;
  if (as_of) out->as_of = as_of->Clone();
  out->subquery = CloneSelect(subquery);
  out->function = CloneExpr(function);
  if (left != nullptr) out->left = left->Clone();
  if (right != nullptr) out->right = right->Clone();
  out->on = CloneExpr(on);
  out->using_columns = using_columns;
  out->window = window;
  out->time_column = time_column;
  out->window_args = CloneList(window_args);
  return out;
}

SelectPtr Select::Clone() const {
  auto out = std::make_unique<Select>();
  out->set_op = set_op;
  out->set_all = set_all;
  out->left = CloneSelect(left);
  out->right = CloneSelect(right);
  out->recursive = recursive;
  for (const CommonTable& table : with)
    out->with.push_back(
        {table.location, table.name, table.materialized, table.columns, CloneSelect(table.select)});
  out->distinct = distinct;
  out->distinct_on = CloneList(distinct_on);
  for (const SelectItem& item : items) out->items.push_back({CloneExpr(item.expr), item.alias});
  for (const auto& table : from) out->from.push_back(table->Clone());
  out->where = CloneExpr(where);
  out->group_by = CloneList(group_by);
  out->group_by_all = group_by_all;
  out->having = CloneExpr(having);
  for (const auto& [name, window] : windows) out->windows.emplace_back(name, CloneWindow(window));
  out->order_by = CloneKeys(order_by);
  out->limit = CloneExpr(limit);
  out->offset = CloneExpr(offset);
  for (const auto& row : values) out->values.push_back(CloneList(row));
  return out;
}

std::string OutputName(const SelectItem& item) {
  if (!item.alias.empty()) return item.alias;
  std::string name;
  if (item.expr == nullptr || NameOfExpr(*item.expr, &name) == 0) return "?column?";
  return name;
}

bool SameExpr(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || a.name != b.name || a.parameter != b.parameter ||
      a.negated != b.negated || a.distinct != b.distinct || a.star != b.star ||
      a.within_group != b.within_group || a.variadic != b.variadic ||
      a.has_operand != b.has_operand || a.has_else != b.has_else)
    return false;
  if (!Same(a.literal, b.literal) || !SameType(a.cast, b.cast)) return false;
  if ((a.subquery == nullptr) != (b.subquery == nullptr)) return false;
  if (a.subquery != nullptr && PrintPostgres(*a.subquery) != PrintPostgres(*b.subquery))
    return false;
  return Same(a.args, b.args) && Same(a.filter, b.filter) && Same(a.order_by, b.order_by) &&
         Same(a.over, b.over);
}

}  // namespace sql
