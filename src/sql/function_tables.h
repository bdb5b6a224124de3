#pragma once
// The parts of FunctionTable(), one for each field. Threads: any; constant.

#include <span>

#include "sql/functions.h"

namespace sql {

std::span<const FunctionInfo> OperatorRows();
std::span<const FunctionInfo> MathRows();
std::span<const FunctionInfo> TextRows();
std::span<const FunctionInfo> TimeRows();
std::span<const FunctionInfo> OtherRows();
std::span<const FunctionInfo> AggregateRows();

}  // namespace sql
