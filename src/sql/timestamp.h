#pragma once
// Dates and times as text, the way PostgreSQL reads and we write them. Civil arithmetic only: no
// time zone database.
//
// Threads: any; pure. Errors: 22007 for what cannot be read, 22008 for what is out of range.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/types.h"

namespace sql {

struct CivilTime {
  int year = 1970, month = 1, day = 1;
  int hour = 0, minute = 0, second = 0, microsecond = 0;
};

// Microseconds since 1970 of a civil time taken as UTC. 24:00:00 and second 60 are taken; others
// out of range are not.
base::Result<int64_t> ToMicroseconds(const CivilTime& time);

// "2026-11-22 00:00:00.5" and "2026-11-22" of microseconds since 1970.
std::string TimestampText(int64_t microseconds);
std::string DateText(int64_t microseconds);

struct ReadTime {
  enum class Special : uint8_t {
    kNone,
    kInfinity,
    kMinusInfinity,
    kNow,
    kToday,
    kTomorrow,
    kYesterday
  } special = Special::kNone;
  int64_t microseconds = 0;               // civil, before the offset is applied
  std::optional<int32_t> offset_seconds;  // +02:00 ...
  std::string zone;  // a zone by name, which only a time zone database can apply
  bool has_time = false;
};

// ISO dates and times ("2026-11-22", "2026-11-22T10:00:00.5+02", "2026-11-22 10:00 Europe/Paris",
// "20261122") and the words now, today, tomorrow, yesterday, epoch, infinity. `type` names the type
// in errors.
base::Result<ReadTime> ReadTimeText(std::string_view text, model::Type type);

// "10:00", "10:00:00.5", "100000": microseconds of the day.
base::Result<int64_t> ReadClock(std::string_view text);
std::string ClockText(int64_t microseconds);

}  // namespace sql
