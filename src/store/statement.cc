#include "store/statement.h"

#include <string_view>

namespace store {
namespace {

// A failed prepare keeps no error type; its text begins with one.
duckdb_error_type TypeOfText(std::string_view message) {
  struct Pair {
    std::string_view prefix;
    duckdb_error_type type;
  };
  static constexpr Pair kPairs[] = {
      {"Parser", DUCKDB_ERROR_PARSER},
      {"Syntax", DUCKDB_ERROR_SYNTAX},
      {"Binder", DUCKDB_ERROR_BINDER},
      {"Catalog", DUCKDB_ERROR_CATALOG},
      {"Conversion", DUCKDB_ERROR_CONVERSION},
      {"Out of Range", DUCKDB_ERROR_OUT_OF_RANGE},
      {"Invalid Input", DUCKDB_ERROR_INVALID_INPUT},
      {"Permission", DUCKDB_ERROR_PERMISSION},
      {"Not implemented", DUCKDB_ERROR_NOT_IMPLEMENTED},
      {"TransactionContext", DUCKDB_ERROR_TRANSACTION},
      {"FATAL", DUCKDB_ERROR_FATAL},
      {"IO", DUCKDB_ERROR_IO},
      {"Out of Memory", DUCKDB_ERROR_OUT_OF_MEMORY},
      {"INTERRUPT", DUCKDB_ERROR_INTERRUPT},
  };
  for (const Pair& pair : kPairs)
    if (message.starts_with(pair.prefix)) return pair.type;
  return DUCKDB_ERROR_INVALID;
}

}  // namespace

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
  if (duckdb_execute_prepared(statement_, &result) != DuckDBSuccess) {
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
