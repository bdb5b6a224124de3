// docs/reference/functions.md is made from FunctionTable(). FRESHET_UPDATE_DOCS=1 writes it anew.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sql/function_tables.h"

namespace sql {
namespace {

constexpr const char* kPath = "docs/reference/functions.md";

constexpr const char* kHead =
    R"(<!-- Made by src/sql/functions_doc_test.cc; `make docs` writes it again. -->
# Functions and operators

What is not here does not run (42883). Types are
PostgreSQL's short names: int2, int4 and int8 are smallint, integer and bigint, float8 is double precision, timestamptz is
timestamp with time zone. Arguments are cast as PostgreSQL casts them, and results have PostgreSQL's types.

Beside the functions there are AND, OR, NOT, IS [NOT] NULL / TRUE / FALSE / UNKNOWN / DISTINCT FROM, [NOT] BETWEEN [SYMMETRIC],
[NOT] IN, [NOT] LIKE / ILIKE / SIMILAR TO, = ANY / ALL, EXISTS, CASE, COALESCE, NULLIF, GREATEST, LEAST, CAST, EXTRACT, AT TIME
ZONE, ARRAY, subscripts, CURRENT_DATE, CURRENT_TIMESTAMP, LOCALTIMESTAMP, CURRENT_USER.

Where the answer may differ from PostgreSQL's:
- numeric without precision (a quotient, avg, stddev, sqrt ...) is computed in doubles: 15 digits. numeric(p,s) is exact.
- Text is compared by code point, as with collation "C"; lower and upper know all letters.
- Regular expressions are RE2's: no backreferences and no lookaround.
- Formats, units and patterns of SIMILAR TO, to_char, to_timestamp, date_trunc and the like must be constants.
- jsonb keeps the text that it came with: it is not reordered or spaced anew.

A materialized view can keep every aggregate but percentile_cont, percentile_disc and mode; DISTINCT in count, sum, avg and
string_agg, and where it changes nothing. string_agg and array_agg need ORDER BY there. A group has at most 1,000,000 values
of DISTINCT and 10,000 of string_agg, array_agg or histogram; a view with a larger one is suspended (54000).
)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

// The calls of one row: abs(numeric).
std::string CallText(const FunctionInfo& row) {
  const std::string arguments = row.arguments;
  if (row.kind != FunctionKind::kOperator) {
    const size_t order = arguments.find("ORDER BY ");
    if (order == std::string::npos) return std::string(row.name) + "(" + arguments + ")";
    return std::string(row.name) + "(" + arguments.substr(0, order == 0 ? 0 : order - 1) +
           ") WITHIN GROUP (" + arguments.substr(order) + ")";
  }
  const size_t comma = arguments.find(", ");
  if (comma == std::string::npos) return std::string(row.name) + " " + arguments;
  return arguments.substr(0, comma) + " " + row.name + " " + arguments.substr(comma + 2);
}

std::string Section(const char* title, std::span<const FunctionInfo> rows, FunctionKind kind) {
  std::string out =
      std::string("\n## ") + title + "\n\n| call | result | meaning |\n|---|---|---|\n";
  std::vector<bool> done(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (done[i] || rows[i].kind != kind) continue;
    std::string calls, results;
    for (size_t j = i; j < rows.size(); ++j) {  // overloads that say the same stand in one row
      const bool same = rows[j].kind == kind && std::string_view(rows[j].name) == rows[i].name &&
                        std::string_view(rows[j].description) == rows[i].description;
      if (!same) continue;
      done[j] = true;
      calls += (calls.empty() ? "`" : "<br>`") + Escaped(CallText(rows[j])) + "`";
      results += (results.empty() ? "" : "<br>") + std::string(rows[j].result);
    }
    out += "| " + calls + " | " + results + " | " + Escaped(rows[i].description) + " |\n";
  }
  return out;
}

std::string Document() {
  return std::string(kHead) + Section("Mathematics", MathRows(), FunctionKind::kScalar) +
         Section("Text", TextRows(), FunctionKind::kScalar) +
         Section("Dates and times", TimeRows(), FunctionKind::kScalar) +
         Section("Arrays, JSON, system", OtherRows(), FunctionKind::kScalar) +
         Section("Aggregates", AggregateRows(), FunctionKind::kAggregate) +
         Section("Window functions", AggregateRows(), FunctionKind::kWindow) +
         Section("Operators", OperatorRows(), FunctionKind::kOperator);
}

TEST(FunctionsDocument, IsUpToDate) {
  if (std::getenv("FRESHET_UPDATE_DOCS") != nullptr) std::ofstream(kPath) << Document();
  std::ifstream file(kPath);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == Document())
      << kPath << " is stale; write it anew with FRESHET_UPDATE_DOCS=1";
}

TEST(FunctionTable, EveryRowIsDescribedOnce) {
  std::vector<std::string> calls;
  for (const FunctionInfo& row : FunctionTable()) {
    EXPECT_NE(std::string_view(row.description), "") << row.name;
    calls.push_back(CallText(row));
  }
  std::sort(calls.begin(), calls.end());
  const auto twice = std::adjacent_find(calls.begin(), calls.end());
  EXPECT_TRUE(twice == calls.end()) << *twice;
}

}  // namespace
}  // namespace sql
