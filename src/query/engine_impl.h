#pragma once
// EngineImpl: what all sessions share - places, connections, plans, the list of sessions - and the
// watch, the thread that enforces deadlines.
//
// Threads: any; the watch thread (`query-watch`) lives from Make to the destructor. Owns:
// everything listed. Borrows: store, catalog, definer, system catalog, which outlive it. Limits:
// EngineOptions.

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "query/connection_pool.h"
#include "query/engine.h"
#include "query/flights.h"
#include "query/kept_rows.h"
#include "query/places.h"
#include "query/planner.h"
#include "query/relations.h"

namespace query {

class SessionImpl;

class EngineImpl : public Engine {
 public:
  EngineImpl(const EngineOptions& options, store::Store* store, catalog::CatalogHolder* catalog,
             Definer* definer, SystemCatalog* system_catalog);
  ~EngineImpl() override;

  base::Result<std::unique_ptr<Session>> Connect(const SessionInfo& info) override;
  void AddSystemRows(const std::string& relation, model::Fields fields, SystemRows rows) override;
  void AddSystemQuery(const std::string& relation, model::Fields fields,
                      std::function<std::string()> sql) override;
  bool CancelBackend(int pid, bool terminate) override;
  std::vector<Running> Backends() const override;

  const EngineOptions& options() const { return options_; }
  ConnectionPool* pool() { return pool_.get(); }
  Places* places() { return &places_; }
  Flights* flights() { return &flights_; }
  Planner* planner() { return &planner_; }
  Definer* definer() { return definer_; }
  std::mutex* write_mutex() { return &write_mutex_; }
  void NoteWritten(model::ObjectId table, size_t rows) { store_->NoteWritten(table, rows); }
  SystemCatalog* system_catalog() { return system_catalog_; }
  const std::shared_ptr<KeptBudget>& kept_budget() { return kept_budget_; }
  // The canonical spelling of a time zone the store knows; nullopt for any other text.
  std::optional<std::string> TimeZone(std::string_view name);
  void Forget(SessionImpl* session);

 private:
  void Watch();
  base::Status LoadTimeZones();

  const EngineOptions options_;
  std::shared_ptr<ConnectionPool> pool_;
  SystemRelations system_relations_;
  Places places_;
  Flights flights_;
  Planner planner_;
  std::shared_ptr<KeptBudget> kept_budget_;
  Definer* definer_;
  store::Store* store_;
  std::mutex write_mutex_;  // held by INSERT, UPDATE and DELETE, one at a time
  SystemCatalog* system_catalog_;

  std::mutex zones_mutex_;
  std::map<std::string, std::string, std::less<>> zones_;  // lower case -> as spelled

  mutable std::mutex sessions_mutex_;
  std::condition_variable wake_;
  std::set<SessionImpl*> sessions_;
  bool stopping_ = false;
  std::thread watch_;
};

}  // namespace query
