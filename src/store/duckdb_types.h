#pragma once
// DuckDB's types <-> ours.
//
// Threads: any. Errors: kUnsupported 0A000 for types that no client and no batch can hold.

#include <duckdb.h>

#include <utility>

#include "base/status.h"
#include "model/types.h"

namespace store {

// Owns a duckdb_logical_type.
class LogicalType {
 public:
  explicit LogicalType(duckdb_logical_type type) : type_(type) {}
  explicit LogicalType(duckdb_type type) : type_(duckdb_create_logical_type(type)) {}
  LogicalType(LogicalType&& other) noexcept : type_(std::exchange(other.type_, nullptr)) {}
  LogicalType& operator=(LogicalType&& other) noexcept {
    std::swap(type_, other.type_);
    return *this;
  }
  ~LogicalType() {
    if (type_) duckdb_destroy_logical_type(&type_);
  }
  duckdb_logical_type get() const { return type_; }
  duckdb_type id() const { return duckdb_get_type_id(type_); }

 private:
  duckdb_logical_type type_;
};

// What a result column of this type is to a client. TIMESTAMP is kTimestamp and TIMESTAMPTZ
// kTimestampTz; who knows that a column is an event time calls it timestamptz himself. HUGEINT is
// numeric.
base::Result<model::Type> TypeOf(duckdb_logical_type type);

// The type of a batch column inside DuckDB (timestamptz is TIMESTAMP: UTC inside).
base::Result<LogicalType> LogicalTypeOf(model::Type type);

// The same in SQL, for casts and DDL.
base::Result<std::string> SqlTypeOf(model::Type type);

std::string QuoteName(std::string_view name);
std::string QuoteText(std::string_view text);

}  // namespace store
