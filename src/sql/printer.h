#pragma once
// Prints a bound tree as DuckDB's SQL with PostgreSQL's meaning: every identifier quoted, output names kept, integer
// division, division by zero an error, null order, LIKE and regular expressions as PostgreSQL has them.
//
// Threads: any. Errors: kUnsupported for a node that DuckDB cannot say.

#include <functional>
#include <string>

#include "base/status.h"
#include "sql/ast.h"

namespace sql {

struct PrintOptions {
  // Text that stands for a relation in FROM: a quoted table name or a parenthesised SELECT. Not called for CTE names.
  std::function<base::Result<std::string>(const std::vector<std::string>& name)> relation;
  std::string time_zone = "UTC";
  // Parameters are printed as $n; when set, as the literal it returns.
  std::function<std::string(int)> parameter;
};

base::Result<std::string> PrintDuckDb(const Select& select, const PrintOptions& options);
base::Result<std::string> PrintDuckDb(const Expr& expr, const PrintOptions& options);

// PostgreSQL spelling, for messages, EXPLAIN, canonical text (cache keys) and pg_get_viewdef.
std::string PrintPostgres(const Select& select);
std::string PrintPostgres(const Expr& expr);

std::string QuoteIdentifier(std::string_view name);  // always quoted
std::string QuoteLiteral(std::string_view text);

// DuckDB's name of a type: TIMESTAMP for timestamptz (UTC inside), DECIMAL(p,s), VARCHAR ...
std::string DuckDbType(model::Type type);

}  // namespace sql
