#pragma once
// What names mean at one place of a SELECT: the relations of FROM with their columns, and the
// SELECTs around it.
//
// Threads: one owner. Owns: copies of names and types. Borrows: the outer scope.

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/schema.h"
#include "sql/binder.h"

namespace sql {

struct ScopeColumn {
  std::string name;
  model::Type type;
  bool merged = false;  // by USING: without a qualifier the merged column is meant
};

struct ScopeTable {
  std::string alias;  // empty = the merged columns of a join, which have no qualifier
  std::vector<std::string> relation;  // {schema, name} of a relation used under its own name
  std::string relation_name;          // its name even when an alias hides it
  std::vector<ScopeColumn> columns;
};

struct ColumnPlace {
  size_t table = 0, column = 0;
};

struct Scope {
  std::vector<ScopeTable> tables;
  std::vector<ColumnPlace> star;  // what * stands for, in order
  size_t first_visible = 0;       // in a join condition only the tables of the join
  const Scope* outer = nullptr;

  // Columns without a qualifier. Several = ambiguous.
  std::vector<ColumnPlace> Find(const std::string& name) const;
  std::optional<size_t> FindTable(const std::string& alias) const;
  std::optional<size_t> FindRelation(const std::string& schema, const std::string& name) const;
  std::optional<size_t> FindColumn(size_t table, const std::string& name) const;

  // PostgreSQL's HINT for a wrong name; empty = nothing is near.
  std::string HintFor(const std::string& name, const std::string& table) const;
};

}  // namespace sql
