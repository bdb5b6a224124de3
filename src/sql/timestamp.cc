#include "sql/timestamp.h"

#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>

namespace sql {
namespace {

constexpr int64_t kSecond = 1'000'000, kDay = 86'400 * kSecond;

base::Status OutOfRange() {
  return base::DataError("date/time field value out of range").WithSqlstate("22008");
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::string ClockPart(int64_t of_day) {
  char clock[32];
  std::snprintf(clock, sizeof clock, "%02d:%02d:%02d", static_cast<int>(of_day / (3600 * kSecond)),
                static_cast<int>(of_day / (60 * kSecond) % 60),
                static_cast<int>(of_day / kSecond % 60));
  std::string out = clock;
  if (of_day % kSecond == 0) return out;
  std::snprintf(clock, sizeof clock, ".%06d", static_cast<int>(of_day % kSecond));
  out += clock;
  while (out.back() == '0') out.pop_back();
  return out;
}

// A cursor over the text.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.back())))
      text_.remove_suffix(1);
    SkipSpace();
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  void SkipSpace() {
    while (!AtEnd() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool IsDigit(size_t ahead = 0) const {
    return at_ + ahead < text_.size() &&
           std::isdigit(static_cast<unsigned char>(text_[at_ + ahead]));
  }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  std::string_view Rest() const { return text_.substr(at_); }

  bool Number(size_t least, size_t most, int* out) {
    size_t digits = 0;
    int value = 0;
    while (digits < most && IsDigit()) {
      value = value * 10 + (text_[at_++] - '0');
      ++digits;
    }
    *out = value;
    return digits >= least;
  }

  // yyyy-mm-dd, yyyy/mm/dd or yyyymmdd
  bool Date(CivilTime* out) {
    size_t run = 0;
    while (IsDigit(run)) ++run;
    if (run == 8)
      return Number(4, 4, &out->year) && Number(2, 2, &out->month) && Number(2, 2, &out->day);
    if (!Number(4, 6, &out->year)) return false;
    const char separator = Peek();
    if (separator != '-' && separator != '/') return false;
    return Take(separator) && Number(1, 2, &out->month) && Take(separator) &&
           Number(1, 2, &out->day);
  }

  // hh:mm[:ss[.ffffff]]
  bool Clock(CivilTime* out) {
    if (!Number(1, 2, &out->hour) || !Take(':') || !Number(2, 2, &out->minute)) return false;
    if (!Take(':')) return true;
    if (!Number(2, 2, &out->second)) return false;
    return !Take('.') || Fraction(out);
  }

  bool Fraction(CivilTime* out) {
    int scale = 100'000, value = 0;
    bool round_up = false, any = false;
    for (; IsDigit(); ++at_, any = true) {
      if (scale == 0) {
        round_up = round_up || (!seen_beyond_ && text_[at_] >= '5');
        seen_beyond_ = true;
      } else {
        value += (text_[at_] - '0') * scale;
        scale /= 10;
      }
    }
    out->microsecond = value + round_up;
    return any;
  }

  // Z, +hh, +hhmm, +hh:mm[:ss], or a name
  bool Zone(ReadTime* out) {
    SkipSpace();
    if (AtEnd()) return true;
    if (Peek() == '+' || Peek() == '-') return Offset(out);
    std::string name(Rest());
    if (name == "Z" || name == "z" || name == "UTC" || name == "utc" || name == "GMT" ||
        name == "gmt") {
      out->offset_seconds = 0;
    } else {
      if (!std::isalpha(static_cast<unsigned char>(name[0])) || name.size() > 64) return false;
      for (char c : name)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '/' && c != '_' && c != '-' &&
            c != '+')
          return false;
      out->zone = name;
    }
    at_ = text_.size();
    return true;
  }

 private:
  bool Offset(ReadTime* out) {
    const int sign = text_[at_++] == '-' ? -1 : 1;
    int hours = 0, minutes = 0, seconds = 0;
    size_t run = 0;
    while (IsDigit(run)) ++run;
    if (run == 4) {
      if (!Number(2, 2, &hours) || !Number(2, 2, &minutes)) return false;
    } else {
      if (!Number(1, 2, &hours)) return false;
      if (Take(':') && !Number(2, 2, &minutes)) return false;
      if (Take(':') && !Number(2, 2, &seconds)) return false;
    }
    if (hours > 15 || minutes > 59 || seconds > 59) return false;
    out->offset_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
    return AtEnd();
  }

  std::string_view text_;
  size_t at_ = 0;
  bool seen_beyond_ = false;
};

using Special = ReadTime::Special;

std::optional<Special> SpecialWord(std::string_view text) {
  std::string word;
  for (char c : text)
    if (!std::isspace(static_cast<unsigned char>(c)))
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (word == "infinity" || word == "+infinity") return Special::kInfinity;
  if (word == "-infinity") return Special::kMinusInfinity;
  if (word == "now") return Special::kNow;
  if (word == "today") return Special::kToday;
  if (word == "tomorrow") return Special::kTomorrow;
  if (word == "yesterday") return Special::kYesterday;
  if (word == "epoch") return Special::kNone;
  return std::nullopt;
}

}  // namespace

base::Result<int64_t> ToMicroseconds(const CivilTime& time) {
  using namespace std::chrono;
  const year_month_day date{year(time.year), month(static_cast<unsigned>(time.month)),
                            day(static_cast<unsigned>(time.day))};
  if (time.year < 1 || time.year > 200'000 || time.month < 1 || time.month > 12 || time.day < 1 ||
      time.day > 31)
    return OutOfRange();
  // std::chrono's years end at 32767; 400 years always have the same length.
  const int cycles = (time.year - 1) / 400;
  const year_month_day small{year(time.year - cycles * 400), date.month(), date.day()};
  if (!small.ok()) return OutOfRange();
  if (time.hour < 0 || time.hour > 24 || time.minute < 0 || time.minute > 59 || time.second < 0 ||
      time.second > 60)
    return OutOfRange();
  if (time.hour == 24 && (time.minute > 0 || time.second > 0 || time.microsecond > 0))
    return OutOfRange();
  const int64_t days = sys_days(small).time_since_epoch().count() + cycles * int64_t{146'097};
  return days * kDay + ((time.hour * 60 + time.minute) * int64_t{60} + time.second) * kSecond +
         time.microsecond;
}

std::string DateText(int64_t microseconds) {
  using namespace std::chrono;
  const int64_t days = FloorDiv(microseconds, kDay);
  const int64_t cycles = FloorDiv(days, 146'097);
  const year_month_day date{sys_days(std::chrono::days(days - cycles * 146'097))};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u",
                static_cast<int>(static_cast<int>(date.year()) + cycles * 400),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::string TimestampText(int64_t microseconds) {
  return DateText(microseconds) + " " +
         ClockPart(microseconds - FloorDiv(microseconds, kDay) * kDay);
}

base::Result<ReadTime> ReadTimeText(std::string_view text, model::Type type) {
  ReadTime out;
  const auto wrong = [&] {
    return base::DataError("invalid input syntax for type " + model::NameOf(type) + ": \"" +
                           std::string(text) + "\"")
        .WithSqlstate("22007");
  };
  if (const std::optional<Special> special = SpecialWord(text)) {
    out.special = *special;
    if (out.special == Special::kNone) out.offset_seconds = 0;  // epoch
    return out;
  }
  TimeReader reader(text);
  CivilTime time;
  if (!reader.Date(&time)) return wrong();
  if (!reader.Take('T') && !reader.Take('t')) reader.SkipSpace();
  if (reader.IsDigit()) {
    out.has_time = true;
    if (!reader.Clock(&time)) return wrong();
  }
  if (!reader.Zone(&out) || !reader.AtEnd()) return wrong();
  base::Result<int64_t> microseconds = ToMicroseconds(time);
  if (!microseconds.ok())
    return base::DataError("date/time field value out of range: \"" + std::string(text) + "\"")
        .WithSqlstate("22008");
  out.microseconds = *microseconds;
  return out;
}

base::Result<int64_t> ReadClock(std::string_view text) {
  TimeReader reader(text);
  CivilTime time;
  ReadTime zone;
  const auto wrong = [&] {
    return base::DataError("invalid input syntax for type time: \"" + std::string(text) + "\"")
        .WithSqlstate("22007");
  };
  if (!reader.Clock(&time) || !reader.Zone(&zone)) return wrong();
  base::Result<int64_t> microseconds = ToMicroseconds(time);
  if (!microseconds.ok())
    return base::DataError("date/time field value out of range: \"" + std::string(text) + "\"")
        .WithSqlstate("22008");
  return *microseconds;
}

std::string ClockText(int64_t microseconds) {
  return microseconds == kDay ? "24:00:00" : ClockPart(microseconds);
}

}  // namespace sql
