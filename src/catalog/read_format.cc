// FORMAT and ENCODE of a source.

#include <algorithm>

#include "catalog/connector.h"

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

base::Status CheckCsvColumns(const Source& source) {
  for (const auto& column : source.schema.columns)
    if (column.origin == model::Origin::kValue && column.path.size() > 1)
      return base::Invalid("column \"" + column.name + "\": a field of CSV has no fields below it")
          .WithHint(source.format.csv.header
                        ? "PATH names one field of the header: '$.\"unit price\"'."
                        : "Without a header fields are taken in the order of the columns.");
  return {};
}

}  // namespace

base::Status ReadFormat(const sql::CreateSource& statement, Source* source) {
  if (statement.format != "PLAIN")
    return base::Unsupported("FORMAT " + statement.format + " is not supported yet")
        .WithHint("Use FORMAT PLAIN for records that are rows of their own.");
  OptionReader options(statement.encode_options, "format");
  if (source->connector == "datagen" && statement.encode != "JSON")
    return base::Unsupported("generated rows have no encoding of their own")
        .WithHint("Leave out FORMAT ... ENCODE ... with connector = 'datagen'.");
  if (statement.encode == "CSV") {
    source->format.encoding = model::Encoding::kCsv;
    RETURN_IF_ERROR(ReadCsv(&options, source));
    RETURN_IF_ERROR(CheckCsvColumns(*source));
  } else if (statement.encode != "JSON") {
    return base::Unsupported("ENCODE " + statement.encode + " is not supported yet")
        .WithHint("Use ENCODE JSON or ENCODE CSV.");
  }
  return options.Finish();
}

}  // namespace catalog
