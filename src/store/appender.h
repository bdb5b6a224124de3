#pragma once
// Appender: typed rows into one table, inside the transaction that its connection has open.
//
// Threads: one owner, with the engine held. Errors: the first failure is kept and returned by
// Flush.

#include <duckdb.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "store/engine.h"

namespace store {

class Appender {
 public:
  Appender(Engine* engine, duckdb_connection connection, const char* table) : engine_(engine) {
    if (duckdb_appender_create(connection, nullptr, table, &appender_) != DuckDBSuccess)
      failed_ = true;
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender() { duckdb_appender_destroy(&appender_); }

  Appender& Int32(int32_t value) { return Did(duckdb_append_int32(appender_, value)); }
  Appender& Int64(int64_t value) { return Did(duckdb_append_int64(appender_, value)); }
  Appender& Timestamp(std::optional<int64_t> us) {
    return Did(us ? duckdb_append_timestamp(appender_, {*us}) : duckdb_append_null(appender_));
  }
  Appender& Text(std::string_view text) {
    return Did(duckdb_append_varchar_length(appender_, text.data(), text.size()));
  }
  Appender& Blob(std::string_view bytes, bool null) {
    return Did(null ? duckdb_append_null(appender_)
                    : duckdb_append_blob(appender_, bytes.data(), bytes.size()));
  }
  void EndRow() { Did(duckdb_appender_end_row(appender_)); }
  void Chunk(duckdb_data_chunk chunk) { Did(duckdb_append_data_chunk(appender_, chunk)); }

  base::Status Flush() {
    if (!failed_) Did(duckdb_appender_flush(appender_));
    if (!failed_) return {};
    duckdb_error_data error = duckdb_appender_error_data(appender_);
    const char* message = duckdb_error_data_message(error);
    base::Status status = engine_->Note(duckdb_error_data_error_type(error),
                                        message ? message : "the appender failed");
    duckdb_destroy_error_data(&error);
    return status;
  }

 private:
  Appender& Did(duckdb_state state) {
    if (state != DuckDBSuccess) failed_ = true;
    return *this;
  }
  Engine* engine_;
  duckdb_appender appender_ = nullptr;
  bool failed_ = false;
};

}  // namespace store
