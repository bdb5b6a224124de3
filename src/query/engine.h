#pragma once
// Engine: answers statements. A Session is one client's world: role, settings, transaction state,
// cursors. It parses, binds and prints SELECTs over one snapshot, answers SET / SHOW / BEGIN /
// cursors itself, and hands DDL to the definer.
//
// Threads: Engine any; a Session one at a time (its strand or a query thread), Cancel any.
// Errors: PostgreSQL's SQLSTATEs. Limits: EngineOptions.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "catalog/catalog.h"
#include "model/result.h"
#include "sql/statements.h"
#include "store/store.h"

namespace query {

struct EngineOptions {
  int max_running = 4;    // SELECTs that run at once; more wait
  int max_waiting = 200;  // and beyond that they fail with 53300
  std::chrono::milliseconds statement_timeout{
      60'000};  // default and upper bound for BI roles; 0 = none
  std::chrono::milliseconds idle_in_transaction_timeout{60'000};
  size_t max_result_bytes = size_t{1} << 30;  // of one result
  size_t max_kept_bytes = size_t{128}
                          << 20;  // of all results kept in memory for cursors and suspended portals
  size_t max_plans = 512;         // kept by text
  std::string database = "freshet";  // the one that clients may connect to
  std::string server_version = "15.0 (Freshet)";
  const base::Clock* clock = &base::Clock::System();
};

class Engine;

// Runs DDL. Implemented by the server over catalog, pipeline and store. Blocking; one at a time.
class Definer {
 public:
  virtual ~Definer() = default;
  // Applies all statements or none. Returns one command tag each ("CREATE SOURCE", ...); `warnings`
  // are for who sent them. `stopped` is asked while it waits for views to be filled; an error ends
  // the waiting, not the filling.
  virtual base::Result<std::vector<std::string>> Apply(
      const std::vector<sql::Statement>& statements, std::vector<std::string>* warnings,
      const std::function<base::Status()>& stopped) = 0;
};

// pg_catalog, information_schema and the functions that go with them; implemented in pgwire.
class SystemCatalog {
 public:
  struct Caller {
    std::string role, database;
    int pid = 0;
    std::function<std::string(std::string_view)> setting;
    Engine* engine = nullptr;  // pg_stat_activity, pg_terminate_backend
    std::function<void(store::Connection*)>
        runs_on;  // what Cancel and the timeout interrupt; nullptr = nothing any more
  };
  virtual ~SystemCatalog() = default;
  // True when the statement reads only system relations (or none at all but uses catalog
  // functions).
  virtual bool Owns(const sql::Select& select) const = 0;
  virtual base::Result<model::Fields> Describe(const sql::Select& select, const Caller& caller) = 0;
  // Types of $1.. as declared, else as the statement tells.
  virtual std::vector<model::Type> ParameterTypes(const sql::Select& select,
                                                  std::vector<model::Type> declared) const = 0;
  virtual base::Result<std::unique_ptr<model::RowSource>> Run(
      const sql::Select& select, const Caller& caller,
      const std::vector<std::string>& parameters) = 0;
};

// Rows of freshet.sources, freshet.source_partitions ...: made by the server from live state. Text
// per cell, "\1" = NULL.
using SystemRows = std::function<std::vector<std::vector<std::string>>()>;

// One value of a parameter in text form; nullopt = NULL. (pgwire turns binary into text.)
using Parameter = std::optional<std::string>;

// A statement that is parsed, bound and described.
struct Prepared {
  sql::Statement statement;
  std::vector<model::Type> parameter_types;
  model::Fields fields;  // empty and returns_rows false for commands
  bool returns_rows = false;
  bool light = false;  // reads no stored rows (SHOW, the system catalog ...): runs without waiting
                       // for a query slot
  int64_t catalog_version = 0;  // prepared again when the catalog moved on
};

struct Execution {
  std::unique_ptr<model::RowSource> rows;  // nullptr for commands
  std::string tag;  // "SELECT" (pgwire appends the count), "SET", "BEGIN" ...
  std::vector<std::pair<std::string, std::string>> notices;  // severity, text
};

class Session {
 public:
  virtual ~Session() = default;

  virtual base::Result<std::vector<sql::Statement>> Parse(
      const std::string& text) = 0;  // a simple-query string
  virtual base::Result<std::shared_ptr<Prepared>> Prepare(
      sql::Statement statement, std::vector<model::Type> parameter_types) = 0;
  // Blocking: runs on a query thread. The Execution must be destroyed before the next Execute of a
  // cursor-less session, except for suspended portals, which keep a connection of their own.
  virtual base::Result<Execution> Execute(const std::shared_ptr<Prepared>& prepared,
                                          const std::vector<Parameter>& parameters) = 0;

  // Transaction state for ReadyForQuery: 'I', 'T', 'E'. Fail() after any error inside a transaction
  // block.
  virtual char TransactionState() const = 0;
  virtual void Fail() = 0;

  virtual std::string Setting(std::string_view name) const = 0;
  virtual base::Status Set(const std::string& name, const std::string& value) = 0;
  // Reported settings (ParameterStatus) that changed since the last call.
  virtual std::vector<std::pair<std::string, std::string>> TakeChangedSettings() = 0;

  virtual void Cancel() = 0;  // any thread: ends what runs with 57014
  virtual const std::string& role() const = 0;
};

struct SessionInfo {
  std::string role, database, application_name, client_address;
  int pid = 0;
  std::vector<std::pair<std::string, std::string>>
      startup_settings;  // from the StartupMessage (options, DateStyle ...)
  // Called at most once, on any thread, when the engine ends the session by itself: 57P01
  // (pg_terminate_backend) or 25P03 (idle in transaction). The owner sends the status as FATAL,
  // closes the connection and destroys the session. May be empty. It may still be called while the
  // Session is being destroyed, never after.
  std::function<void(base::Status)> terminate;
};

class Engine {
 public:
  virtual ~Engine() = default;
  static std::unique_ptr<Engine> Make(const EngineOptions& options, store::Store* store,
                                      catalog::CatalogHolder* catalog, Definer* definer,
                                      SystemCatalog* system_catalog);
  virtual base::Result<std::unique_ptr<Session>> Connect(
      const SessionInfo& info) = 0;  // 3D000 for an unknown database
  virtual void AddSystemRows(const std::string& relation, model::Fields fields,
                             SystemRows rows) = 0;
  // A system relation that lives in the store (freshet.dead_letters): `sql` gives the DuckDB SELECT
  // for FROM, asked at each statement because names in it follow the catalog. Its columns must be
  // `fields` in order.
  virtual void AddSystemQuery(const std::string& relation, model::Fields fields,
                              std::function<std::string()> sql) = 0;
  // pg_terminate_backend / pg_cancel_backend.
  virtual bool CancelBackend(int pid, bool terminate) = 0;
  struct Running {
    int pid;
    std::string role, application_name, client_address, state, query;
    base::WallTime since;
    bool waiting = false;  // for one of max_running places
  };
  virtual std::vector<Running> Backends() const = 0;
};

}  // namespace query
