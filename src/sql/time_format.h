#pragma once
// Formats of to_char, to_timestamp and to_date: 'YYYY-MM-DD HH24:MI:SS.US'.
//
// Threads: any; pure. Errors: 0A000 for a pattern that is not supported, 22007 / 22008 for a text
// that does not fit.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sql {

struct FormatPiece {
  std::string pattern;     // in capitals: "YYYY", "MON" ...; empty = literal text
  std::string text;        // as written
  bool fill_mode = false;  // after FM: no padding
};

base::Result<std::vector<FormatPiece>> ReadTimeFormat(std::string_view format);

// DuckDB text of a civil TIMESTAMP by the format. `offset` is the text that OF stands for, `zone`
// what TZ stands for.
base::Result<std::string> FormatTimeText(const std::vector<FormatPiece>& pieces,
                                         const std::string& civil, const std::string& zone);

// The strptime format for texts that are not constant.
base::Result<std::string> StrptimeFormat(const std::vector<FormatPiece>& pieces);

// A constant text read by the format: civil microseconds since 1970.
base::Result<int64_t> ParseByFormat(std::string_view text, const std::vector<FormatPiece>& pieces);

}  // namespace sql
