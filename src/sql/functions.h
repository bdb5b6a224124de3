#pragma once
// The catalog of functions, operators and aggregates that user SQL may use: PostgreSQL's name and
// argument types, result type, and how DuckDB spells the same meaning. What is not here does not
// run. docs/reference/functions.md is made from it.
//
// Threads: any; the table is constant.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/types.h"

namespace sql {

enum class FunctionKind : uint8_t { kScalar, kAggregate, kWindow, kOperator };

struct FunctionInfo {
  const char* name;
  FunctionKind kind;
  // "numeric, int4"; "any..." repeats; "float8 ORDER BY float8" for WITHIN GROUP; anyelement and
  // anyarray go together; anynonarray is any type but an array.
  const char* arguments;
  const char*
      result;  // "numeric", "same as argument 1", "element of argument 1", "array of argument 1"
  // $1, $2 are the printed arguments, {name} DuckDB's aggregate or window call with everything that
  // belongs to it;
  // "" = by name; "@word" = code in print_*.cc.
  const char* duckdb;
  const char* description;
};

std::span<const FunctionInfo> FunctionTable();

// Aggregates whose result a view can keep up to date (they have a mergeable state); the view room
// owns the states.
bool IsAggregate(std::string_view name);

}  // namespace sql
