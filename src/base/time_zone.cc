#include "base/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <limits>
#include <optional>
#include <string>

#include "base/check.h"

namespace base {
namespace {

constexpr int32_t kMaxOffsetSeconds = 167 * 3600;  // PostgreSQL's own bound

bool SameWithoutCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// [+-]H[H][:MM[:SS]] to the end of the text, in seconds.
std::optional<int32_t> ParseOffset(std::string_view text) {
  int sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  int32_t seconds = 0;
  for (int unit : {3600, 60, 1}) {
    int value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool bad = error != std::errc() || value < 0 || value > (unit == 3600 ? 167 : 59);
    if (bad) return std::nullopt;
    seconds += value * unit;
    text.remove_prefix(static_cast<size_t>(stop - text.data()));
    if (text.empty())
      return seconds <= kMaxOffsetSeconds ? std::optional(sign * seconds) : std::nullopt;
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

// POSIX: a name of letters or <...>, then hours west of Greenwich.
std::optional<int32_t> ParsePosix(std::string_view text) {
  size_t name = 0;
  if (!text.empty() && text[0] == '<') {
    name = text.find('>');
    if (name == std::string_view::npos) return std::nullopt;
    ++name;
  } else {
    while (name < text.size() && ((text[name] | 32) >= 'a' && (text[name] | 32) <= 'z')) ++name;
    if (name < 3) return std::nullopt;
  }
  const auto west = ParseOffset(text.substr(name));
  return west ? std::optional(-*west) : std::nullopt;
}

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min(),
                  kHighest = std::numeric_limits<int64_t>::max();
constexpr int64_t kFirst = -62'135'596'800;  // year 1: before it the first offset holds
constexpr int64_t kLastKnown =
    2'145'916'799;  // end of 2037, where the transitions listed in zone files end
constexpr int64_t kLastYear = 32'000;  // date.h has 16-bit years

TimeZone::Period Known(const date::time_zone* zone, int64_t second) {
  try {
    const auto info = zone->get_info(date::sys_seconds(std::chrono::seconds(second)));
    return {info.begin.time_since_epoch().count(), info.end.time_since_epoch().count(),
            static_cast<int32_t>(info.offset.count())};
  } catch (const std::exception&) {  // Find() has read the zone's file, so this has no cause left
    CHECK(false);
  }
  return {};
}

int64_t SecondsBefore(date::year year) {
  return date::sys_seconds(date::sys_days(year / 1 / 1)).time_since_epoch().count();
}

// After 2037 a zone's yearly rule goes on: the same instant of the newest listed year whose days of
// the week are the same from March on.
TimeZone::Period AfterKnown(const date::time_zone* zone, int64_t second) {
  const auto day = date::floor<date::days>(date::sys_seconds(
      std::chrono::seconds(std::min(second, SecondsBefore(date::year(kLastYear))))));
  const date::year year = date::year_month_day(day).year();
  date::year like{2037};
  while (date::weekday(like / 3 / 1) != date::weekday(year / 3 / 1)) --like;
  const auto march = [](date::year of) {
    return date::sys_seconds(date::sys_days(of / 3 / 1)).time_since_epoch().count();
  };
  const int64_t begin = SecondsBefore(year), end = SecondsBefore(year + date::years(1)),
                shift = march(year) - march(like);
  TimeZone::Period period = Known(zone, std::min(second, end - 1) - shift);
  period.begin_s = std::max(period.begin_s + shift, begin);
  period.end_s =
      static_cast<int>(year) >= kLastYear ? kHighest : std::min(period.end_s + shift, end);
  return period;
}

const date::time_zone* FindByName(std::string_view name) {
  try {
    const auto& database = date::get_tzdb();
    for (const auto& zone : database.zones) {
      if (!SameWithoutCase(zone.name(), name)) continue;
      (void)zone.get_info(date::sys_seconds{});  // reads the zone's file, or throws
      return &zone;
    }
  } catch (const std::exception&) {  // no tzdata on this machine, or a damaged file: the zone is
                                     // not known here
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<const TimeZone>> TimeZone::Find(std::string_view name) {
  for (const char* utc : {"UTC", "GMT", "Z", "Etc/UTC"})
    if (SameWithoutCase(name, utc)) return Utc();
  auto fixed = ParseOffset(name);
  if (!fixed) fixed = ParsePosix(name);
  if (fixed) return std::make_shared<const TimeZone>(nullptr, *fixed);
  if (const auto* zone = FindByName(name)) return std::make_shared<const TimeZone>(zone, 0);
  return Invalid("invalid value for parameter \"TimeZone\": \"" + std::string(name) + "\"")
      .WithSqlstate("22023");
}

std::shared_ptr<const TimeZone> TimeZone::Utc() {
  static const auto utc = std::make_shared<const TimeZone>(nullptr, 0);
  return utc;
}

TimeZone::Period TimeZone::At(int64_t second) const {
  if (!zone_) return {kLowest, kHighest, fixed_offset_s_};
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  if (second > kLastKnown) return AfterKnown(zone, second);
  Period period = Known(zone, std::max(second, kFirst));
  if (period.begin_s <= kFirst) period.begin_s = kLowest;
  period.end_s = std::min(period.end_s, kLastKnown + 1);
  return period;
}

namespace {

constexpr int64_t kSecondUs = 1'000'000;

int64_t FloorSeconds(int64_t microseconds) {
  return microseconds / kSecondUs - (microseconds % kSecondUs < 0 ? 1 : 0);
}

bool IsInfinite(int64_t microseconds) {
  return microseconds == kHighest || microseconds <= -kHighest;
}

// Within int64 whatever offset is added.
int64_t Shifted(int64_t microseconds, int32_t seconds) {
  int64_t out = 0;
  if (__builtin_add_overflow(microseconds, seconds * kSecondUs, &out))
    return microseconds > 0 ? kHighest - 1 : 1 - kHighest;
  return out;
}

}  // namespace

// The civil seconds of a period begin where its clock stands at its begin and end where the next
// one's stands then.
void ZoneClock::MoveTo(const TimeZone::Period& period) {
  period_ = period;
  civil_begin_s_ = period.begin_s == kLowest ? kLowest : period.begin_s + period.offset_s;
  civil_end_s_ =
      period.end_s == kHighest ? kHighest : period.end_s + zone_->At(period.end_s).offset_s;
}

int64_t ZoneClock::ToCivil(int64_t microseconds) {
  if (IsInfinite(microseconds)) return microseconds;
  const int64_t second = FloorSeconds(microseconds);
  if (second < period_.begin_s || second >= period_.end_s) MoveTo(zone_->At(second));
  return Shifted(microseconds, period_.offset_s);
}

int64_t ZoneClock::FromCivil(int64_t microseconds) {
  if (IsInfinite(microseconds)) return microseconds;
  const int64_t civil = FloorSeconds(microseconds);
  if (civil < civil_begin_s_ || civil >= civil_end_s_) {
    MoveTo(zone_->At(civil - period_.offset_s));
    // The guess is off by one period at most, or by a few where periods are shorter than the shifts
    // between them.
    while (civil < civil_begin_s_) MoveTo(zone_->At(period_.begin_s - 1));
    while (civil >= civil_end_s_) MoveTo(zone_->At(period_.end_s));
  }
  return Shifted(microseconds, -period_.offset_s);
}

}  // namespace base
