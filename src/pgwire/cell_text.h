#pragma once
// Values as PostgreSQL prints them, written at a pointer; each returns the end of what it wrote.
//
// Threads: any. Limits: the caller gives at least kMaxCellText bytes of room (kMaxFixedDouble for FixedDouble).

#include <cstddef>
#include <cstdint>

namespace pgwire {

constexpr size_t kMaxCellText = 160;
constexpr size_t kMaxFixedDouble = 360;

using Int128 = __int128;

char* PrintInteger(char* out, int64_t value);
char* PrintUnsigned(char* out, uint64_t value);
char* PrintHuge(char* out, Int128 value);
// An unscaled integer with `scale` digits after the point: 1230, 2 -> 12.30.
char* PrintDecimal(char* out, Int128 unscaled, int scale);

// extra_float_digits > 0: the shortest text that reads back as the same number; else 15 (6) significant digits plus it.
char* PrintDouble(char* out, double value, int extra_float_digits);
char* PrintFloat(char* out, float value, int extra_float_digits);
// As a numeric: never an exponent.
char* PrintFixedDouble(char* out, double value);

char* PrintUuid(char* out, uint64_t high, uint64_t low);

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr int64_t kTimestampInfinity = INT64_MAX;          // DuckDB's; minus infinity is its negative
constexpr int32_t kDateInfinity = INT32_MAX;

char* PrintDate(char* out, int32_t days);                   // since 1970-01-01
char* PrintTime(char* out, int64_t micros);
char* PrintTimestamp(char* out, int64_t micros);            // since 1970
char* PrintTimestampTz(char* out, int64_t micros, int32_t offset_s);
char* PrintInterval(char* out, int32_t months, int32_t days, int64_t micros);

}  // namespace pgwire
