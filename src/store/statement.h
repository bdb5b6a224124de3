#pragma once
// Statement: a prepared statement of DuckDB. Rows: a small result read whole, for the store's own
// questions.
//
// Threads: one owner, with the engine held (Session::Use). Errors: engine_error.h.

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"
#include "store/engine.h"

namespace store {

enum class Answer : uint8_t { kWhole, kStream };

// Runs a statement: its own tasks on this thread, and sleeps while the rest of them are with the
// engine's workers (duckdb_execute_prepared burns a core for as long). The result is the caller's
// to destroy, also when it holds an error (false).
bool RunPrepared(duckdb_prepared_statement statement, Answer answer, duckdb_result* result);

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement() { Reset(); }

  base::Status Prepare(Engine* engine, duckdb_connection connection, const std::string& sql);
  void Reset() { duckdb_destroy_prepare(&statement_); }
  bool prepared() const { return statement_ != nullptr; }
  duckdb_prepared_statement get() const { return statement_; }
  void BindInt64(idx_t parameter, int64_t value) {
    duckdb_bind_int64(statement_, parameter, value);
  }

  // Runs it to the end and gives the number of rows it changed.
  base::Result<size_t> Execute(Engine* engine);

 private:
  duckdb_prepared_statement statement_ = nullptr;
};

class Rows {
 public:
  static base::Result<Rows> Read(Session* session, const std::string& sql);
  static base::Result<Rows> Read(const Session::Use& use, Session* session, const std::string& sql);
  Rows(Rows&& other) noexcept : result_(other.result_), open_(std::exchange(other.open_, false)) {}
  Rows& operator=(Rows&&) = delete;
  ~Rows() {
    if (open_) duckdb_destroy_result(&result_);
  }
  size_t size() const { return duckdb_row_count(&result_); }
  bool IsNull(size_t row, size_t column) const {
    return duckdb_value_is_null(&result_, column, row);
  }
  int64_t Int64(size_t row, size_t column) const {
    return duckdb_value_int64(&result_, column, row);
  }
  std::string Text(size_t row, size_t column) const;

 private:
  explicit Rows(const duckdb_result& result) : result_(result) {}
  mutable duckdb_result result_;
  bool open_ = true;
};

}  // namespace store
