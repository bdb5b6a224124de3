#pragma once
// The functions that SELECTs over the system catalog may call: those of PostgreSQL's catalog as DuckDB macros (schema pgc),
// and ordinary ones that mean the same in both. What is not here does not run (42883): this list is the security boundary of
// the catalog's database.
//
// Threads: any; the table is constant.

#include <string>
#include <string_view>
#include <vector>

namespace pgwire {

struct CatalogFunction {
  const char* name;
  char result;          // letter of catalog_data.h; '?' = as DuckDB says
  // "(a, b) AS body": a macro of schema pgc; overloads are rows of their own. Bodies use aliases that begin with __, because
  // macros are textual. "=" : DuckDB's function of the same name; "=x": DuckDB's x; "!": made for each caller (CatalogRewrite).
  const char* body;
};

// nullptr = not known. Overloads: the first row.
const CatalogFunction* FindCatalogFunction(std::string_view name);

// True for what only PostgreSQL's catalog has: a SELECT without FROM that calls it is answered here.
bool IsCatalogOnly(const CatalogFunction& function);

// Functions in FROM that stand for a relation: the relation's name, else nullptr.
const char* RelationOfTableFunction(std::string_view name);
inline bool IsCatalogTableFunction(std::string_view name) { return RelationOfTableFunction(name) != nullptr; }

// CREATE MACRO statements.
std::vector<std::string> MacroDefinitions();

}  // namespace pgwire
