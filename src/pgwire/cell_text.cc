#include "pgwire/cell_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace pgwire {
namespace {

char* Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* Fill(char* out, char c, size_t count) {
  std::memset(out, c, count);
  return out + count;
}

char* TwoDigits(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

// A number cut into its digits: 0.d1d2d3 * 10^(exponent + 1), d1 != 0.
struct Digits {
  bool negative = false;
  int exponent = 0;
  size_t count = 0;
  char text[32];
};

// From the form that std::to_chars gives: -d.ddde-XX.
Digits Split(std::string_view scientific) {
  Digits digits;
  if (scientific[0] == '-') {
    digits.negative = true;
    scientific.remove_prefix(1);
  }
  const size_t e = scientific.find('e');
  for (char c : scientific.substr(0, e))
    if (c != '.') digits.text[digits.count++] = c;
  std::string_view exponent = scientific.substr(e + 1);
  if (exponent[0] == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), digits.exponent);
  return digits;
}

char* PutFixed(char* out, const Digits& digits) {
  if (digits.negative) *out++ = '-';
  const std::string_view text(digits.text, digits.count);
  if (digits.exponent < 0) {
    out = Put(out, "0.");
    out = Fill(out, '0', static_cast<size_t>(-digits.exponent - 1));
    return Put(out, text);
  }
  const size_t whole = static_cast<size_t>(digits.exponent) + 1;
  if (text.size() <= whole) return Fill(Put(out, text), '0', whole - text.size());
  out = Put(out, text.substr(0, whole));
  *out++ = '.';
  return Put(out, text.substr(whole));
}

char* PutScientific(char* out, const Digits& digits) {
  if (digits.negative) *out++ = '-';
  *out++ = digits.text[0];
  if (digits.count > 1) {
    *out++ = '.';
    out = Put(out, {digits.text + 1, digits.count - 1});
  }
  *out++ = 'e';
  *out++ = digits.exponent < 0 ? '-' : '+';
  const unsigned size = static_cast<unsigned>(std::abs(digits.exponent));
  return size < 100 ? TwoDigits(out, size) : PrintUnsigned(out, size);
}

char* PutSpecial(char* out, double value) {
  if (std::isnan(value)) return Put(out, "NaN");
  return Put(out, value > 0 ? "Infinity" : "-Infinity");
}

template <typename Float>
char* PrintShortest(char* out, Float value, int fixed_up_to) {
  if (!std::isfinite(value)) return PutSpecial(out, value);
  if (value == 0) return Put(out, std::signbit(value) ? "-0" : "0");
  char scientific[64];
  const auto end = std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific).ptr;
  const Digits digits = Split({scientific, static_cast<size_t>(end - scientific)});
  const bool fixed = digits.exponent >= -4 && digits.exponent < fixed_up_to;
  return fixed ? PutFixed(out, digits) : PutScientific(out, digits);
}

char* PrintRounded(char* out, double value, int significant) {
  if (!std::isfinite(value)) return PutSpecial(out, value);
  const int length = std::snprintf(out, kMaxCellText, "%.*g", std::max(significant, 1), value);
  return out + length;
}

// Civil date of a day since 1970-01-01, in the proleptic Gregorian calendar; year 0 is 1 BC.
struct Civil {
  int64_t year;
  unsigned month, day;
};
Civil CivilOf(int64_t days) {
  const int64_t shifted = days + 719'468;   // days since 0000-03-01
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<uint64_t>(shifted - era * 146'097);
  const uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t shifted_month = (5 * day_of_year + 2) / 153;   // 0 = March
  Civil civil;
  civil.day = static_cast<unsigned>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  civil.month = static_cast<unsigned>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  civil.year = static_cast<int64_t>(year_of_era) + era * 400 + (civil.month <= 2);
  return civil;
}

char* PutCivil(char* out, const Civil& civil) {
  const uint64_t year = static_cast<uint64_t>(civil.year > 0 ? civil.year : 1 - civil.year);
  if (year < 1000) out = Fill(out, '0', year < 10 ? 3 : year < 100 ? 2 : 1);
  out = PrintUnsigned(out, year);
  *out++ = '-';
  out = TwoDigits(out, civil.month);
  *out++ = '-';
  return TwoDigits(out, civil.day);
}

char* PutFraction(char* out, int64_t micros) {
  if (micros == 0) return out;
  *out++ = '.';
  char* end = out + 6;
  for (int i = 5; i >= 0; --i) {
    out[i] = static_cast<char>('0' + micros % 10);
    micros /= 10;
  }
  while (end[-1] == '0') --end;
  return end;
}

char* PutClock(char* out, int64_t micros_of_day) {
  const int64_t seconds = micros_of_day / kMicrosPerSecond;
  out = TwoDigits(out, static_cast<unsigned>(seconds / 3600));
  *out++ = ':';
  out = TwoDigits(out, static_cast<unsigned>(seconds / 60 % 60));
  *out++ = ':';
  out = TwoDigits(out, static_cast<unsigned>(seconds % 60));
  return PutFraction(out, micros_of_day % kMicrosPerSecond);
}

// Date and time of day of an instant; the year before Christ is said at the very end, after an offset.
char* PutInstant(char* out, int64_t micros, Civil* civil) {
  int64_t days = micros / kMicrosPerDay, rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  *civil = CivilOf(days);
  out = PutCivil(out, *civil);
  *out++ = ' ';
  return PutClock(out, rest);
}

char* PutEra(char* out, const Civil& civil) { return civil.year > 0 ? out : Put(out, " BC"); }

char* PutOffset(char* out, int32_t offset_s) {
  *out++ = offset_s < 0 ? '-' : '+';
  const unsigned size = static_cast<unsigned>(std::abs(offset_s));
  out = size / 3600 < 100 ? TwoDigits(out, size / 3600) : PrintUnsigned(out, size / 3600);
  if (size % 3600 == 0) return out;
  *out++ = ':';
  out = TwoDigits(out, size / 60 % 60);
  if (size % 60 == 0) return out;
  *out++ = ':';
  return TwoDigits(out, size % 60);
}

bool PutInfinity(char** out, bool positive, bool negative) {
  if (!positive && !negative) return false;
  *out = Put(*out, positive ? "infinity" : "-infinity");
  return true;
}

// "3 days": with a sign of its own when an earlier part was negative.
struct IntervalText {
  char* out;
  bool empty = true, after_negative = false;

  void Part(int64_t value, const char* unit) {
    if (value == 0) return;
    if (!empty) *out++ = ' ';
    if (after_negative && value > 0) *out++ = '+';
    out = PrintInteger(out, value);
    *out++ = ' ';
    out = Put(out, unit);
    if (value != 1) *out++ = 's';
    after_negative = value < 0;
    empty = false;
  }
};

}  // namespace

char* PrintInteger(char* out, int64_t value) { return std::to_chars(out, out + kMaxCellText, value).ptr; }
char* PrintUnsigned(char* out, uint64_t value) { return std::to_chars(out, out + kMaxCellText, value).ptr; }

char* PrintHuge(char* out, Int128 value) { return PrintDecimal(out, value, 0); }

char* PrintDecimal(char* out, Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  auto rest = negative ? ~static_cast<unsigned __int128>(unscaled) + 1 : static_cast<unsigned __int128>(unscaled);
  char digits[48];
  char* at = digits + sizeof digits;
  int count = 0;
  if (rest <= UINT64_MAX) {   // the usual case needs no 128-bit division
    auto small = static_cast<uint64_t>(rest);
    for (; small > 0 || count <= scale; small /= 10) {
      *--at = static_cast<char>('0' + small % 10);
      if (++count == scale) *--at = '.';
    }
  } else {
    for (; rest > 0 || count <= scale; rest /= 10) {
      *--at = static_cast<char>('0' + static_cast<int>(rest % 10));
      if (++count == scale) *--at = '.';
    }
  }
  if (negative) *--at = '-';
  return Put(out, {at, static_cast<size_t>(digits + sizeof digits - at)});
}

char* PrintDouble(char* out, double value, int extra_float_digits) {
  return extra_float_digits > 0 ? PrintShortest(out, value, 15) : PrintRounded(out, value, 15 + extra_float_digits);
}

char* PrintFloat(char* out, float value, int extra_float_digits) {
  return extra_float_digits > 0 ? PrintShortest(out, value, 6) : PrintRounded(out, value, 6 + extra_float_digits);
}

char* PrintFixedDouble(char* out, double value) {
  if (!std::isfinite(value)) return PutSpecial(out, value);
  if (value == 0) return Put(out, "0");
  char scientific[64];
  const auto end = std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific).ptr;
  return PutFixed(out, Split({scientific, static_cast<size_t>(end - scientific)}));
}

char* PrintUuid(char* out, uint64_t high, uint64_t low) {
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) *out++ = '-';
    const uint64_t word = i < 16 ? high : low;
    *out++ = "0123456789abcdef"[word >> (60 - i % 16 * 4) & 15];
  }
  return out;
}

char* PrintDate(char* out, int32_t days) {
  if (PutInfinity(&out, days == kDateInfinity, days == -kDateInfinity)) return out;
  const Civil civil = CivilOf(days);
  return PutEra(PutCivil(out, civil), civil);
}

char* PrintTime(char* out, int64_t micros) { return PutClock(out, std::clamp<int64_t>(micros, 0, kMicrosPerDay)); }

char* PrintTimestamp(char* out, int64_t micros) {
  if (PutInfinity(&out, micros == kTimestampInfinity, micros == -kTimestampInfinity)) return out;
  Civil civil;
  out = PutInstant(out, micros, &civil);
  return PutEra(out, civil);
}

char* PrintTimestampTz(char* out, int64_t micros, int32_t offset_s) {
  if (PutInfinity(&out, micros == kTimestampInfinity, micros == -kTimestampInfinity)) return out;
  int64_t local;
  if (__builtin_add_overflow(micros, offset_s * kMicrosPerSecond, &local)) local = micros;
  Civil civil;
  out = PutInstant(out, local, &civil);
  return PutEra(PutOffset(out, offset_s), civil);
}

char* PrintInterval(char* out, int32_t months, int32_t days, int64_t micros) {
  IntervalText text{out};
  text.Part(months / 12, "year");
  text.Part(months % 12, "mon");
  text.Part(days, "day");
  if (!text.empty && micros == 0) return text.out;
  out = text.out;
  if (!text.empty) *out++ = ' ';
  if (micros < 0) *out++ = '-';
  else if (text.after_negative) *out++ = '+';
  const uint64_t size = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const uint64_t hours = size / (3600 * kMicrosPerSecond);
  const auto rest = static_cast<int64_t>(size % (3600 * kMicrosPerSecond));
  out = hours < 100 ? TwoDigits(out, static_cast<unsigned>(hours)) : PrintUnsigned(out, hours);
  *out++ = ':';
  out = TwoDigits(out, static_cast<unsigned>(rest / (60 * kMicrosPerSecond)));
  *out++ = ':';
  out = TwoDigits(out, static_cast<unsigned>(rest / kMicrosPerSecond % 60));
  return PutFraction(out, rest % kMicrosPerSecond);
}

}  // namespace pgwire
