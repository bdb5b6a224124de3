#pragma once
// What DuckDB says went wrong -> base::Status with PostgreSQL's SQLSTATE and wording.
//
// Threads: any. Errors: every error of the engine has a Status; text that nothing here knows keeps
// DuckDB's words.

#include <duckdb.h>

#include <string_view>

#include "base/status.h"

namespace store {

// The type that a message begins with: a failed prepare keeps no other.
duckdb_error_type TypeOfText(std::string_view message);

base::Status EngineStatus(duckdb_error_type type, std::string_view message);

// The error of a failed result.
base::Status ResultStatus(duckdb_result* result);

// After it every statement of the instance fails until the database is opened again.
inline bool IsFatal(duckdb_error_type type) { return type == DUCKDB_ERROR_FATAL; }

}  // namespace store
