#pragma once
// Dates and instants as records carry them. Threads: any.
//
// Text is RFC 3339: 2026-01-31T23:59:59[.fraction][zone]; T may be t or a space; the zone is Z, z, +hh:mm, +hhmm or +hh, and
// UTC when absent. A fraction finer than a microsecond is rounded half up, second 60 is the next minute's first, as
// PostgreSQL does both. Years 0001 to 9999.

#include <cstdint>
#include <optional>
#include <string_view>

#include "decode/json_number.h"
#include "model/schema.h"

namespace decode {

inline constexpr int64_t kFirstInstantUs = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
inline constexpr int64_t kLastInstantUs = 253'402'300'799'999'999;   // 9999-12-31T23:59:59.999999Z

// Microseconds since 1970 UTC. nullopt: not of that form, or no such date, or outside the years.
std::optional<int64_t> ParseInstant(std::string_view text);
// yyyy-mm-dd as days since 1970.
std::optional<int32_t> ParseDate(std::string_view text);
// A number of `unit`s since 1970 as microseconds, rounded half away from zero. nullopt: outside the years.
std::optional<int64_t> InstantOf(const Number& number, model::TimeUnit unit);
int32_t DateOf(int64_t instant_us);  // its day in UTC

}  // namespace decode
