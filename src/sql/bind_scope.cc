#include "sql/bind_scope.h"

namespace sql {

base::Status AtExpr(base::Status status, int location) {
  if (location < 0 || status.position() > 0) return status;
  return std::move(status).WithPosition(location + 1);
}

std::vector<std::string_view> Scope::ColumnNames() const {
  std::vector<std::string_view> names;
  for (const auto& table : tables)
    for (const auto& column : table.columns) names.push_back(column.name);
  if (outer)
    for (std::string_view name : outer->ColumnNames()) names.push_back(name);
  return names;
}

const ScopeTable* Scope::FindTable(std::string_view alias) const {
  for (const auto& table : tables)
    if (table.alias == alias) return &table;
  return outer ? outer->FindTable(alias) : nullptr;
}

base::Result<const ScopeTable*> Scope::FindColumn(const std::string& column) const {
  const ScopeTable* found = nullptr;
  for (const auto& table : tables) {
    if (table.merged.contains(column)) continue;
    for (const auto& field : table.columns) {
      if (field.name != column) continue;
      if (found != nullptr) return base::Invalid("column reference \"" + column + "\" is ambiguous").WithSqlstate("42702");
      found = &table;
    }
  }
  if (found == nullptr && outer) return outer->FindColumn(column);
  return found;
}

base::Result<model::Type> Scope::Resolve(std::vector<std::string>* name) const {
  const std::string column = name->back();
  const ScopeTable* table = nullptr;
  if (name->size() == 1) {
    ASSIGN_OR_RETURN(table, FindColumn(column));
    if (table == nullptr) {
      auto error = base::NotFound("column \"" + column + "\" does not exist").WithSqlstate("42703");
      const auto names = ColumnNames();
      if (const auto near = base::NearestName(column, names))
        return std::move(error).WithHint("Perhaps you meant to reference the column \"" + *near + "\".");
      return error;
    }
  } else {
    const std::string& qualifier = (*name)[name->size() - 2];
    table = FindTable(qualifier);
    if (table == nullptr)
      return base::NotFound("missing FROM-clause entry for table \"" + qualifier + "\"").WithSqlstate("42P01");
  }
  for (const auto& field : table->columns) {
    if (field.name != column) continue;
    *name = {table->alias, column};
    return field.type;
  }
  auto error = base::NotFound("column " + table->alias + "." + column + " does not exist").WithSqlstate("42703");
  std::vector<std::string_view> names;
  for (const auto& field : table->columns) names.push_back(field.name);
  if (const auto near = base::NearestName(column, names))
    return std::move(error).WithHint("Perhaps you meant to reference the column \"" + table->alias + "." + *near + "\".");
  return error;
}

}  // namespace sql
