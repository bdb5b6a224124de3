#include "store/engine.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/log.h"
#include "base/metrics.h"
#include "store/engine_error.h"

namespace store {
namespace {

using base::Result;
using base::Status;

constexpr const char* kHeaderVersion =
    "v1.5.5";  // of the duckdb.h this is compiled with (third_party/pins.txt)

class Config {
 public:
  Config() { duckdb_create_config(&config_); }
  ~Config() { duckdb_destroy_config(&config_); }
  Status Set(const char* name, const std::string& value) {
    if (duckdb_set_config(config_, name, value.c_str()) != DuckDBSuccess)
      return base::Internal(std::string("the engine refuses setting ") + name + " = " + value);
    return {};
  }
  duckdb_config get() const { return config_; }

 private:
  duckdb_config config_ = nullptr;
};

Status SetCommon(const StoreOptions& options, Config* config) {
  struct Setting {
    const char *name, *value;
  };
  // Every commit is in the WAL and checkpoints are a step of their own (evidence: a skipped WAL
  // stands or falls with its checkpoint). Nothing outside the data directory can be read or
  // written, and nothing is downloaded.
  static constexpr std::array kSettings{
      Setting{"checkpoint_threshold", "1TB"},
      Setting{"auto_checkpoint_skip_wal_threshold", "18446744073709551615"},
      Setting{"integer_division", "true"},
      Setting{"default_null_order", "nulls_last_on_asc_first_on_desc"},
      Setting{"enable_external_access", "false"},
      Setting{"autoinstall_known_extensions", "false"},
      Setting{"autoload_known_extensions", "false"},
      Setting{"allow_community_extensions", "false"},
      // ADR 16: raw rows in the newest format cost a third less CPU, and a batch of a whole row
      // group is written to the file at once.
      Setting{"storage_compatibility_version", kHeaderVersion},
      Setting{"write_buffer_row_group_count", "1"},
  };
  for (const Setting& setting : kSettings)
    RETURN_IF_ERROR(config->Set(setting.name, setting.value));
  RETURN_IF_ERROR(config->Set("memory_limit", std::to_string(options.memory_limit_bytes) + "B"));
  return config->Set("threads", std::to_string(std::max(options.threads, 1)));
}

Status SetTemporary(const StoreOptions& options, Config* config) {
  if (options.data_dir.empty()) return config->Set("temp_directory", "");
  const std::filesystem::path folder = options.data_dir / "tmp";
  std::error_code error;
  std::filesystem::remove_all(folder, error);  // what a killed server left; nothing in it is needed
  RETURN_IF_ERROR(config->Set("temp_directory", folder.string()));
  return config->Set("max_temp_directory_size", std::to_string(options.max_temp_bytes) + "B");
}

// Opening fails for many reasons; what the operator can do differs.
Status OpenStatus(const std::string& path, const std::string& message) {
  auto has = [&](const char* part) { return message.find(part) != std::string::npos; };
  if (has("Could not set lock") || has("Conflicting lock"))
    return base::Unavailable("store \"" + path + "\" is open in another process")
        .WithDetail(message + ".")
        .WithSqlstate("55006");
  if (has("No space left"))
    return base::Exhausted("no space left on device")
        .WithDetail(message + ".")
        .WithSqlstate("53100");
  if (has("Permission denied") || has("Cannot open file") || has("Read-only file system"))
    return base::Unavailable("could not open store \"" + path + "\"")
        .WithDetail(message + ".")
        .WithSqlstate("58030");
  return base::Corrupt("store \"" + path + "\" cannot be read")
      .WithDetail(message + ".")
      .WithHint(
          "Nothing was changed. Keep the directory as it is and restore a backup, or replay into a "
          "new directory.");
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(EngineSetup setup) {
  if (std::string_view(duckdb_library_version()) != kHeaderVersion) {
    return base::Internal(std::string("the DuckDB library is ") + duckdb_library_version() +
                          " but the header is " + kHeaderVersion)
        .WithHint("Build again with the pinned third-party prefix.");
  }
  std::unique_ptr<Engine> engine(new Engine(std::move(setup)));
  RETURN_IF_ERROR(engine->OpenDatabase());
  return engine;
}

Engine::~Engine() {
  CHECK(sessions_.empty());
  if (database_) duckdb_close(&database_);
}

Status Engine::OpenDatabase() {
  Config config;
  RETURN_IF_ERROR(SetTemporary(setup_.options, &config));  // before external access is switched off
  RETURN_IF_ERROR(SetCommon(setup_.options, &config));
  if (setup_.read_only) RETURN_IF_ERROR(config.Set("access_mode", "READ_ONLY"));
  const std::string path = in_memory() ? "" : DatabasePath().string();
  char* error = nullptr;
  if (duckdb_open_ext(in_memory() ? nullptr : path.c_str(), &database_, config.get(), &error) !=
      DuckDBSuccess) {
    const std::string message = error ? error : "unknown error";
    duckdb_free(error);
    database_ = nullptr;
    return OpenStatus(path, message);
  }
  ++generation_;
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess)
    return base::Internal("the engine refuses a connection");
  Status status = Configure(connection);
  duckdb_disconnect(&connection);
  if (!status.ok()) duckdb_close(&database_);
  return status;
}

Status Engine::Configure(duckdb_connection connection) {
  auto run = [&](const char* sql) -> Status {
    duckdb_result result;
    Status status;
    if (duckdb_query(connection, sql, &result) != DuckDBSuccess) status = ResultStatus(&result);
    duckdb_destroy_result(&result);
    return status;
  };
  RETURN_IF_ERROR(run("SET GLOBAL TimeZone = 'UTC'"));
  if (setup_.on_open) RETURN_IF_ERROR(setup_.on_open(connection));
  // The in-memory engine of the system catalog is filled by our own statements after opening; a
  // store's settings are final.
  if (in_memory() || !setup_.options.lock_settings) return {};
  RETURN_IF_ERROR(run("SET allowed_configs = ['TimeZone', 'max_vacuum_tasks']"));
  return run("SET lock_configuration = true");
}

Result<Engine::Access> Engine::Enter() {
  for (;;) {
    if (stopped_.load(std::memory_order_acquire)) RETURN_IF_ERROR(Reopen());
    Access access(this);
    if (!stopped_.load(std::memory_order_acquire)) return access;
  }
}

// Long statements of a stopped instance would only hold up its reopening.
void Engine::InterruptAll() {
  std::shared_lock access(running_);
  std::lock_guard lock(sessions_mutex_);
  for (Session* session : sessions_)
    if (duckdb_connection connection = session->connection_.load()) duckdb_interrupt(connection);
}

Status Engine::Reopen() {
  InterruptAll();
  std::unique_lock alone(running_);
  if (!stopped_.load()) return {};  // somebody else did it
  if (in_memory()) return base::Corrupt("the in-memory engine has stopped; its contents are lost");
  base::Log(base::Level::kWarning, "store", "opening the database again after a fatal error");
  {
    std::lock_guard lock(sessions_mutex_);
    for (Session* session : sessions_) session->Drop();
  }
  if (database_) duckdb_close(&database_);
  RETURN_IF_ERROR(OpenDatabase());
  reopened_.fetch_add(1);
  base::Metrics()
      .GetCounter("freshet_store_reopened_total",
                  "Times the database was closed and opened again after a fatal error.")
      .Add();
  stopped_.store(false, std::memory_order_release);
  return {};
}

Status Engine::Note(duckdb_error_type type, std::string_view message) {
  Status status = EngineStatus(type, message);
  if (IsFatal(type)) {
    stopped_.store(true, std::memory_order_release);
    base::Log(base::Level::kError, "store", "the engine stopped",
              {{"error", std::string(message)}});
  }
  return status;
}

Status Engine::Note(duckdb_result* result) {
  const char* message = duckdb_result_error(result);
  return Note(duckdb_result_error_type(result), message ? message : "unknown error");
}

void Engine::Add(Session* session) {
  std::lock_guard lock(sessions_mutex_);
  sessions_.insert(session);
}

void Engine::Remove(Session* session) {
  std::shared_lock access(running_);
  session->Drop();
  std::lock_guard lock(sessions_mutex_);
  sessions_.erase(session);
}

Session::Session(Engine* engine) : engine_(engine) { engine_->Add(this); }

Session::~Session() { engine_->Remove(this); }

Result<Session::Use> Session::Enter() {
  ASSIGN_OR_RETURN(Engine::Access access, engine_->Enter());
  duckdb_connection connection = connection_.load(std::memory_order_relaxed);
  if (!connection) {
    if (duckdb_connect(access.database(), &connection) != DuckDBSuccess)
      return base::Internal("the engine refuses a connection");
    connection_.store(connection, std::memory_order_release);
  }
  return Use{std::move(access), connection};
}

Status Session::Run(const Use& use, const std::string& sql) {
  duckdb_result result;
  Status status;
  if (duckdb_query(use.connection, sql.c_str(), &result) != DuckDBSuccess)
    status = engine_->Note(&result);
  duckdb_destroy_result(&result);
  return status;
}

Status Session::Run(const std::string& sql) {
  ASSIGN_OR_RETURN(const Use use, Enter());
  return Run(use, sql);
}

Status Session::RunInTransaction(const std::vector<std::string>& statements) {
  ASSIGN_OR_RETURN(const Use use, Enter());
  RETURN_IF_ERROR(Run(use, "BEGIN TRANSACTION"));
  for (const std::string& statement : statements) {
    Status status = Run(use, statement);
    if (status.ok()) continue;
    (void)Run(use,
              "ROLLBACK");  // says that there is no transaction when the engine ended it itself
    return status;
  }
  return Run(use, "COMMIT");
}

void Session::Interrupt() {
  std::shared_lock access(engine_->running_);
  if (duckdb_connection connection = connection_.load(std::memory_order_acquire))
    duckdb_interrupt(connection);
}

void Session::Close() {
  std::shared_lock access(engine_->running_);
  Drop();
}

void Session::Drop() {
  duckdb_connection connection = connection_.exchange(nullptr);
  if (!connection) return;
  if (on_drop) on_drop();
  duckdb_disconnect(&connection);
}

}  // namespace store
