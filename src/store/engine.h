#pragma once
// Engine: the running DuckDB instance of a store, and Session, a connection to it.
//
// A full disk at CHECKPOINT (or a bug) can stop the whole instance: every later statement fails
// until the database is closed and opened again. The engine does that while the server lives: each
// call into DuckDB holds an Access (shared); whoever meets a stopped instance takes it alone, tells
// every Session to let its handles go, and opens the file again. Sessions connect again at their
// next use. The number of the instance is its generation.
//
// Threads: Engine any; a Session has one owner, but Interrupt is for any thread. No thread may hold
// two Accesses. Owns: the database. Errors: kCorrupt, kUnavailable, kExhausted as Store says.

#include <duckdb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_set>

#include "base/status.h"
#include "store/store.h"

namespace store {

class Session;

struct EngineSetup {
  StoreOptions options;
  bool read_only = false;
  // Runs on every new instance before anybody else: registers functions, makes fixed tables.
  std::function<base::Status(duckdb_connection)> on_open;
};

class Engine {
 public:
  class Access {
   public:
    uint64_t generation() const { return engine_->generation_; }
    duckdb_database database() const { return engine_->database_; }

   private:
    friend class Engine;
    explicit Access(Engine* engine) : engine_(engine), lock_(engine->running_) {}
    Engine* engine_;
    std::shared_lock<std::shared_mutex> lock_;
  };

  static base::Result<std::unique_ptr<Engine>> Open(EngineSetup setup);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Opens the database again first when the instance has stopped.
  base::Result<Access> Enter();

  // Takes note of a failed call; a fatal one stops the instance. Returns the error as a Status.
  base::Status Note(duckdb_error_type type, std::string_view message);
  base::Status Note(duckdb_result* result);

  bool in_memory() const { return setup_.options.data_dir.empty(); }
  const StoreOptions& options() const { return setup_.options; }
  std::filesystem::path DatabasePath() const { return setup_.options.data_dir / "freshet.duckdb"; }
  uint64_t reopened() const { return reopened_.load(); }

 private:
  friend class Session;
  explicit Engine(EngineSetup setup) : setup_(std::move(setup)) {}
  base::Status OpenDatabase();
  base::Status Reopen();
  base::Status Configure(duckdb_connection connection);
  void InterruptAll();
  void Add(Session* session);
  void Remove(Session* session);

  const EngineSetup setup_;
  std::shared_mutex running_;  // shared by calls, exclusive to reopen
  duckdb_database database_ = nullptr;
  uint64_t generation_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> reopened_{0};
  std::mutex sessions_mutex_;  // after running_
  std::unordered_set<Session*> sessions_;
};

// A connection that survives a reopening. Prepared statements and results that hang on it are given
// back in on_drop.
class Session {
 public:
  struct Use {
    Engine::Access access;
    duckdb_connection connection;
  };

  explicit Session(Engine* engine);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  base::Result<Use> Enter();
  // Runs statements whose result does not matter.
  base::Status Run(const Use& use, const std::string& sql);
  base::Status Run(const std::string& sql);
  // All statements or, after the first error, none of them.
  base::Status RunInTransaction(const std::vector<std::string>& statements);
  void Interrupt();
  void Close();  // gives connection and dependents back now; the next Enter connects again

  Engine* engine() const { return engine_; }
  // Called with the engine taken alone, before the connection is closed.
  std::function<void()> on_drop;

 private:
  friend class Engine;
  void Drop();

  Engine* const engine_;
  std::atomic<duckdb_connection> connection_{nullptr};
};

}  // namespace store
