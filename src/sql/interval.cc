#include "sql/interval.h"

#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace sql {
namespace {

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                  kDay = 24 * kHour;

struct Unit {
  std::string_view name;
  int64_t months, days, microseconds;  // exactly one is not 0
};

constexpr std::array kUnits{
    Unit{"microsecond", 0, 0, 1},
    Unit{"microsecon", 0, 0, 1},
    Unit{"us", 0, 0, 1},
    Unit{"usec", 0, 0, 1},
    Unit{"millisecond", 0, 0, 1000},
    Unit{"ms", 0, 0, 1000},
    Unit{"msec", 0, 0, 1000},
    Unit{"second", 0, 0, kSecond},
    Unit{"sec", 0, 0, kSecond},
    Unit{"s", 0, 0, kSecond},
    Unit{"minute", 0, 0, kMinute},
    Unit{"min", 0, 0, kMinute},
    Unit{"m", 0, 0, kMinute},
    Unit{"hour", 0, 0, kHour},
    Unit{"hr", 0, 0, kHour},
    Unit{"h", 0, 0, kHour},
    Unit{"day", 0, 1, 0},
    Unit{"d", 0, 1, 0},
    Unit{"week", 0, 7, 0},
    Unit{"w", 0, 7, 0},
    Unit{"month", 1, 0, 0},
    Unit{"mon", 1, 0, 0},
    Unit{"year", 12, 0, 0},
    Unit{"yr", 12, 0, 0},
    Unit{"y", 12, 0, 0},
    Unit{"decade", 120, 0, 0},
    Unit{"dec", 120, 0, 0},
    Unit{"century", 1200, 0, 0},
    Unit{"centurie", 1200, 0, 0},
    Unit{"cent", 1200, 0, 0},
    Unit{"c", 1200, 0, 0},
    Unit{"millennium", 12000, 0, 0},
    Unit{"millennia", 12000, 0, 0},
    Unit{"mil", 12000, 0, 0},
};

const Unit* FindUnit(std::string word) {
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Unit& unit : kUnits)
    if (unit.name == word) return &unit;
  if (word.size() > 2 && word.back() == 's') return FindUnit(word.substr(0, word.size() - 1));
  return nullptr;
}

const Unit& LastField(int fields) {
  if (fields == kIntervalAll || (fields & kIntervalSecond)) return *FindUnit("second");
  if (fields & kIntervalMinute) return *FindUnit("minute");
  if (fields & kIntervalHour) return *FindUnit("hour");
  if (fields & kIntervalDay) return *FindUnit("day");
  if (fields & kIntervalMonth) return *FindUnit("month");
  return *FindUnit("year");
}

// Sums in doubles and integers; what does not fit is found at the end.
struct Sum {
  double months = 0, days = 0, microseconds = 0;

  void Add(double number, const Unit& unit) {
    if (unit.months != 0) {
      const double all = number * static_cast<double>(unit.months);
      months += std::trunc(all);
      AddDays((all - std::trunc(all)) * 30);
    } else if (unit.days != 0) {
      AddDays(number * static_cast<double>(unit.days));
    } else {
      microseconds += number * static_cast<double>(unit.microseconds);
    }
  }
  void AddDays(double number) {
    // A fraction of a day is time; rounding takes away what binary fractions add.
    const double whole = std::trunc(std::round(number * 1e9) / 1e9);
    days += whole;
    microseconds += std::round((number - whole) * static_cast<double>(kDay));
  }
};

class IntervalReader {
 public:
  IntervalReader(std::string_view text, int fields) : text_(text), fields_(fields) {}

  base::Result<Interval> Read() {
    if (SkipSpace(); at_ < text_.size() && text_[at_] == '@') ++at_;
    SkipSpace();
    if (at_ < text_.size() && (text_[at_] == 'P' || text_[at_] == 'p')) return ReadIso();
    bool any = false;
    while (SkipSpace(), at_ < text_.size()) {
      if (std::isalpha(static_cast<unsigned char>(text_[at_]))) {
        if (!any || Word() != "ago" || (SkipSpace(), at_ < text_.size())) return Wrong();
        sum_ = {-sum_.months, -sum_.days, -sum_.microseconds};
        break;
      }
      if (!ReadField()) return Wrong();
      any = true;
    }
    if (!any) return Wrong();
    return Finish();
  }

 private:
  base::Status Wrong() const {
    return base::DataError("invalid input syntax for type interval: \"" + std::string(text_) + "\"")
        .WithSqlstate("22007");
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  std::string Word() {
    const size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Digits with an optional fraction.
  std::optional<double> Number() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.'))
      ++at_;
    const std::string digits(text_.substr(begin, at_ - begin));
    if (digits.empty() || digits == "." || digits.size() > 30 ||
        digits.find('.') != digits.rfind('.'))
      return std::nullopt;
    return std::strtod(digits.c_str(), nullptr);
  }

  // [sign] number [unit], h:m[:s], y-m.
  bool ReadField() {
    double sign = 1;
    if (text_[at_] == '+' || text_[at_] == '-') sign = text_[at_++] == '-' ? -1 : 1;
    SkipSpace();
    const std::optional<double> number = Number();
    if (!number) return false;
    if (at_ < text_.size() && text_[at_] == ':') return ReadClock(sign, *number);
    if (at_ < text_.size() && text_[at_] == '-' && at_ + 1 < text_.size() &&
        std::isdigit(static_cast<unsigned char>(text_[at_ + 1]))) {
      ++at_;
      const std::optional<double> months = Number();
      if (!months || *months >= 12) return false;
      sum_.months += sign * (*number * 12 + *months);
      return true;
    }
    SkipSpace();
    const size_t before = at_;
    const std::string word = Word();
    if (word.empty() || word == "ago") {
      at_ = before;
      sum_.Add(sign * *number, NextIsClock() ? *FindUnit("day") : LastField(fields_));
      return true;
    }
    const Unit* unit = FindUnit(word);
    if (unit == nullptr) return false;
    sum_.Add(sign * *number, *unit);
    return true;
  }

  bool NextIsClock() const {
    size_t i = at_;
    while (i < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[i])) ||
                                text_[i] == '+' || text_[i] == '-'))
      ++i;
    return i > at_ && i < text_.size() && text_[i] == ':';
  }

  bool ReadClock(double sign, double first) {
    ++at_;
    const std::optional<double> second = Number();
    if (!second) return false;
    std::optional<double> third;
    if (at_ < text_.size() && text_[at_] == ':') {
      ++at_;
      third = Number();
      if (!third || *third >= 61) return false;
    }
    if (!third && fields_ == (kIntervalMinute | kIntervalSecond)) {  // m:s
      sum_.microseconds += sign * (first * kMinute + std::round(*second * kSecond));
      return *second < 61;
    }
    if (*second >= 60) return false;
    sum_.microseconds +=
        sign * (first * kHour + *second * kMinute + std::round(third.value_or(0) * kSecond));
    return true;
  }

  // P1Y2M3W4DT5H6M7.5S
  base::Result<Interval> ReadIso() {
    ++at_;
    bool time = false, any = false;
    while (at_ < text_.size()) {
      if (text_[at_] == 'T' || text_[at_] == 't') {
        if (time) return Wrong();
        time = true;
        ++at_;
        continue;
      }
      double sign = 1;
      if (text_[at_] == '+' || text_[at_] == '-') sign = text_[at_++] == '-' ? -1 : 1;
      const std::optional<double> number = Number();
      if (!number || at_ >= text_.size()) return Wrong();
      const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(text_[at_++])));
      const char* unit = !time ? (letter == 'Y'   ? "year"
                                  : letter == 'M' ? "month"
                                  : letter == 'W' ? "week"
                                  : letter == 'D' ? "day"
                                                  : nullptr)
                               : (letter == 'H'   ? "hour"
                                  : letter == 'M' ? "minute"
                                  : letter == 'S' ? "second"
                                                  : nullptr);
      if (unit == nullptr) return Wrong();
      sum_.Add(sign * *number, *FindUnit(unit));
      any = true;
    }
    if (!any) return Wrong();
    return Finish();
  }

  base::Result<Interval> Finish() const {
    const auto out_of_range = [] {
      return base::DataError("interval out of range").WithSqlstate("22008");
    };
    if (std::abs(sum_.months) > INT32_MAX || std::abs(sum_.days) > INT32_MAX ||
        std::abs(sum_.microseconds) > 9.2e18)
      return out_of_range();
    Interval out;
    out.months = static_cast<int32_t>(sum_.months);
    out.days = static_cast<int32_t>(sum_.days);
    out.microseconds = static_cast<int64_t>(std::llround(sum_.microseconds));
    if (fields_ == kIntervalAll) return out;
    // INTERVAL '1 day 2 hours' DAY keeps the day.
    if (!(fields_ & ~(kIntervalYear | kIntervalMonth))) out.days = 0;
    if (fields_ == kIntervalYear) out.months = out.months / 12 * 12;
    if (!(fields_ & (kIntervalHour | kIntervalMinute | kIntervalSecond))) out.microseconds = 0;
    else if (!(fields_ & (kIntervalMinute | kIntervalSecond)))
      out.microseconds = out.microseconds / kHour * kHour;
    else if (!(fields_ & kIntervalSecond)) out.microseconds = out.microseconds / kMinute * kMinute;
    return out;
  }

  std::string_view text_;
  int fields_;
  size_t at_ = 0;
  Sum sum_;
};

void AppendCount(std::string* out, int64_t number, const char* unit) {
  if (number == 0) return;
  if (!out->empty()) *out += ' ';
  *out += std::to_string(number) + " " + unit + (number == 1 ? "" : "s");
}

}  // namespace

base::Result<Interval> ParseIntervalWithFields(std::string_view text, int fields) {
  if (text.size() > 200)
    return base::DataError("invalid input syntax for type interval").WithSqlstate("22007");
  return IntervalReader(text, fields).Read();
}

base::Result<Interval> ParseInterval(std::string_view text) {
  return ParseIntervalWithFields(text, kIntervalAll);
}

std::string IntervalText(const Interval& interval) {
  std::string out;
  AppendCount(&out, interval.months / 12, "year");
  AppendCount(&out, interval.months % 12, "mon");
  AppendCount(&out, interval.days, "day");
  if (interval.microseconds == 0 && !out.empty()) return out;
  if (!out.empty()) out += ' ';
  const bool negative = interval.microseconds < 0;
  const uint64_t all = negative ? 0 - static_cast<uint64_t>(interval.microseconds)
                                : static_cast<uint64_t>(interval.microseconds);
  char clock[64];
  std::snprintf(clock, sizeof clock, "%s%02llu:%02llu:%02llu", negative ? "-" : "",
                static_cast<unsigned long long>(all / kHour),
                static_cast<unsigned long long>(all / kMinute % 60),
                static_cast<unsigned long long>(all / kSecond % 60));
  out += clock;
  if (all % kSecond != 0) {
    std::snprintf(clock, sizeof clock, ".%06llu", static_cast<unsigned long long>(all % kSecond));
    std::string fraction = clock;
    while (fraction.back() == '0') fraction.pop_back();
    out += fraction;
  }
  return out;
}

}  // namespace sql
