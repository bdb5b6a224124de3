// FORMAT and ENCODE of a source.

#include <algorithm>

#include "catalog/connector.h"
#include "decode/decoder.h"

namespace catalog {
namespace {

// One ASCII character that cannot be part of another; '\t' may be written as such.
base::Result<char> Character(OptionReader* options, const char* name, char fallback) {
  const auto text = options->Text(name);
  if (!text) return fallback;
  if (*text == "\\t") return '\t';
  const bool good = text->size() == 1 && static_cast<unsigned char>((*text)[0]) < 0x80 &&
                    (*text)[0] != '\n' && (*text)[0] != '\r' && (*text)[0] != '\0';
  if (good) return (*text)[0];
  return base::Invalid("invalid value for option \"" + std::string(name) + "\": \"" + *text + "\"")
      .WithHint("Expected one ASCII character, or \\t.");
}

base::Status ReadCsv(OptionReader* options, Source* source) {
  auto& csv = source->format.csv;
  ASSIGN_OR_RETURN(csv.delimiter, Character(options, "delimiter", ','));
  ASSIGN_OR_RETURN(csv.quote, Character(options, "quote", '"'));
  if (csv.delimiter == csv.quote)
    return base::Invalid("delimiter and quote cannot be the same character");
  ASSIGN_OR_RETURN(auto header, options->OneOf("header", {"false", "true"}));
  csv.header = header == "true";
  if (csv.header && source->connector != "file")
    return base::Unsupported("header = 'true' is for files; a record of a topic has no header")
        .WithHint("Declare the columns in the order of the fields.");
  csv.null_text = options->Text("null").value_or("");
  return {};
}

base::Status CheckRegistryUrl(const std::string& url) {
  const bool known = url.starts_with("http://") || url.starts_with("https://");
  if (known && url.find_first_of(" @?#", 8) == std::string::npos && url.size() <= 1'000) return {};
  return base::Invalid("invalid value for option \"schema.registry\": \"" + url + "\"")
      .WithHint(
          "Expected 'http://host:port' or 'https://host:port/path'; user and password are "
          "options of their own.");
}

// Avro and Protobuf: a registry, or the one schema of all records.
base::Status ReadSchemas(OptionReader* options, Source* source) {
  auto& format = source->format;
  format.registry.url = options->Text("schema.registry").value_or("");
  format.registry.user = options->Text("schema.registry.username").value_or("");
  format.registry.password = options->Text("schema.registry.password").value_or("");
  format.schema = options->Text("schema").value_or("");
  if (format.encoding == model::Encoding::kProtobuf)
    format.message = options->Text("message").value_or("");
  if (format.registry.url.empty() == format.schema.empty())
    return base::Invalid("a registry or a schema is needed, and not both")
        .WithHint(
            "Write (schema.registry = 'http://host:8081'), or (schema = '...') with the text.");
  if (!format.registry.url.empty()) RETURN_IF_ERROR(CheckRegistryUrl(format.registry.url));
  if (format.registry.url.empty() && !format.registry.user.empty())
    return base::Invalid("schema.registry.username needs a schema.registry");
  if (!format.registry.url.empty() && !format.message.empty())
    return base::Invalid(
        "message is for a schema without a registry; records of a registry name theirs");
  if (source->connector != "kafka")
    return base::Unsupported("records of files are text: lines of JSON or rows of CSV");
  return {};
}

base::Status CheckCsvColumns(const Source& source) {
  for (const auto& column : source.schema.columns)
    if (column.origin == model::Origin::kValue && column.path.size() > 1)
      return base::Invalid("column \"" + column.name + "\": a field of CSV has no fields below it")
          .WithHint(source.format.csv.header
                        ? "PATH names one field of the header: '$.\"unit price\"'."
                        : "Without a header fields are taken in the order of the columns.");
  return {};
}

// A table takes what says of a record which row it replaces or deletes, a source what adds rows.
base::Status CheckFormat(const sql::CreateSource& statement, const Source& source) {
  if (statement.format == "DEBEZIUM" && statement.encode != "JSON")
    return base::Unsupported("FORMAT DEBEZIUM ENCODE " + statement.encode + " is not supported")
        .WithHint("Use FORMAT DEBEZIUM ENCODE JSON.");
  if (statement.format == "UPSERT" && !statement.table)
    return base::Unsupported("FORMAT UPSERT is not supported for a source: it only ever adds rows")
        .WithHint(
            "CREATE TABLE name (... PRIMARY KEY ...) with FORMAT UPSERT keeps the newest row of "
            "each key.");
  if (!statement.table) return {};
  if (statement.format == "PLAIN")
    return base::Unsupported("a table is not fed by FORMAT PLAIN")
        .WithHint(
            "FORMAT UPSERT takes a record as the newest row of its key; CREATE SOURCE keeps every "
            "record.");
  if (source.connector != "kafka")
    return base::Unsupported("a table is not fed by connector = '" + source.connector + "'")
        .WithHint(
            "Use connector = 'kafka', or leave WITH and FORMAT out and write its rows with "
            "INSERT.");
  return {};
}

// What only a decoder knows: whether it can read these types, whether a schema is one.
base::Status CheckDecodes(const Source& source) {
  if (!source.format.registry.url.empty()) return {};
  return decode::MakeDecoder(source.schema, source.format, {}).status();
}

}  // namespace

base::Status ReadFormat(const sql::CreateSource& statement, Source* source) {
  RETURN_IF_ERROR(CheckFormat(statement, *source));
  source->format.debezium = statement.format == "DEBEZIUM";
  OptionReader options(statement.encode_options, "format");
  if (source->connector == "datagen" && statement.encode != "JSON")
    return base::Unsupported("generated rows have no encoding of their own")
        .WithHint("Leave out FORMAT ... ENCODE ... with connector = 'datagen'.");
  if (statement.encode == "CSV") {
    source->format.encoding = model::Encoding::kCsv;
    RETURN_IF_ERROR(ReadCsv(&options, source));
    RETURN_IF_ERROR(CheckCsvColumns(*source));
  } else if (statement.encode == "AVRO" || statement.encode == "PROTOBUF") {
    source->format.encoding =
        statement.encode == "AVRO" ? model::Encoding::kAvro : model::Encoding::kProtobuf;
    RETURN_IF_ERROR(ReadSchemas(&options, source));
  }
  RETURN_IF_ERROR(options.Finish());
  return CheckDecodes(*source);
}

}  // namespace catalog
