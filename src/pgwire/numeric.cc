#include "pgwire/numeric.h"

namespace pgwire {
namespace {

constexpr uint16_t kPositive = 0x0000, kNegative = 0x4000, kNan = 0xC000, kInfinity = 0xD000, kMinusInfinity = 0xF000;
constexpr size_t kGroup = 4;
constexpr int kMaxScale = 16'383;         // PostgreSQL's own bound
constexpr int kMaxWeight = 32'768;        // groups before the point: 131,072 digits

void WriteHeader(size_t groups, int weight, uint16_t sign, size_t scale, WriteBuffer* out) {
  out->Int16(static_cast<int16_t>(groups));
  out->Int16(static_cast<int16_t>(weight));
  out->Int16(static_cast<int16_t>(sign));
  out->Int16(static_cast<int16_t>(scale));
}

// The four digits that start at `at` (which may lie before the text's begin or past its end: zeros).
int GroupAt(std::string_view digits, int64_t at) {
  int group = 0;
  for (int64_t i = at; i < at + static_cast<int64_t>(kGroup); ++i) {
    const bool inside = i >= 0 && i < static_cast<int64_t>(digits.size());
    group = group * 10 + (inside ? digits[static_cast<size_t>(i)] - '0' : 0);
  }
  return group;
}

std::string FourDigits(int group) {
  std::string text = std::to_string(group);
  return std::string(kGroup - text.size(), '0') + text;
}

std::optional<std::string> Special(uint16_t sign) {
  if (sign == kNan) return "NaN";
  if (sign == kInfinity) return "Infinity";
  if (sign == kMinusInfinity) return "-Infinity";
  return std::nullopt;
}

}  // namespace

void WriteNumeric(std::string_view text, WriteBuffer* out) {
  if (text == "NaN") return WriteHeader(0, 0, kNan, 0, out);
  if (text == "Infinity") return WriteHeader(0, 0, kInfinity, 0, out);
  if (text == "-Infinity") return WriteHeader(0, 0, kMinusInfinity, 0, out);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  const auto whole = static_cast<int64_t>(digits.size());
  const size_t scale = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (scale > 0) digits += text.substr(point + 1);

  // Groups are aligned at the point; zero groups at either end are not sent.
  const int64_t groups_before = (whole + 3) / 4;
  int64_t first = whole - groups_before * 4, last = static_cast<int64_t>(digits.size());
  int weight = static_cast<int>(groups_before) - 1;
  for (; first < last && GroupAt(digits, first) == 0; first += 4) --weight;
  int64_t groups = first < last ? (last - first + 3) / 4 : 0;
  while (groups > 0 && GroupAt(digits, first + 4 * (groups - 1)) == 0) --groups;
  if (groups == 0) return WriteHeader(0, 0, kPositive, scale, out);
  WriteHeader(static_cast<size_t>(groups), weight, negative ? kNegative : kPositive, scale, out);
  for (int64_t i = 0; i < groups; ++i) out->Int16(static_cast<int16_t>(GroupAt(digits, first + 4 * i)));
}

std::optional<std::string> ReadNumeric(std::string_view bytes) {
  MessageReader reader(bytes);
  const int groups = reader.Uint16();
  const int weight = reader.Int16();
  const uint16_t sign = reader.Uint16();
  const int scale = reader.Uint16();
  if (!reader.ok() || reader.left() != static_cast<size_t>(groups) * 2 || scale > kMaxScale || weight >= kMaxWeight)
    return std::nullopt;
  if (sign != kPositive && sign != kNegative) return groups == 0 ? Special(sign) : std::nullopt;

  std::string whole, fraction;
  for (int i = weight < 0 ? weight + 1 : 0; i < 0; ++i) fraction += "0000";
  for (int i = 0; i < groups; ++i) {
    const int group = reader.Uint16();
    if (group > 9999) return std::nullopt;
    (i <= weight ? whole : fraction) += FourDigits(group);
  }
  for (int i = groups; i <= weight; ++i) whole += "0000";
  whole.erase(0, whole.find_first_not_of('0'));
  if (whole.empty()) whole = "0";
  fraction.resize(static_cast<size_t>(scale), '0');
  const bool zero = whole == "0" && fraction.find_first_not_of('0') == std::string::npos;
  return (sign == kNegative && !zero ? "-" : "") + whole + (scale > 0 ? "." + fraction : "");
}

}  // namespace pgwire
