#pragma once
// TimeZone: offset of a civil time zone at an instant; ZoneClock: civil times and back. Names come
// from the system's tzdata; numbers ("+02", "-03:30": hours east) and POSIX forms ("<+03>-03",
// "UTC-3": hours west) are fixed offsets.
//
// Threads: a TimeZone is const and for any thread; an OffsetCache has one owner. Errors: an unknown
// name is kInvalid 22023.

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"

namespace base {

class TimeZone {
 public:
  // An offset and the half-open range of seconds since 1970 UTC for which it holds.
  struct Period {
    int64_t begin_s, end_s;
    int32_t offset_s;  // east of Greenwich
  };

  static Result<std::shared_ptr<const TimeZone>> Find(std::string_view name);
  static std::shared_ptr<const TimeZone> Utc();

  TimeZone(const void* zone, int32_t fixed_offset_s)
      : zone_(zone), fixed_offset_s_(fixed_offset_s) {}
  Period At(int64_t second) const;

 private:
  const void* zone_;  // date::time_zone of the process-wide database; nullptr = a fixed offset
  int32_t fixed_offset_s_;
};

// Remembers the last period: neighbouring rows mostly fall into it.
class OffsetCache {
 public:
  explicit OffsetCache(std::shared_ptr<const TimeZone> zone) : zone_(std::move(zone)) {}
  int32_t OffsetAt(int64_t second) {
    if (second < period_.begin_s || second >= period_.end_s) period_ = zone_->At(second);
    return period_.offset_s;
  }

 private:
  std::shared_ptr<const TimeZone> zone_;
  TimeZone::Period period_{0, 0, 0};
};

// Microseconds since 1970 UTC to civil ones and back, by the bounds of the last period:
// neighbouring rows cost two comparisons. A civil time that the clock jumps over is read by the
// offset before, one that comes twice by the offset after, as in PostgreSQL. Infinite times (the
// ends of int64) stay as they are. One owner.
class ZoneClock {
 public:
  explicit ZoneClock(std::shared_ptr<const TimeZone> zone) : zone_(std::move(zone)) {}
  int64_t ToCivil(int64_t microseconds);
  int64_t FromCivil(int64_t microseconds);

 private:
  void MoveTo(const TimeZone::Period& period);

  std::shared_ptr<const TimeZone> zone_;
  TimeZone::Period period_{0, 0, 0};
  int64_t civil_begin_s_ = 0, civil_end_s_ = 0;  // civil seconds that this period has
};

}  // namespace base
