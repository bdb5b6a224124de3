#pragma once
// The compiler of materialized views: a bound SELECT -> its plan and the four statements (table,
// delta, merge, finalize). Pure: text and trees in, text out. Third stage of the journey: the store
// runs what is printed here.
//
// The partials table has one column per group key (k0, k1 ...) and one or more per aggregate (s0,
// s1 ...). Partials are append-only; several rows may exist for one key, so every reader merges.
// Finalizing turns merged states into values (a0, a1 ...), and the view's own expressions stand
// over keys and values.
//
// Windows of HOP and CUMULATE overlap. A record is touched once: its partial is of its pane (the
// bucket that all windows are made of), and finalizing spreads panes over windows and merges again.
//
// Sessions are kept as fragments: the table has w_last, the time of a fragment's last row, beside
// the first one. A batch's rows become fragments, and merging joins those of one session.
//
// Threads: any. Errors: kUnsupported with the reason and what to write instead. Limits: 1,600
// columns of each kind.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"
#include "sql/binder.h"
#include "sql/time_window.h"

namespace view {

struct Key {
  std::string column;  // k0 ...
  std::string duckdb_type;
  std::string delta;  // DuckDB text over the input's columns
  model::Type type;
  std::shared_ptr<const sql::Expr>
      expr;  // over the input's columns (window_start too), bound, names without relation
};

struct State {
  std::string column;  // s0 ...
  std::string duckdb_type;
  std::string delta;  // aggregate over the input's rows
  std::string merge;  // aggregate over partial rows of the same column(s)
};

// What finalizing makes of keys and merged states: the value of one aggregate, or window_end.
struct Value {
  std::string column;  // a0 ...
  std::string text;    // DuckDB text over k*, s* and, with panes, w_end
  model::Type type;
  std::shared_ptr<const sql::Expr>
      call;  // over the input's columns; null: it follows from the keys
};

// The key that orders the view in time: a window's start, or date_trunc / time_bucket of the event
// time. Its values are starts of buckets of `longest_us` at most; a row is in no group that begins
// more than `reach_us` before its bucket. Groups begin at origin_us plus multiples of `bucket_us`.
struct TimeKey {
  int key = -1;            // index into keys
  int64_t bucket_us = 0;   // 0 when the bucket has no fixed length (months, or a
                           // parent's buckets do not divide it)
  int64_t longest_us = 0;  // of one value of the key; a window of several panes has a longer bucket
  int64_t reach_us = 0;    // HOP: windows begin this much before the newest pane of theirs
  int64_t origin_us = 0;   // since 1970-01-01 00:00 UTC
  bool session = false;    // the start of a session, which is kept as long as its end

  // Groups that begin below the floor may have lost rows while later rows of theirs are kept.
  bool HasPartialGroups() const { return !session && (bucket_us == 0 || reach_us > 0); }
};

// A table that a view may join.
struct LookupTable {
  std::string name;
  model::Fields fields;
  std::vector<int> key;  // the primary key: indexes of fields
  std::string rows;      // DuckDB text for FROM: its rows as they are
};

// A join with a table at read time: groups with the table's rows of that moment.
struct Lookup {
  std::string table;
  bool left = false;                                         // LEFT JOIN
  std::vector<std::pair<std::string, std::string>> columns;  // j0 ... -> the table's column
  std::string on;                                            // DuckDB text over k*, a* and j*
};

// Which groups a view shows, see top.h.
struct Top {
  int key = -1;  // index into keys: whose values are ranked
  int64_t count = 0;
  std::string by;                    // DuckDB text over k* and a*; the largest come first
  std::string column;                // the output column that it is
  std::optional<std::string> other;  // the key of all that is left
};

// DuckDB text for FROM that stands for the rows of a table as they are now.
using TableText = std::function<std::string(const std::string& table)>;

struct Plan {
  std::string input;  // the relation the view reads: a source or, for a rollup, a view
  // What stands around the input: over a view, whose partial rows it is, what gives them the names
  // of the parent's columns; over a source the joins as of processing time.
  std::string input_prefix, input_suffix;
  std::vector<std::string> looked_up;        // tables that are joined there
  std::vector<std::string> looked_up_notes;  // of each: for EXPLAIN
  std::optional<sql::TimeWindow> window;
  int window_key = -1;                    // index into keys of window_start
  bool whole_rows = false;                // rows as they are, no groups: a side of a join
  std::vector<std::string> session_keys;  // columns of the keys that a session is kept for
  std::vector<Key> keys;
  std::vector<State> states;
  std::vector<Value> values;
  std::optional<TimeKey> time;
  std::string filter;                // DuckDB text of WHERE over the input, empty = none
  std::vector<std::string> outputs;  // DuckDB text over k* and a*, one per output column
  std::vector<std::shared_ptr<const sql::Expr>> output_exprs;  // the same as trees
  std::string having;                                          // as `outputs`
  model::Fields fields;                                        // what the user sees
  std::vector<Lookup> lookups;                                 // in the order of their joins
  std::optional<Top> top;
  std::string joined_filter;      // as `having`: what WHERE says about joined tables
  std::vector<int> used_columns;  // of the source (indexes into its fields), ascending

  // The output column that is the time key, empty = none is.
  std::string TimeColumn() const;

  // The four statements. `input` is text that can stand in FROM (a table function call or a
  // sub-select) with the source's column names; `table` a table name, quoted here.
  std::string CreateTable(const std::string& table) const;
  // SELECT keys, states FROM input [WHERE] GROUP BY keys
  std::string Delta(const std::string& input) const;
  // SELECT keys, merged states FROM table [WHERE where] GROUP BY keys
  std::string Merge(const std::string& table, const std::string& where = "") const;
  // SELECT outputs AS names FROM (keys and values of the merge) [WHERE having]. Groups whose time
  // key is below `floor` (DuckDB text, empty = none) are left out, and of overlapping windows those
  // that have no pane for which `panes` (see PaneCondition) holds. `tables` is asked for the rows
  // of joined tables.
  std::string Finalize(const std::string& table, const std::string& floor = "",
                       const std::string& panes = "", const TableText& tables = {}) const;

  // Partials that are not of groups: panes of overlapping windows, which stand for several windows,
  // and fragments of sessions.
  bool HasPanes() const { return window && (window->Overlaps() || window->IsSession()); }
  bool HasSessions() const { return window && window->IsSession(); }

  // What window_start or window_end from or up to `value` (DuckDB text) asks of a pane, for
  // overlapping windows. A pane's start is not before its windows' and less than the size behind
  // it.
  enum class Bound { kStartFrom, kStartTo, kEndFrom, kEndTo };
  std::string PaneCondition(Bound bound, const std::string& value) const;
  // Text for SELECT: rowid of the fragments of sessions that end at or before `floor`.
  std::string Expired(const std::string& table, const std::string& floor) const;
  // The same as Merge with windows for panes: the time key is window_start, and w_end is added.
  std::string MergeWindows(const std::string& table, const std::string& panes = "") const;

 private:
  // `merged`, a SELECT, without the groups that `top` does not show, or with these in one.
  std::string CutToTop(const std::string& merged) const;
};

// `select` is bound (sql::BindSelect) and not changed. `relation` is the input's description,
// `text` the statement that the tree's locations count in; without it errors have no position.
// `parent` is the plan of the view that `relation` is; null when it is a source. `tables` are those
// that FROM joins it with.
base::Result<Plan> Compile(const sql::Select& select, const sql::RelationInfo& relation,
                           std::string_view text = {}, const Plan* parent = nullptr,
                           const std::vector<LookupTable>& tables = {});

}  // namespace view
