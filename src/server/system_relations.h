#pragma once
// The relations of schema freshet: operations as SQL tables. Made from live state when asked.
// Threads: query threads call the row functions; they only read copies.

#include "catalog/catalog.h"
#include "pipeline/stage_two.h"
#include "query/engine.h"
#include "server/settings.h"

namespace server {

struct SystemRelation {
  std::string name;
  model::Fields fields;
  query::SystemRows rows;            // either this
  std::function<std::string()> sql;  // or DuckDB text over the store
};

struct SystemState {
  catalog::CatalogHolder* catalog;
  const pipeline::Pipeline* pipeline;
  const pipeline::StageTwo* stage_two;
  query::Engine* engine;
  const Settings* settings;
  const base::Clock* clock;
};

// Columns of freshet.dead_letters, which REPLAY's WHERE may name.
model::Fields DeadLetterFields();

// `state` is filled in after the catalog is made; it must outlive the relations.
std::vector<SystemRelation> MakeSystemRelations(const SystemState* state);

// DuckDB text; an empty one is NULL.
std::string TextOrNull(const std::string& text);

// freshet.tables (table_relation.cc).
SystemRelation TablesRelation(const SystemState* state);

}  // namespace server
