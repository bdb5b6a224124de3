#pragma once
// The algebra of states: which aggregates a view can keep up to date, the state each one stores,
// how states merge and what value comes out. Equal states are stored once: avg(x) uses those of
// sum(x) and count(x).
//
// Threads: one owner. Errors: kUnsupported for an aggregate without a mergeable state, with what to
// write instead.

#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"
#include "view/plan.h"

namespace view {

bool IsAggregateCall(const sql::Expr& expr);

class StateBuilder {
 public:
  // The column (a0 ...) that holds the value of `call`, an aggregate call over the input's columns.
  base::Result<std::string> ValueOf(const sql::Expr& call);
  // A value that is not an aggregate: window_end.
  std::string AddValue(const std::string& text, model::Type type);

  std::vector<State> TakeStates() { return std::move(states_); }
  std::vector<Value> TakeValues() { return std::move(values_); }

 private:
  struct Call;  // an aggregate call, printed
  base::Result<std::string> ValueText(const Call& call);
  base::Result<std::string> Counting(const Call& call);
  base::Result<std::string> Summing(const Call& call);
  base::Result<std::string> Folding(
      const Call& call);  // min, max, bool_*, bit_*: the state is the value
  base::Result<std::string> Moments(const Call& call);
  base::Result<std::string> Percentile(const Call& call);
  base::Result<std::string> Distinct(const Call& call);
  std::string SumState(const Call& call);
  std::string CountState(const Call& call);
  // `merge` and `delta` are the names of the aggregates; returns the state's column.
  std::string AddState(const std::string& duckdb_type, const std::string& delta,
                       const std::string& merge);

  std::vector<State> states_;
  std::vector<Value> values_;
};

}  // namespace view
