#pragma once
// Relations: the names that one statement sees - a catalog snapshot and the system relations,
// through its search path - and the text that stands for each of them in DuckDB's FROM.
//
// Threads: SystemRelations any; Relations one statement. Errors: 55000 for a source that keeps no
// rows, 0A000 for another database. Limits: kMaxSystemRows rows of a system relation that is made
// from live state.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "query/engine.h"

namespace query {

// freshet.sources ...: from live state, or DuckDB text over the store.
struct SystemRelation {
  sql::RelationInfo info;
  SystemRows rows;
  std::function<std::string()> sql;
};

class SystemRelations {
 public:
  using Map = std::map<std::string, SystemRelation, std::less<>>;  // by name without schema
  void Add(SystemRelation relation);
  std::shared_ptr<const Map> Get() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Map> map_ = std::make_shared<Map>();
};

constexpr size_t kMaxSystemRows = 100'000;

struct RelationsOptions {
  catalog::CatalogPtr catalog;
  std::shared_ptr<const SystemRelations::Map> system;
  std::vector<std::string> search_path;
  std::string database;
};

class Relations : public sql::RelationLookup {
 public:
  explicit Relations(RelationsOptions options) : options_(std::move(options)) {}

  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override;
  std::vector<std::string_view> Names() const override;

  // Text for FROM. `name` is as written: {[database,] [schema,] relation}. `live` is set when the
  // text holds rows of this moment and must not be used again.
  base::Result<std::string> Text(const std::vector<std::string>& name, bool* live) const;

  // `panes` is a condition of the view's panes, empty = none.
  std::string ViewText(const catalog::View& view, const std::string& panes = "") const;
  // The view of this name when its windows overlap, else null.
  std::shared_ptr<const catalog::View> PaneView(const std::vector<std::string>& name) const;

  // How an error calls it: "source", "materialized view", "table".
  static const char* KindOf(const catalog::Catalog& catalog, const sql::RelationInfo& info);

 private:
  base::Result<std::string> SourceText(const catalog::Source& source) const;

  RelationsOptions options_;
};

}  // namespace query
