#pragma once
// The DuckDB type in which a key or state is stored. PostgreSQL's numeric has no scale of its own once it went through an
// expression; the stored one has the scale that the expression's digits need. Threads: any.

#include <string>

#include "sql/ast.h"

namespace view {

// Of a value: what DuckDbType says, DECIMAL(38,s) for numeric without precision.
std::string StoredType(const sql::Expr& expr);
// Of a sum of numerics: precision 38, the scale kept.
std::string SumType(const sql::Expr& expr);

}  // namespace view
