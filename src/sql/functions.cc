#include "sql/functions.h"

#include <vector>

#include "sql/function_tables.h"

namespace sql {

std::span<const FunctionInfo> FunctionTable() {
  static const std::vector<FunctionInfo> table = [] {
    std::vector<FunctionInfo> all;
    for (auto rows :
         {MathRows(), TextRows(), TimeRows(), OtherRows(), AggregateRows(), OperatorRows()})
      all.insert(all.end(), rows.begin(), rows.end());
    return all;
  }();
  return table;
}

bool IsAggregate(std::string_view name) {
  for (const FunctionInfo& row : AggregateRows())
    if (row.kind == FunctionKind::kAggregate && row.name == name) return true;
  return false;
}

}  // namespace sql
