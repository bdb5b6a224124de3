#include "sql/walk.h"

namespace sql {
namespace {

class Walker {
 public:
  Walker(const ExprVisitor* on_expr, const TableVisitor* on_table)
      : on_expr_(on_expr), on_table_(on_table) {}

  void Walk(Expr* expr) {
    if (expr == nullptr) return;
    if (on_expr_ != nullptr) (*on_expr_)(*expr);
    VisitChildren(expr, [this](ExprPtr& child) { Walk(child.get()); });
    Walk(expr->subquery.get());
  }

  void Walk(Select* select) {
    if (select == nullptr) return;
    for (CommonTable& table : select->with) Walk(table.select.get());
    Walk(select->left.get());
    Walk(select->right.get());
    Walk(select->distinct_on);
    for (SelectItem& item : select->items) Walk(item.expr.get());
    for (const auto& table : select->from) Walk(table.get());
    Walk(select->where.get());
    Walk(select->group_by);
    Walk(select->having.get());
    for (auto& [name, window] : select->windows) Walk(&window);
    for (SortKey& key : select->order_by) Walk(key.expr.get());
    Walk(select->limit.get());
    Walk(select->offset.get());
    for (const auto& row : select->values) Walk(row);
  }

 private:
  void Walk(const std::vector<ExprPtr>& list) {
    for (const ExprPtr& expr : list) Walk(expr.get());
  }

  void Walk(WindowSpec* window) {
    Walk(window->partition_by);
    for (SortKey& key : window->order_by) Walk(key.expr.get());
    Walk(window->frame.start.get());
    Walk(window->frame.end.get());
  }

  void Walk(TableRef* table) {
    if (table == nullptr) return;
    if (on_table_ != nullptr) (*on_table_)(*table);
    Walk(table->subquery.get());
    Walk(table->function.get());
    Walk(table->left.get());
    Walk(table->right.get());
    Walk(table->on.get());
    Walk(table->as_of.get());
    Walk(table->window_args);
  }

  const ExprVisitor* on_expr_;
  const TableVisitor* on_table_;
};

}  // namespace

void VisitChildren(Expr* expr, const std::function<void(ExprPtr&)>& visit) {
  const auto maybe = [&](ExprPtr& child) {
    if (child != nullptr) visit(child);
  };
  for (ExprPtr& arg : expr->args) maybe(arg);
  maybe(expr->filter);
  for (SortKey& key : expr->order_by) maybe(key.expr);
  if (expr->over == nullptr) return;
  for (ExprPtr& key : expr->over->partition_by) maybe(key);
  for (SortKey& key : expr->over->order_by) maybe(key.expr);
  maybe(expr->over->frame.start);
  maybe(expr->over->frame.end);
}

void VisitChildren(const Expr& expr, const std::function<void(const Expr&)>& visit) {
  // The visitor is not given anything that it could change.
  VisitChildren(const_cast<Expr*>(&expr), [&](ExprPtr& child) { visit(*child); });
}

void VisitExprs(Expr* expr, const ExprVisitor& visit) { Walker(&visit, nullptr).Walk(expr); }
void VisitExprs(Select* select, const ExprVisitor& visit) { Walker(&visit, nullptr).Walk(select); }
void VisitTables(Select* select, const TableVisitor& visit) {
  Walker(nullptr, &visit).Walk(select);
}

}  // namespace sql
