#pragma once
// Prints a bound tree as DuckDB's SQL with PostgreSQL's meaning: every identifier quoted, output
// names kept, integer division, division by zero an error, null order, LIKE and regular expressions
// as PostgreSQL has them.
//
// Trees that are not bound (Expr::type unknown everywhere: the system catalog's queries) are
// printed by name alone: schema names of functions, types and columns are dropped, casts and
// functions may be spelled by hooks.
//
// Threads: any. Errors: kUnsupported for a node that DuckDB cannot say. Limits: 4 MB of text
// (54001).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"

namespace sql {

struct PrintOptions {
  // Text that stands for a relation in FROM: a quoted table name or a parenthesised SELECT. Not
  // called for CTE names.
  std::function<base::Result<std::string>(const std::vector<std::string>& name)> relation;
  std::string time_zone = "UTC";
  // Parameters are printed as $n; when set, as the literal it returns.
  std::function<std::string(int)> parameter;
  // Asked first for every function call (arguments printed) and every cast's type; nullopt = the
  // printer's own spelling.
  std::function<std::optional<std::string>(const Expr& call, const std::vector<std::string>& args)>
      function;
  std::function<std::optional<std::string>(const TypeName& type)> type;
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
