#pragma once
// SessionImpl: one client's world. Where a statement goes: session.cc dispatches; session_select.cc
// runs SELECT and EXPLAIN, session_settings.cc SET, SHOW and RESET, session_block.cc transactions,
// session_cursor.cc cursors, session_prepared.cc PREPARE and EXECUTE, session_ddl.cc definitions.
//
// Threads: one at a time, but Cancel and the calls of the watch, which hold the engine's list of
// sessions. Owns: settings, cursors, prepared statements, a transaction block's connection.
// Borrows: the engine. Errors: PostgreSQL's SQLSTATEs. Limits: kMaxCursors, kMaxPrepared.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "query/engine_impl.h"
#include "query/settings.h"
#include "query/stream.h"

namespace query {

// What Prepare found out, beyond what clients see.
struct PreparedPlan : Prepared {
  std::shared_ptr<const SelectPlan> plan;  // SELECT, EXPLAIN, DECLARE; INSERT ...: its rows
  sql::SelectPtr rows;                     // INSERT, UPDATE, DELETE: the versions they append
  bool system = false;                     // a SELECT that the system catalog answers
  bool sets = false;                       // SELECT set_config(...): answered here
  std::shared_ptr<PreparedPlan> inner;     // EXECUTE: the statement it names, prepared
};

class SessionImpl : public Session {
 public:
  static constexpr size_t kMaxCursors = 100;
  static constexpr size_t kMaxPrepared = 1'000;

  SessionImpl(EngineImpl* engine, SessionInfo info);
  ~SessionImpl() override;
  base::Status Start();  // takes the startup settings

  base::Result<std::vector<sql::Statement>> Parse(const std::string& text) override;
  base::Result<std::shared_ptr<Prepared>> Prepare(
      sql::Statement statement, std::vector<model::Type> parameter_types) override;
  base::Result<Execution> Execute(const std::shared_ptr<Prepared>& prepared,
                                  const std::vector<Parameter>& parameters) override;
  char TransactionState() const override;
  void Fail() override;
  std::string Setting(std::string_view name) const override;
  base::Status Set(const std::string& name, const std::string& value) override;
  std::vector<std::pair<std::string, std::string>> TakeChangedSettings() override;
  void Cancel() override { activity_->Stop(StopReason::kUser); }
  const std::string& role() const override { return info_.role; }

  // For the engine, with its list of sessions held.
  void Tick(base::MonotonicTime now);
  bool Stop(bool terminate);
  Engine::Running Look() const;
  int pid() const { return info_.pid; }

 private:
  struct Block {  // BEGIN ... COMMIT
    bool failed = false;
    std::vector<std::string> savepoints;
  };
  struct Cursor {
    model::Fields fields;
    bool hold = false, scroll = false;
    bool held = false;               // has outlived its transaction
    std::shared_ptr<Stream> stream;  // either this, forward only
    std::shared_ptr<KeptRows> kept;  // or all rows in memory
    size_t position = 0;             // in `kept`: of the current row, 1-based; 0 = before the first
  };
  struct NamedStatement {
    std::string text;
    std::vector<model::Type> types;
  };
  class FetchedRows;

  // session.cc
  base::Status CheckAllowed(const sql::Statement& statement) const;
  base::Result<std::shared_ptr<Prepared>> PrepareInScope(sql::Statement statement,
                                                         std::vector<model::Type> types);
  base::Result<Execution> ExecuteInScope(PreparedPlan* prepared,
                                         const std::vector<Parameter>& parameters);
  base::Status Noted(base::Status status);  // counts it and fails the block
  base::Status Placed(base::Status status,
                      const sql::Statement& statement) const;  // position in the whole text
  bool administrator() const;
  PlanContext Context();
  SystemCatalog::Caller Caller();
  std::string SessionValue(std::string_view name) const;
  void SettingsChanged();
  void Terminate();  // with the engine's list of sessions held

  // session_select.cc
  base::Status PrepareSelect(const sql::Select& select, const std::string& text, PreparedPlan* out);
  base::Result<Execution> RunSelect(PreparedPlan* prepared,
                                    const std::vector<Parameter>& parameters);
  base::Status Refresh(const sql::Select& select, const std::string& text, PreparedPlan* prepared);
  base::Result<std::unique_ptr<model::RowSource>> RunSystem(
      const sql::Select& select, const std::vector<Parameter>& parameters);
  base::Result<std::vector<std::string>> Literals(const SelectPlan& plan,
                                                  const std::vector<Parameter>& parameters) const;
  base::Result<std::unique_ptr<model::RowSource>> RunPlan(const SelectPlan& plan,
                                                          const std::vector<std::string>& literals);
  base::Result<std::shared_ptr<Stream>> Open(const std::string& text, const model::Fields& fields);
  base::Result<std::shared_ptr<store::Connection>> TakeConnection();
  TimeLimit Limit() const;
  std::chrono::milliseconds StatementTimeout() const;
  void KeepOpenStreams();
  std::vector<std::shared_ptr<Stream>> OpenStreams() const;
  void Remember(const std::shared_ptr<Stream>& stream);

  // session_explain.cc
  base::Status PrepareExplain(const sql::Explain& explain, const std::string& text,
                              PreparedPlan* out);
  base::Result<Execution> RunExplain(const sql::Explain& explain, PreparedPlan* prepared,
                                     const std::vector<Parameter>& parameters);
  base::Result<std::vector<std::string>> ExplainQuery(const sql::Explain& explain,
                                                      const SelectPlan& plan,
                                                      const std::vector<Parameter>& parameters);
  base::Result<std::vector<std::string>> ExplainReplace(const sql::Explain& explain,
                                                        const std::string& text) const;
  base::Result<std::vector<std::string>> ExplainView(const sql::Explain& explain) const;

  // session_settings.cc
  base::Result<Execution> RunSet(const sql::SetStatement& set);
  base::Result<Execution> RunSetConfig(const sql::Select& select);
  base::Result<Execution> RunReset(const sql::ResetStatement& reset);
  base::Result<model::Fields> ShowFields(const sql::ShowStatement& show) const;
  base::Result<Execution> RunShow(const sql::ShowStatement& show) const;
  std::vector<std::vector<std::string>> ShownObjects(const std::string& kind) const;

  // session_block.cc
  base::Result<Execution> RunTransaction(const sql::TransactionStatement& statement);
  base::Result<Execution> BeginBlock(const sql::TransactionStatement& statement);
  base::Result<Execution> EndBlock(bool commit);
  base::Result<Execution> Savepoint(const sql::TransactionStatement& statement);
  void DropBlockConnection();
  base::Result<Execution> RunDiscard();

  // session_cursor.cc
  base::Result<Execution> RunDeclare(PreparedPlan* prepared,
                                     const std::vector<Parameter>& parameters);
  base::Result<Execution> RunFetch(const sql::FetchCursor& fetch);
  base::Result<Execution> FetchKept(Cursor* cursor, const sql::FetchCursor& fetch);
  base::Result<std::shared_ptr<KeptRows>> KeepRows(model::RowSource* rows);
  base::Result<Execution> RunClose(const sql::CloseCursor& close);
  base::Result<Cursor*> FindCursor(const std::string& name);
  base::Status HoldCursors();
  void CloseCursors(bool held_too);

  // session_prepared.cc
  base::Result<Execution> RunPrepare(const sql::PrepareStatement& statement);
  base::Result<std::shared_ptr<PreparedPlan>> PrepareNamed(const NamedStatement& named);
  base::Result<std::vector<std::string>> ArgumentLiterals(const sql::ExecuteStatement& statement,
                                                          const std::vector<model::Type>& types);
  base::Status PrepareExecute(const sql::ExecuteStatement& statement, PreparedPlan* out);
  base::Result<Execution> RunExecute(const sql::ExecuteStatement& statement,
                                     PreparedPlan* prepared);
  base::Result<Execution> RunDeallocate(const sql::DeallocateStatement& statement);

  // session_dml.cc
  base::Result<std::shared_ptr<const catalog::Source>> WrittenTable(const sql::Dml& dml) const;
  base::Status PrepareDml(const sql::Dml& dml, const std::string& text, PreparedPlan* out);
  base::Result<Execution> RunDml(const sql::Dml& dml, PreparedPlan* prepared,
                                 const std::vector<Parameter>& parameters);
  base::Result<size_t> Write(const std::string& text, const catalog::Source& table);

  // session_ddl.cc
  base::Result<Execution> RunDdl(const sql::Statement& statement);

  EngineImpl* engine_;
  SessionInfo info_;
  Settings settings_;
  std::shared_ptr<Activity> activity_;

  std::optional<Block> block_;
  std::map<std::string, Cursor> cursors_;
  std::map<std::string, NamedStatement> named_;
  std::string text_;  // of the last Parse
  struct Applied {
    int begin;
    std::string tag;
  };
  std::vector<Applied> applied_;  // definitions of text_ that were applied together

  // Shared with the watch.
  mutable std::mutex resources_mutex_;
  std::shared_ptr<store::Connection> block_connection_;
  std::vector<std::weak_ptr<Stream>> streams_;
  std::string application_name_;
  std::atomic<bool> in_block_{false}, block_failed_{false};
  std::atomic<int64_t> idle_timeout_ms_{0};
};

}  // namespace query
