#include "view/states.h"

#include <array>
#include <charconv>
#include <map>
#include <string_view>

#include "sql/functions.h"
#include "sql/printer.h"

namespace view {

// An aggregate call, printed. `filter` is " FILTER (WHERE ...)" or empty.
struct StateBuilder::Call {
  const sql::Expr& expr;
  std::string name;
  const sql::Expr* argument = nullptr;  // nullptr for count(*)
  std::string text;                     // of the argument
  std::string filter;
};

namespace {

enum class Family { kCount, kSum, kAverage, kFold, kMoments, kPercentile, kDistinct };

struct Aggregate {
  Family family;
  const char* duckdb;  // kFold: the aggregate; kMoments: the scalar that finalizes
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
      {"approx_percentile", {Family::kPercentile, ""}},
      {"approx_count_distinct", {Family::kDistinct, ""}},
  };
  return table;
}

constexpr const char* kPercentileHint =
    "Write approx_percentile(0.95) WITHIN GROUP (ORDER BY x): a sketch with at most 1 % relative "
    "error.";
constexpr const char* kDistinctHint =
    "Write approx_count_distinct(x), a sketch, or count in a query over the source.";

base::Status At(base::Status status, const sql::Expr& expr) {
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

base::Status NoState(const sql::Expr& call) {
  const std::string& name = call.name.back();
  auto status = base::Unsupported("aggregate function " + name +
                                  " has no state that can be merged in a materialized view");
  if (name == "percentile_cont" || name == "percentile_disc" || name == "median" ||
      name == "quantile_cont")
    return At(std::move(status).WithHint(kPercentileHint), call);
  return At(std::move(status).WithHint(
                "Leave it to a query over the source, or use count, sum, avg, min, max, bool_and, "
                "bool_or, bit_and, bit_or, stddev, variance, approx_percentile or "
                "approx_count_distinct."),
            call);
}

base::Status CheckDistinct(const sql::Expr& call, Family family) {
  if (!call.distinct || family == Family::kFold)
    return {};  // the smallest of distinct values is the smallest
  const std::string& name = call.name.back();
  auto status =
      base::Unsupported(name + "(DISTINCT ...) is not supported in a materialized view yet");
  return At(family == Family::kCount
                ? std::move(status).WithHint(kDistinctHint)
                : std::move(status).WithHint("Compute it in a query over the source."),
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
      return At(base::Unsupported("approx_percentile needs WITHIN GROUP").WithHint(kPercentileHint),
                expr);
    call.argument = expr.order_by[0].expr.get();
  } else if (!expr.star && !expr.args.empty()) {
    call.argument = expr.args[0].get();
  }
  if (call.argument) {
    ASSIGN_OR_RETURN(call.text, sql::PrintDuckDb(*call.argument, {}));
  }
  if (expr.filter) {
    ASSIGN_OR_RETURN(std::string condition, sql::PrintDuckDb(*expr.filter, {}));
    call.filter = " FILTER (WHERE " + condition + ")";
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
    case Family::kPercentile: return Percentile(call);
    case Family::kDistinct: return Distinct(call);
  }
  return NoState(call.expr);
}

// A view without GROUP BY has its row before the first partial: no state is NULL then, and a count
// is 0.
base::Result<std::string> StateBuilder::Counting(const Call& call) {
  return "coalesce(" + CountState(call) + ", 0)";
}

std::string StateBuilder::CountState(const Call& call) {
  return AddState("BIGINT", "count(" + (call.argument ? call.text : "*") + ")" + call.filter,
                  "CAST(sum({}) AS BIGINT)");
}

std::string StateBuilder::SumState(const Call& call) {
  const model::Type type = call.argument->type;
  if (type.IsInteger())
    return AddState("HUGEINT", "sum(" + call.text + ")" + call.filter, "sum({})");
  // A numeric without precision is a quotient, a root ...: the engine computes it as a double.
  if (type.IsFloat() || type.precision == 0)
    return AddState("DOUBLE", "sum(" + AsDouble(call.text) + ")" + call.filter, "sum({})");
  const std::string stored = sql::DuckDbType({model::TypeId::kNumeric, 38, type.scale});
  return AddState(stored, "CAST(sum(" + call.text + ")" + call.filter + " AS " + stored + ")",
                  "sum({})");
}

base::Result<std::string> StateBuilder::Summing(const Call& call) {
  if (!call.argument || !call.argument->type.IsNumber())
    return At(base::Unsupported(call.name + " of " +
                                (call.argument ? model::NameOf(call.argument->type) : "nothing") +
                                " is not supported in a materialized view")
                  .WithHint("Take " + call.name +
                            " of a number, for intervals of extract(epoch from ...)."),
              call.expr);
  const model::Type type = call.argument->type;
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
    return At(base::Unsupported(call.name + " of arrays is not supported in a materialized view"),
              call.expr);
  const std::string stored = sql::DuckDbType(call.argument->type);
  return AddState(stored,
                  "CAST(" + name + "(" + call.text + ")" + call.filter + " AS " + stored + ")",
                  name + "({})");
}

base::Result<std::string> StateBuilder::Moments(const Call& call) {
  const std::string state =
      AddState("BLOB", "freshet_moments(" + AsDouble(call.text) + ")" + call.filter,
               "freshet_moments_merge({})");
  return std::string(Aggregates().at(call.name).duckdb) + "(" + state + ")";
}

base::Result<std::string> StateBuilder::Percentile(const Call& call) {
  const sql::Expr& expr = call.expr;
  const auto fraction = expr.args.size() == 1 ? Constant(*expr.args[0]) : std::nullopt;
  if (!fraction)
    return At(base::Unsupported(
                  "the fraction of approx_percentile must be one constant in a materialized view")
                  .WithHint("Write one approx_percentile for each fraction; those over the same "
                            "column share a sketch."),
              expr);
  if (!(*fraction >= 0 && *fraction <= 1))
    return At(
        base::Invalid("percentile value " + ShortestText(*fraction) + " is not between 0 and 1")
            .WithSqlstate("22003"),
        expr);
  const std::string state =
      AddState("BLOB", "freshet_ddsketch(" + AsDouble(call.text) + ")" + call.filter,
               "freshet_ddsketch_merge({})");
  const double from_below = expr.order_by[0].descending ? 1 - *fraction : *fraction;
  return "freshet_quantile(" + state + ", " + AsDouble(ShortestText(from_below)) + ")";
}

base::Result<std::string> StateBuilder::Distinct(const Call& call) {
  if (!call.argument) return NoState(call.expr);
  const std::string state =
      AddState("BLOB", "freshet_hll(CAST(" + call.text + " AS VARCHAR))" + call.filter,
               "freshet_hll_merge({})");
  return "coalesce(CAST(freshet_hll_estimate(" + state + ") AS BIGINT), 0)";
}

std::string StateBuilder::AddState(const std::string& duckdb_type, const std::string& delta,
                                   const std::string& merge) {
  const auto merged = [&](const std::string& column) {
    std::string text = merge;
    return text.replace(text.find("{}"), 2, column);
  };
  for (const State& state : states_)
    if (state.duckdb_type == duckdb_type && state.delta == delta &&
        state.merge == merged(state.column))
      return state.column;
  const std::string column = "s" + std::to_string(states_.size());
  states_.push_back({column, duckdb_type, delta, merged(column)});
  return column;
}

std::string StateBuilder::AddValue(const std::string& text, model::Type type) {
  for (const Value& value : values_)
    if (value.text == text && value.type == type) return value.column;
  const std::string column = "a" + std::to_string(values_.size());
  values_.push_back({column, text, type});
  return column;
}

}  // namespace view
