#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kFn = FunctionKind::kScalar;

constexpr FunctionInfo kRows[] = {
    {"array_length", kFn, "anyarray, int4", "int4", "CASE WHEN $2 = 1 THEN NULLIF(CAST(len($1) AS INTEGER), 0) END",
     "number of elements, NULL when empty; the dimension is 1"},
    {"cardinality", kFn, "anyarray", "int4", "CAST(len($1) AS INTEGER)", "number of elements"},
    {"array_position", kFn, "anyarray, anyelement", "int4", "list_position($1, $2)", "place of an element"},
    {"array_append", kFn, "anyarray, anyelement", "same as argument 1", "list_append($1, $2)", "array with an element after it"},
    {"array_prepend", kFn, "anyelement, anyarray", "same as argument 2", "list_prepend($1, $2)", "array with an element before it"},
    {"array_cat", kFn, "anyarray, anyarray", "same as argument 1", "list_concat($1, $2)", "arrays one after the other"},
    {"unnest", kFn, "anyarray", "element of argument 1", "unnest($1)", "in FROM: one row for each element"},
    {"generate_series", kFn, "int4, int4", "int4", "@series", "in FROM: numbers from one to another"},
    {"generate_series", kFn, "int4, int4, int4", "int4", "@series", "in FROM: the same by steps"},
    {"generate_series", kFn, "int8, int8", "int8", "@series", "in FROM: numbers from one to another"},
    {"generate_series", kFn, "int8, int8, int8", "int8", "@series", "in FROM: the same by steps"},
    {"generate_series", kFn, "timestamp, timestamp, interval", "timestamp", "@series", "in FROM: times from one to another by steps"},
    {"generate_series", kFn, "timestamptz, timestamptz, interval", "timestamptz", "@series", "in FROM: times from one to another by steps"},

    {"json_array_length", kFn, "json", "int4", "CAST(json_array_length($1) AS INTEGER)", "number of elements"},
    {"jsonb_array_length", kFn, "jsonb", "int4", "CAST(json_array_length($1) AS INTEGER)", "number of elements"},
    {"json_typeof", kFn, "json", "text", "@json_typeof", "object, array, string, number, boolean or null"},
    {"jsonb_typeof", kFn, "jsonb", "text", "@json_typeof", "object, array, string, number, boolean or null"},
    {"json_extract_path_text", kFn, "json, text...", "text", "@json_path_text", "value below several keys, as text"},
    {"jsonb_extract_path_text", kFn, "jsonb, text...", "text", "@json_path_text", "value below several keys, as text"},

    {"gen_random_uuid", kFn, "", "uuid", "gen_random_uuid()", "a new random UUID"},
    {"pg_typeof", kFn, "any", "text", "@pg_typeof", "name of an expression's type"},
    {"version", kFn, "", "text", "@session", "version of the server"},
    {"current_database", kFn, "", "name", "@session", "name of the database; CURRENT_CATALOG"},
    {"current_schema", kFn, "", "name", "@session", "first schema of the search path; CURRENT_SCHEMA"},
    {"current_setting", kFn, "text", "text", "@session", "value of a setting"},
    {"current_setting", kFn, "text, bool", "text", "@session", "value of a setting, NULL when there is none"},
    {"pg_backend_pid", kFn, "", "int4", "@session", "number of the session"},
};

}  // namespace

std::span<const FunctionInfo> OtherRows() { return kRows; }

}  // namespace sql
