#pragma once
// INTERVAL literals. ParseInterval itself is declared in parser.h. Threads: any. Errors: 22007,
// 22008.

#include <string>
#include <string_view>

#include "sql/parser.h"

namespace sql {

// PostgreSQL's field masks of INTERVAL '...' YEAR TO MONTH and so on.
constexpr int kIntervalYear = 1 << 2, kIntervalMonth = 1 << 1, kIntervalDay = 1 << 3,
              kIntervalHour = 1 << 10, kIntervalMinute = 1 << 11, kIntervalSecond = 1 << 12,
              kIntervalAll = 0x7FFF;

// As PostgreSQL reads `text` with these fields: a bare number counts in the last of them.
base::Result<Interval> ParseIntervalWithFields(std::string_view text, int fields);

// "3 mons 2 days 00:00:05.5", PostgreSQL's own output; "00:00:00" for zero.
std::string IntervalText(const Interval& interval);

}  // namespace sql
