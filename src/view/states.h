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
  // The value of approx_percentile from the sketch in `state`.
  base::Result<std::string> QuantileText(const sql::Expr& call, const std::string& state) const;
  // `delta` is an aggregate over the input's rows, `merge` one over "{}", the state's column. Gives
  // that column; equal states are one.
  std::string AddState(const std::string& duckdb_type, const std::string& delta,
                       const std::string& merge);
  // A value that is not an aggregate: window_end.
  std::string AddValue(const std::string& text, model::Type type);

  std::vector<State> TakeStates() { return std::move(states_); }
  std::vector<Value> TakeValues() { return std::move(values_); }

 private:
  struct Call;  // an aggregate call, printed
  using Text = base::Result<std::string>;
  Text ValueText(const Call& call);
  Text Counting(const Call& call);
  Text Summing(const Call& call);
  Text Folding(const Call& call);  // min, max, bool_*, bit_*: the state is the value
  Text Moments(const Call& call);
  Text PairMoments(const Call& call);
  Text Percentile(const Call& call);
  Text ApproximateCount(const Call& call);
  std::string SumState(const Call& call);
  std::string CountState(const Call& call);

  // states_collected.cc
  Text SetState(const Call& call);
  Text DistinctSum(const Call& call);
  Text OfOneRow(const Call& call);        // first, last
  Text AtExtreme(const Call& call);       // arg_min, arg_max
  Text CountsOfValues(const Call& call);  // histogram, approx_top_k
  Text Collecting(const Call& call);      // string_agg, array_agg
  Text CollectingDistinct(const Call& call);

  std::vector<State> states_;
  std::vector<Value> values_;
};

}  // namespace view
