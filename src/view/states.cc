#include "view/states.h"

#include <array>
#include <charconv>
#include <map>
#include <string_view>

#include "base/bug.h"
#include "sql/functions.h"
#include "sql/printer.h"
#include "view/state_call.h"

namespace view {

namespace {

enum class Family {
  kCount,
  kSum,
  kAverage,
  kFold,
  kMoments,
  kPair,
  kPercentile,
  kApproximateCount,
  kOneRow,
  kExtreme,
  kValueCounts,
  kCollect
};

struct Aggregate {
  Family family;
  const char* duckdb;  // kFold: the aggregate; kMoments, kPair: the scalar that finalizes
};

const std::map<std::string_view, Aggregate>& Aggregates() {
  static const std::map<std::string_view, Aggregate> table{
      {"count", {Family::kCount, ""}},
      {"sum", {Family::kSum, ""}},
      {"avg", {Family::kAverage, ""}},
      {"min", {Family::kFold, "min"}},
      {"max", {Family::kFold, "max"}},
      {"bool_and", {Family::kFold, "bool_and"}},
      {"every", {Family::kFold, "bool_and"}},
      {"bool_or", {Family::kFold, "bool_or"}},
      {"bit_and", {Family::kFold, "bit_and"}},
      {"bit_or", {Family::kFold, "bit_or"}},
      {"bit_xor", {Family::kFold, "bit_xor"}},
      {"stddev", {Family::kMoments, "freshet_stddev_samp"}},
      {"stddev_samp", {Family::kMoments, "freshet_stddev_samp"}},
      {"stddev_pop", {Family::kMoments, "freshet_stddev_pop"}},
      {"variance", {Family::kMoments, "freshet_var_samp"}},
      {"var_samp", {Family::kMoments, "freshet_var_samp"}},
      {"var_pop", {Family::kMoments, "freshet_var_pop"}},
      {"corr", {Family::kPair, "freshet_corr"}},
      {"covar_pop", {Family::kPair, "freshet_covar_pop"}},
      {"covar_samp", {Family::kPair, "freshet_covar_samp"}},
      {"regr_avgx", {Family::kPair, "freshet_regr_avgx"}},
      {"regr_avgy", {Family::kPair, "freshet_regr_avgy"}},
      {"regr_count", {Family::kPair, "freshet_regr_count"}},
      {"regr_intercept", {Family::kPair, "freshet_regr_intercept"}},
      {"regr_r2", {Family::kPair, "freshet_regr_r2"}},
      {"regr_slope", {Family::kPair, "freshet_regr_slope"}},
      {"regr_sxx", {Family::kPair, "freshet_regr_sxx"}},
      {"regr_sxy", {Family::kPair, "freshet_regr_sxy"}},
      {"regr_syy", {Family::kPair, "freshet_regr_syy"}},
      {"approx_percentile", {Family::kPercentile, ""}},
      {"approx_count_distinct", {Family::kApproximateCount, ""}},
      {"first", {Family::kOneRow, ""}},
      {"last", {Family::kOneRow, ""}},
      {"arg_min", {Family::kExtreme, ""}},
      {"arg_max", {Family::kExtreme, ""}},
      {"histogram", {Family::kValueCounts, ""}},
      {"approx_top_k", {Family::kValueCounts, ""}},
      {"string_agg", {Family::kCollect, ""}},
      {"array_agg", {Family::kCollect, ""}},
  };
  return table;
}

constexpr const char* kPercentileHint =
    "Write approx_percentile(0.95) WITHIN GROUP (ORDER BY x): a sketch with at most 1 % relative "
    "error.";
base::Status NoState(const sql::Expr& call) {
  const std::string& name = call.name.back();
  auto status = base::Unsupported("aggregate function " + name +
                                  " has no state that can be merged in a materialized view");
  if (name == "percentile_cont" || name == "percentile_disc" || name == "median" ||
      name == "quantile_cont")
    return AtCall(std::move(status).WithHint(kPercentileHint), call);
  return AtCall(std::move(status).WithHint(
                    "Leave it to a query over the source; the aggregates with a state are in "
                    "docs/reference/functions.md."),
                call);
}

// The smallest of distinct values is the smallest, and so on.
bool IgnoresDistinct(Family family) {
  return family == Family::kFold || family == Family::kApproximateCount ||
         family == Family::kOneRow || family == Family::kExtreme;
}

bool HasSet(Family family) {
  return family == Family::kCount || family == Family::kSum || family == Family::kAverage ||
         family == Family::kCollect;
}

base::Status CheckDistinct(const sql::Expr& call, Family family) {
  if (!call.distinct || IgnoresDistinct(family) || HasSet(family)) return {};
  return AtCall(
      base::Unsupported(call.name.back() + "(DISTINCT ...) is not supported in a materialized view")
          .WithHint("Compute it in a query over the source; count, sum, avg and "
                    "string_agg of distinct values can be kept."),
      call);
}

// 0.95, '0.95', 0.95::float8 ... as a number.
std::optional<double> Constant(const sql::Expr& expr) {
  if (expr.kind == sql::ExprKind::kCast && expr.args.size() == 1) return Constant(*expr.args[0]);
  if (expr.kind != sql::ExprKind::kLiteral) return std::nullopt;
  if (expr.literal.kind == sql::Literal::Kind::kInteger)
    return static_cast<double>(expr.literal.integer);
  if (expr.literal.kind != sql::Literal::Kind::kDecimal &&
      expr.literal.kind != sql::Literal::Kind::kString)
    return std::nullopt;
  double value = 0;
  const std::string& text = expr.literal.text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string ShortestText(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string AsDouble(const std::string& text) { return "CAST(" + text + " AS DOUBLE)"; }

}  // namespace

base::Status AtCall(base::Status status, const sql::Expr& expr) {
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

bool IsAggregateCall(const sql::Expr& expr) {
  return expr.kind == sql::ExprKind::kFunction && !expr.over && sql::IsAggregate(expr.name.back());
}

base::Result<std::string> StateBuilder::ValueOf(const sql::Expr& expr) {
  const auto known = Aggregates().find(expr.name.back());
  if (known == Aggregates().end()) return NoState(expr);
  RETURN_IF_ERROR(CheckDistinct(expr, known->second.family));
  Call call{expr, expr.name.back()};
  if (known->second.family == Family::kPercentile) {
    if (!expr.within_group || expr.order_by.size() != 1)
      return AtCall(
          base::Unsupported("approx_percentile needs WITHIN GROUP").WithHint(kPercentileHint),
          expr);
    call.argument = expr.order_by[0].expr.get();
  } else if (!expr.star && !expr.args.empty()) {
    call.argument = expr.args[0].get();
  }
  if (call.argument) {
    ASSIGN_OR_RETURN(call.text, sql::PrintDuckDb(*call.argument, {}));
  }
  if (expr.filter) {
    ASSIGN_OR_RETURN(call.condition, sql::PrintDuckDb(*expr.filter, {}));
  }
  ASSIGN_OR_RETURN(std::string text, ValueText(call));
  return AddValue(text, expr.type);
}

base::Result<std::string> StateBuilder::ValueText(const Call& call) {
  switch (Aggregates().at(call.name).family) {
    case Family::kCount: return Counting(call);
    case Family::kSum:
    case Family::kAverage: return Summing(call);
    case Family::kFold: return Folding(call);
    case Family::kMoments: return Moments(call);
    case Family::kPair: return PairMoments(call);
    case Family::kPercentile: return Percentile(call);
    case Family::kApproximateCount: return ApproximateCount(call);
    case Family::kOneRow: return OfOneRow(call);
    case Family::kExtreme: return AtExtreme(call);
    case Family::kValueCounts: return CountsOfValues(call);
    case Family::kCollect: return call.expr.distinct ? CollectingDistinct(call) : Collecting(call);
  }
  return NoState(call.expr);
}

// A view without GROUP BY has its row before the first partial: no state is NULL then, and a count
// is 0.
base::Result<std::string> StateBuilder::Counting(const Call& call) {
  if (call.expr.distinct && call.argument && !base::HasBug(base::Bug::kDistinctCountsAdded)) {
    ASSIGN_OR_RETURN(const std::string set, SetState(call));
    return "coalesce(len(" + set + "), 0)";
  }
  return "coalesce(" + CountState(call) + ", 0)";
}

std::string StateBuilder::CountState(const Call& call) {
  const bool added = call.expr.distinct && base::HasBug(base::Bug::kDistinctCountsAdded);
  const std::string counted = (added ? "DISTINCT " : "") + (call.argument ? call.text : "*");
  return AddState("BIGINT", "count(" + counted + ")" + call.Filter(), "CAST(sum({}) AS BIGINT)");
}

std::string StateBuilder::SumState(const Call& call) {
  const model::Type type = call.argument->type;
  if (type.IsInteger())
    return AddState("HUGEINT", "sum(" + call.text + ")" + call.Filter(), "sum({})");
  // A numeric without precision is a quotient, a root ...: the engine computes it as a double.
  if (type.IsFloat() || type.precision == 0)
    return AddState("DOUBLE", "sum(" + AsDouble(call.text) + ")" + call.Filter(), "sum({})");
  const std::string stored = sql::DuckDbType({model::TypeId::kNumeric, 38, type.scale});
  return AddState(stored, "CAST(sum(" + call.text + ")" + call.Filter() + " AS " + stored + ")",
                  "sum({})");
}

base::Result<std::string> StateBuilder::Summing(const Call& call) {
  if (!call.argument || !call.argument->type.IsNumber())
    return AtCall(
        base::Unsupported(call.name + " of " +
                          (call.argument ? model::NameOf(call.argument->type) : "nothing") +
                          " is not supported in a materialized view")
            .WithHint("Take " + call.name +
                      " of a number, for intervals of extract(epoch from ...)."),
        call.expr);
  if (call.expr.distinct) return DistinctSum(call);
  const model::Type type = call.argument->type;
  if (call.name == "avg" && base::HasBug(base::Bug::kAverageOfAverages))
    return AddState("DOUBLE", "avg(" + AsDouble(call.text) + ")" + call.Filter(), "avg({})");
  const std::string sum = SumState(call);
  if (call.name == "avg")
    return AsDouble(sum) + " / " + CountState(call);  // no accepted row: NULL / 0 is NULL
  if (type.IsInteger() && type.id != model::TypeId::kInt8) return "CAST(" + sum + " AS BIGINT)";
  if (type.id == model::TypeId::kFloat4) return "CAST(" + sum + " AS FLOAT)";
  if (type.id == model::TypeId::kInt8) return "CAST(" + sum + " AS DECIMAL(38,0))";
  return sum;
}

base::Result<std::string> StateBuilder::Folding(const Call& call) {
  const std::string name = Aggregates().at(call.name).duckdb;
  if (!call.argument || call.argument->type.array)
    return AtCall(
        base::Unsupported(call.name + " of arrays is not supported in a materialized view"),
        call.expr);
  const std::string stored = sql::DuckDbType(call.argument->type);
  const bool stays = name == "min" && base::HasBug(base::Bug::kFirstMinimumStays);
  return AddState(stored,
                  "CAST(" + name + "(" + call.text + ")" + call.Filter() + " AS " + stored + ")",
                  (stays ? "first" : name) + "({})");
}

base::Result<std::string> StateBuilder::Moments(const Call& call) {
  const std::string state =
      AddState("BLOB", "freshet_moments(" + AsDouble(call.text) + ")" + call.Filter(),
               "freshet_moments_merge({})");
  return std::string(Aggregates().at(call.name).duckdb) + "(" + state + ")";
}

// All of them take (y, x).
base::Result<std::string> StateBuilder::PairMoments(const Call& call) {
  ASSIGN_OR_RETURN(const std::string x, sql::PrintDuckDb(*call.expr.args[1], {}));
  const std::string state = AddState(
      "BLOB", "freshet_pairs(" + AsDouble(call.text) + ", " + AsDouble(x) + ")" + call.Filter(),
      "freshet_pairs_merge({})");
  const std::string value = std::string(Aggregates().at(call.name).duckdb) + "(" + state + ")";
  return call.name == "regr_count" ? "coalesce(CAST(" + value + " AS BIGINT), 0)" : value;
}

base::Result<std::string> StateBuilder::Percentile(const Call& call) {
  const std::string state =
      AddState("BLOB", "freshet_ddsketch(" + AsDouble(call.text) + ")" + call.Filter(),
               "freshet_ddsketch_merge({})");
  return QuantileText(call.expr, state);
}

base::Result<std::string> StateBuilder::QuantileText(const sql::Expr& expr,
                                                     const std::string& state) const {
  const auto fraction = expr.args.size() == 1 ? Constant(*expr.args[0]) : std::nullopt;
  if (!fraction)
    return AtCall(
        base::Unsupported(
            "the fraction of approx_percentile must be one constant in a materialized view")
            .WithHint("Write one approx_percentile for each fraction; those over the same "
                      "column share a sketch."),
        expr);
  if (!(*fraction >= 0 && *fraction <= 1))
    return AtCall(
        base::Invalid("percentile value " + ShortestText(*fraction) + " is not between 0 and 1")
            .WithSqlstate("22003"),
        expr);
  const double from_below = expr.order_by[0].descending ? 1 - *fraction : *fraction;
  return "freshet_quantile(" + state + ", " + AsDouble(ShortestText(from_below)) + ")";
}

base::Result<std::string> StateBuilder::ApproximateCount(const Call& call) {
  if (!call.argument) return NoState(call.expr);
  const std::string state =
      AddState("BLOB", "freshet_hll(CAST(" + call.text + " AS VARCHAR))" + call.Filter(),
               "freshet_hll_merge({})");
  return "coalesce(CAST(freshet_hll_estimate(" + state + ") AS BIGINT), 0)";
}

std::string StateBuilder::AddState(const std::string& duckdb_type, const std::string& delta,
                                   const std::string& merge) {
  const auto merged = [&](const std::string& column) {
    std::string text = merge;
    for (size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at))
      text.replace(at, 2, column);
    return text;
  };
  for (const State& state : states_)
    if (state.duckdb_type == duckdb_type && state.delta == delta &&
        state.merge == merged(state.column))
      return state.column;
  std::string column = "s" + std::to_string(states_.size());
  states_.push_back({column, duckdb_type, delta, merged(column)});
  return column;
}

std::string StateBuilder::AddValue(const std::string& text, model::Type type) {
  for (const Value& value : values_)
    if (value.text == text && value.type == type) return value.column;
  std::string column = "a" + std::to_string(values_.size());
  values_.push_back({column, text, type, nullptr});
  return column;
}

}  // namespace view
