#pragma once
// What a materialized view may be made of. Everything else is refused here, with the reason and
// what to write instead. Threads: any. Errors: kUnsupported (0A000) with HINT and position.

#include "base/status.h"
#include "sql/ast.h"

namespace view {

// The shape: one item in FROM, no subquery, no ORDER BY ...
base::Status CheckShape(const sql::Select& select);

// What FROM names beside joined tables: a source or view, or a window over it.
base::Status CheckTable(const sql::TableRef& from);

// An expression of the view: deterministic, no subquery, no window function, no parameter.
base::Status CheckExpr(const sql::Expr& expr);

}  // namespace view
