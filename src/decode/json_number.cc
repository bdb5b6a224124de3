#include "decode/json_number.h"

#include <algorithm>

namespace decode {
namespace {

constexpr int kMaxExponent = 1'000'000;  // beyond that more makes no difference

// The exponent at `at`, which stands after the e; nullptr when there is none.
const char* ReadExponent(const char* at, int* exponent) {
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  if (!IsDigit(*at)) return nullptr;
  int value = 0;
  for (; IsDigit(*at); ++at) value = std::min(value * 10 + (*at - '0'), kMaxExponent);
  *exponent = negative ? -value : value;
  return at;
}

Uint128 DivideRounding(Uint128 value, int digits) {
  if (digits > kMaxDigits) return 0;
  const Uint128 divisor = kPowersOfTen[digits];
  const Uint128 rest = value % divisor;
  return value / divisor + (rest >= divisor - rest ? 1 : 0);
}

// For numbers of more digits than a word holds: the first `kept` digits, rounded by the one after them.
bool FromText(const Number& number, int64_t shift, Uint128* out) {
  const char* at = number.begin + (number.negative ? 1 : 0);
  int64_t kept = shift;
  int exponent = 0;
  const char* digits_end = number.end;
  for (const char* p = at; p < number.end; ++p) {
    if (*p != 'e' && *p != 'E') continue;
    digits_end = p;
    ReadExponent(p + 1, &exponent);
    break;
  }
  const char* point = std::find(at, digits_end, '.');
  kept += exponent + (point - at);
  Uint128 value = 0;
  for (; at < digits_end; ++at) {
    if (at == point) continue;
    if (kept <= 0) {
      *out = kept == 0 && *at >= '5' ? value + 1 : value;
      return true;
    }
    if (value >= kPowersOfTen[kMaxDigits - 1]) return false;
    value = value * 10 + static_cast<Uint128>(*at - '0');
    --kept;
  }
  if (value != 0 && kept > kMaxDigits) return false;
  for (; kept > 0 && value != 0; --kept) {
    if (value >= kPowersOfTen[kMaxDigits - 1]) return false;
    value *= 10;
  }
  *out = value;
  return true;
}

}  // namespace

bool ScanExponent(const char* at, int64_t scale, Number* out) {
  int exponent = 0;
  out->integral = false;
  out->end = ReadExponent(at + 1, &exponent);
  if (out->end == nullptr) return false;
  out->scale = static_cast<int32_t>(std::clamp<int64_t>(scale - exponent, INT32_MIN / 2, INT32_MAX / 2));
  return EndsScalar(*out->end);
}

bool ToInteger(const Number& number, int shift, Int128* out) {
  Uint128 value = number.mantissa;
  const int64_t by = int64_t{shift} - number.scale;
  if (!number.exact) {
    if (!FromText(number, shift, &value)) return false;
  } else if (by < 0) {
    value = DivideRounding(value, static_cast<int>(std::min<int64_t>(-by, kMaxDigits + 1)));
  } else if (by > 0 && value != 0) {
    if (by > kMaxDigits || value >= kPowersOfTen[kMaxDigits - std::min<int64_t>(by, kMaxDigits)]) return false;
    value *= kPowersOfTen[by];
  }
  if (value >= kPowersOfTen[kMaxDigits]) return false;
  *out = number.negative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
  return true;
}

}  // namespace decode
