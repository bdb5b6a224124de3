#pragma once
// For tests: a store in memory, a catalog with a source, its rows and its views made by hand as the
// pipeline would, and an engine over them.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "query/engine.h"

namespace query {

using Rows = std::vector<std::vector<std::string>>;

// A definer that notes what it was given; it fails when `error` is set.
class NotingDefiner : public Definer {
 public:
  base::Result<std::vector<std::string>> Apply(
      const std::vector<sql::Statement>& statements, std::vector<std::string>* warnings,
      const std::function<base::Status()>& stopped) override;
  std::vector<std::vector<std::string>> applied;  // texts, a call each
  base::Status error;
};

class World {
 public:
  explicit World(EngineOptions options = {});
  ~World();

  // orders(order_id, region, amount, qty, paid, order_time) with its raw rows, and views
  //   per_region: count and sum of amount by region; per_minute: the same by TUMBLE of a minute.
  // silent: a source that keeps no rows.
  void Insert(const std::string& values);  // a raw row and its partials, as a commit of its own
  std::unique_ptr<Session> Connect(const std::string& role = "superset");
  std::unique_ptr<Session> Connect(SessionInfo info);
  void AddView(const std::string& name, const std::string& select);
  void Run(const std::string& sql);  // on the store
  catalog::CatalogHolder& catalog() { return catalog_; }

  std::unique_ptr<store::Store> store;
  NotingDefiner definer;
  std::unique_ptr<Engine> engine;

 private:
  void MakeCatalog();
  void AddRole(const std::string& name, bool administrator, std::set<std::string> select_on,
               catalog::Catalog* catalog);
  catalog::CatalogHolder catalog_;
  std::vector<std::string> view_names_;
};

// All rows of a result, as text; NULL is "NULL".
Rows ReadAll(model::RowSource* rows);
std::vector<std::string> RowText(const model::ChunkView& chunk, size_t row);

// Runs one statement or fails the test.
Execution MustRun(Session* session, const std::string& text,
                  const std::vector<Parameter>& parameters = {});
Rows MustRead(Session* session, const std::string& text,
              const std::vector<Parameter>& parameters = {});
// The first error of any step.
base::Status Error(Session* session, const std::string& text,
                   const std::vector<Parameter>& parameters = {});
base::Result<Rows> TryRead(Session* session, const std::string& text,
                           const std::vector<Parameter>& parameters = {});

}  // namespace query
