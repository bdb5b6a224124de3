#include "view/time_bucket.h"

#include <map>
#include <string_view>

#include "sql/parser.h"
#include "sql/timestamp.h"

namespace view {
namespace {

constexpr int64_t kSecondUs = 1'000'000, kMinuteUs = 60 * kSecondUs, kHourUs = 60 * kMinuteUs;
constexpr int64_t kDayUs = 24 * kHourUs, kLongestMonthUs = 31 * kDayUs;
constexpr int64_t kMondayUs = 4 * kDayUs;             // 1970-01-05
constexpr int64_t kBucketOriginUs = 10'959 * kDayUs;  // 2000-01-03, the origin of time_bucket
constexpr int64_t kQuarterHourUs = 15 * kMinuteUs;    // offsets of zones are multiples of it
constexpr int64_t kLongestShiftUs = 2 * kHourUs;      // of a zone's clock

std::optional<std::string> ConstantText(const sql::Expr& expr) {
  if (expr.kind == sql::ExprKind::kCast) return ConstantText(*expr.args[0]);
  if (expr.kind != sql::ExprKind::kLiteral || expr.literal.kind != sql::Literal::Kind::kString)
    return std::nullopt;
  return expr.literal.text;
}

// A unit of date_trunc; `fixed` units are of one length.
struct Unit {
  int64_t longest_us;
  bool fixed;
};

std::optional<Unit> UnitOf(std::string_view unit) {
  static const std::map<std::string_view, Unit> units{{"microseconds", {1, true}},
                                                      {"microsecond", {1, true}},
                                                      {"milliseconds", {1000, true}},
                                                      {"millisecond", {1000, true}},
                                                      {"second", {kSecondUs, true}},
                                                      {"seconds", {kSecondUs, true}},
                                                      {"minute", {kMinuteUs, true}},
                                                      {"minutes", {kMinuteUs, true}},
                                                      {"hour", {kHourUs, true}},
                                                      {"hours", {kHourUs, true}},
                                                      {"day", {kDayUs, true}},
                                                      {"days", {kDayUs, true}},
                                                      {"week", {7 * kDayUs, true}},
                                                      {"weeks", {7 * kDayUs, true}},
                                                      {"month", {kLongestMonthUs, false}},
                                                      {"months", {kLongestMonthUs, false}},
                                                      {"quarter", {92 * kDayUs, false}},
                                                      {"year", {366 * kDayUs, false}},
                                                      {"years", {366 * kDayUs, false}},
                                                      {"decade", {3'653 * kDayUs, false}},
                                                      {"century", {36'525 * kDayUs, false}}};
  const auto found = units.find(unit);
  return found == units.end() ? std::nullopt : std::optional(found->second);
}

bool IsColumn(const sql::Expr& expr, std::string_view name) {
  return expr.kind == sql::ExprKind::kColumn && expr.name.back() == name;
}

// date_trunc of a zone's civil time is fixed in UTC only where every zone's clock has the same
// boundaries.
std::optional<TimeKey> Truncated(const sql::Expr& call) {
  const auto text = ConstantText(*call.args[0]);
  const auto unit = text ? UnitOf(*text) : std::nullopt;
  if (!unit) return std::nullopt;
  const bool civil = call.args.size() > 2 && unit->longest_us > kQuarterHourUs;
  if (civil || !unit->fixed)
    return TimeKey{.longest_us = unit->longest_us + (civil ? kLongestShiftUs : 0)};
  return TimeKey{.bucket_us = unit->longest_us,
                 .longest_us = unit->longest_us,
                 .origin_us = unit->longest_us == 7 * kDayUs ? kMondayUs : 0};
}

// date_bin and time_bucket: width, time, origin.
std::optional<TimeKey> Binned(const sql::Expr& call) {
  const auto text = ConstantText(*call.args[0]);
  if (!text) return std::nullopt;
  const auto width = sql::ParseInterval(*text);
  if (!width.ok()) return std::nullopt;
  const int64_t us = width->days * kDayUs + width->microseconds;
  const TimeKey loose{.longest_us = us + width->months * kLongestMonthUs};
  if (loose.longest_us <= 0) return std::nullopt;
  if (width->months != 0) return loose;
  TimeKey key{.bucket_us = us, .longest_us = us, .origin_us = kBucketOriginUs};
  if (call.args.size() > 2) {
    const auto written = ConstantText(*call.args[2]);
    if (!written) return loose;
    const auto origin = sql::ReadTimeText(*written, model::kTimestampTz);
    if (!origin.ok() || origin->special != sql::ReadTime::Special::kNone || !origin->zone.empty())
      return loose;
    key.origin_us = origin->microseconds - int64_t{origin->offset_seconds.value_or(0)} * kSecondUs;
  }
  key.origin_us %= us;
  return key;
}

TimeKey OfWindow(const sql::TimeWindow& window) {
  using Window = sql::TableRef::Window;
  if (window.IsSession()) return {.session = true};
  const sql::Span pane = window.Pane();
  if (!window.zone.empty())
    return {.longest_us = kLongestShiftUs + pane.months * kLongestMonthUs + pane.microseconds};
  if (pane.months > 0)
    return {.longest_us = pane.months * kLongestMonthUs,
            .reach_us = (window.size.months - pane.months) * kLongestMonthUs};
  TimeKey key{.bucket_us = pane.microseconds,
              .longest_us = pane.microseconds,
              .origin_us = window.offset_us};
  if (window.kind == Window::kHop) key.reach_us = window.size.microseconds - pane.microseconds;
  if (window.kind == Window::kCumulate) key.bucket_us = window.size.microseconds;
  return key;
}

// date_trunc(unit, time AT TIME ZONE zone) AT TIME ZONE zone.
std::optional<TimeKey> OfCivil(const sql::Expr& key, const std::string& event_time) {
  const sql::Expr& cut = *key.args[0];
  if (cut.kind != sql::ExprKind::kFunction || cut.name.back() != "date_trunc" ||
      cut.args.size() != 2 || cut.args[1]->kind != sql::ExprKind::kAtTimeZone)
    return std::nullopt;
  const sql::Expr& civil = *cut.args[1];
  const auto zone = ConstantText(*key.args[1]);
  if (!zone || zone != ConstantText(*civil.args[1]) || !IsColumn(*civil.args[0], event_time))
    return std::nullopt;
  const auto text = ConstantText(*cut.args[0]);
  const auto unit = text ? UnitOf(*text) : std::nullopt;
  if (!unit) return std::nullopt;
  return TimeKey{.longest_us = unit->longest_us + kLongestShiftUs};
}

}  // namespace

std::optional<TimeKey> TimeKeyOf(const sql::Expr& key, const std::string& event_time,
                                 const std::optional<sql::TimeWindow>& window) {
  if (event_time.empty()) return std::nullopt;
  const bool windowed = window && window->column == event_time;
  if (windowed && IsColumn(key, "window_start")) return OfWindow(*window);
  if (IsColumn(key, event_time)) return TimeKey{.bucket_us = 1, .longest_us = 1};
  if (key.kind == sql::ExprKind::kAtTimeZone) return OfCivil(key, event_time);
  if (key.kind != sql::ExprKind::kFunction || key.args.size() < 2) return std::nullopt;
  if (!IsColumn(*key.args[1], event_time) && !(windowed && IsColumn(*key.args[1], "window_start")))
    return std::nullopt;
  const std::string& name = key.name.back();
  if (name == "date_bin" || name == "time_bucket") return Binned(key);
  return name == "date_trunc" ? Truncated(key) : std::nullopt;
}

}  // namespace view
