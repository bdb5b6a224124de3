#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kFn = FunctionKind::kScalar;

constexpr FunctionInfo kRows[] = {
    {"now", kFn, "", "timestamptz", "@now", "time at the start of the transaction; CURRENT_TIMESTAMP"},
    {"transaction_timestamp", kFn, "", "timestamptz", "@now", "the same as now"},
    {"statement_timestamp", kFn, "", "timestamptz", "@now", "the same as now"},
    {"clock_timestamp", kFn, "", "timestamptz", "@now", "the same as now"},
    {"date_trunc", kFn, "text, timestamptz", "timestamptz", "@date_trunc",
 
        "cut to microseconds, milliseconds, second, minute, hour, day, week, month, quarter, year, decade, century or millennium, in the session's time zone"},
    {"date_trunc", kFn, "text, timestamp", "timestamp", "@date_trunc", "the same without a time zone"},
    {"date_trunc", kFn, "text, interval", "interval", "@date_trunc", "interval cut to a unit"},
    {"date_trunc", kFn, "text, timestamptz, text", "timestamptz", "@date_trunc", "the same in a time zone"},
    {"date_part", kFn, "text, timestamptz", "float8", "@date_part", "a field of a time; EXTRACT(field FROM x) gives it as numeric"},
    {"date_part", kFn, "text, timestamp", "float8", "@date_part", "a field of a time"},
    {"date_part", kFn, "text, date", "float8", "@date_part", "a field of a date"},
    {"date_part", kFn, "text, time", "float8", "@date_part", "a field of a time of day"},
    {"date_part", kFn, "text, interval", "float8", "@date_part", "a field of an interval"},
    {"date_bin", kFn, "interval, timestamptz, timestamptz", "timestamptz", "@date_bin",
     "start of the bin of this width that holds a time, counted from an origin"},
    {"date_bin", kFn, "interval, timestamp, timestamp", "timestamp", "@date_bin", "the same without a time zone"},
    {"time_bucket", kFn, "interval, timestamptz", "timestamptz", "time_bucket($1, $2)",
     "start of the bucket of this width that holds a time, in UTC; weeks begin on Monday"},
    {"time_bucket", kFn, "interval, timestamp", "timestamp", "time_bucket($1, $2)", "the same without a time zone"},
    {"time_bucket", kFn, "interval, timestamptz, timestamptz", "timestamptz", "time_bucket($1, $2, $3)", "the same, counted from an origin"},
    {"time_bucket", kFn, "interval, timestamp, timestamp", "timestamp", "time_bucket($1, $2, $3)", "the same, counted from an origin"},
    {"age", kFn, "timestamptz, timestamptz", "interval", "@age", "time between in years, months, days and time"},
    {"age", kFn, "timestamp, timestamp", "interval", "@age", "time between in years, months, days and time"},
    {"age", kFn, "timestamptz", "interval", "@age", "time since, counted from today's midnight"},
    {"make_date", kFn, "int4, int4, int4", "date", "make_date($1, $2, $3)", "date of year, month and day"},
    {"make_timestamp", kFn, "int4, int4, int4, int4, int4, float8", "timestamp", "make_timestamp($1, $2, $3, $4, $5, $6)",
     "time of year, month, day, hour, minute and second"},
    {"make_timestamptz", kFn, "int4, int4, int4, int4, int4, float8", "timestamptz", "@make_timestamptz", "the same in the session's time zone"},
    {"make_time", kFn, "int4, int4, float8", "time", "make_time($1, $2, $3)", "time of day"},
    {"to_timestamp", kFn, "float8", "timestamptz", "make_timestamp(CAST(round($1 * 1000000) AS BIGINT))", "time of seconds since 1970"},
    {"to_timestamp", kFn, "text, text", "timestamptz", "@to_timestamp", "time written by a format, in the session's time zone"},
    {"to_date", kFn, "text, text", "date", "@to_date", "date written by a format"},
    {"isfinite", kFn, "timestamptz", "bool", "isfinite($1)", "whether it is a time and not infinity"},
    {"isfinite", kFn, "timestamp", "bool", "isfinite($1)", "whether it is a time and not infinity"},
    {"isfinite", kFn, "date", "bool", "isfinite($1)", "whether it is a date and not infinity"},
    {"timezone", kFn, "text, timestamptz", "timestamp", "@to_zone", "civil time in a zone; x AT TIME ZONE zone"},
    {"timezone", kFn, "text, timestamp", "timestamptz", "@from_zone", "time of a civil time in a zone; x AT TIME ZONE zone"},
};

}  // namespace

std::span<const FunctionInfo> TimeRows() { return kRows; }

}  // namespace sql
