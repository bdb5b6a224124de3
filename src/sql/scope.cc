#include "sql/scope.h"

#include <string_view>

namespace sql {

std::vector<ColumnPlace> Scope::Find(const std::string& name) const {
  std::vector<ColumnPlace> found;
  for (size_t t = first_visible; t < tables.size(); ++t)
    for (size_t c = 0; c < tables[t].columns.size(); ++c)
      if (!tables[t].columns[c].merged && tables[t].columns[c].name == name)
        found.push_back({t, c});
  return found;
}

std::optional<size_t> Scope::FindTable(const std::string& alias) const {
  for (size_t t = first_visible; t < tables.size(); ++t)
    if (!tables[t].alias.empty() && tables[t].alias == alias) return t;
  return std::nullopt;
}

std::optional<size_t> Scope::FindRelation(const std::string& schema,
                                          const std::string& name) const {
  for (size_t t = first_visible; t < tables.size(); ++t)
    if (tables[t].relation.size() == 2 && tables[t].relation[0] == schema &&
        tables[t].relation[1] == name)
      return t;
  return std::nullopt;
}

std::optional<size_t> Scope::FindColumn(size_t table, const std::string& name) const {
  for (size_t c = 0; c < tables[table].columns.size(); ++c)
    if (tables[table].columns[c].name == name) return c;
  return std::nullopt;
}

std::string Scope::HintFor(const std::string& name, const std::string& table) const {
  std::vector<std::string_view> names;
  std::vector<size_t> owners;
  for (size_t t = first_visible; t < tables.size(); ++t) {
    if (!table.empty() && tables[t].alias != table) continue;
    for (const ScopeColumn& column : tables[t].columns) {
      names.push_back(column.name);
      owners.push_back(t);
    }
  }
  const std::optional<std::string> near = base::NearestName(name, names);
  if (!near) return "";
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == *near) {
      const std::string& alias = tables[owners[i]].alias;
      return "Perhaps you meant to reference the column \"" + (alias.empty() ? "" : alias + ".") +
             *near + "\".";
    }
  return "";
}

}  // namespace sql
