#pragma once
// CatalogInsert: rows of one catalog relation as INSERT statements. A column that is not given is NULL, or its type's zero
// where PostgreSQL never has NULL. Threads: one owner.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pgwire/catalog_data.h"

namespace pgwire {

class CatalogInsert {
 public:
  // Values are DuckDB text: sql::QuoteLiteral, numbers, true.
  using Values = std::map<std::string_view, std::string>;

  // `fixed` are the values that all rows share.
  CatalogInsert(std::string_view schema, std::string_view name, Values fixed, std::vector<std::string>* out);
  ~CatalogInsert() { Flush(); }
  CatalogInsert(const CatalogInsert&) = delete;
  CatalogInsert& operator=(const CatalogInsert&) = delete;

  void Add(const Values& values);

 private:
  void Flush();

  const CatalogRelation* relation_;
  const Values fixed_;
  std::vector<std::string>* const out_;
  std::vector<size_t> given_;   // columns of relation_ that the rows of this batch give
  std::string rows_;
  size_t count_ = 0;
};

// pgc."pg_class".
std::string DuckDbNameOf(std::string_view schema, std::string_view name);

}  // namespace pgwire
