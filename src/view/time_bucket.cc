#include "view/time_bucket.h"

#include <map>
#include <string_view>

namespace view {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kDayUs = 86'400 * kSecondUs;

base::Status At(base::Status status, const sql::Expr& expr) {
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

// Days are 24 hours: a view counts in UTC.
int64_t MicrosecondsOf(const sql::Interval& interval) {
  return interval.days * kDayUs + interval.microseconds;
}

std::optional<std::string> ConstantText(const sql::Expr& expr) {
  if (expr.kind == sql::ExprKind::kCast) return ConstantText(*expr.args[0]);
  if (expr.kind != sql::ExprKind::kLiteral || expr.literal.kind != sql::Literal::Kind::kString)
    return std::nullopt;
  return expr.literal.text;
}

std::optional<int64_t> UnitUs(std::string_view unit) {
  static const std::map<std::string_view, int64_t> units{{"microseconds", 1},
                                                         {"microsecond", 1},
                                                         {"milliseconds", 1000},
                                                         {"millisecond", 1000},
                                                         {"second", kSecondUs},
                                                         {"seconds", kSecondUs},
                                                         {"minute", 60 * kSecondUs},
                                                         {"minutes", 60 * kSecondUs},
                                                         {"hour", 3600 * kSecondUs},
                                                         {"hours", 3600 * kSecondUs},
                                                         {"day", kDayUs},
                                                         {"days", kDayUs},
                                                         {"week", 7 * kDayUs},
                                                         {"weeks", 7 * kDayUs},
                                                         {"month", 0},
                                                         {"months", 0},
                                                         {"quarter", 0},
                                                         {"year", 0},
                                                         {"years", 0},
                                                         {"decade", 0},
                                                         {"century", 0}};
  const auto found = units.find(unit);
  return found == units.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int64_t> IntervalBucket(const sql::Expr& expr) {
  const auto interval = ConstantInterval(expr);
  if (!interval) return std::nullopt;
  return interval->months != 0 ? 0 : MicrosecondsOf(*interval);
}

bool IsColumn(const sql::Expr& expr, std::string_view name) {
  return expr.kind == sql::ExprKind::kColumn && expr.name.back() == name;
}

}  // namespace

std::optional<sql::Interval> ConstantInterval(const sql::Expr& expr) {
  const auto text = ConstantText(expr);
  if (!text) return std::nullopt;
  auto interval = sql::ParseInterval(*text);
  return interval.ok() ? std::optional(*interval) : std::nullopt;
}

base::Result<Tumble> MakeTumble(const sql::TableRef& from) {
  CHECK(!from.window_args.empty());
  Tumble tumble;
  tumble.column = from.time_column;
  const auto size = ConstantInterval(*from.window_args[0]);
  if (!size)
    return At(base::Unsupported("the size of TUMBLE must be an INTERVAL constant")
                  .WithHint("For example INTERVAL '1' MINUTE."),
              *from.window_args[0]);
  tumble.months = size->months;
  tumble.microseconds = MicrosecondsOf(*size);
  if (size->months < 0 || tumble.microseconds < 0 ||
      (size->months == 0) == (tumble.microseconds == 0))
    return At(base::Invalid(
                  "the size of TUMBLE must be positive, in months or in days and smaller units"),
              *from.window_args[0]);
  if (from.window_args.size() < 2) return tumble;
  const auto offset = ConstantInterval(*from.window_args[1]);
  if (!offset || offset->months != 0 || tumble.months != 0)
    return At(base::Unsupported("the offset of TUMBLE must be an INTERVAL constant in days or "
                                "smaller units, of windows in "
                                "days or smaller units"),
              *from.window_args[1]);
  tumble.offset_us = MicrosecondsOf(*offset) % tumble.microseconds;
  return tumble;
}

std::optional<int64_t> BucketOf(const sql::Expr& key, const std::string& event_time,
                                const std::optional<Tumble>& tumble) {
  if (event_time.empty()) return std::nullopt;
  const bool windowed = tumble && tumble->column == event_time;
  if (windowed && IsColumn(key, "window_start")) return tumble->microseconds;
  if (IsColumn(key, event_time)) return 1;
  if (key.kind != sql::ExprKind::kFunction || key.args.size() < 2) return std::nullopt;
  if (!IsColumn(*key.args[1], event_time) && !(windowed && IsColumn(*key.args[1], "window_start")))
    return std::nullopt;
  const std::string& name = key.name.back();
  if (name == "date_bin" || name == "time_bucket") return IntervalBucket(*key.args[0]);
  if (name != "date_trunc") return std::nullopt;
  const auto unit = ConstantText(*key.args[0]);
  if (!unit) return std::nullopt;
  const auto length = UnitUs(*unit);
  const bool civil = key.args.size() > 2 && length &&
                     *length > 900 * kSecondUs;  // days of a zone differ in length
  return civil ? std::optional<int64_t>(0) : length;
}

}  // namespace view
