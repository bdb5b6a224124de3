// Dispatch. Invariants:
// 1. Every statement runs inside one ActiveScope; after the engine ended the session no scope can
// begin.
// 2. An error inside a transaction block fails the block (25P02 until its end).
// 3. The watch touches only activity_, resources_mutex_'s members and the atomics.

#include "query/session.h"

#include <algorithm>
#include <utility>

#include "sql/parser.h"

namespace query {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

bool EndsBlock(const sql::Statement& statement) {
  const auto* transaction = std::get_if<sql::TransactionStatement>(&statement.body);
  if (transaction == nullptr) return false;
  using Kind = sql::TransactionStatement::Kind;
  return transaction->kind == Kind::kCommit || transaction->kind == Kind::kRollback ||
         transaction->kind == Kind::kRollbackTo;
}

size_t Characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

SessionImpl::SessionImpl(EngineImpl* engine, SessionInfo info)
    : engine_(engine),
      info_(std::move(info)),
      settings_([engine](std::string_view name) { return engine->TimeZone(name); }),
      activity_(std::make_shared<Activity>(engine->options().clock)) {}

SessionImpl::~SessionImpl() {
  engine_->Forget(this);
  CloseCursors(true);
  DropBlockConnection();
}

base::Status SessionImpl::Start() {
  const bool admin = administrator();
  settings_.SetDefault("is_superuser", admin ? "on" : "off");
  settings_.SetDefault("session_authorization", info_.role);
  settings_.SetDefault("server_version", engine_->options().server_version);
  settings_.SetDefault("default_transaction_read_only", admin ? "off" : "on");
  settings_.SetDefault("application_name", info_.application_name);
  settings_.SetDefault(
      "idle_in_transaction_session_timeout",
      std::to_string(engine_->options().idle_in_transaction_timeout.count()) + "ms");
  if (!admin)
    settings_.SetDefault("statement_timeout",
                         std::to_string(engine_->options().statement_timeout.count()) + "ms");
  for (const auto& [name, value] : info_.startup_settings)
    RETURN_IF_ERROR(settings_.Set(name, value));
  settings_.KeepAsDefaults();
  SettingsChanged();
  return {};
}

bool SessionImpl::administrator() const {
  const auto catalog = engine_->planner()->catalog();
  const auto role = catalog->roles.find(info_.role);
  return role != catalog->roles.end() && role->second->administrator;
}

base::Result<std::vector<sql::Statement>> SessionImpl::Parse(const std::string& text) {
  text_ = text;
  applied_.clear();
  auto statements = sql::ParseStatements(text);
  if (!statements.ok()) return Noted(statements.TakeStatus());
  return statements;
}

base::Result<std::shared_ptr<Prepared>> SessionImpl::Prepare(sql::Statement statement,
                                                             std::vector<model::Type> types) {
  ActiveScope scope(activity_.get(), Limit().At(engine_->options().clock->Monotonic()));
  if (!scope.status().ok()) return scope.status();
  if (block_ && block_->failed && !EndsBlock(statement))
    return Noted(
        base::Invalid(
            "current transaction is aborted, commands ignored until end of transaction block")
            .WithSqlstate("25P02"));
  if (base::Status status = CheckAllowed(statement); !status.ok()) return Noted(std::move(status));
  auto prepared = PrepareInScope(std::move(statement), std::move(types));
  if (!prepared.ok()) return Noted(prepared.TakeStatus());
  return prepared;
}

// A role that is not the administrator reads, and sets up its own session; nothing else.
base::Status SessionImpl::CheckAllowed(const sql::Statement& statement) const {
  const auto* refused = std::get_if<sql::RefusedStatement>(&statement.body);
  const auto* dml = std::get_if<sql::Dml>(&statement.body);
  const bool defines = sql::IsDdl(statement);
  if (refused == nullptr && dml == nullptr && !defines) return {};
  const std::string what = refused != nullptr ? refused->command
                           : dml != nullptr   ? "INSERT, UPDATE or DELETE"
                                              : "definitions";
  if (!administrator())
    return base::Denied("permission denied: role \"" + info_.role + "\" may only read")
        .WithDetail(!defines ? what + " would change something."
                             : "Definitions are made by an administrator.");
  if (refused != nullptr)
    return base::Unsupported(what + " is not supported")
        .WithHint(
            "Rows come from Kafka, or into tables by INSERT; definitions are CREATE SOURCE, CREATE "
            "TABLE and CREATE MATERIALIZED VIEW.");
  if (block_ && dml != nullptr)
    return base::Unsupported(what + " inside a transaction block is not supported")
        .WithSqlstate("25001")
        .WithHint("Each statement commits by itself: send it outside BEGIN ... COMMIT.");
  if (block_)
    return base::Invalid("definitions cannot run inside a transaction block")
        .WithSqlstate("25001")
        .WithHint(
            "Send them as one string: the definitions of one string are applied all or none.");
  return {};
}

base::Result<std::shared_ptr<Prepared>> SessionImpl::PrepareInScope(
    sql::Statement statement, std::vector<model::Type> types) {
  auto prepared = std::make_shared<PreparedPlan>();
  prepared->statement = std::move(statement);
  prepared->parameter_types = std::move(types);
  prepared->light = true;
  const sql::Statement& kept = prepared->statement;
  PreparedPlan* out = prepared.get();
  const base::Status status = std::visit(
      Overloaded{
          [&](const sql::SelectStatement& select) {
            return PrepareSelect(*select.select, kept.text, out);
          },
          [&](const sql::Dml& dml) { return PrepareDml(dml, kept.text, out); },
          [&](const sql::DeclareCursor& declare) {
            RETURN_IF_ERROR(PrepareSelect(*declare.select, kept.text, out));
            out->returns_rows = false;
            return base::Status();
          },
          [&](const sql::Explain& explain) { return PrepareExplain(explain, kept.text, out); },
          [&](const sql::ExecuteStatement& execute) { return PrepareExecute(execute, out); },
          [&](const sql::ShowStatement& show) {
            ASSIGN_OR_RETURN(out->fields, ShowFields(show));
            out->returns_rows = true;
            return base::Status();
          },
          [&](const sql::FetchCursor& fetch) {
            ASSIGN_OR_RETURN(Cursor * cursor, FindCursor(fetch.name));
            out->light = false;
            if (!fetch.move) out->fields = cursor->fields, out->returns_rows = true;
            return base::Status();
          },
          [&](const auto&) {
            out->light = !sql::IsDdl(kept);
            return base::Status();
          },
      },
      kept.body);
  if (!status.ok()) return Placed(status, kept);
  return std::shared_ptr<Prepared>(std::move(prepared));
}

base::Result<Execution> SessionImpl::Execute(const std::shared_ptr<Prepared>& prepared,
                                             const std::vector<Parameter>& parameters) {
  ActiveScope scope(activity_.get(), Limit().At(engine_->options().clock->Monotonic()));
  if (!scope.status().ok()) return scope.status();
  activity_->SetQuery(prepared->statement.text);
  if (block_ && block_->failed && !EndsBlock(prepared->statement))
    return Noted(
        base::Invalid(
            "current transaction is aborted, commands ignored until end of transaction block")
            .WithSqlstate("25P02"));
  if (base::Status status = CheckAllowed(prepared->statement); !status.ok())
    return Noted(std::move(status));
  auto execution = ExecuteInScope(static_cast<PreparedPlan*>(prepared.get()), parameters);
  if (!execution.ok()) return Noted(Placed(execution.TakeStatus(), prepared->statement));
  return execution;
}

base::Result<Execution> SessionImpl::ExecuteInScope(PreparedPlan* prepared,
                                                    const std::vector<Parameter>& parameters) {
  using R = base::Result<Execution>;
  const auto done = [](const char* tag) { return R(Execution{nullptr, tag, {}}); };
  return std::visit(
      Overloaded{
          [&](const sql::EmptyStatement&) { return done(""); },
          [&](const sql::SelectStatement&) { return RunSelect(prepared, parameters); },
          [&](const sql::Dml& dml) { return RunDml(dml, prepared, parameters); },
          [&](const sql::Explain& explain) { return RunExplain(explain, prepared, parameters); },
          [&](const sql::SetStatement& set) { return RunSet(set); },
          [&](const sql::ShowStatement& show) { return RunShow(show); },
          [&](const sql::ResetStatement& reset) { return RunReset(reset); },
          [&](const sql::TransactionStatement& transaction) { return RunTransaction(transaction); },
          [&](const sql::DeclareCursor&) { return RunDeclare(prepared, parameters); },
          [&](const sql::FetchCursor& fetch) { return RunFetch(fetch); },
          [&](const sql::CloseCursor& close) { return RunClose(close); },
          [&](const sql::PrepareStatement& prepare) { return RunPrepare(prepare); },
          [&](const sql::ExecuteStatement& execute) { return RunExecute(execute, prepared); },
          [&](const sql::DeallocateStatement& deallocate) { return RunDeallocate(deallocate); },
          [&](const sql::DiscardStatement&) { return RunDiscard(); },
          [&](const sql::ListenStatement&) { return done("LISTEN"); },
          [&](const sql::RefusedStatement& refused) -> R {
            return base::Unsupported(refused.command + " is not supported");
          },
          [&](const auto&) { return RunDdl(prepared->statement); },
      },
      prepared->statement.body);
}

base::Status SessionImpl::Noted(base::Status status) {
  CountError(status);
  Fail();
  return status;
}

// The binder counts characters from the start of the statement, the client from the start of what
// it sent.
base::Status SessionImpl::Placed(base::Status status, const sql::Statement& statement) const {
  const auto begin = static_cast<size_t>(std::max(0, statement.begin));
  if (status.position() == 0 || begin == 0 || begin > text_.size()) return status;
  const int before = static_cast<int>(Characters(std::string_view(text_).substr(0, begin)));
  const int position = status.position();
  return std::move(status).WithPosition(position + before);
}

char SessionImpl::TransactionState() const { return !block_ ? 'I' : block_->failed ? 'E' : 'T'; }

void SessionImpl::Fail() {
  if (!block_ || block_->failed) return;
  block_->failed = true;
  block_failed_ = true;
  CloseCursors(false);
  DropBlockConnection();
}

std::string SessionImpl::Setting(std::string_view name) const {
  return settings_.Get(name).value_or("");
}

base::Status SessionImpl::Set(const std::string& name, const std::string& value) {
  RETURN_IF_ERROR(settings_.Set(name, value));
  SettingsChanged();
  return {};
}

void SessionImpl::SettingsChanged() {
  idle_timeout_ms_ = settings_.Milliseconds("idle_in_transaction_session_timeout");
  std::lock_guard lock(resources_mutex_);
  application_name_ = Setting("application_name");
}

std::vector<std::pair<std::string, std::string>> SessionImpl::TakeChangedSettings() {
  return settings_.TakeChanged();
}

PlanContext SessionImpl::Context() {
  return {info_.role, info_.database, Setting("TimeZone"), settings_.SearchPath(),
          [this](std::string_view name) { return SessionValue(name); }};
}

SystemCatalog::Caller SessionImpl::Caller() {
  return {info_.role, info_.database,
          info_.pid,  [this](std::string_view name) { return Setting(name); },
          engine_,    [this](store::Connection* connection) { activity_->RunsOn(connection); }};
}

std::string SessionImpl::SessionValue(std::string_view name) const {
  if (name == "current_user" || name == "session_user" || name == "user" || name == "current_role")
    return info_.role;
  if (name == "current_database" || name == "current_catalog") return info_.database;
  if (name == "pg_backend_pid") return std::to_string(info_.pid);
  if (name == "current_schema") {
    const auto path = settings_.SearchPath();
    return path.empty() ? "" : path.front();
  }
  return Setting(name);
}

void SessionImpl::Tick(base::MonotonicTime now) {
  activity_->Tick();
  const auto streams = OpenStreams();
  for (const auto& stream : streams) {
    stream->CloseWhenLate(now);
    stream->Rest(now);
  }
  const int64_t idle_ms = idle_timeout_ms_;
  if (!in_block_ || idle_ms == 0 ||
      !activity_->EndIfIdleSince(now - std::chrono::milliseconds(idle_ms)))
    return;
  for (const auto& stream : streams) stream->Fail(activity_->Stopped());
  DropBlockConnection();
  Terminate();
}

bool SessionImpl::Stop(bool terminate) {
  if (!terminate) return activity_->Stop(StopReason::kUser), true;
  activity_->Stop(StopReason::kTerminated);
  Terminate();
  return true;
}

// Tells the owner, once.
void SessionImpl::Terminate() {
  if (!info_.terminate) return;
  info_.terminate(activity_->Stopped());
  info_.terminate = nullptr;
}

Engine::Running SessionImpl::Look() const {
  const auto view = activity_->Look();
  std::lock_guard lock(resources_mutex_);
  std::string state = "active";
  if (!view.active)
    state = !in_block_      ? "idle"
            : block_failed_ ? "idle in transaction (aborted)"
                            : "idle in transaction";
  return {info_.pid, info_.role, application_name_, info_.client_address,
          state,     view.query, view.since,        view.waiting};
}

}  // namespace query
