#pragma once
// Visits every expression below a node, sub-selects included, outermost first. The visitor may
// change the expression it is given, but not replace it. Threads: one owner. Limits: recursion is
// bounded by ParseLimits.

#include <functional>

#include "sql/ast.h"

namespace sql {

using ExprVisitor = std::function<void(Expr&)>;
using TableVisitor = std::function<void(TableRef&)>;

void VisitExprs(Expr* expr, const ExprVisitor& visit);
void VisitExprs(Select* select, const ExprVisitor& visit);

// The direct sub-expressions of one node (arguments, FILTER, ORDER BY, window), without its
// subquery.
void VisitChildren(Expr* expr, const std::function<void(ExprPtr&)>& visit);
void VisitChildren(const Expr& expr, const std::function<void(const Expr&)>& visit);

// Every item of FROM below a select, sub-selects included.
void VisitTables(Select* select, const TableVisitor& visit);

}  // namespace sql
