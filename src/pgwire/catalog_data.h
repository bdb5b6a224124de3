#pragma once
// The part of the system catalog that is the same in every PostgreSQL 15: its relations with their columns, its types, and
// the functions that types and clients name. The texts are in catalog_data_*.cc; here they become values.
//
// A column's type is a letter: o oid, n name, c "char", b boolean, s smallint, i integer, l bigint, r real, d double, m numeric,
// t text (and what else is told as text), p regproc, q regtype, x xid, z timestamptz, I interval, B bytea, g pg_node_tree,
// v int2vector, w oidvector, and arrays: a aclitem[], T text[], N name[], O oid[], S smallint[], C "char"[], R real[], D double[],
// L boolean[], Q regtype[].
// Threads: any; made once.

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/types.h"

namespace pgwire {

struct CatalogColumn {
  std::string_view name;
  char letter;
  bool not_null;
};

struct CatalogRelation {
  uint32_t oid;
  std::string_view schema, name;
  char kind;                       // r table, v view
  std::vector<CatalogColumn> columns;
};

struct CatalogType {
  uint32_t oid;
  bool information_schema;
  std::string_view name;
  // The other columns of pg_type, as text, from typlen to typcollation.
  std::vector<std::string_view> values;
  std::string_view format;         // format_type(oid, NULL)
};

struct CatalogProc {
  uint32_t oid;
  std::string_view name;
  uint32_t result;
  int arguments;
};

const std::vector<CatalogRelation>& FixedRelations();
const std::vector<CatalogType>& FixedTypes();
const std::vector<CatalogProc>& FixedProcs();

// pg_catalog's when `schema` is empty. nullptr = there is none.
const CatalogRelation* FindFixedRelation(std::string_view schema, std::string_view name);
const CatalogType* FindFixedType(std::string_view name);   // by typname or by what format_type says

// How a letter's values lie in DuckDB, the type that clients see, and its oid in pg_attribute.
const char* DuckDbTypeOf(char letter);
model::Type ShownTypeOf(char letter);
uint32_t TypeOidOf(char letter);

// The texts (catalog_data_*.cc): entries end with '|', words are separated by spaces.
extern const std::string_view kCatalogTables, kCatalogViews, kInformationTables, kInformationViews, kTypes, kFunctions;

}  // namespace pgwire
