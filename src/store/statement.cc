#include "store/statement.h"

#include <chrono>
#include <string>
#include <thread>

#include "store/engine_error.h"

namespace store {

bool RunPrepared(duckdb_prepared_statement statement, Answer answer, duckdb_result* result) {
  // Longer than a worker needs to take the next task, shorter than anybody notices.
  constexpr std::chrono::microseconds kPause{20};
  *result = {};
  duckdb_pending_result pending = nullptr;
  const auto begun = answer == Answer::kStream
                         ? duckdb_pending_prepared_streaming(statement, &pending)
                         : duckdb_pending_prepared(statement, &pending);
  if (begun == DuckDBSuccess) {
    duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
    while (state == DUCKDB_PENDING_RESULT_NOT_READY || state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::sleep_for(kPause);
      state = duckdb_pending_execute_task(pending);
    }
  }
  // Also where something failed: only a result tells the error's type.
  const auto outcome = duckdb_execute_pending(pending, result);
  duckdb_destroy_pending(&pending);
  return outcome == DuckDBSuccess;
}

base::Status Statement::Prepare(Engine* engine, duckdb_connection connection,
                                const std::string& sql) {
  Reset();
  if (duckdb_prepare(connection, sql.c_str(), &statement_) == DuckDBSuccess) return {};
  const char* error = duckdb_prepare_error(statement_);
  const std::string message = error ? error : "unknown error";
  Reset();
  return engine->Note(TypeOfText(message), message);
}

base::Result<size_t> Statement::Execute(Engine* engine) {
  duckdb_result result;
  if (!RunPrepared(statement_, Answer::kWhole, &result)) {
    base::Status status = engine->Note(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  const size_t changed = duckdb_rows_changed(&result);
  duckdb_destroy_result(&result);
  return changed;
}

base::Result<Rows> Rows::Read(const Session::Use& use, Session* session, const std::string& sql) {
  duckdb_result result;
  if (duckdb_query(use.connection, sql.c_str(), &result) != DuckDBSuccess) {
    base::Status status = session->engine()->Note(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  return Rows(result);
}

base::Result<Rows> Rows::Read(Session* session, const std::string& sql) {
  ASSIGN_OR_RETURN(const Session::Use use, session->Enter());
  return Read(use, session, sql);
}

std::string Rows::Text(size_t row, size_t column) const {
  duckdb_string text = duckdb_value_string(&result_, column, row);
  std::string out = text.data ? std::string(text.data, text.size) : std::string();
  duckdb_free(text.data);
  return out;
}

}  // namespace store
