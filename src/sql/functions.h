#pragma once
// The catalog of functions, operators and aggregates that user SQL may use: PostgreSQL's name and argument types, result
// type, and how DuckDB spells the same meaning. What is not here does not run. docs/reference/functions.md is made from it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/types.h"

namespace sql {

enum class FunctionKind : uint8_t { kScalar, kAggregate, kWindow };

struct FunctionInfo {
  const char* name;
  FunctionKind kind;
  const char* arguments;   // "numeric, int4" as documented
  const char* result;      // "numeric", "same as argument 1" ...
  const char* duckdb;      // template: $1, $2 are the printed arguments; "" = printed by name
  const char* description;
};

std::span<const FunctionInfo> FunctionTable();

// Aggregates whose result a view can keep up to date (they have a mergeable state); the view room owns the states.
bool IsAggregate(std::string_view name);

}  // namespace sql
