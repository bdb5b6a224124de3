#pragma once
// Numbers of JSON, read from their digits. Text handed in must be followed, somewhere, by a byte that ends a number
// (JsonCursor sees to it). Threads: any.

#include <cstdint>

namespace decode {

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

// False when `text` is no number of RFC 8259's grammar or is followed by what may not follow one.
bool ScanNumber(const char* text, Number* out);
bool IsNumber(const char* text);

// The number times 10^`shift` as an integer, rounded half away from zero as PostgreSQL's numeric is. False when it has over
// 38 digits.
bool ToInteger(const Number& number, int shift, Int128* out);

// 10^exponent, exponent 0..38.
Uint128 PowerOfTen(int exponent);

}  // namespace decode
