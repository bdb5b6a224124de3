#include "decode/instant.h"

#include <chrono>

namespace decode {
namespace {

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

// Reads fixed-width pieces from the front of a text; once something did not fit, everything fails.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  int Number(size_t digits) {
    if (text_.size() < digits) return Fail();
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!IsDigit(text_[i])) return Fail();
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  bool Take(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_[0]) == std::string_view::npos) return false;
    taken_ = text_[0];
    text_.remove_prefix(1);
    return true;
  }
  void Expect(std::string_view any_of) { if (!Take(any_of)) Fail(); }
  // Digits after a point as microseconds, rounded.
  int64_t Fraction() {
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < text_.size() && IsDigit(text_[digits]); ++digits) {
      if (digits < 6) value = value * 10 + (text_[digits] - '0');
      if (digits == 6 && text_[digits] >= '5') ++value;
    }
    if (digits == 0) return Fail();
    for (size_t i = digits; i < 6; ++i) value *= 10;
    text_.remove_prefix(digits);
    return value;
  }
  bool empty() const { return text_.empty(); }
  bool ok() const { return ok_; }
  char taken() const { return taken_; }
  int Fail() {
    ok_ = false;
    text_ = {};
    return 0;
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  std::string_view text_;
  bool ok_ = true;
  char taken_ = 0;
};

int32_t ReadDate(Pieces* pieces) {
  const int year = pieces->Number(4);
  pieces->Expect("-");
  const int month = pieces->Number(2);
  pieces->Expect("-");
  const int day = pieces->Number(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year == 0 || !date.ok()) return pieces->Fail();
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

int64_t ReadZone(Pieces* pieces) {
  if (pieces->empty() || pieces->Take("Zz")) return 0;
  pieces->Expect("+-");
  const bool west = pieces->taken() == '-';
  const int hours = pieces->Number(2);
  const bool colon = pieces->Take(":");
  const int minutes = colon || !pieces->empty() ? pieces->Number(2) : 0;
  if (hours > 23 || minutes > 59) return pieces->Fail();
  const int64_t offset = hours * kHour + minutes * kMinute;
  return west ? -offset : offset;
}

std::optional<int64_t> InRange(int64_t instant_us) {
  if (instant_us < kFirstInstantUs || instant_us > kLastInstantUs) return std::nullopt;
  return instant_us;
}

int MicrosecondExponent(model::TimeUnit unit) {
  switch (unit) {
    case model::TimeUnit::kSeconds: return 6;
    case model::TimeUnit::kMilliseconds: return 3;
    case model::TimeUnit::kMicroseconds: return 0;
    case model::TimeUnit::kNanoseconds: return -3;
  }
  return 0;
}

}  // namespace

std::optional<int64_t> ParseInstant(std::string_view text) {
  Pieces pieces(text);
  const int64_t days = ReadDate(&pieces);
  pieces.Expect("Tt ");
  const int hour = pieces.Number(2);
  pieces.Expect(":");
  const int minute = pieces.Number(2);
  pieces.Expect(":");
  const int second = pieces.Number(2);
  const int64_t fraction = pieces.Take(".") ? pieces.Fraction() : 0;
  const int64_t zone = ReadZone(&pieces);
  if (!pieces.ok() || !pieces.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return InRange(days * kDay + hour * kHour + minute * kMinute + second * kSecond + fraction - zone);
}

std::optional<int32_t> ParseDate(std::string_view text) {
  Pieces pieces(text);
  const int32_t days = ReadDate(&pieces);
  if (!pieces.ok() || !pieces.empty()) return std::nullopt;
  return days;
}

std::optional<int64_t> InstantOf(const Number& number, model::TimeUnit unit) {
  constexpr uint64_t kLastMs = kLastInstantUs / 1000;
  if (unit == model::TimeUnit::kMilliseconds && number.integral && number.exact && !number.negative) {  // the usual case
    if (number.mantissa > kLastMs) return std::nullopt;
    return static_cast<int64_t>(number.mantissa) * 1000;
  }
  Int128 value = 0;
  if (!ToInteger(number, MicrosecondExponent(unit), &value)) return std::nullopt;
  if (value < kFirstInstantUs || value > kLastInstantUs) return std::nullopt;
  return static_cast<int64_t>(value);
}

int32_t DateOf(int64_t instant_us) {
  return static_cast<int32_t>((instant_us - (instant_us < 0 ? kDay - 1 : 0)) / kDay);
}

}  // namespace decode
