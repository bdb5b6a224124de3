#pragma once
// Rollup: a view over a view. The child is fed by its parent's partial rows, so it may group by and
// filter on what follows from the parent's keys, and may re-aggregate a parent's column only by
// that column's own merge (semantics 14): count and sum by sum, min by min, avg by its states, a
// sketch by the same sketch. What needs the parent's finalized rows is refused with what to write
// instead.
//
// Threads: one owner. Borrows: the parent's plan and name, for its life. Errors: kUnsupported
// (0A000) with the reason, HINT and position.

#include <string>

#include "base/status.h"
#include "sql/ast.h"
#include "view/plan.h"
#include "view/states.h"

namespace view {

class Rollup {
 public:
  Rollup(const Plan& parent, const std::string& name);

  // What no child can be fed from: HAVING, and what is not one row for each partial.
  base::Status CheckParent() const;
  // `place` for the message: "GROUP BY", "WHERE", "FILTER".
  base::Status CheckKeys(const sql::Expr& expr, const char* place) const;
  // The column that holds the value of an aggregate call over the parent's columns.
  base::Result<std::string> ValueOf(const sql::Expr& call, StateBuilder* states) const;

  // The parent's partial rows with the names that the child's SELECT uses: items of a SELECT over
  // them.
  std::string Items() const;
  // The values that Items() needs and that partial rows do not have, each with a comma before it.
  std::string Extra() const;

 private:
  const Value* AggregateOf(const std::string& column) const;  // nullptr = follows from the keys
  bool FollowsFromKeys(const sql::Expr& output) const;
  bool OverKeys(const sql::Expr& expr) const;  // over the parent's columns
  const sql::Expr* Output(const std::string& column) const;
  const Value* FindValue(const std::string& column) const;
  std::string NameOf(const std::string& state) const;  // of a state's column in Items()
  std::string Renamed(const std::string& text, const std::string& filter) const;
  base::Status CheckMerge(const sql::Expr& call, const std::string& column,
                          const Value& value) const;
  base::Result<std::string> Merged(const sql::Expr& call, const Value& value,
                                   const std::string& filter, StateBuilder* states) const;
  base::Result<std::string> Added(const sql::Expr& call, const Value& value,
                                  const std::string& filter, StateBuilder* states) const;
  std::string CountHint() const;

  const Plan& parent_;
  const std::string& name_;
  std::string prefix_;  // of a state's column: no output of the parent begins so
};

}  // namespace view
