#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/connector.h"
#include "catalog/options.h"
#include "model/kafka_properties.h"
#include "sql/parser.h"
#include "sql/printer.h"
#include "sql/shown_text.h"

namespace catalog {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;

// Types that a column of a source can have.
bool IsStorable(const model::SourceColumn& column) {
  using model::TypeId;
  if (column.type.array) return false;
  switch (column.type.id) {
    case TypeId::kBool:
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kText:
    case TypeId::kBytea:
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kJson:
    case TypeId::kJsonb: return true;
    case TypeId::kNumeric: return column.type.precision > 0;
    default: return false;
  }
}

base::Status CheckColumns(const model::SourceSchema& schema) {
  if (schema.columns.empty())
    return base::Invalid("a source needs at least one column").WithSqlstate("42601");
  std::set<std::string> seen;
  for (const auto& column : schema.columns) {
    if (!seen.insert(column.name).second)
      return base::Invalid("column \"" + column.name + "\" specified more than once")
          .WithSqlstate("42701");
    if (column.name.starts_with("__"))
      return base::Invalid("column name \"" + column.name + "\" is reserved")
          .WithSqlstate("42939")
          .WithHint(
              "Names that begin with two underscores belong to Freshet; use PATH to read such a "
              "field under another name.");
    if (column.type.id == model::TypeId::kNumeric && column.type.precision == 0)
      return base::Invalid("column \"" + column.name +
                           "\": numeric needs a precision and a scale in a source")
          .WithHint("Write numeric(38,9), or as many digits as the data has.");
    if (!IsStorable(column))
      return base::Unsupported("column \"" + column.name + "\" cannot have type " +
                               model::NameOf(column.type) + " in a source");
  }
  return {};
}

base::Status CheckEventTime(const model::SourceSchema& schema) {
  if (schema.event_time < 0) return {};
  const auto& column = schema.columns[schema.event_time];
  if (column.type.id == model::TypeId::kTimestampTz || column.type.id == model::TypeId::kTimestamp)
    return {};
  return base::Invalid("watermark column \"" + column.name + "\" must be timestamptz, but it is " +
                       model::NameOf(column.type))
      .WithSqlstate("42804");
}

// Binds generated columns over the others.
base::Status BindGenerated(Source* source) {
  const auto& columns = source->schema.columns;
  model::Fields base_fields;
  for (const auto& column : columns)
    if (column.origin != model::Origin::kGenerated)
      base_fields.push_back({column.name, column.type});
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].origin != model::Origin::kGenerated) continue;
    ASSIGN_OR_RETURN(auto expr, sql::ParseExpression(columns[i].expression));
    auto type = sql::BindExpression(expr.get(), base_fields);
    if (!type.ok())
      return type.TakeStatus().WithContext("generated column \"" + columns[i].name + "\"");
    source->generated.push_back({static_cast<int>(i), std::move(expr)});
  }
  return {};
}

void WarnOfLiteral(const std::string& option, Source* source) {
  if (sql::IsSecretOption(option))
    source->warnings.push_back("the value of " + option +
                               " is written in the definition; CREATE SECRET and " + option +
                               " = SECRET name keep it out");
}

// Options given as SECRET name: any text of the Kafka client, and the registry's password.
base::Status ReadSecrets(const sql::CreateSource& statement, const Catalog& catalog,
                         Source* source) {
  using model::PropertyKind;
  const auto add = [&](const std::string& option, const std::string& name,
                       const std::string& key) -> base::Status {
    if (!catalog.secrets.contains(name))
      return base::NotFound("secret \"" + name + "\" does not exist")
          .WithSqlstate("42704")
          .WithHint("Make it with CREATE SECRET " + name + " WITH (file = '/path').");
    if (!source->secrets.emplace(key, name).second)
      return base::Invalid("option \"" + option + "\" is given more than once");
    return {};
  };
  for (const auto& [option, name] : statement.secrets) {
    const model::KafkaProperty* found = nullptr;
    for (const auto& property : model::KafkaProperties()) {
      const std::string key = option.starts_with("properties.") ? option.substr(11) : "";
      const bool takes_text = property.kind == PropertyKind::kText ||
                              property.kind == PropertyKind::kSecret ||
                              property.kind == PropertyKind::kPem;
      if (takes_text && !key.empty() && (property.name == key || property.alias == key))
        found = &property;
    }
    if (found == nullptr) return base::Invalid("option \"" + option + "\" cannot be a secret");
    RETURN_IF_ERROR(add(option, name, std::string(found->name)));
  }
  for (const auto& [option, name] : statement.encode_secrets) {
    if (option != "schema.registry.password")
      return base::Invalid("option \"" + option + "\" cannot be a secret");
    RETURN_IF_ERROR(add(option, name, option));
  }
  return {};
}

base::Status ReadProperties(OptionReader* options, Source* source) {
  const sql::Options given = options->WithPrefix("properties.");
  RETURN_IF_ERROR(model::CheckKafkaProperties(given));
  source->properties = model::CanonicalKafkaProperties(given);
  for (const auto& property : model::KafkaProperties())
    if (source->secrets.contains(std::string(property.name)))
      source->properties.erase(std::string(property.name));
  if (!source->properties.contains("bootstrap.servers"))
    return base::Invalid("option \"properties.bootstrap.server\" is required for a Kafka source")
        .WithHint("Add it to the WITH clause: properties.bootstrap.server = 'host:9092'.");
  for (const auto& property : model::KafkaProperties())
    if (source->properties.contains(std::string(property.name)))
      WarnOfLiteral("properties." + std::string(property.name), source);
  return {};
}

base::Status ReadTimeOptions(OptionReader* options, Source* source) {
  ASSIGN_OR_RETURN(auto retention, options->Duration("retention"));
  source->retention_us = retention.value_or(source->schema.event_time >= 0 ? 7 * kDayUs : 0);
  ASSIGN_OR_RETURN(auto idle, options->Duration("idle_timeout"));
  source->idle_timeout_us = idle.value_or(30'000'000);
  ASSIGN_OR_RETURN(auto future, options->Duration("max_future"));
  source->schema.max_future_us = future.value_or(kDayUs);
  ASSIGN_OR_RETURN(auto freshness, options->Duration("freshness"));
  source->freshness_us = freshness.value_or(5'000'000);
  ASSIGN_OR_RETURN(auto unit, options->OneOf("timestamp.unit", {"ms", "s", "us", "ns"}));
  using model::TimeUnit;
  source->schema.timestamp_unit = unit == "s"    ? TimeUnit::kSeconds
                                  : unit == "us" ? TimeUnit::kMicroseconds
                                  : unit == "ns" ? TimeUnit::kNanoseconds
                                                 : TimeUnit::kMilliseconds;
  return {};
}

base::Status ReadStart(OptionReader* options, Source* source) {
  ASSIGN_OR_RETURN(source->startup_mode,
                   options->OneOf("scan.startup.mode", {"earliest", "latest", "timestamp"}));
  ASSIGN_OR_RETURN(auto millis, options->Integer("scan.startup.timestamp.millis"));
  if ((source->startup_mode == "timestamp") != millis.has_value())
    return base::Invalid(
        "scan.startup.mode = 'timestamp' and scan.startup.timestamp.millis go together");
  source->startup_timestamp_ms = millis.value_or(0);
  return {};
}

base::Status ReadOptions(OptionReader* options, Source* source) {
  RETURN_IF_ERROR(ReadTimeOptions(options, source));
  ASSIGN_OR_RETURN(auto on_error, options->OneOf("on_error", {"dead_letter", "stop"}));
  source->stop_on_error = on_error == "stop";
  if (source->connector == "file") return ReadFolder(options, source);
  RETURN_IF_ERROR(ReadStart(options, source));
  if (source->connector == "datagen") return ReadGeneratedRows(options, source);
  ASSIGN_OR_RETURN(source->topic, options->Required("topic"));
  ASSIGN_OR_RETURN(auto tombstone, options->OneOf("on_tombstone", {"dead_letter", "skip"}));
  // Debezium sends a tombstone after each delete, for compaction.
  source->schema.tombstone_is_dead_letter = tombstone == "dead_letter" && !source->format.debezium;
  return ReadProperties(options, source);
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

base::Status KeepColumn(const std::string& name, Source* source) {
  if (const auto found = source->schema.Find(name)) {
    source->kept[static_cast<size_t>(*found)] = true;
    return {};
  }
  std::vector<std::string_view> names;
  for (const auto& column : source->schema.columns) names.push_back(column.name);
  auto error = base::NotFound("column \"" + name + "\" of retention.columns does not exist")
                   .WithSqlstate("42703");
  if (const auto near = base::NearestName(name, names))
    return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
  return std::move(error).WithHint("Write the names as they are declared, separated by commas.");
}

// retention.columns = 'a, b': which columns raw rows have. The event time is always one of them.
base::Status ReadKeptColumns(OptionReader* options, Source* source) {
  const auto& schema = source->schema;
  const auto listed = options->Text("retention.columns");
  source->kept.assign(schema.columns.size(), !listed);
  if (schema.event_time >= 0) source->kept[static_cast<size_t>(schema.event_time)] = true;
  if (!listed) return {};
  if (!source->KeepsRaw())
    return base::Invalid("retention.columns needs a retention")
        .WithHint("Leave it out, or set retention to a duration.");
  for (size_t at = 0; at <= listed->size();) {
    const size_t comma = std::min(listed->find(',', at), listed->size());
    RETURN_IF_ERROR(
        KeepColumn(std::string(Trimmed(std::string_view(*listed).substr(at, comma - at))), source));
    at = comma + 1;
  }
  return {};
}

base::Status CheckRetention(const Source& source) {
  if (!source.retention_us || *source.retention_us == 0 || source.schema.event_time >= 0) return {};
  return base::Invalid("retention needs an event time to count from")
      .WithHint(
          "Declare WATERMARK FOR a timestamptz column, or set retention = '0' to keep no raw "
          "rows.");
}

}  // namespace

base::Result<std::shared_ptr<Source>> MakeSource(const sql::CreateSource& statement,
                                                 const std::string& text, const Catalog& catalog) {
  if (statement.table && statement.format.empty()) return MakeTable(statement, text, catalog);
  RETURN_IF_ERROR(catalog.CheckNameIsFree(statement.name));
  auto source = std::make_shared<Source>();
  source->name = statement.name;
  source->definition = text;
  source->schema = statement.schema;
  RETURN_IF_ERROR(CheckColumns(source->schema));
  RETURN_IF_ERROR(CheckEventTime(source->schema));
  RETURN_IF_ERROR(BindGenerated(source.get()));
  if (statement.table) RETURN_IF_ERROR(CheckFedTable(statement));
  OptionReader options(statement.options, "source");
  ASSIGN_OR_RETURN(source->connector, ReadConnector(&options));
  RETURN_IF_ERROR(ReadSecrets(statement, catalog, source.get()));
  RETURN_IF_ERROR(ReadFormat(statement, source.get()));
  if (!source->format.registry.password.empty())
    WarnOfLiteral("schema.registry.password", source.get());
  RETURN_IF_ERROR(ReadOptions(&options, source.get()));
  RETURN_IF_ERROR(ReadKeptColumns(&options, source.get()));
  RETURN_IF_ERROR(options.Finish());
  RETURN_IF_ERROR(CheckRetention(*source));
  for (size_t i = 0; i < source->kept.size(); ++i) {
    const auto& column = source->schema.columns[i];
    if (source->kept[i]) source->fields.push_back({column.name, column.type});
  }
  if (statement.table) RETURN_IF_ERROR(MakeVersions(statement, source.get()));
  return source;
}

}  // namespace catalog
