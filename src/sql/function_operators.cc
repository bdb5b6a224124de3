#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kOp = FunctionKind::kOperator;

// Comparisons of one type with itself.
#define FRESHET_COMPARE(type)                                                      \
  {"=", kOp, type ", " type, "bool", "($1 = $2)", "equal"},                        \
  {"<>", kOp, type ", " type, "bool", "($1 <> $2)", "not equal (also written !=)"}, \
  {"<", kOp, type ", " type, "bool", "($1 < $2)", "less than"},                    \
  {"<=", kOp, type ", " type, "bool", "($1 <= $2)", "less than or equal"},         \
  {">", kOp, type ", " type, "bool", "($1 > $2)", "greater than"},                 \
  {">=", kOp, type ", " type, "bool", "($1 >= $2)", "greater than or equal"}

#define FRESHET_ARITHMETIC(type)                                                           \
  {"+", kOp, type ", " type, type, "@arithmetic", "addition"},                             \
  {"-", kOp, type ", " type, type, "@arithmetic", "subtraction"},                          \
  {"*", kOp, type ", " type, type, "@arithmetic", "multiplication"},                       \
  {"/", kOp, type ", " type, type, "@divide", "division; integers give an integer, truncated towards zero; division by zero is an error"}, \
  {"-", kOp, type, type, "(- $1)", "negation"},                                            \
  {"+", kOp, type, type, "$1", "no change"},                                               \
  {"@", kOp, type, type, "abs($1)", "absolute value"}

#define FRESHET_MIXED(left, right)                                   \
  {"+", kOp, left ", " right, "float8", "($1 + $2)", "addition"},       \
  {"-", kOp, left ", " right, "float8", "($1 - $2)", "subtraction"},    \
  {"*", kOp, left ", " right, "float8", "($1 * $2)", "multiplication"}, \
  {"/", kOp, left ", " right, "float8", "@divide", "division"}

#define FRESHET_BITS(type)                                             \
  {"&", kOp, type ", " type, type, "($1 & $2)", "bitwise AND"},        \
  {"|", kOp, type ", " type, type, "($1 | $2)", "bitwise OR"},         \
  {"#", kOp, type ", " type, type, "xor($1, $2)", "bitwise exclusive OR"}, \
  {"~", kOp, type, type, "(~ $1)", "bitwise NOT"},                     \
  {"%", kOp, type ", " type, type, "@modulo", "remainder, with the sign of the dividend"}

constexpr FunctionInfo kRows[] = {
    FRESHET_COMPARE("int2"), FRESHET_COMPARE("int4"), FRESHET_COMPARE("int8"), FRESHET_COMPARE("numeric"),
    FRESHET_COMPARE("float4"), FRESHET_COMPARE("float8"), FRESHET_COMPARE("text"), FRESHET_COMPARE("bool"),
    FRESHET_COMPARE("date"), FRESHET_COMPARE("time"), FRESHET_COMPARE("timestamp"), FRESHET_COMPARE("timestamptz"),
    FRESHET_COMPARE("interval"), FRESHET_COMPARE("uuid"), FRESHET_COMPARE("bytea"), FRESHET_COMPARE("oid"),
    FRESHET_COMPARE("anyarray"),
    {"=", kOp, "jsonb, jsonb", "bool", "(CAST($1 AS VARCHAR) = CAST($2 AS VARCHAR))", "equal as text"},
    {"<>", kOp, "jsonb, jsonb", "bool", "(CAST($1 AS VARCHAR) <> CAST($2 AS VARCHAR))", "not equal as text"},

    FRESHET_ARITHMETIC("int2"), FRESHET_ARITHMETIC("int4"), FRESHET_ARITHMETIC("int8"), FRESHET_ARITHMETIC("numeric"),
    FRESHET_ARITHMETIC("float4"), FRESHET_ARITHMETIC("float8"), FRESHET_MIXED("float4", "float8"), FRESHET_MIXED("float8", "float4"),
    FRESHET_BITS("int2"), FRESHET_BITS("int4"), FRESHET_BITS("int8"),
    {"%", kOp, "numeric, numeric", "numeric", "@modulo", "remainder, with the sign of the dividend"},
    {"<<", kOp, "int4, int4", "int4", "@shift_left", "bits shifted left"},
    {"<<", kOp, "int8, int4", "int8", "@shift_left", "bits shifted left"},
    {">>", kOp, "int4, int4", "int4", "@shift_right", "bits shifted right"},
    {">>", kOp, "int8, int4", "int8", "@shift_right", "bits shifted right"},
    {"^", kOp, "float8, float8", "float8", "pow($1, $2)", "power"},
    {"^", kOp, "numeric, numeric", "numeric", "pow(CAST($1 AS DOUBLE), CAST($2 AS DOUBLE))", "power"},
    {"|/", kOp, "float8", "float8", "sqrt($1)", "square root"},
    {"||/", kOp, "float8", "float8", "cbrt($1)", "cube root"},

    {"||", kOp, "text, text", "text", "CAST(($1 || $2) AS VARCHAR)", "concatenation"},
    {"||", kOp, "text, anynonarray", "text", "@concat_operator", "concatenation with the text form of the other side"},
    {"||", kOp, "anynonarray, text", "text", "@concat_operator", "concatenation with the text form of the other side"},
    {"||", kOp, "anyarray, anyarray", "same as argument 1", "list_concat($1, $2)", "arrays one after the other"},
    {"||", kOp, "anyarray, anyelement", "same as argument 1", "list_append($1, $2)", "array with an element after it"},
    {"||", kOp, "anyelement, anyarray", "same as argument 2", "list_prepend($1, $2)", "array with an element before it"},
    {"~", kOp, "text, text", "bool", "@regex", "contains a match of a regular expression"},
    {"~*", kOp, "text, text", "bool", "@regex", "contains a match, in any case"},
    {"!~", kOp, "text, text", "bool", "@regex", "contains no match"},
    {"!~*", kOp, "text, text", "bool", "@regex", "contains no match, in any case"},
    {"^@", kOp, "text, text", "bool", "starts_with($1, $2)", "begins with"},

    {"+", kOp, "date, int4", "date", "($1 + $2)", "days later"},
    {"+", kOp, "int4, date", "date", "($2 + $1)", "days later"},
    {"-", kOp, "date, int4", "date", "($1 - $2)", "days earlier"},
    {"-", kOp, "date, date", "int4", "CAST(date_diff('day', $2, $1) AS INTEGER)", "days between"},
    {"+", kOp, "date, interval", "timestamp", "(CAST($1 AS TIMESTAMP) + $2)", "later by an interval"},
    {"-", kOp, "date, interval", "timestamp", "(CAST($1 AS TIMESTAMP) - $2)", "earlier by an interval"},
    {"+", kOp, "interval, date", "timestamp", "(CAST($2 AS TIMESTAMP) + $1)", "later by an interval"},
    {"+", kOp, "date, time", "timestamp", "($1 + $2)", "day and time of day"},
    {"+", kOp, "timestamp, interval", "timestamp", "($1 + $2)", "later by an interval"},
    {"-", kOp, "timestamp, interval", "timestamp", "($1 - $2)", "earlier by an interval"},
    {"+", kOp, "interval, timestamp", "timestamp", "($2 + $1)", "later by an interval"},
    {"-", kOp, "timestamp, timestamp", "interval", "@time_difference", "time between, in days and smaller units"},
    {"+", kOp, "timestamptz, interval", "timestamptz", "@tz_plus", "later by an interval, days and months counted in the session's time zone"},
    {"-", kOp, "timestamptz, interval", "timestamptz", "@tz_minus", "earlier by an interval, days and months counted in the session's time zone"},
    {"+", kOp, "interval, timestamptz", "timestamptz", "@tz_plus_swapped", "later by an interval, days and months counted in the session's time zone"},
    {"-", kOp, "timestamptz, timestamptz", "interval", "@time_difference", "time between, in days and smaller units"},
    {"+", kOp, "time, interval", "time", "($1 + $2)", "later by an interval"},
    {"-", kOp, "time, interval", "time", "($1 - $2)", "earlier by an interval"},
    {"-", kOp, "time, time", "interval", "to_microseconds(epoch_us($1) - epoch_us($2))", "time between"},
    {"+", kOp, "interval, interval", "interval", "($1 + $2)", "sum of intervals"},
    {"-", kOp, "interval, interval", "interval", "($1 - $2)", "difference of intervals"},
    {"-", kOp, "interval", "interval", "(- $1)", "negation"},
    {"*", kOp, "interval, float8", "interval", "@interval_times", "interval times a number"},
    {"*", kOp, "float8, interval", "interval", "@interval_times_swapped", "interval times a number"},
    {"/", kOp, "interval, float8", "interval", "@interval_over", "interval divided by a number"},

    {"->", kOp, "json, text", "json", "@json_get", "field of an object"},
    {"->", kOp, "json, int4", "json", "@json_get", "element of an array, from 0"},
    {"->>", kOp, "json, text", "text", "@json_get_text", "field of an object as text"},
    {"->>", kOp, "json, int4", "text", "@json_get_text", "element of an array as text"},
    {"->", kOp, "jsonb, text", "jsonb", "@json_get", "field of an object"},
    {"->", kOp, "jsonb, int4", "jsonb", "@json_get", "element of an array, from 0"},
    {"->>", kOp, "jsonb, text", "text", "@json_get_text", "field of an object as text"},
    {"->>", kOp, "jsonb, int4", "text", "@json_get_text", "element of an array as text"},
    {"@>", kOp, "anyarray, anyarray", "bool", "list_has_all($1, $2)", "contains all elements of"},
    {"<@", kOp, "anyarray, anyarray", "bool", "list_has_all($2, $1)", "has all its elements in"},
    {"&&", kOp, "anyarray, anyarray", "bool", "list_has_any($1, $2)", "has elements in common with"},
};

#undef FRESHET_COMPARE
#undef FRESHET_ARITHMETIC
#undef FRESHET_BITS
#undef FRESHET_MIXED

}  // namespace

std::span<const FunctionInfo> OperatorRows() { return kRows; }

}  // namespace sql
