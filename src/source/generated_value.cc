#include "source/generated_value.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/json_text.h"

namespace source {
namespace {

using Kind = model::GeneratedField::Kind;
using model::TypeId;

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

constexpr int64_t kSecondUs = 1'000'000;

// SplitMix64: a bijection whose outputs for neighbouring inputs look independent.
uint64_t Mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// Draws for one cell: its row, its field, and which draw of it.
class Draws {
 public:
  Draws(uint64_t seed, int64_t row, size_t field)
      : state_(Mix(Mix(seed ^ Mix(static_cast<uint64_t>(row))) + field)) {}
  uint64_t Next() { return state_ = Mix(state_); }
  // 0 to count - 1.
  uint64_t Below(uint64_t count) {
    return count == 0 ? Next() : static_cast<uint64_t>((Uint128{Next()} * count) >> 64);
  }
  double Share() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

void AppendInteger(int64_t value, std::string* out) {
  char text[24];
  out->append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void AppendDecimal(int64_t units, int scale, std::string* out) {
  if (units < 0) out->push_back('-');
  const uint64_t magnitude =
      units < 0 ? 0 - static_cast<uint64_t>(units) : static_cast<uint64_t>(units);
  std::string digits = std::to_string(magnitude);
  const auto fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  out->append(digits, 0, digits.size() - fraction);
  if (fraction == 0) return;
  out->push_back('.');
  out->append(digits, digits.size() - fraction);
}

// yyyy-mm-ddThh:mm:ss.ffffffZ; the day alone for a date.
void AppendTime(int64_t time_us, bool date, std::string* out) {
  int64_t day = time_us / (86'400 * kSecondUs), rest = time_us % (86'400 * kSecondUs);
  if (rest < 0) --day, rest += 86'400 * kSecondUs;
  // Days to civil date, eras of 400 years.
  day += 719'468;
  const int64_t era = (day >= 0 ? day : day - 146'096) / 146'097;
  const int64_t of_era = day - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_index = (5 * of_year + 2) / 153;
  const int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const auto padded = [out](int64_t number, int width) {
    const std::string digits = std::to_string(number);
    out->append(static_cast<size_t>(std::max(0, width - static_cast<int>(digits.size()))), '0');
    out->append(digits);
  };
  out->push_back('"');
  padded(year, 4), out->push_back('-'), padded(month, 2), out->push_back('-');
  padded(of_year - (153 * month_index + 2) / 5 + 1, 2);
  if (!date) {
    out->push_back('T'), padded(rest / (3600 * kSecondUs), 2);
    out->push_back(':'), padded(rest / (60 * kSecondUs) % 60, 2);
    out->push_back(':'), padded(rest / kSecondUs % 60, 2);
    out->push_back('.'), padded(rest % kSecondUs, 6), out->push_back('Z');
  }
  out->push_back('"');
}

void AppendBase64(uint64_t bytes, std::string* out) {  // of the 9 bytes 0x00 and `bytes`
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out->push_back('"');
  for (int shift = 66; shift >= 0; shift -= 6)
    out->push_back(kDigits[shift >= 64 ? 0 : (bytes >> shift) & 63]);
  out->push_back('"');
}

int64_t NumberOf(const model::GeneratedField& field, int64_t row, Draws* draws) {
  const uint64_t count = static_cast<uint64_t>(field.last) - static_cast<uint64_t>(field.first) + 1;
  const uint64_t step = field.kind == Kind::kRandom ? draws->Below(count)
                        : count == 0                ? static_cast<uint64_t>(row)
                                                    : static_cast<uint64_t>(row) % count;
  return static_cast<int64_t>(static_cast<uint64_t>(field.first) + step);
}

int64_t TimeOf(const model::GeneratedRows& rows, const model::GeneratedField& field, int64_t row,
               Draws* draws) {
  int64_t time =
      field.interval_us > 0
          ? (field.start_us >= 0 ? field.start_us : rows.created_us) + row * field.interval_us
          : DueTimeOf(rows, row) + (field.start_us >= 0 ? field.start_us - rows.created_us : 0);
  if (field.jitter_us > 0)
    time -= static_cast<int64_t>(draws->Below(static_cast<uint64_t>(field.jitter_us) + 1));
  return time;
}

void AppendDouble(const model::GeneratedField& field, Draws* draws, std::string* out) {
  const double value = field.low + draws->Share() * (field.high - field.low);
  char text[40];
  const auto end = field.type.id == TypeId::kFloat4
                       ? std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr
                       : std::to_chars(text, text + sizeof text, value).ptr;
  out->append(text, end);
}

void AppendCell(const model::GeneratedRows& rows, const model::GeneratedField& field, int64_t row,
                Draws* draws, std::string* out) {
  if (field.kind == Kind::kTime)
    return AppendTime(TimeOf(rows, field, row, draws), field.type.id == TypeId::kDate, out);
  if (field.kind == Kind::kValues) {
    const std::string& value = field.values[draws->Below(field.values.size())];
    if (field.type.IsText()) base::AppendJsonText(value, out);
    else out->append(value);  // a number, checked
    return;
  }
  switch (field.type.id) {
    case TypeId::kBool: out->append(draws->Below(2) == 1 ? "true" : "false"); break;
    case TypeId::kFloat4:
    case TypeId::kFloat8: AppendDouble(field, draws, out); break;
    case TypeId::kNumeric: AppendDecimal(NumberOf(field, row, draws), field.type.scale, out); break;
    case TypeId::kText:
      base::AppendJsonText(field.name + "_" + std::to_string(NumberOf(field, row, draws)), out);
      break;
    case TypeId::kBytea: AppendBase64(draws->Next(), out); break;
    case TypeId::kJson:
    case TypeId::kJsonb:
      out->append("{\"value\":");
      AppendInteger(NumberOf(field, row, draws), out);
      out->push_back('}');
      break;
    default: AppendInteger(NumberOf(field, row, draws), out);
  }
}

}  // namespace

int64_t DueTimeOf(const model::GeneratedRows& rows, int64_t number) {
  if (rows.rows_per_second == 0) return rows.created_us;
  return rows.created_us + static_cast<int64_t>(Int128{number} * kSecondUs / rows.rows_per_second);
}

int64_t RowsDue(const model::GeneratedRows& rows, int64_t now_us) {
  if (now_us < rows.created_us) return 0;
  if (rows.rows_per_second == 0) return rows.limit;
  // Row n is due when n * second / rate <= elapsed, rounded down as DueTimeOf rounds.
  const Int128 elapsed = Int128{now_us} - rows.created_us + 1;
  const auto due =
      static_cast<int64_t>((elapsed * rows.rows_per_second + kSecondUs - 1) / kSecondUs);
  return rows.limit >= 0 ? std::min(rows.limit, due) : due;
}

int64_t RowsInPartition(int64_t rows, int32_t partition, int32_t partitions) {
  return rows <= partition ? 0 : (rows - partition - 1) / partitions + 1;
}

void AppendGeneratedRow(const model::GeneratedRows& rows, int64_t number, std::string* out) {
  char separator = '{';
  for (size_t i = 0; i < rows.fields.size(); ++i) {
    const auto& field = rows.fields[i];
    Draws draws(rows.seed, number, i);
    if (field.nulls > 0 && draws.Share() < field.nulls) continue;
    out->push_back(separator);
    separator = ',';
    base::AppendJsonText(field.name, out);
    out->push_back(':');
    AppendCell(rows, field, number, &draws, out);
  }
  if (separator == '{') out->push_back('{');
  out->push_back('}');
}

}  // namespace source
