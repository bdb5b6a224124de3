#include "store/duckdb_connection.h"

#include <duckdb.h>

#include <string>
#include <utility>

#include "store/duckdb_result.h"
#include "store/engine_error.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Result;
using base::Status;

constexpr const char* kReplaced = "the result was closed by another statement on its connection";
constexpr const char* kReopened = "the store was opened again; run the statement once more";

}  // namespace

struct ReadConnection::State {
  explicit State(std::shared_ptr<StoreState> store)
      : store(std::move(store)), session(this->store->engine.get()) {
    session.on_drop = [this] { Drop(); };
  }
  // Enters the engine for another statement, which ends the open stream.
  Result<Session::Use> EnterForStatement();
  void Drop();
  // A query outside a snapshot has a transaction of its own around its planning and its run: the
  // engine answers count(*) from statistics when it plans, which in a transaction of their own
  // would be those of another moment than the rows.
  Status BeginOwn(const Session::Use& use);
  void EndOwn(const Session::Use& use);
  static Result<std::unique_ptr<model::RowSource>> Open(const std::shared_ptr<State>& self,
                                                        const Session::Use& use,
                                                        const std::string& sql);

  std::shared_ptr<StoreState> store;
  Session session;
  Stream* stream = nullptr;
  bool in_snapshot = false, in_own = false;
  bool snapshot_lost = false;  // the engine was opened again in the middle of it
};

class ReadConnection::Stream : public model::RowSource {
 public:
  Stream(std::shared_ptr<State> state, ChunkReader reader, duckdb_result result)
      : state_(std::move(state)), reader_(std::move(reader)), result_(result) {
    state_->stream = this;
  }
  ~Stream() override { Abandon(); }

  const model::Fields& fields() const override { return reader_.fields(); }

  Result<model::ChunkView> Next() override {
    if (!closed_.ok()) return closed_;
    duckdb_destroy_data_chunk(&chunk_);
    if (!open_) return model::ChunkView{};
    ASSIGN_OR_RETURN(const Session::Use use, state_->session.Enter());
    if (!closed_.ok()) return closed_;  // the engine was opened again just now
    chunk_ = duckdb_fetch_chunk(result_);
    if (!chunk_ || duckdb_data_chunk_get_size(chunk_) == 0) return Finish(use);
    reader_.Read(chunk_, &view_);
    return view_;
  }

  // Gives the engine's handles back. Called by the connection, with the engine held.
  void Close(const char* why) {
    if (!open_) return;
    closed_ = base::Unavailable(why).WithSqlstate("55000");
    Release();
  }

 private:
  void Release() {
    duckdb_destroy_data_chunk(&chunk_);
    if (open_) duckdb_destroy_result(&result_);
    open_ = false;
    if (state_->stream == this) state_->stream = nullptr;
  }

  Result<model::ChunkView> Finish(const Session::Use& use) {
    const char* error = duckdb_result_error(&result_);
    Status status;
    if (error && *error) status = state_->session.engine()->Note(&result_);
    Release();
    state_->EndOwn(use);
    if (status.ok()) return model::ChunkView{};
    closed_ = status;
    return status;
  }

  // A stream that is not read to its end keeps its transaction open until the connection does
  // something else.
  void Abandon() {
    if (!open_) {
      duckdb_destroy_data_chunk(&chunk_);
      return;
    }
    Result<Session::Use> use = state_->session.Enter();
    if (!open_) return;
    Release();
    if (use.ok()) state_->EndOwn(*use);
  }

  std::shared_ptr<State> state_;
  ChunkReader reader_;
  duckdb_result result_;
  duckdb_data_chunk chunk_ = nullptr;
  model::ChunkView view_;
  bool open_ = true;
  Status closed_;
};

void ReadConnection::State::Drop() {
  if (stream) stream->Close(kReopened);
  snapshot_lost = in_snapshot;
  in_own = false;
}

Status ReadConnection::State::BeginOwn(const Session::Use& use) {
  if (in_snapshot) return {};
  RETURN_IF_ERROR(session.Run(use, "BEGIN TRANSACTION READ ONLY"));
  in_own = true;
  return {};
}

void ReadConnection::State::EndOwn(const Session::Use& use) {
  if (!std::exchange(in_own, false)) return;
  // Fails only when there is no transaction any more, which is what is wanted.
  (void)session.Run(use, "ROLLBACK");
}

Result<Session::Use> ReadConnection::State::EnterForStatement() {
  ASSIGN_OR_RETURN(Session::Use use, session.Enter());
  if (snapshot_lost) return base::Unavailable(kReopened).WithSqlstate("25P02");
  if (stream) stream->Close(kReplaced);
  EndOwn(use);
  return use;
}

ReadConnection::ReadConnection(std::shared_ptr<StoreState> store)
    : state_(std::make_shared<State>(std::move(store))) {}
ReadConnection::~ReadConnection() = default;

Result<std::unique_ptr<model::RowSource>> ReadConnection::Query(const std::string& sql) {
  ASSIGN_OR_RETURN(const Session::Use use, state_->EnterForStatement());
  RETURN_IF_ERROR(state_->BeginOwn(use));
  Result<std::unique_ptr<model::RowSource>> rows = State::Open(state_, use, sql);
  if (!rows.ok()) state_->EndOwn(use);
  return rows;
}

Result<std::unique_ptr<model::RowSource>> ReadConnection::State::Open(
    const std::shared_ptr<State>& self, const Session::Use& use, const std::string& sql) {
  Statement prepared;
  Engine* engine = self->session.engine();
  RETURN_IF_ERROR(prepared.Prepare(engine, use.connection, sql));
  duckdb_result result;
  if (!RunPrepared(prepared.get(), Answer::kStream, &result)) {
    Status status = engine->Note(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  Result<ChunkReader> reader = ChunkReader::Make(&result);
  if (!reader.ok()) {
    duckdb_destroy_result(&result);
    return reader.TakeStatus();
  }
  return std::unique_ptr<model::RowSource>(std::make_unique<Stream>(self, reader.Take(), result));
}

Result<model::Fields> ReadConnection::Describe(const std::string& sql) {
  ASSIGN_OR_RETURN(const Session::Use use, state_->EnterForStatement());
  Statement prepared;
  RETURN_IF_ERROR(prepared.Prepare(state_->session.engine(), use.connection, sql));
  model::Fields fields;
  const idx_t columns = duckdb_prepared_statement_column_count(prepared.get());
  for (idx_t i = 0; i < columns; ++i) {
    const char* name = duckdb_prepared_statement_column_name(prepared.get(), i);
    LogicalType type(duckdb_prepared_statement_column_logical_type(prepared.get(), i));
    ASSIGN_OR_RETURN(const model::Type ours, TypeOf(type.get()));
    fields.push_back({name ? name : "", ours});
    duckdb_free(const_cast<char*>(name));
  }
  return fields;
}

Status ReadConnection::Run(const std::string& sql) {
  ASSIGN_OR_RETURN(const Session::Use use, state_->EnterForStatement());
  return state_->session.Run(use, sql);
}

Result<size_t> ReadConnection::Write(const std::string& sql) {
  ASSIGN_OR_RETURN(const Session::Use use, state_->EnterForStatement());
  // Planned in the transaction that runs it: the engine plans by the statistics of tables, which
  // lanes change.
  Session& session = state_->session;
  RETURN_IF_ERROR(session.Run(use, "BEGIN TRANSACTION"));
  Statement statement;
  Status status = statement.Prepare(session.engine(), use.connection, sql);
  Result<size_t> count = status.ok() ? statement.Execute(session.engine()) : Result<size_t>(status);
  status = count.ok() ? session.Run(use, "COMMIT") : count.status();
  if (status.ok()) return count;
  // Says that there is none when the engine ended it itself.
  (void)session.Run(use, "ROLLBACK");
  return status;
}

Status ReadConnection::BeginSnapshot() {
  RETURN_IF_ERROR(Run("BEGIN TRANSACTION READ ONLY"));
  state_->in_snapshot = true;
  return {};
}

void ReadConnection::EndSnapshot() {
  if (!state_->in_snapshot) return;
  state_->in_snapshot = false;
  if (std::exchange(state_->snapshot_lost, false)) return;
  // Fails only when there is no transaction any more, which is what is wanted.
  (void)Run("ROLLBACK");
}

void ReadConnection::Interrupt() { state_->session.Interrupt(); }

}  // namespace store
