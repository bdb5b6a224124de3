#pragma once
// The one door to PostgreSQL's grammar (libpg_query), and the shells around it (CREATE SOURCE ...):
// text in, values out.
//
// Threads: any; nothing is shared. Errors: kInvalid with PostgreSQL's own text, SQLSTATE 42601 and
// position; an unknown option or clause names the nearest known one. Limits: ParseLimits, checked
// on the scanner's tokens before parsing.

#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/statements.h"

namespace sql {

struct ParseLimits {
  size_t max_bytes = 1 << 20;
  size_t max_tokens = 100'000;
  size_t max_nesting = 200;  // parentheses, CASE, sub-selects
  size_t max_chain = 1'000;  // depth of operators, casts, joins and set operations; AND, OR and
                             // lists may be longer
};

// Splits and parses. All or nothing: the first wrong statement fails the whole text (its error says
// position and line).
base::Result<std::vector<Statement>> ParseStatements(std::string_view text,
                                                     const ParseLimits& limits = {});

// One expression of our dialect: generated columns, tests.
base::Result<ExprPtr> ParseExpression(std::string_view text);
// A lone SELECT.
base::Result<SelectPtr> ParseSelect(std::string_view text);

// Duration of an INTERVAL literal or option value ('5' SECOND, '10 minutes', '1 year 2 days') in
// months, days, microseconds.
struct Interval {
  int32_t months = 0, days = 0;
  int64_t microseconds = 0;
};
base::Result<Interval> ParseInterval(std::string_view text);

// libpg_query's fingerprint (equal for statements that differ in literals only), for the query log;
// 0 when it fails.
uint64_t Fingerprint(std::string_view text);

// "libpg_query (PostgreSQL 15.1)".
std::string ParserVersion();

}  // namespace sql
