// Transaction blocks. A block reads one snapshot, taken by its first SELECT; savepoints are
// bookkeeping, because there is nothing to undo but settings.

#include <algorithm>

#include "query/session.h"

namespace query {
namespace {

using Kind = sql::TransactionStatement::Kind;

Execution Done(const char* tag) { return {nullptr, tag, {}}; }

Execution Warned(const char* tag, const char* warning) {
  return {nullptr, tag, {{"WARNING", warning}}};
}

}  // namespace

base::Result<Execution> SessionImpl::RunTransaction(const sql::TransactionStatement& statement) {
  switch (statement.kind) {
    case Kind::kBegin: return BeginBlock(statement);
    case Kind::kCommit: return EndBlock(true);
    case Kind::kRollback: return EndBlock(false);
    case Kind::kSavepoint:
    case Kind::kRelease:
    case Kind::kRollbackTo: return Savepoint(statement);
  }
  return base::Internal("unknown transaction statement");
}

base::Result<Execution> SessionImpl::BeginBlock(const sql::TransactionStatement& statement) {
  if (block_) return Warned("BEGIN", "there is already a transaction in progress");
  settings_.Begin();
  const bool read_only = !statement.read_write && settings_.On("default_transaction_read_only");
  RETURN_IF_ERROR(
      settings_.Set("transaction_isolation", Setting("default_transaction_isolation"), true));
  RETURN_IF_ERROR(settings_.Set("transaction_read_only", read_only ? "on" : "off", true));
  block_ = Block();
  block_failed_ = false;
  in_block_ = true;
  return Done("BEGIN");
}

base::Result<Execution> SessionImpl::EndBlock(bool commit) {
  const char* tag = commit ? "COMMIT" : "ROLLBACK";
  if (!block_) return Warned(tag, "there is no transaction in progress");
  base::Status held;
  if (block_->failed) commit = false;
  if (commit) held = HoldCursors();
  if (!held.ok()) commit = false;
  CloseCursors(false);
  DropBlockConnection();
  block_.reset();
  in_block_ = block_failed_ = false;
  settings_.End(commit);
  SettingsChanged();
  if (!held.ok()) return held;
  return Done(commit ? "COMMIT" : "ROLLBACK");
}

base::Result<Execution> SessionImpl::Savepoint(const sql::TransactionStatement& statement) {
  const char* tag = statement.kind == Kind::kSavepoint ? "SAVEPOINT"
                    : statement.kind == Kind::kRelease ? "RELEASE"
                                                       : "ROLLBACK";
  if (!block_) {
    const char* what = statement.kind == Kind::kSavepoint ? "SAVEPOINT"
                       : statement.kind == Kind::kRelease ? "RELEASE SAVEPOINT"
                                                          : "ROLLBACK TO SAVEPOINT";
    return base::Invalid(std::string(what) + " can only be used in transaction blocks")
        .WithSqlstate("25P01");
  }
  auto& names = block_->savepoints;
  if (statement.kind == Kind::kSavepoint) {
    constexpr size_t kMaxSavepoints = 10'000;
    if (names.size() >= kMaxSavepoints)
      return base::Exhausted("too many savepoints").WithSqlstate("54000");
    names.push_back(statement.savepoint);
    settings_.Save();
    return Done(tag);
  }
  const auto found = std::find(names.rbegin(), names.rend(), statement.savepoint);
  if (found == names.rend())
    return base::NotFound("savepoint \"" + statement.savepoint + "\" does not exist")
        .WithSqlstate("3B001");
  const auto depth = static_cast<size_t>(names.rend() - found);  // of the savepoint, 1 = the first
  if (statement.kind == Kind::kRelease) {
    names.resize(depth - 1);
    settings_.Release(depth - 1);
    return Done(tag);
  }
  names.resize(depth);
  settings_.RollBackTo(depth);
  SettingsChanged();
  block_->failed = false;
  block_failed_ = false;
  return Done(tag);
}

// Ends the snapshot and every result that is read on it.
void SessionImpl::DropBlockConnection() {
  for (const auto& stream : OpenStreams())
    if (stream->in_block())
      stream->Fail(base::Invalid("the portal was closed by the end of its transaction")
                       .WithSqlstate("34000"));
  std::shared_ptr<store::Connection> connection;
  {
    std::lock_guard lock(resources_mutex_);
    connection.swap(block_connection_);
  }
  if (connection) connection->EndSnapshot();
}

}  // namespace query
