// connector = 'kafka' | 'file' | 'datagen': the options of the latter two.

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "catalog/connector.h"
#include "sql/timestamp.h"

namespace catalog {
namespace {

using model::GeneratedField;
using model::TypeId;
using Kind = GeneratedField::Kind;

constexpr int64_t kMaxRowsPerSecond = 10'000'000;
constexpr int64_t kMaxPartitions = 64;
constexpr size_t kMaxValues = 10'000;

// Columns that a connector has nothing for.
base::Status RefuseIncludes(const Source& source, const char* what) {
  using model::Origin;
  for (const auto& column : source.schema.columns)
    if (column.origin == Origin::kKey || column.origin == Origin::kHeader)
      return base::Invalid("column \"" + column.name + "\": " + what +
                           (column.origin == Origin::kKey ? " has no key" : " has no headers"))
          .WithHint("Leave out that INCLUDE.");
  return {};
}

base::Status Wrong(const std::string& option, const std::string& value,
                   const std::string& expected) {
  return base::Invalid("invalid value for option \"" + option + "\": \"" + value + "\"")
      .WithHint("Expected " + expected + ".");
}

base::Result<int64_t> IntegerBetween(OptionReader* options, const std::string& name,
                                     int64_t fallback, int64_t least, int64_t most) {
  ASSIGN_OR_RETURN(auto value, options->Integer(name));
  if (!value) return fallback;
  if (*value >= least && *value <= most) return *value;
  return Wrong(name, std::to_string(*value),
               "a number from " + std::to_string(least) + " to " + std::to_string(most));
}

// The option's value in units of the scale: 1.5 at scale 2 is 150.
base::Result<int64_t> Units(OptionReader* options, const std::string& name, int scale,
                            int64_t fallback) {
  const auto text = options->Text(name);
  if (!text) return fallback;
  if (scale == 0) {
    int64_t value = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc() || stop != end) return Wrong(name, *text, "a whole number");
    return value;
  }
  double value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  const double units = std::round(value * std::pow(10.0, scale));
  if (error != std::errc() || stop != end || !(std::fabs(units) < 9e15))
    return Wrong(name, *text, "a number with at most 15 digits");
  return static_cast<int64_t>(units);
}

base::Result<double> Double(OptionReader* options, const std::string& name, double fallback) {
  const auto text = options->Text(name);
  if (!text) return fallback;
  double value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value))
    return Wrong(name, *text, "a number");
  return value;
}

int64_t Largest(model::Type type) {
  switch (type.id) {
    case TypeId::kInt2: return std::numeric_limits<int16_t>::max();
    case TypeId::kInt4: return std::numeric_limits<int32_t>::max();
    case TypeId::kNumeric: {
      int64_t most = 1;
      for (int i = 0; i < std::min<int>(type.precision, 15); ++i) most *= 10;
      return most - 1;
    }
    default: return std::numeric_limits<int64_t>::max();
  }
}

int64_t ScaleUnit(model::Type type) {
  int64_t unit = 1;
  for (int i = 0; i < std::min<int>(type.scale, 15); ++i) unit *= 10;
  return type.id == TypeId::kNumeric ? unit : 1;
}

// Reads fields.NAME.* of one column.
class FieldReader {
 public:
  FieldReader(OptionReader* options, const model::SourceColumn& column)
      : options_(*options), prefix_("fields." + column.name + ".") {
    out_.name = column.name;
    out_.type = column.type;
  }

  base::Result<GeneratedField> Read() {
    ASSIGN_OR_RETURN(out_.nulls, Double(&options_, prefix_ + "nulls", 0));
    if (out_.nulls < 0 || out_.nulls > 1)
      return Wrong(prefix_ + "nulls", std::to_string(out_.nulls), "a share from 0 to 1");
    RETURN_IF_ERROR(ReadKind());
    switch (out_.kind) {
      case Kind::kTime: RETURN_IF_ERROR(ReadTime()); break;
      case Kind::kValues: RETURN_IF_ERROR(ReadValues()); break;
      default:
        if (out_.type.IsFloat()) RETURN_IF_ERROR(ReadFloatRange());
        else if (HasNumber()) RETURN_IF_ERROR(ReadRange());
    }
    return out_;
  }

 private:
  bool HasNumber() const { return out_.type.id != TypeId::kBool && out_.type.id != TypeId::kBytea; }

  base::Status ReadKind() {
    const bool listed = options_.Has(prefix_ + "values");
    std::vector<std::string_view> kinds{"random"};
    if (out_.type.IsTime()) kinds = {"time"};
    else if (HasNumber() && !out_.type.IsFloat()) kinds.push_back("sequence");
    ASSIGN_OR_RETURN(auto kind, options_.OneOf(prefix_ + "kind", kinds));
    out_.kind = kind == "time" ? Kind::kTime : kind == "sequence" ? Kind::kSequence : Kind::kRandom;
    const bool may_list = out_.type.IsText() || out_.type.IsNumber();
    if (listed && out_.kind == Kind::kRandom && may_list) out_.kind = Kind::kValues;
    return {};
  }

  base::Status ReadTime() {
    if (const auto text = options_.Text(prefix_ + "start")) {
      const auto time = sql::ReadTimeText(*text, model::kTimestampTz);
      const bool good = time.ok() && time->special == sql::ReadTime::Special::kNone &&
                        time->zone.empty() && time->microseconds >= 86'400'000'000;
      if (!good)
        return Wrong(prefix_ + "start", *text, "a time after 1970 such as '2026-01-31 10:00:00Z'");
      out_.start_us = time->microseconds - time->offset_seconds.value_or(0) * int64_t{1'000'000};
    }
    ASSIGN_OR_RETURN(auto interval, options_.Duration(prefix_ + "interval"));
    out_.interval_us = interval.value_or(0);
    ASSIGN_OR_RETURN(auto jitter, options_.Duration(prefix_ + "jitter"));
    out_.jitter_us = jitter.value_or(0);
    return {};
  }

  base::Status ReadValues() {
    const std::string list = *options_.Text(prefix_ + "values");
    for (size_t at = 0; at <= list.size();) {
      const size_t comma = std::min(list.find(',', at), list.size());
      std::string value = list.substr(at, comma - at);
      at = comma + 1;
      while (value.starts_with(' ')) value.erase(0, 1);
      while (value.ends_with(' ')) value.pop_back();
      double number = 0;
      const char* end = value.data() + value.size();
      const auto [stop, error] = std::from_chars(value.data(), end, number);
      const bool is_number = error == std::errc() && stop == end && std::isfinite(number);
      if (!out_.type.IsText() && !is_number)
        return Wrong(prefix_ + "values", value, "numbers separated by commas");
      out_.values.push_back(std::move(value));
    }
    if (out_.values.size() > kMaxValues)
      return base::Invalid("option \"" + prefix_ + "values\" has more than 10000 values");
    return {};
  }

  base::Status ReadFloatRange() {
    ASSIGN_OR_RETURN(out_.low, Double(&options_, prefix_ + "min", 0));
    ASSIGN_OR_RETURN(out_.high, Double(&options_, prefix_ + "max", out_.low + 1));
    if (out_.low <= out_.high) return {};
    return base::Invalid("option \"" + prefix_ + "min\" is over \"" + prefix_ + "max\"");
  }

  // Random numbers are 0 to 999 (numeric: to 999.99), random texts name_0 to name_9, unless min,
  // max or cardinality say otherwise; a sequence counts from min, or 0, and begins again after max.
  base::Status ReadRange() {
    const bool sequence = out_.kind == Kind::kSequence;
    const int scale = out_.type.id == TypeId::kNumeric ? out_.type.scale : 0;
    ASSIGN_OR_RETURN(out_.first, Units(&options_, prefix_ + "min", scale, 0));
    const int64_t largest = Largest(out_.type);
    int64_t last = largest;
    if (!sequence) {
      const int64_t width = out_.type.IsText() ? 10 : 1000 * ScaleUnit(out_.type);
      last = out_.first > largest - (width - 1) ? largest : out_.first + width - 1;
    }
    ASSIGN_OR_RETURN(auto cardinality, options_.Integer(prefix_ + "cardinality"));
    if (cardinality) {
      if (*cardinality < 1 || options_.Has(prefix_ + "max"))
        return Wrong(prefix_ + "cardinality", std::to_string(*cardinality),
                     "a number from 1 on, and no max beside it");
      last = out_.first > largest - (*cardinality - 1) ? largest : out_.first + *cardinality - 1;
    }
    ASSIGN_OR_RETURN(out_.last, Units(&options_, prefix_ + "max", scale, last));
    if (out_.first <= out_.last) return {};
    return base::Invalid("option \"" + prefix_ + "min\" is over \"" + prefix_ + "max\"");
  }

  OptionReader& options_;
  const std::string prefix_;
  GeneratedField out_;
};

}  // namespace

base::Result<std::string> ReadConnector(OptionReader* options) {
  static constexpr std::array<std::string_view, 3> kKnown{"kafka", "file", "datagen"};
  ASSIGN_OR_RETURN(auto connector, options->Required("connector"));
  for (const auto known : kKnown)
    if (connector == known) return connector;
  auto error = base::Unsupported("connector \"" + connector + "\" is not supported");
  if (const auto near = base::NearestName(connector, kKnown))
    return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
  return std::move(error).WithHint("Use connector = 'kafka', 'file' or 'datagen'.");
}

base::Status ReadFolder(OptionReader* options, Source* source) {
  RETURN_IF_ERROR(RefuseIncludes(*source, "a record of a file"));
  model::FileFolder folder;
  ASSIGN_OR_RETURN(folder.path, options->Required("path"));
  if (!folder.path.starts_with('/') || folder.path.find('\0') != std::string::npos)
    return Wrong("path", folder.path, "the whole path of a folder, as in '/var/lib/orders'");
  folder.pattern = options->Text("pattern").value_or("*");
  if (folder.pattern.find('/') != std::string::npos)
    return Wrong("pattern", folder.pattern, "a pattern of file names, as in '*.ndjson'");
  if (source->format.encoding == model::Encoding::kCsv) {
    folder.framing = model::FileFolder::Framing::kCsv;
    folder.delimiter = source->format.csv.delimiter;
    folder.quote = source->format.csv.quote;
    folder.header = source->format.csv.header;
  }
  source->topic = folder.path;
  source->folder = std::make_shared<model::FileFolder>(std::move(folder));
  return {};
}

base::Status ReadGeneratedRows(OptionReader* options, Source* source) {
  RETURN_IF_ERROR(RefuseIncludes(*source, "a generated row"));
  model::GeneratedRows rows;
  ASSIGN_OR_RETURN(auto seed, options->Integer("seed"));
  rows.seed = static_cast<uint64_t>(seed.value_or(0));
  ASSIGN_OR_RETURN(rows.rows_per_second,
                   IntegerBetween(options, "rows.per.second", 100, 0, kMaxRowsPerSecond));
  ASSIGN_OR_RETURN(rows.limit, IntegerBetween(options, "rows.limit", -1, 1, INT64_MAX / 2));
  ASSIGN_OR_RETURN(const int64_t partitions,
                   IntegerBetween(options, "partitions", 1, 1, kMaxPartitions));
  rows.partitions = static_cast<int32_t>(partitions);
  if (rows.rows_per_second == 0 && rows.limit < 0)
    return base::Invalid("rows.per.second = 0 makes all rows at once and needs rows.limit");
  for (const auto& column : source->schema.columns) {
    if (column.origin != model::Origin::kValue) continue;
    if (column.path != std::vector<std::string>{column.name})
      return base::Invalid("column \"" + column.name + "\": a generated column has no PATH");
    ASSIGN_OR_RETURN(auto field, FieldReader(options, column).Read());
    rows.fields.push_back(std::move(field));
  }
  source->generated_rows = std::make_shared<model::GeneratedRows>(std::move(rows));
  return {};
}

void Source::SetCreated(int64_t time_us) {
  created_us = time_us;
  if (!generated_rows) return;
  auto rows = std::make_shared<model::GeneratedRows>(*generated_rows);
  rows->created_us = time_us;
  generated_rows = std::move(rows);
}

}  // namespace catalog
