#pragma once
// The tables of the system catalog in an in-memory DuckDB (schemas pgc and infosch): how they are made, and their rows from
// one snapshot of the registry. Rows that are the same in every PostgreSQL are written once.
//
// Threads: text in, text out.

#include <string>
#include <vector>

#include "pgwire/catalog_names.h"
#include "query/engine.h"

namespace pgwire {

// Schemas, tables, macros and the rows that never change. Run once.
std::vector<std::string> CatalogDefinitions();

// Takes the rows of the snapshot before out and puts those of `names` in.
std::vector<std::string> CatalogRows(const CatalogNames& names, const std::string& database);

// What stands for a relation in FROM when its rows are not in the tables but in the server at this moment, else empty:
// pg_stat_activity, pg_settings.
std::string LiveRelation(std::string_view schema, std::string_view name, const query::SystemCatalog::Caller& caller);

}  // namespace pgwire
