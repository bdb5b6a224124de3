#pragma once
// The tables behind pg_catalog and information_schema: their definitions, their macros, and the rows made from the registry.
//
// They live in schemas pgc and infosch of an in-memory DuckDB. Oids: fixed ones are PostgreSQL's; those of sources, views and
// system relations are stable (16384 + object id; system relations from 13000).
// Threads: text in, text out.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "query/engine.h"

namespace pgwire {

// CREATE SCHEMA, CREATE TABLE and CREATE MACRO statements, run once.
std::vector<std::string> CatalogDefinitions();

// Statements that fill the tables from one snapshot of the registry.
std::vector<std::string> CatalogRows(const catalog::Catalog& catalog, const std::string& database, const std::string& server_version);

// Rows of pg_stat_activity as a SELECT, from the running sessions.
std::string ActivityRows(const query::Engine* engine, const std::string& database);

// Whether a relation of that name is in pg_catalog or information_schema.
bool IsCatalogRelation(std::string_view schema, std::string_view name);
// Whether a function is one of the catalog's macros.
bool IsCatalogFunction(std::string_view name);

}  // namespace pgwire
