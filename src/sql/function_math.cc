#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kFn = FunctionKind::kScalar;

#define FRESHET_FLOAT(name, duckdb, description) {name, kFn, "float8", "float8", duckdb, description}

constexpr FunctionInfo kRows[] = {
    {"abs", kFn, "int2", "int2", "", "absolute value"},
    {"abs", kFn, "int4", "int4", "", "absolute value"},
    {"abs", kFn, "int8", "int8", "", "absolute value"},
    {"abs", kFn, "numeric", "numeric", "", "absolute value"},
    {"abs", kFn, "float4", "float4", "", "absolute value"},
    {"abs", kFn, "float8", "float8", "", "absolute value"},
    {"ceil", kFn, "numeric", "numeric", "ceil($1)", "smallest whole number not below"},
    {"ceil", kFn, "float8", "float8", "ceil($1)", "smallest whole number not below"},
    {"ceiling", kFn, "numeric", "numeric", "ceil($1)", "the same as ceil"},
    {"ceiling", kFn, "float8", "float8", "ceil($1)", "the same as ceil"},
    {"floor", kFn, "numeric", "numeric", "", "largest whole number not above"},
    {"floor", kFn, "float8", "float8", "", "largest whole number not above"},
    {"round", kFn, "numeric", "numeric", "@round", "rounded to a whole number, halves away from zero"},
    {"round", kFn, "float8", "float8", "round_even($1, 0)", "rounded to a whole number, halves to the even one"},
    {"round", kFn, "numeric, int4", "numeric", "@round", "rounded to so many digits after the point"},
    {"trunc", kFn, "numeric", "numeric", "@trunc", "without the fraction"},
    {"trunc", kFn, "float8", "float8", "trunc($1)", "without the fraction"},
    {"trunc", kFn, "numeric, int4", "numeric", "@trunc", "cut to so many digits after the point"},
    {"sign", kFn, "numeric", "numeric", "CAST(sign($1) AS DECIMAL(1,0))", "-1, 0 or 1"},
    {"sign", kFn, "float8", "float8", "CAST(sign($1) AS DOUBLE)", "-1, 0 or 1"},
    {"mod", kFn, "int2, int2", "int2", "@modulo", "remainder"},
    {"mod", kFn, "int4, int4", "int4", "@modulo", "remainder"},
    {"mod", kFn, "int8, int8", "int8", "@modulo", "remainder"},
    {"mod", kFn, "numeric, numeric", "numeric", "@modulo", "remainder"},
    {"div", kFn, "numeric, numeric", "numeric", "@div", "whole quotient, truncated towards zero"},
    {"gcd", kFn, "int4, int4", "int4", "CAST(gcd($1, $2) AS INTEGER)", "greatest common divisor"},
    {"gcd", kFn, "int8, int8", "int8", "CAST(gcd($1, $2) AS BIGINT)", "greatest common divisor"},
    {"lcm", kFn, "int4, int4", "int4", "CAST(lcm($1, $2) AS INTEGER)", "least common multiple"},
    {"lcm", kFn, "int8, int8", "int8", "CAST(lcm($1, $2) AS BIGINT)", "least common multiple"},
    {"sqrt", kFn, "numeric", "numeric", "sqrt(CAST($1 AS DOUBLE))", "square root"},
    FRESHET_FLOAT("sqrt", "sqrt($1)", "square root"),
    FRESHET_FLOAT("cbrt", "cbrt($1)", "cube root"),
    {"exp", kFn, "numeric", "numeric", "exp(CAST($1 AS DOUBLE))", "e to the power"},
    FRESHET_FLOAT("exp", "exp($1)", "e to the power"),
    {"ln", kFn, "numeric", "numeric", "ln(CAST($1 AS DOUBLE))", "natural logarithm"},
    FRESHET_FLOAT("ln", "ln($1)", "natural logarithm"),
    {"log", kFn, "numeric", "numeric", "log10(CAST($1 AS DOUBLE))", "logarithm to base 10"},
    FRESHET_FLOAT("log", "log10($1)", "logarithm to base 10"),
    {"log10", kFn, "numeric", "numeric", "log10(CAST($1 AS DOUBLE))", "logarithm to base 10"},
    FRESHET_FLOAT("log10", "log10($1)", "logarithm to base 10"),
    {"log", kFn, "numeric, numeric", "numeric", "(ln(CAST($2 AS DOUBLE)) / ln(CAST($1 AS DOUBLE)))", "logarithm of the second to the base of the first"},
    {"power", kFn, "float8, float8", "float8", "pow($1, $2)", "power"},
    {"power", kFn, "numeric, numeric", "numeric", "pow(CAST($1 AS DOUBLE), CAST($2 AS DOUBLE))", "power"},
    {"pow", kFn, "float8, float8", "float8", "pow($1, $2)", "the same as power"},
    {"pow", kFn, "numeric, numeric", "numeric", "pow(CAST($1 AS DOUBLE), CAST($2 AS DOUBLE))", "the same as power"},
    {"pi", kFn, "", "float8", "pi()", "3.14159..."},
    {"random", kFn, "", "float8", "random()", "a number from 0 to below 1"},
    FRESHET_FLOAT("degrees", "degrees($1)", "radians to degrees"),
    FRESHET_FLOAT("radians", "radians($1)", "degrees to radians"),
    FRESHET_FLOAT("sin", "sin($1)", "sine"),
    FRESHET_FLOAT("cos", "cos($1)", "cosine"),
    FRESHET_FLOAT("tan", "tan($1)", "tangent"),
    FRESHET_FLOAT("cot", "cot($1)", "cotangent"),
    FRESHET_FLOAT("asin", "asin($1)", "arc sine"),
    FRESHET_FLOAT("acos", "acos($1)", "arc cosine"),
    FRESHET_FLOAT("atan", "atan($1)", "arc tangent"),
    {"atan2", kFn, "float8, float8", "float8", "atan2($1, $2)", "arc tangent of a quotient"},
    FRESHET_FLOAT("sinh", "sinh($1)", "hyperbolic sine"),
    FRESHET_FLOAT("cosh", "cosh($1)", "hyperbolic cosine"),
    FRESHET_FLOAT("tanh", "tanh($1)", "hyperbolic tangent"),
    FRESHET_FLOAT("asinh", "asinh($1)", "inverse hyperbolic sine"),
    FRESHET_FLOAT("acosh", "acosh($1)", "inverse hyperbolic cosine"),
    FRESHET_FLOAT("atanh", "atanh($1)", "inverse hyperbolic tangent"),
    {"width_bucket", kFn, "float8, float8, float8, int4", "int4", "@width_bucket",
     "number of the bucket, of so many equal ones between two bounds; 0 below, one more above"},
};

#undef FRESHET_FLOAT

}  // namespace

std::span<const FunctionInfo> MathRows() { return kRows; }

}  // namespace sql
