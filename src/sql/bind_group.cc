// 42803: every column outside an aggregate must be a group key, or part of one.

#include "sql/bind.h"
#include "sql/walk.h"

namespace sql {

namespace {

bool IsKey(const Expr& expr, const std::vector<ExprPtr>& keys) {
  for (const ExprPtr& key : keys) {
    if (key->kind == ExprKind::kGroupingSet || key->kind == ExprKind::kRow) {
      if (IsKey(expr, key->args)) return true;
    } else if (SameExpr(expr, *key)) {
      return true;
    }
  }
  return false;
}

bool IsColumnKey(const Expr& column, const std::vector<ExprPtr>& keys) {
  for (const ExprPtr& key : keys) {
    if (key->kind == ExprKind::kGroupingSet || key->kind == ExprKind::kRow) {
      if (IsColumnKey(column, key->args)) return true;
    } else if (key->kind == ExprKind::kColumn && key->outer == 0 && key->name == column.name) {
      return true;
    }
  }
  return false;
}

std::string Dotted(const Expr& column) {
  std::string out;
  for (const std::string& part : column.name) out += (out.empty() ? "" : ".") + part;
  return out;
}

bool HasAggregate(const Expr& expr) {
  return expr.kind == ExprKind::kFunction && expr.over == nullptr &&
         (IsAggregate(expr.name.back()) || expr.name.back() == "grouping");
}

}  // namespace

base::Status Binder::CheckGrouping(const Select& select, const Level& level) const {
  if (select.group_by.empty() && !level.has_aggregates && select.having == nullptr) return {};
  for (const SelectItem& item : select.items) RETURN_IF_ERROR(CheckGrouped(*item.expr, select, 0));
  if (select.having != nullptr) RETURN_IF_ERROR(CheckGrouped(*select.having, select, 0));
  for (const SortKey& key : select.order_by) RETURN_IF_ERROR(CheckGrouped(*key.expr, select, 0));
  for (const ExprPtr& key : select.distinct_on) RETURN_IF_ERROR(CheckGrouped(*key, select, 0));
  return {};
}

// `depth`: how many SELECTs inside the grouped one the expression stands.
base::Status Binder::CheckGrouped(const Expr& expr, const Select& select, int depth) const {
  if (depth == 0 && IsKey(expr, select.group_by)) return {};
  if (depth == 0 && HasAggregate(expr)) return {};
  if (expr.kind == ExprKind::kColumn) {
    if (expr.outer != depth) return {};
    if (depth == 0)
      return Fail(
          base::Invalid("column \"" + Dotted(expr) +
                        "\" must appear in the GROUP BY clause or be used in an aggregate function")
              .WithSqlstate("42803"),
          expr.location);
    if (IsColumnKey(expr, select.group_by)) return {};
    return Fail(
        base::Invalid("subquery uses ungrouped column \"" + Dotted(expr) + "\" from outer query")
            .WithSqlstate("42803"),
        expr.location);
  }
  base::Status status;
  VisitChildren(expr, [&](const Expr& child) {
    if (status.ok()) status = CheckGrouped(child, select, depth);
  });
  if (status.ok() && expr.subquery != nullptr)
    status = CheckGrouped(*expr.subquery, select, depth + 1);
  return status;
}

base::Status Binder::CheckGrouped(const Select& inner, const Select& select, int depth) const {
  base::Status status;
  // Every column below that reaches out to the grouped SELECT. Nested SELECTs in FROM count one
  // more when lateral only; their columns carry their own distance, so each SELECT passed adds one.
  const auto check = [&](const ExprPtr& expr) {
    if (status.ok() && expr != nullptr) status = CheckGrouped(*expr, select, depth);
  };
  for (const SelectItem& item : inner.items) check(item.expr);
  check(inner.where);
  check(inner.having);
  for (const ExprPtr& key : inner.group_by) check(key);
  for (const SortKey& key : inner.order_by) check(key.expr);
  for (const auto& row : inner.values)
    for (const ExprPtr& value : row) check(value);
  for (const auto& branch : {&inner.left, &inner.right})
    if (status.ok() && *branch != nullptr) status = CheckGrouped(**branch, select, depth);
  return status;
}

}  // namespace sql
