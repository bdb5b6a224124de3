#include <algorithm>
#include <array>

#include "base/time_zone.h"
#include "sql/interval.h"
#include "sql/print_special.h"

namespace sql {

using model::TypeId;

bool IsUtc(std::string_view zone) {
  static constexpr std::array<std::string_view, 9> kNames{
      "UTC", "utc", "Etc/UTC", "GMT", "gmt", "Etc/GMT", "UCT", "Zulu", "Universal"};
  for (std::string_view name : kNames)
    if (zone == name) return true;
  return false;
}

std::string ToCivil(const std::string& text, const std::string& zone) {
  return IsUtc(zone) ? text : "freshet_to_civil(" + QuoteLiteral(zone) + ", " + text + ")";
}

std::string FromCivil(const std::string& text, const std::string& zone) {
  return IsUtc(zone) ? text : "freshet_from_civil(" + QuoteLiteral(zone) + ", " + text + ")";
}

// In AT TIME ZONE and date_trunc a bare number counts hours to the west, as POSIX has it.
base::Result<std::string> ZoneOf(const std::string& written) {
  const bool number = !written.empty() && (written[0] == '+' || written[0] == '-' ||
                                           (written[0] >= '0' && written[0] <= '9'));
  std::string name = number ? "<x>" + written : written;
  if (base::TimeZone::Find(name).ok()) return name;
  return base::Invalid("time zone \"" + written + "\" not recognized").WithSqlstate("22023");
}

namespace {

using Text = base::Result<std::string>;

struct Field {
  std::string_view name;     // canonical
  std::string_view aliases;  // separated by spaces
  uint8_t precision, scale;  // of EXTRACT's numeric
};

constexpr std::array kFields{
    Field{"microseconds", "microseconds microsecond us usec usecs", 8, 0},
    Field{"milliseconds", "milliseconds millisecond ms msec msecs", 8, 3},
    Field{"second", "second seconds sec secs s", 8, 6},
    Field{"minute", "minute minutes min mins m", 18, 0},
    Field{"hour", "hour hours hr hrs h", 18, 0},
    Field{"day", "day days d", 18, 0},
    Field{"week", "week weeks w", 18, 0},
    Field{"month", "month months mon mons", 18, 0},
    Field{"quarter", "quarter qtr", 18, 0},
    Field{"year", "year years yr yrs y", 18, 0},
    Field{"decade", "decade decades dec decs", 18, 0},
    Field{"century", "century centuries cent c", 18, 0},
    Field{"millennium", "millennium millennia mil mils", 18, 0},
    Field{"dow", "dow", 18, 0},
    Field{"isodow", "isodow", 18, 0},
    Field{"doy", "doy", 18, 0},
    Field{"isoyear", "isoyear", 18, 0},
    Field{"epoch", "epoch", 24, 6},
    Field{"julian", "julian", 0, 0},
    Field{"timezone", "timezone", 18, 0},
    Field{"timezone_hour", "timezone_hour", 18, 0},
    Field{"timezone_minute", "timezone_minute", 18, 0},
};

const Field* FindField(std::string_view written) {
  std::string lower(written);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (lower.empty() || lower.find(' ') != std::string::npos) return nullptr;
  for (const Field& field : kFields) {
    const std::string padded = " " + std::string(field.aliases) + " ";
    if (padded.find(" " + lower + " ") != std::string::npos) return &field;
  }
  return nullptr;
}

std::string Decimal(const std::string& text, int precision, int scale) {
  return "CAST(" + text + " AS DECIMAL(" + std::to_string(precision) + "," + std::to_string(scale) +
         "))";
}

std::string Part(std::string_view field, const std::string& text) {
  return "date_part('" + std::string(field) + "', " + text + ")";
}

// Microseconds, exactly, as a decimal number of seconds (or thousandths).
std::string Scaled(const std::string& microseconds, int precision, int scale) {
  const std::string unit =
      scale == 6 ? "CAST(0.000001 AS DECIMAL(7,6))" : "CAST(0.001 AS DECIMAL(4,3))";
  return Decimal(Decimal(microseconds, precision, 0) + " * " + unit, precision, scale);
}

base::Status NoField(std::string_view field, model::Type type) {
  return base::Unsupported("unit \"" + std::string(field) + "\" not supported for type " +
                           model::NameOf(type))
      .WithSqlstate("0A000");
}

std::string ZoneOffset(const std::string& text, const std::string& zone) {
  return "date_diff('second', " + text + ", " + ToCivil(text, zone) + ")";
}

}  // namespace

std::string_view CanonicalField(std::string_view field) {
  const Field* known = FindField(field);
  return known == nullptr ? std::string_view() : known->name;
}

model::Type ExtractType(std::string_view field) {
  const Field* known = FindField(field);
  if (known == nullptr) return model::kNumeric;
  return {TypeId::kNumeric, known->precision, known->scale};
}

Text ExtractText(std::string_view written, const std::string& text, model::Type type,
                 const std::string& zone) {
  const Field* field = FindField(written);
  if (field == nullptr)
    return base::Invalid("unit \"" + std::string(written) + "\" not recognized for type " +
                         model::NameOf(type))
        .WithSqlstate("22023");
  const std::string_view name = field->name;
  const bool zoned = type.id == TypeId::kTimestampTz, clock = type.id == TypeId::kTime,
             span = type.id == TypeId::kInterval;
  if (name.starts_with("timezone")) {
    if (!zoned) return NoField(name, type);
    const std::string offset = ZoneOffset(text, zone);
    if (name == "timezone") return Decimal(offset, 18, 0);
    return Decimal(name == "timezone_hour" ? offset + " // 3600" : offset + " % 3600 // 60", 18, 0);
  }
  const bool of_day = name == "microseconds" || name == "milliseconds" || name == "second" ||
                      name == "minute" || name == "hour";
  if (type.id == TypeId::kDate && of_day) return NoField(name, type);
  if (clock && !of_day && name != "epoch") return NoField(name, type);
  if (span && (name == "dow" || name == "isodow" || name == "doy" || name == "isoyear" ||
               name == "julian" || name == "week"))
    return NoField(name, type);
  const std::string value = zoned ? ToCivil(text, zone) : text;
  if (name == "epoch") {
    if (span) return Scaled("CAST(round(" + Part("epoch", value) + " * 1000000) AS BIGINT)", 24, 6);
    return Scaled("epoch_us(" + text + ")", 24, 6);
  }
  if (name == "microseconds") return Decimal(Part("microsecond", value), 8, 0);
  if (name == "milliseconds") return Scaled(Part("microsecond", value), 8, 3);
  if (name == "second") return Scaled(Part("microsecond", value), 8, 6);
  if (name == "julian") return Part("julian", value);
  return Decimal(Part(name, value), 18, 0);
}

Text TruncText(std::string_view unit, const std::string& text, model::Type type) {
  const std::string_view name = CanonicalField(unit);
  static constexpr std::array<std::string_view, 13> kUnits{
      "microseconds", "milliseconds", "second", "minute", "hour",    "day",       "week",
      "month",        "quarter",      "year",   "decade", "century", "millennium"};
  if (name.empty())
    return base::Invalid("unit \"" + std::string(unit) + "\" not recognized for type " +
                         model::NameOf(type))
        .WithSqlstate("22023");
  const bool known = std::find(kUnits.begin(), kUnits.end(), name) != kUnits.end();
  if (!known || (name == "week" && type.id == TypeId::kInterval)) return NoField(name, type);
  // PostgreSQL's centuries and millennia begin with year 1.
  if (name == "century" || name == "millennium")
    return "(date_trunc('" + std::string(name) + "', " + text +
           " - INTERVAL '1 year') + INTERVAL '1 year')";
  return "date_trunc('" + std::string(name) + "', " + text + ")";
}

namespace {

Text AtZone(const SpecialCall& call, const char* function) {
  std::string zone = call.args[0];
  if (const std::string* given = call.Constant(0)) {
    ASSIGN_OR_RETURN(const std::string name, ZoneOf(*given));
    if (IsUtc(name)) return call.args[1];
    zone = QuoteLiteral(name);
  }
  return function + zone + ", " + call.args[1] + ")";
}

Text DateTrunc(const SpecialCall& call) {
  const std::string* unit = call.Constant(0);
  if (unit == nullptr)
    return base::Unsupported("date_trunc with a unit that is not a constant is not supported");
  const std::string_view name = CanonicalField(*unit);
  const model::Type type = call.arg(1).type;
  std::string zone = call.options.time_zone;
  if (call.args.size() > 2) {
    const std::string* given = call.Constant(2);
    if (given == nullptr)
      return base::Unsupported(
          "date_trunc with a time zone that is not a constant is not supported");
    ASSIGN_OR_RETURN(zone, ZoneOf(*given));
  }
  const bool below_minutes = name == "microseconds" || name == "milliseconds" || name == "second";
  if (type.id != TypeId::kTimestampTz || below_minutes) return TruncText(*unit, call.args[1], type);
  const std::string civil = ToCivil(call.args[1], zone);
  ASSIGN_OR_RETURN(const std::string cut, TruncText(*unit, civil, type));
  // Within an hour the offset stays: an hour that the clock goes through twice is two hours.
  if ((name == "minute" || name == "hour") && !IsUtc(zone))
    return "(" + call.args[1] + " - (" + civil + " - " + cut + "))";
  return FromCivil(cut, zone);
}

// x AT TIME ZONE zone, both ways.
Text ToZone(const SpecialCall& call) { return AtZone(call, "freshet_to_civil("); }
Text FromZone(const SpecialCall& call) { return AtZone(call, "freshet_from_civil("); }

Text DatePart(const SpecialCall& call) {
  const std::string* field = call.Constant(0);
  if (field == nullptr)
    return base::Unsupported("date_part with a field that is not a constant is not supported");
  ASSIGN_OR_RETURN(std::string text,
                   ExtractText(*field, call.args[1], call.arg(1).type, call.options.time_zone));
  return "CAST(" + text + " AS DOUBLE)";
}

Text DateBin(const SpecialCall& call) {
  return "time_bucket(" + call.args[0] + ", " + call.args[1] + ", " + call.args[2] + ")";
}

Text Now(const SpecialCall&) { return std::string("make_timestamp(epoch_us(now()))"); }

std::string Micros(const std::string& interval) {
  return "CAST(date_part('hour', " + interval + ") * 3600000000 + date_part('minute', " + interval +
         ") * 60000000 + date_part('microsecond', " + interval + ") AS BIGINT)";
}

// Months and days are counted in the zone's civil time, the rest in absolute time.
Text TzShift(const SpecialCall& call, size_t time, const char* op) {
  const std::string &zone = call.options.time_zone, &value = call.args[time],
                    &interval = call.args[1 - time];
  if (IsUtc(zone)) return "(" + value + op + interval + ")";
  std::string days =
      "(to_months(CAST(date_part('year', " + interval + ") * 12 + date_part('month', " + interval +
      ") AS INTEGER)) + to_days(CAST(date_part('day', " + interval + ") AS INTEGER)))";
  std::string rest = "to_microseconds(" + Micros(interval) + ")";
  if (const std::string* constant = call.Constant(1 - time)) {
    ASSIGN_OR_RETURN(const Interval parts, ParseInterval(*constant));
    if (parts.months == 0 && parts.days == 0) return "(" + value + op + interval + ")";
    days = "INTERVAL " + QuoteLiteral(IntervalText({parts.months, parts.days, 0}));
    rest = "INTERVAL " + QuoteLiteral(IntervalText({0, 0, parts.microseconds}));
  }
  return "(" + FromCivil("(" + ToCivil(value, zone) + op + days + ")", zone) + op + rest + ")";
}

Text TzPlus(const SpecialCall& call) { return TzShift(call, 0, " + "); }
Text TzMinus(const SpecialCall& call) { return TzShift(call, 0, " - "); }
Text TzPlusSwapped(const SpecialCall& call) { return TzShift(call, 1, " + "); }

Text TimeDifference(const SpecialCall& call) {
  return "(" + call.args[0] + " - " + call.args[1] + ")";
}

Text IntervalTimes(const SpecialCall& call) {
  return "(" + call.args[0] + " * " + call.args[1] + ")";
}
Text IntervalTimesSwapped(const SpecialCall& call) {
  return "(" + call.args[1] + " * " + call.args[0] + ")";
}
Text IntervalOver(const SpecialCall& call) {
  return "CASE WHEN " + call.args[1] + " = 0 THEN error('division by zero') ELSE " + call.args[0] +
         " * (1 / " + call.args[1] + ") END";
}

Text Age(const SpecialCall& call) {
  const std::string& zone = call.options.time_zone;
  const bool zoned = call.arg(0).type.id == TypeId::kTimestampTz;
  const auto civil = [&](size_t i) { return zoned ? ToCivil(call.args[i], zone) : call.args[i]; };
  if (call.args.size() == 1)
    return "age(date_trunc('day', " + ToCivil("make_timestamp(epoch_us(now()))", zone) + "), " +
           civil(0) + ")";
  return "age(" + civil(0) + ", " + civil(1) + ")";
}

Text MakeTimestampTz(const SpecialCall& call) {
  std::string list;
  for (const std::string& arg : call.args) list += (list.empty() ? "" : ", ") + arg;
  return FromCivil("make_timestamp(" + list + ")", call.options.time_zone);
}

Text Series(const SpecialCall& call) {
  std::string list;
  for (const std::string& arg : call.args) list += (list.empty() ? "" : ", ") + arg;
  const bool times = call.arg(0).type.IsTime();
  if (call.arg(0).type.id == TypeId::kTimestampTz &&
      !IsUtc(call.options.time_zone)) {  // steps are civil days
    const std::string& zone = call.options.time_zone;
    return "unnest(list_transform(generate_series(" + ToCivil(call.args[0], zone) + ", " +
           ToCivil(call.args[1], zone) + ", " + call.args[2] +
           "), lambda e: " + FromCivil("e", zone) + "))";
  }
  const std::string series = "generate_series(" + list + ")";
  return "unnest(" +
         (times ? series : "CAST(" + series + " AS " + DuckDbType(call.call.type) + "[])") + ")";
}

struct Row {
  std::string_view word;
  SpecialPrinter printer;
};

constexpr std::array kRows{Row{"date_trunc", DateTrunc},
                           Row{"date_part", DatePart},
                           Row{"date_bin", DateBin},
                           Row{"now", Now},
                           Row{"to_zone", ToZone},
                           Row{"from_zone", FromZone},
                           Row{"tz_plus", TzPlus},
                           Row{"tz_minus", TzMinus},
                           Row{"tz_plus_swapped", TzPlusSwapped},
                           Row{"time_difference", TimeDifference},
                           Row{"interval_times", IntervalTimes},
                           Row{"interval_times_swapped", IntervalTimesSwapped},
                           Row{"interval_over", IntervalOver},
                           Row{"age", Age},
                           Row{"make_timestamptz", MakeTimestampTz},
                           Row{"series", Series}};

}  // namespace

SpecialPrinter FindTimePrinter(std::string_view word) {
  for (const Row& row : kRows)
    if (row.word == word) return row.printer;
  return nullptr;
}

}  // namespace sql
