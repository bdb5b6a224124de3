#pragma once
// Numbers of JSON, read from their digits. Text handed in must be followed, somewhere, by a byte that ends a number
// (JsonCursor sees to it). Threads: any.

#include <array>
#include <cstddef>
#include <cstdint>

namespace decode {

// Bytes that may follow a number or literal.
inline constexpr auto kEndsScalar = [] {
  std::array<bool, 256> table{};
  for (unsigned char c : {' ', '\t', '\n', '\r', ',', ']', '}'}) table[c] = true;
  return table;
}();
inline bool EndsScalar(char c) { return kEndsScalar[static_cast<unsigned char>(c)]; }

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

struct Number {
  const char* begin = nullptr;
  const char* end = nullptr;
  uint64_t mantissa = 0;   // every digit without the point, when `exact`
  int32_t scale = 0;       // the value is mantissa * 10^-scale
  bool negative = false;
  bool integral = true;    // has neither point nor exponent
  bool exact = true;       // at most 19 digits
};

// What follows the digits of a number from its exponent on; see ScanNumber.
bool ScanExponent(const char* at, int64_t scale, Number* out);

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Digits from `at` on into the mantissa; overflow is harmless, it is only used when there were at most 19.
inline const char* ScanDigits(const char* at, uint64_t* mantissa) {
  uint64_t value = *mantissa;
  for (; IsDigit(*at); ++at) value = value * 10 + static_cast<uint64_t>(*at - '0');
  *mantissa = value;
  return at;
}

// False when `text` is no number of RFC 8259's grammar or is followed by what may not follow one.
inline bool ScanNumber(const char* text, Number* out) {
  const char* at = text;
  out->begin = text;
  out->negative = *at == '-';
  if (out->negative) ++at;
  const char* first = at;
  uint64_t mantissa = 0;
  at = ScanDigits(at, &mantissa);
  int64_t digits = at - first;
  if (digits == 0 || (digits > 1 && *first == '0')) return false;
  int64_t scale = 0;
  out->integral = *at != '.';
  if (*at == '.') {
    const char* fraction = ++at;
    at = ScanDigits(at, &mantissa);
    scale = at - fraction;
    if (scale == 0) return false;
    digits += scale;
  }
  out->mantissa = mantissa;
  out->exact = digits <= 19;
  if ((*at | 0x20) == 'e') return ScanExponent(at, scale, out);
  out->scale = static_cast<int32_t>(scale);
  out->end = at;
  return EndsScalar(*at);
}

inline bool IsNumber(const char* text) {
  Number number;
  return ScanNumber(text, &number);
}

// The number times 10^`shift` as an integer, rounded half away from zero as PostgreSQL's numeric is. False when it has over
// 38 digits.
bool ToInteger(const Number& number, int shift, Int128* out);

inline constexpr int kMaxDigits = 38;
inline constexpr auto kPowersOfTen = [] {
  std::array<Uint128, kMaxDigits + 1> powers{};
  powers[0] = 1;
  for (size_t i = 1; i <= kMaxDigits; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

}  // namespace decode
