#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kAgg = FunctionKind::kAggregate, kWin = FunctionKind::kWindow;

#define FRESHET_MIN_MAX(type)                             \
  {"min", kAgg, type, type, "{min}", "smallest value"},   \
  {"max", kAgg, type, type, "{max}", "largest value"}

// The variance family: over numbers of any kind, numeric except over floats.
#define FRESHET_MOMENT(name, duckdb, description)                            \
  {name, kAgg, "int2", "numeric", duckdb, description},                     \
  {name, kAgg, "int4", "numeric", duckdb, description},                     \
  {name, kAgg, "int8", "numeric", duckdb, description},                     \
  {name, kAgg, "numeric", "numeric", duckdb, description},                  \
  {name, kAgg, "float4", "float8", duckdb, description},                    \
  {name, kAgg, "float8", "float8", duckdb, description}

#define FRESHET_BIT(name, description)                       \
  {name, kAgg, "int2", "int2", "{" name "}", description},   \
  {name, kAgg, "int4", "int4", "{" name "}", description},   \
  {name, kAgg, "int8", "int8", "{" name "}", description}

#define FRESHET_PAIR(name, description) {name, kAgg, "float8, float8", "float8", "freshet_" name "({freshet_pairs})", description}

constexpr FunctionInfo kRows[] = {
    {"count", kAgg, "any", "int8", "{count}", "number of rows where the argument is not NULL; count(*) all rows"},
    {"sum", kAgg, "int2", "int8", "CAST({sum} AS BIGINT)", "sum"},
    {"sum", kAgg, "int4", "int8", "CAST({sum} AS BIGINT)", "sum"},
    {"sum", kAgg, "int8", "numeric", "CAST({sum} AS DECIMAL(38,0))", "sum"},
    {"sum", kAgg, "numeric", "numeric", "{sum}", "sum, with the scale of the argument"},
    {"sum", kAgg, "float4", "float4", "CAST({sum} AS REAL)", "sum"},
    {"sum", kAgg, "float8", "float8", "{sum}", "sum"},
    {"avg", kAgg, "int2", "numeric", "{avg}", "mean, right to 15 digits"},
    {"avg", kAgg, "int4", "numeric", "{avg}", "mean, right to 15 digits"},
    {"avg", kAgg, "int8", "numeric", "{avg}", "mean, right to 15 digits"},
    {"avg", kAgg, "numeric", "numeric", "{avg}", "mean, right to 15 digits"},
    {"avg", kAgg, "float4", "float8", "{avg}", "mean"},
    {"avg", kAgg, "float8", "float8", "{avg}", "mean"},
    {"avg", kAgg, "interval", "interval", "{avg}", "mean"},
    FRESHET_MIN_MAX("int2"), FRESHET_MIN_MAX("int4"), FRESHET_MIN_MAX("int8"), FRESHET_MIN_MAX("numeric"),
    FRESHET_MIN_MAX("float4"), FRESHET_MIN_MAX("float8"), FRESHET_MIN_MAX("text"), FRESHET_MIN_MAX("date"),
    FRESHET_MIN_MAX("time"), FRESHET_MIN_MAX("timestamp"), FRESHET_MIN_MAX("timestamptz"), FRESHET_MIN_MAX("interval"),
    FRESHET_MIN_MAX("oid"),
    {"min", kAgg, "anyarray", "same as argument 1", "{min}", "smallest value"},
    {"max", kAgg, "anyarray", "same as argument 1", "{max}", "largest value"},
    FRESHET_MOMENT("stddev", "{stddev_samp}", "sample standard deviation"),
    FRESHET_MOMENT("stddev_samp", "{stddev_samp}", "sample standard deviation"),
    FRESHET_MOMENT("stddev_pop", "{stddev_pop}", "population standard deviation"),
    FRESHET_MOMENT("variance", "{var_samp}", "sample variance"),
    FRESHET_MOMENT("var_samp", "{var_samp}", "sample variance"),
    FRESHET_MOMENT("var_pop", "{var_pop}", "population variance"),
    {"bool_and", kAgg, "bool", "bool", "{bool_and}", "whether all are true"},
    {"bool_or", kAgg, "bool", "bool", "{bool_or}", "whether any is true"},
    {"every", kAgg, "bool", "bool", "{bool_and}", "the same as bool_and"},
    FRESHET_BIT("bit_and", "bitwise AND"), FRESHET_BIT("bit_or", "bitwise OR"), FRESHET_BIT("bit_xor", "bitwise exclusive OR"),
    FRESHET_PAIR("corr", "correlation"), FRESHET_PAIR("covar_pop", "population covariance"),
    FRESHET_PAIR("covar_samp", "sample covariance"), FRESHET_PAIR("regr_avgx", "mean of the second argument"),
    FRESHET_PAIR("regr_avgy", "mean of the first argument"), FRESHET_PAIR("regr_intercept", "intercept of the regression line"),
    FRESHET_PAIR("regr_r2", "square of the correlation"), FRESHET_PAIR("regr_slope", "slope of the regression line"),
    FRESHET_PAIR("regr_sxx", "sum of squares of the second argument"), FRESHET_PAIR("regr_sxy", "sum of products"),
    FRESHET_PAIR("regr_syy", "sum of squares of the first argument"),
    {"regr_count", kAgg, "float8, float8", "int8", "coalesce(CAST(freshet_regr_count({freshet_pairs}) AS BIGINT), 0)",
     "number of rows where both are not NULL"},
    {"string_agg", kAgg, "text, text", "text", "{string_agg}", "texts with a constant separator; ORDER BY inside the parentheses"},
    {"array_agg", kAgg, "any", "array of argument 1", "{array_agg}", "values as an array"},
    {"first", kAgg, "any", "same as argument 1", "@one_row",
     "value of the first row: first(x ORDER BY t), where t is not NULL; in a view without ORDER BY by event time and offset"},
    {"last", kAgg, "any", "same as argument 1", "@one_row", "value of the last row: last(x ORDER BY t)"},
    {"arg_min", kAgg, "any, any", "same as argument 1", "@arg_extreme",
     "the first argument where the second is smallest; the smallest of them where several rows have it; rows with a NULL do not count"},
    {"arg_max", kAgg, "any, any", "same as argument 1", "@arg_extreme", "the first argument where the second is largest; the largest of them"},
    {"histogram", kAgg, "any", "jsonb", "@approx_histogram",
     "how often each value came, as an object; at most 10,000 different values"},
    {"approx_top_k", kAgg, "any, int4", "jsonb", "@approx_top_k",
     "the most frequent values, at most 100, as an array of {\"count\", \"value\"}; counts are high by 0.1 % of the rows at most; it can be kept in a view"},
    {"percentile_cont", kAgg, "float8 ORDER BY float8", "float8", "@percentile",
     "interpolated percentile, exact: percentile_cont(0.5) WITHIN GROUP (ORDER BY x)"},
    {"percentile_cont", kAgg, "float8 ORDER BY interval", "interval", "@percentile", "interpolated percentile of intervals"},
    {"percentile_disc", kAgg, "float8 ORDER BY any", "same as argument 2", "@percentile", "the first value at or above the percentile, exact"},
    {"mode", kAgg, "ORDER BY any", "same as argument 1", "@percentile", "the most frequent value: mode() WITHIN GROUP (ORDER BY x)"},
    {"approx_percentile", kAgg, "float8 ORDER BY float8", "float8", "@approx_percentile",
     "percentile from a sketch with at most 1 % relative error; it can be kept in a view"},
    {"approx_count_distinct", kAgg, "any", "int8", "@approx_count_distinct", "number of different values from a sketch; it can be kept in a view"},

    {"row_number", kWin, "", "int8", "{row_number}", "number of the row in its partition"},
    {"rank", kWin, "", "int8", "{rank}", "rank with gaps"},
    {"dense_rank", kWin, "", "int8", "{dense_rank}", "rank without gaps"},
    {"percent_rank", kWin, "", "float8", "{percent_rank}", "relative rank from 0 to 1"},
    {"cume_dist", kWin, "", "float8", "{cume_dist}", "share of rows up to this one"},
    {"ntile", kWin, "int4", "int4", "CAST({ntile} AS INTEGER)", "number of the part of so many equal ones"},
    {"lag", kWin, "anyelement", "same as argument 1", "{lag}", "value of the row before"},
    {"lag", kWin, "anyelement, int4", "same as argument 1", "{lag}", "value so many rows before"},
    {"lag", kWin, "anyelement, int4, anyelement", "same as argument 1", "{lag}", "the same, with a value when there is no such row"},
    {"lead", kWin, "anyelement", "same as argument 1", "{lead}", "value of the row after"},
    {"lead", kWin, "anyelement, int4", "same as argument 1", "{lead}", "value so many rows after"},
    {"lead", kWin, "anyelement, int4, anyelement", "same as argument 1", "{lead}", "the same, with a value when there is no such row"},
    {"first_value", kWin, "anyelement", "same as argument 1", "{first_value}", "value of the first row of the frame"},
    {"last_value", kWin, "anyelement", "same as argument 1", "{last_value}", "value of the last row of the frame"},
    {"nth_value", kWin, "anyelement, int4", "same as argument 1", "{nth_value}", "value of the n-th row of the frame"},
};

#undef FRESHET_MIN_MAX
#undef FRESHET_MOMENT
#undef FRESHET_BIT
#undef FRESHET_PAIR

}  // namespace

std::span<const FunctionInfo> AggregateRows() { return kRows; }

}  // namespace sql
