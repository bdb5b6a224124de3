#include "sql/time_window.h"

#include <numeric>

#include "base/bug.h"
#include "base/time_zone.h"
#include "sql/interval.h"
#include "sql/print_special.h"
#include "sql/printer.h"

namespace sql {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;
constexpr const char* kOrigin = "TIMESTAMP '1970-01-01 00:00:00'";

std::string Microseconds(int64_t count) {
  return "INTERVAL '" + std::to_string(count) + " microseconds'";
}

base::Status At(base::Status status, const Expr& expr) {
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

base::Result<Interval> ConstantInterval(const Expr& expr, const std::string& what) {
  const std::string* text = ConstantOf(expr);
  if (text == nullptr || expr.type.id != model::TypeId::kInterval)
    return At(base::Invalid(what + " must be an INTERVAL constant")
                  .WithSqlstate("42804")
                  .WithHint("For example INTERVAL '1' MINUTE."),
              expr);
  auto interval = ParseInterval(*text);
  return interval.ok() ? std::move(interval) : At(interval.TakeStatus(), expr);
}

// Days are 24 hours: windows are counted in UTC.
base::Result<Span> PositiveSpan(const Expr& expr, const std::string& what) {
  ASSIGN_OR_RETURN(const Interval interval, ConstantInterval(expr, what));
  const Span span{interval.months, interval.days * kDayUs + interval.microseconds};
  if (span.months < 0 || span.microseconds < 0 || (span.months == 0) == (span.microseconds == 0))
    return At(base::Invalid(what + " must be positive, in months or in days and smaller units")
                  .WithSqlstate("22023"),
              expr);
  return span;
}

base::Status CheckPair(const TimeWindow& window, const Expr& expr) {
  const auto wrong = [&](const std::string& message, const char* hint) {
    return At(base::Invalid(message).WithSqlstate("22023").WithHint(hint), expr);
  };
  const std::string name = NameOf(window.kind);
  const bool hop = window.kind == TableRef::Window::kHop;
  const std::string step = hop ? "slide" : "step";
  if ((window.slide.months > 0) != (window.size.months > 0))
    return wrong("the " + step + " and the size of " + name + " must be in the same unit",
                 "Write both in months, or both in days and smaller units.");
  if (!hop && window.size.Count() % window.slide.Count() != 0)
    return wrong("the size of CUMULATE must be a multiple of its step",
                 "For example a step of 10 minutes in a size of 1 hour.");
  if (window.WindowsOfRow() > kMaxWindowsOfRow)
    return wrong("a row would stand in more than " + std::to_string(kMaxWindowsOfRow) +
                     " windows of " + name,
                 hop ? "Choose a longer slide or a shorter size."
                     : "Choose a longer step or a shorter size.");
  return {};
}

base::Result<int64_t> OffsetOf(const TimeWindow& window, const Expr& expr) {
  const std::string what = std::string("the offset of ") + NameOf(window.kind);
  ASSIGN_OR_RETURN(const Interval offset, ConstantInterval(expr, what));
  if (offset.months != 0 || window.size.months != 0)
    return At(base::Invalid(what + " must be in days or smaller units, and so must its windows")
                  .WithSqlstate("22023"),
              expr);
  // Starts are multiples of this.
  const int64_t unit =
      window.kind == TableRef::Window::kHop ? window.slide.microseconds : window.size.microseconds;
  return (offset.days * kDayUs + offset.microseconds) % unit;
}

base::Status SetZone(const Expr& arg, TimeWindow* window) {
  const bool days = window->size.months > 0 || window->size.microseconds % kDayUs == 0;
  if (window->Overlaps() || !days)
    return At(base::Unsupported("a time zone is only for windows of TUMBLE of whole days or months")
                  .WithHint("Smaller windows are the same in UTC; leave the zone out."),
              arg);
  auto known = base::TimeZone::Find(arg.literal.text);
  if (!known.ok())
    return At(base::Invalid("time zone \"" + arg.literal.text + "\" not recognized")
                  .WithSqlstate("22023"),
              arg);
  if (!IsUtc(arg.literal.text)) window->zone = arg.literal.text;
  return {};
}

base::Result<TimeWindow> MakeSession(const TableRef& table, TimeWindow window) {
  ASSIGN_OR_RETURN(window.size, PositiveSpan(*table.window_args[0], "the gap of SESSION"));
  if (window.size.months > 0)
    return At(
        base::Invalid("the gap of SESSION must be in days or smaller units").WithSqlstate("22023"),
        *table.window_args[0]);
  window.slide = window.size;
  for (size_t i = 1; i < table.window_args.size(); ++i)
    window.keys.push_back(table.window_args[i]->name.back());
  return window;
}

}  // namespace

bool IsZoneArgument(const Expr& arg) {
  return arg.kind == ExprKind::kLiteral && arg.literal.kind == Literal::Kind::kString &&
         arg.type.id != model::TypeId::kInterval && !ParseInterval(arg.literal.text).ok();
}

const char* NameOf(TableRef::Window window) {
  switch (window) {
    case TableRef::Window::kTumble: return "TUMBLE";
    case TableRef::Window::kHop: return "HOP";
    case TableRef::Window::kSession: return "SESSION";
    case TableRef::Window::kCumulate: return "CUMULATE";
  }
  return "a window";
}

std::string Span::Text() const {
  return months > 0 ? "INTERVAL '" + std::to_string(months) + " months'"
                    : Microseconds(microseconds);
}

std::string Span::Times(const std::string& count) const {
  const std::string product = "(" + count + " * " + std::to_string(Count()) + ")";
  return months > 0 ? "to_months(CAST(" + product + " AS INTEGER))"
                    : "to_microseconds(" + product + ")";
}

Span TimeWindow::Pane() const {
  if (size.months > 0) return {std::gcd(slide.months, size.months), 0};
  return {0, std::gcd(slide.microseconds, size.microseconds)};
}

// DuckDB's own origin is another midnight, which comes to the same for what divides a day and is
// faster.
std::string TimeWindow::Bucket(const Span& width, const std::string& time) const {
  if (!zone.empty()) return FromCivil(CivilBucket(ToCivil(time, zone)), zone);
  const bool earlier = base::HasBug(base::Bug::kWindowEndInclusive);
  const std::string bucket =
      "time_bucket(" + width.Text() + ", " + time + (earlier ? " - " + Microseconds(1) : "");
  if (width.months > 0) return bucket + ", " + kOrigin + ")";
  if (offset_us == 0 && kDayUs % width.microseconds == 0) return bucket + ")";
  return bucket + ", " + kOrigin + " + " + Microseconds(offset_us) + ")";
}

// Of the zone's civil time. A size of days or months, so that no window begins within a shift of
// the clock, unless the zone shifts it at midnight.
std::string TimeWindow::CivilBucket(const std::string& civil) const {
  const std::string bucket = "time_bucket(" + size.Text() + ", " + civil + ", " + kOrigin;
  return bucket + (offset_us == 0 ? ")" : " + " + Microseconds(offset_us) + ")");
}

std::string TimeWindow::EndText(const std::string& start) const {
  if (!zone.empty() && !base::HasBug(base::Bug::kDaysOf24Hours))
    return FromCivil("(" + CivilBucket(ToCivil(start, zone)) + " + " + size.Text() + ")", zone);
  return "(" + start + " + " + size.Text() + ")";
}

TimeWindow::Bounds TimeWindow::BoundsOf(const std::string& time, const std::string& number) const {
  Bounds bounds;
  if (kind == TableRef::Window::kCumulate) {
    bounds.start = Bucket(size, time);
    bounds.end = "(" + bounds.start + " + " + slide.Times("(" + number + " + 1)") + ")";
    bounds.condition = bounds.end + " > " + time;
    return bounds;
  }
  bounds.start = "(" + Bucket(slide, time) + " - " + slide.Times(number) + ")";
  bounds.end = EndText(bounds.start);
  if (size.Count() % slide.Count() != 0) bounds.condition = bounds.end + " > " + time;
  return bounds;
}

// Times that are equal begin one island at most: the running maximum sees the rows before, the
// count all that are equal.
std::string TimeWindow::Islands(const Fragments& fragments) const {
  std::string partition;
  for (const std::string& key : fragments.keys)
    partition += (partition.empty() ? "PARTITION BY " : ", ") + key;
  const std::string order = partition + " ORDER BY " + fragments.first + ", " + fragments.last;
  const std::string before = "max(" + fragments.last + ") OVER (" + order +
                             " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)";
  return "(SELECT *, count(*) FILTER (WHERE \"__begins\") OVER (" + order +
         ") AS \"__island\" FROM (SELECT *, coalesce(" + fragments.first +
         (base::HasBug(base::Bug::kSessionGapInclusive) ? " > " : " >= ") + before + " + " +
         size.Text() + ", true) AS \"__begins\" FROM " + fragments.from + "))";
}

std::string TimeWindow::SessionRows(const std::string& input) const {
  const std::string time = QuoteIdentifier(column);
  Fragments rows{"(SELECT * FROM " + input + " WHERE " + time + " IS NOT NULL)", time, time, {}};
  std::string partition;
  for (const std::string& key : keys) {
    rows.keys.push_back(QuoteIdentifier(key));
    partition += rows.keys.back() + ", ";
  }
  const std::string over = " OVER (PARTITION BY " + partition + "\"__island\")";
  return "(SELECT * EXCLUDE (\"__begins\", \"__island\"), min(" + time + ")" + over +
         " AS \"window_start\", max(" + time + ")" + over + " + " + size.Text() +
         " AS \"window_end\" FROM " + Islands(rows) + ")";
}

std::string TimeWindow::Rows(const std::string& input) const {
  if (IsSession()) return SessionRows(input);
  const std::string time = "\"window_input\"." + QuoteIdentifier(column);
  if (!Overlaps())
    return "(SELECT *, " + EndText("\"window_start\"") + " AS \"window_end\" FROM (SELECT *, " +
           Bucket(size, time) + " AS \"window_start\" FROM " + input +
           " AS \"window_input\") AS \"window_rows\")";
  const Bounds bounds = BoundsOf(time, "\"window_number\".n");
  // A row without a time stands in no window.
  return "(SELECT \"window_input\".*, " + bounds.start + " AS \"window_start\", " + bounds.end +
         " AS \"window_end\" FROM " + input + " AS \"window_input\", range(" +
         std::to_string(WindowsOfRow()) + ") AS \"window_number\"(n) WHERE " + time +
         " IS NOT NULL" + (bounds.condition.empty() ? "" : " AND " + bounds.condition) + ")";
}

base::Result<TimeWindow> MakeTimeWindow(const TableRef& table) {
  CHECK(!table.window_args.empty());
  TimeWindow window;
  window.kind = table.window;
  window.column = table.time_column;
  if (window.IsSession()) return MakeSession(table, std::move(window));
  const std::string name = NameOf(window.kind);
  const size_t size_at = window.Overlaps() ? 1 : 0;
  CHECK(table.window_args.size() > size_at);
  ASSIGN_OR_RETURN(window.size, PositiveSpan(*table.window_args[size_at], "the size of " + name));
  window.slide = window.size;
  if (window.Overlaps()) {
    const char* step = window.kind == TableRef::Window::kHop ? "the slide of " : "the step of ";
    ASSIGN_OR_RETURN(window.slide, PositiveSpan(*table.window_args[0], step + name));
    RETURN_IF_ERROR(CheckPair(window, *table.window_args[size_at]));
  }
  for (size_t i = size_at + 1; i < table.window_args.size(); ++i) {
    const Expr& arg = *table.window_args[i];
    if (IsZoneArgument(arg)) {
      RETURN_IF_ERROR(SetZone(arg, &window));
    } else if (i == size_at + 1) {
      ASSIGN_OR_RETURN(window.offset_us, OffsetOf(window, arg));
    } else {
      return At(base::Invalid("the last argument of " + name + " must be the name of a time zone")
                    .WithSqlstate("42804"),
                arg);
    }
  }
  return window;
}

}  // namespace sql
