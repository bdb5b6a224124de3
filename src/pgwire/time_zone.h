#pragma once
// TimeZone: offset of a civil time zone at an instant, for the text of timestamptz values. Names come from the system's
// tzdata; numbers ("+02", "-03:30": hours east) and POSIX forms ("<+03>-03", "UTC-3": hours west) are fixed offsets.
//
// Threads: a TimeZone is const and for any thread; an OffsetCache has one owner. Errors: an unknown name is kInvalid 22023.

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"

namespace pgwire {

class TimeZone {
 public:
  // An offset and the half-open range of seconds since 1970 UTC for which it holds.
  struct Period {
    int64_t begin_s, end_s;
    int32_t offset_s;   // east of Greenwich
  };

  static base::Result<std::shared_ptr<const TimeZone>> Find(std::string_view name);
  static std::shared_ptr<const TimeZone> Utc();

  TimeZone(const void* zone, int32_t fixed_offset_s) : zone_(zone), fixed_offset_s_(fixed_offset_s) {}
  Period At(int64_t second) const;

 private:
  const void* zone_;         // date::time_zone of the process-wide database; nullptr = a fixed offset
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

}  // namespace pgwire
