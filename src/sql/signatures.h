#pragma once
// Types of functions and operators: how one of FunctionTable()'s overloads is chosen, as PostgreSQL does it.
//
// Threads: any. Errors: 42883 in PostgreSQL's words, 42725 when nothing decides between two.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/types.h"

namespace sql {

struct Resolved {
  model::Type result;
  std::vector<model::Type> arguments;  // what each argument must be cast to; kUnknown = leave it
  bool aggregate = false;
  bool window = false;                 // only with OVER
};

// The call of `name` with arguments of these types (kUnknown for untyped literals and parameters).
base::Result<Resolved> ResolveFunction(std::string_view name, const std::vector<model::Type>& arguments);
// `op` with one or two operands.
base::Result<Resolved> ResolveOperator(std::string_view op, const std::vector<model::Type>& operands);

// The common type of CASE branches, COALESCE, UNION ...; nullopt when there is none.
std::optional<model::Type> CommonType(const std::vector<model::Type>& types);

// Whether PostgreSQL converts by itself from one type to the other.
bool ConvertsImplicitly(model::Type from, model::Type to);
// Whether CAST may be written.
bool ConvertsExplicitly(model::Type from, model::Type to);

bool IsWindowFunction(std::string_view name);
bool IsKnownFunction(std::string_view name);
std::vector<std::string_view> KnownFunctionNames();

}  // namespace sql
