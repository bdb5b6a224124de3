#pragma once
// Joins in event time: of two streams whose times lie within fixed bounds of one another, and of a
// stream with a table's rows as they were at the time of each row (semantics 15, 17). Lanes keep
// the rows of each side apart; stage two joins what is new with what is kept, gives each pair a
// number in a log, and drops rows that no row to come can match. The log is then read as any source
// is.
//
// A pair (l, r) is joined in the step that takes the later of its two rows: new l with kept and new
// r, kept l with new r. The rows that wait, the kept rows, the log and the floors change in one
// transaction, so each pair is in the log once.
//
// A row is kept while the other side's floor allows a match: l while its time is not below
// floor(r) - to, r while its is not below floor(l) + from. A floor is a side's watermark less the
// allowed lateness and only rises; a row below its own side's floor is late.
//
// As of event time: the right side has the versions of the table's rows. A row of the stream waits
// until the table's watermark passes it, and is then joined with the newest version that is not
// younger. Of a key's versions those are dropped that a newer one replaced before the stream's
// floor. A version that comes after rows it should have met were joined is counted as late, and
// holds for the rows to come.
//
// Threads: any; pure. Errors: kUnsupported with HINT and position.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"
#include "sql/binder.h"
#include "view/plan.h"

namespace view {

struct JoinSide {
  std::string alias;         // as the query names it
  std::string relation;      // a source
  std::vector<int> columns;  // of the source, those that the query uses; kept as k0, k1 ...
  model::Fields fields;      // the same as columns of the joined rows: "alias.column"
  std::string time;          // kN of the event time
  std::string filter;        // DuckDB text over the source's columns: rows that may have a match
};

// One side's part of a step; times are UTC microseconds.
struct JoinSideStep {
  std::string waiting, kept;  // tables, quoted
  int64_t source;             // id and incarnation, for freshet_late_rows
  int incarnation;
  std::optional<int64_t> floor;        // rows below it are late
  std::optional<int64_t> raised;       // the floor from now on; never below `floor`
  std::optional<int64_t> first, last;  // takes the rows from `first` to `last`; nullopt = none
};

struct JoinStep {
  std::array<JoinSideStep, 2> sides;
  int64_t view;                     // id, for freshet_late_rows
  int64_t rows;                     // id of the joined rows, for freshet_emissions
  std::array<int64_t, 2> side_ids;  // the same
  std::string log;                  // table, quoted
  int64_t number;                   // of the next pair
  int64_t consumed;                 // pairs below it were read by the lanes of the joined rows
  std::optional<int64_t> bound;     // no pair to come has an earlier event time
  int64_t now;
};

class IntervalJoin {
 public:
  // The join `table` (kJoin) of two relations of `select`, which is bound. A right one with a
  // primary key is a table, joined as of event time. What ON says beside
  // equal columns and bounds of the event times is added to the query's WHERE.
  static base::Result<IntervalJoin> Make(sql::Select* select, const sql::TableRef& table,
                                         const sql::RelationInfo& left,
                                         const sql::RelationInfo& right,
                                         const std::vector<std::string>& primary_key = {});

  std::array<JoinSide, 2> sides;
  std::string on;                        // DuckDB text over l.k* and r.k*
  int64_t from_us = 0, to_us = 0;        // right's event time less left's
  bool as_of = false;                    // the right side is a table
  bool outer = false;                    // as_of: rows without a version stay
  std::vector<std::string> version_key;  // as_of: kN of the primary key

  // For EXPLAIN: the two streams, what their rows meet by, and how long they are kept.
  std::vector<std::string> Describe() const;
  // What lanes keep of a side: its rows as they are.
  Plan SidePlan(size_t side, const sql::RelationInfo& relation) const;
  std::vector<std::string> CreateTables(const std::string& left, const std::string& right,
                                        const std::string& log) const;  // kept rows and the log
  // Rows that wait on a side, their least and greatest time, and the time that `limit` rows reach
  // up to.
  std::string Waiting(size_t side, const std::string& table, int64_t limit) const;
  // No pair to come has an earlier time of `side`, the floors being these.
  std::optional<int64_t> PairsFrom(size_t side, const std::optional<int64_t>& left,
                                   const std::optional<int64_t>& right) const;
  // All in one transaction.
  std::vector<std::string> Statements(const JoinStep& step) const;

 private:
  std::string Taken(size_t side, const JoinSideStep& step) const;
  void AddSide(const JoinStep& step, size_t side, std::vector<std::string>* out) const;
  std::string Pairs(const JoinStep& step) const;
  std::string PairsAsOf(const JoinStep& step) const;
  void AddForget(const JoinStep& step, std::vector<std::string>* out) const;
  std::string Columns() const;
  static base::Result<IntervalJoin> MakeAsOf(sql::Select* select, const sql::TableRef& table,
                                             const sql::RelationInfo& left,
                                             const sql::RelationInfo& right,
                                             const std::vector<std::string>& primary_key);
};

// A column of the joined rows.
std::string JoinedName(const std::string& alias, const std::string& column);
// Columns of `aliases` become columns of the one relation `rows`.
void UseJoinedRows(sql::Select* select, const std::vector<std::string>& aliases,
                   const std::string& rows);

}  // namespace view
