#pragma once
// The compiler of materialized views: a bound SELECT -> its plan and the four statements (table, delta, merge, finalize).
// Pure: text and trees in, text out.
//
// The partials table has one column per group key (k0, k1 ...) and one or more per aggregate (s0, s1 ...). Partials are
// append-only; several rows may exist for one key, so every reader merges.
//
// Threads: any. Errors: kUnsupported with the reason and what to write instead.

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"
#include "sql/binder.h"

namespace view {

struct Key {
  std::string column;        // k0 ...
  std::string duckdb_type;
  std::string delta;         // DuckDB text over the input's columns
  model::Type type;
  sql::ExprPtr expr;         // over the source's columns, bound
};

struct State {
  std::string column;        // s0 ...
  std::string duckdb_type;
  std::string delta;         // aggregate over the input's rows
  std::string merge;         // aggregate over partial rows of the same column(s)
};

// The key that orders the view in time: a tumbling window's start, or date_trunc / time_bucket of the event time.
struct TimeKey {
  int key = -1;                // index into keys
  int64_t bucket_us = 0;       // 0 when the bucket has no fixed length (months)
};

struct Plan {
  std::string input;           // the relation the view reads: a source (or, for rollups, a view)
  std::vector<Key> keys;
  std::vector<State> states;
  std::optional<TimeKey> time;
  std::string filter;          // DuckDB text of WHERE over the input, empty = none
  std::vector<std::string> outputs;   // DuckDB text over k*/s* columns after merge, one per output column
  std::string having;          // the same
  model::Fields fields;        // what the user sees
  std::vector<int> used_columns;      // of the source (indexes into its fields)

  // The four statements. `input` is text that can stand in FROM (a table function call or a sub-select) with the source's
  // column names; `table` a quoted table name.
  std::string CreateTable(const std::string& table) const;
  // SELECT keys, states FROM input [WHERE] GROUP BY keys
  std::string Delta(const std::string& input) const;
  // SELECT keys, merged states FROM table [WHERE where] GROUP BY keys
  std::string Merge(const std::string& table, const std::string& where = "") const;
  // SELECT outputs AS names FROM (merge) [HAVING as WHERE]
  std::string Finalize(const std::string& table) const;
};

// `select` is bound (sql::BindSelect) and not changed. `relation` is the input's description.
base::Result<Plan> Compile(const sql::Select& select, const sql::RelationInfo& relation);

}  // namespace view
