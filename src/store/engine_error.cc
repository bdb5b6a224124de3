#include "store/engine_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <optional>
#include <string>

namespace store {
namespace {

using base::Status;

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "Conversion Error: Could not ...\n\nLINE 1: ..." -> "Could not ..."
std::string_view Core(std::string_view message) {
  if (const size_t at = message.find(" Error: "); at != std::string_view::npos && at < 32)
    message.remove_prefix(at + 8);
  for (std::string_view tail : {"\n\nLINE ", "\nLINE ", "\nDid you mean", "\nCandidate ",
                                "\n\nUse \"SET ", "\n\tCandidate"})
    message = message.substr(0, message.find(tail));
  message = message.substr(0, message.rfind(" when casting from source column "));
  while (!message.empty() && std::isspace(static_cast<unsigned char>(message.back())))
    message.remove_suffix(1);
  return message;
}

// The text between the first pair of quotes of either kind.
std::optional<std::string_view> Quoted(std::string_view text) {
  const size_t open = text.find_first_of("'\"");
  if (open == std::string_view::npos) return std::nullopt;
  const size_t close = text.rfind(text[open]);
  if (close == open) return std::nullopt;
  return text.substr(open + 1, close - open - 1);
}

std::string_view After(std::string_view text, std::string_view marker) {
  const size_t at = text.rfind(marker);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + marker.size());
}

// DuckDB's internal or SQL type name -> PostgreSQL's.
std::string TypeName(std::string_view type) {
  struct Pair {
    std::string_view duckdb, postgres;
  };
  static constexpr std::array kPairs{
      Pair{"INT8", "smallint"},
      Pair{"INT16", "smallint"},
      Pair{"INT32", "integer"},
      Pair{"INT64", "bigint"},
      Pair{"INT128", "numeric"},
      Pair{"UINT8", "smallint"},
      Pair{"UINT16", "integer"},
      Pair{"UINT32", "bigint"},
      Pair{"UINT64", "numeric"},
      Pair{"FLOAT", "real"},
      Pair{"DOUBLE", "double precision"},
      Pair{"BOOL", "boolean"},
      Pair{"INTEGER", "integer"},
      Pair{"BIGINT", "bigint"},
      Pair{"HUGEINT", "numeric"},
      Pair{"VARCHAR", "text"},
      Pair{"TIMESTAMP", "timestamp"},
      Pair{"INTERVAL", "interval"},
      Pair{"DATE", "date"},
      Pair{"TIME", "time"},
      Pair{"UUID", "uuid"},
  };
  while (!type.empty() && (type.back() == '!' || type.back() == '.' || type.back() == ' '))
    type.remove_suffix(1);
  if (type.starts_with("DECIMAL")) return "numeric";
  for (const Pair& pair : kPairs)
    if (type == pair.duckdb) return std::string(pair.postgres);
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

bool LooksLikeNumber(std::string_view text) {
  bool digits = false;
  for (char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c))) digits = true;
    else if (!std::isspace(static_cast<unsigned char>(c)) && !std::strchr("+-.eE", c)) return false;
  }
  return digits;
}

Status InvalidText(std::string_view type, std::string_view value, const char* sqlstate = "22P02") {
  return base::DataError("invalid input syntax for type " + std::string(type) + ": \"" +
                         std::string(value) + "\"")
      .WithSqlstate(sqlstate);
}

Status OutOfRange(std::string_view type) {
  if (type == "numeric") return base::DataError("numeric field overflow").WithSqlstate("22003");
  return base::DataError(std::string(type) + " out of range").WithSqlstate("22003");
}

// "Could not convert string 'abc' to INT32"
std::optional<Status> CouldNotConvert(std::string_view text) {
  if (!text.starts_with("Could not convert string ")) return std::nullopt;
  const std::string_view target = After(text, " to ");
  const std::string_view value = Quoted(text).value_or("");
  // A UUID is an INT128 inside; a text that is too long for a number does not look like one of
  // these.
  std::string type = TypeName(target);
  if (target == "INT128" && !LooksLikeNumber(value)) type = "uuid";
  if (LooksLikeNumber(value) && type != "boolean" && type != "uuid" && type != "interval") {
    return base::DataError("value \"" + std::string(value) + "\" is out of range for type " + type)
        .WithSqlstate("22003");
  }
  return InvalidText(type, value);
}

// Dates and times: "invalid date field format: "x", expected format is ..."
std::optional<Status> DateOrTime(std::string_view text) {
  if (Has(text, " field format: ")) {
    const std::string_view value = Quoted(text.substr(0, text.find(", expected"))).value_or("");
    const std::string type(text.starts_with("invalid date")    ? "date"
                           : text.starts_with("invalid time ") ? "time"
                                                               : "timestamp");
    return InvalidText(type, value, "22007");
  }
  if (Has(text, "field value out of range")) {
    return base::DataError("date/time field value out of range: \"" +
                           std::string(Quoted(text).value_or("")) + "\"")
        .WithSqlstate("22008");
  }
  if (Has(text, "not in timestamp range") || Has(text, "Date out of range") ||
      Has(text, "out of range for timestamp") || Has(text, "Time out of range")) {
    return base::DataError("timestamp out of range").WithSqlstate("22008");
  }
  if (Has(text, "specifier") && Has(text, "not recognized")) {
    return base::Invalid("unit \"" + std::string(Quoted(text).value_or("")) +
                         "\" not recognized for type timestamp");
  }
  return std::nullopt;
}

std::optional<Status> NumberRange(std::string_view text) {
  if (Has(text, "out of range for the destination type "))
    return OutOfRange(TypeName(After(text, "destination type ")));
  if (text.starts_with("Casting value ") || text.starts_with("Could not cast value "))
    return OutOfRange("numeric");
  if (text.starts_with("Overflow in ")) {
    const size_t of = text.find(" of ");
    const size_t end = text.find_first_of(" (", of == std::string_view::npos ? 0 : of + 4);
    if (of == std::string_view::npos || end == std::string_view::npos) return OutOfRange("numeric");
    return OutOfRange(TypeName(text.substr(of + 4, end - of - 4)));
  }
  if (Has(text, "verflow") || Has(text, "out of range")) return OutOfRange("value");
  return std::nullopt;
}

// What our printed error('...') calls say, and conditions that several error types share.
std::optional<Status> WellKnown(std::string_view text) {
  if (text == "division by zero") return base::DataError(std::string(text)).WithSqlstate("22012");
  if (text.starts_with("invalid input syntax for type "))
    return base::DataError(std::string(text)).WithSqlstate("22P02");
  if (text == "negative substring length not allowed")
    return base::DataError(std::string(text)).WithSqlstate("22011");
  if (text == "cannot take square root of a negative number")
    return base::DataError(std::string(text)).WithSqlstate("2201F");
  if (text.starts_with("cannot take logarithm of "))
    return base::DataError(std::string(text)).WithSqlstate("2201E");
  if (text.starts_with("More than one row returned by a subquery")) {
    return base::Invalid("more than one row returned by a subquery used as an expression")
        .WithSqlstate("21000");
  }
  if (text.starts_with("Malformed JSON")) {
    return base::DataError("invalid input syntax for type json")
        .WithDetail(std::string(text) + ".")
        .WithSqlstate("22P02");
  }
  if (text.starts_with("percentile value "))
    return base::DataError(std::string(text)).WithSqlstate("22003");
  if (constexpr std::string_view kTooMany = "too many values: "; text.starts_with(kTooMany))
    return base::Exhausted(std::string(text.substr(kTooMany.size())))
        .WithHint(
            "Count with approx_count_distinct or approx_top_k, which are sketches, or group "
            "by more keys.")
        .WithSqlstate("54000");
  if (text.starts_with("lane rows: ")) return base::Internal(std::string(text));
  if (text.starts_with("damaged ")) return base::Corrupt(std::string(text));
  if (Has(text, "No space left on device") || Has(text, "not enough space") ||
      Has(text, "max_temp_directory_size")) {
    return base::Exhausted("no space left on device")
        .WithDetail(std::string(text) + ".")
        .WithSqlstate("53100");
  }
  if (Has(text, "out of memory") || Has(text, "could not allocate") ||
      Has(text, "failed to allocate") || Has(text, "Failed to allocate")) {
    return base::Exhausted("out of memory")
        .WithDetail(std::string(text) + ".")
        .WithSqlstate("53200");
  }
  return std::nullopt;
}

Status Conversion(std::string_view text) {
  if (auto status = CouldNotConvert(text)) return *std::move(status);
  if (auto status = DateOrTime(text)) return *std::move(status);
  if (auto status = NumberRange(text)) return *std::move(status);
  return base::DataError(std::string(text)).WithSqlstate("22P02");
}

Status OfCatalog(std::string_view text) {
  if (text.starts_with("Table with name ")) {
    std::string_view name = text.substr(16);
    name = name.substr(0, name.find(" does not exist"));
    return base::NotFound("relation \"" + std::string(name) + "\" does not exist")
        .WithSqlstate("42P01");
  }
  if (Has(text, "Function with name"))
    return base::NotFound(std::string(text)).WithSqlstate("42883");
  if (Has(text, "already exists"))
    return base::AlreadyExists(std::string(text)).WithSqlstate("42P07");
  return base::NotFound(std::string(text));
}

Status OfBinder(std::string_view text) {
  if (text.starts_with("Referenced column ")) {
    return base::NotFound("column \"" + std::string(Quoted(text).value_or("")) +
                          "\" does not exist")
        .WithSqlstate("42703");
  }
  if (Has(text, "No function matches"))
    return base::NotFound(std::string(text)).WithSqlstate("42883");
  if (Has(text, "must appear in the GROUP BY"))
    return base::Invalid(std::string(text)).WithSqlstate("42803");
  if (Has(text, "LIMIT/OFFSET cannot be negative"))
    return base::Invalid("LIMIT or OFFSET must not be negative").WithSqlstate("2201W");
  return base::Invalid(std::string(text)).WithSqlstate("42804");
}

Status OfInvalidInput(std::string_view text) {
  if (auto status = NumberRange(text)) return *std::move(status);
  if (auto status = DateOrTime(text)) return *std::move(status);
  return base::DataError(std::string(text)).WithSqlstate("22023");
}

// A stream that fails while it is read tells its error inside another.
constexpr std::string_view kOfStream =
    "Attempting to execute an unsuccessful or closed pending query result\nError: ";

}  // namespace

duckdb_error_type TypeOfText(std::string_view message) {
  struct Pair {
    std::string_view prefix;
    duckdb_error_type type;
  };
  static constexpr Pair kPairs[] = {
      {"Parser", DUCKDB_ERROR_PARSER},
      {"Syntax", DUCKDB_ERROR_SYNTAX},
      {"Binder", DUCKDB_ERROR_BINDER},
      {"Catalog", DUCKDB_ERROR_CATALOG},
      {"Conversion", DUCKDB_ERROR_CONVERSION},
      {"Out of Range", DUCKDB_ERROR_OUT_OF_RANGE},
      {"Invalid Input", DUCKDB_ERROR_INVALID_INPUT},
      {"Permission", DUCKDB_ERROR_PERMISSION},
      {"Constraint", DUCKDB_ERROR_CONSTRAINT},
      {"Serialization", DUCKDB_ERROR_SERIALIZATION},
      {"Divide by Zero", DUCKDB_ERROR_DIVIDE_BY_ZERO},
      {"INTERNAL", DUCKDB_ERROR_INTERNAL},
      {"Not implemented", DUCKDB_ERROR_NOT_IMPLEMENTED},
      {"TransactionContext", DUCKDB_ERROR_TRANSACTION},
      {"FATAL", DUCKDB_ERROR_FATAL},
      {"IO", DUCKDB_ERROR_IO},
      {"Out of Memory", DUCKDB_ERROR_OUT_OF_MEMORY},
      {"INTERRUPT", DUCKDB_ERROR_INTERRUPT},
  };
  for (const Pair& pair : kPairs)
    if (message.starts_with(pair.prefix)) return pair.type;
  return DUCKDB_ERROR_INVALID;
}

Status EngineStatus(duckdb_error_type type, std::string_view message) {
  if (const size_t at = message.find(kOfStream); at != std::string_view::npos) {
    message.remove_prefix(at + kOfStream.size());
    type = TypeOfText(message);
  }
  const std::string_view text = Core(message);
  if (IsFatal(type)) {
    return base::Unavailable("the store was stopped by an error and is opened again")
        .WithDetail(std::string(text));
  }
  if (auto status = WellKnown(text)) return *std::move(status);
  const std::string words(text);
  switch (type) {
    case DUCKDB_ERROR_CONVERSION: return Conversion(text);
    case DUCKDB_ERROR_OUT_OF_RANGE:
      if (auto status = NumberRange(text)) return *std::move(status);
      return base::DataError(words).WithSqlstate("22003");
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
      return base::DataError("division by zero").WithSqlstate("22012");
    case DUCKDB_ERROR_INVALID_INPUT: return OfInvalidInput(text);
    case DUCKDB_ERROR_INTERRUPT: return base::Cancelled("canceling statement due to user request");
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return base::Exhausted("out of memory").WithDetail(words + ".");
    case DUCKDB_ERROR_CATALOG: return OfCatalog(text);
    case DUCKDB_ERROR_BINDER: return OfBinder(text);
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX: return base::Invalid(words).WithSqlstate("42601");
    case DUCKDB_ERROR_NOT_IMPLEMENTED: return base::Unsupported(words);
    case DUCKDB_ERROR_PERMISSION: return base::Denied(words);
    case DUCKDB_ERROR_CONSTRAINT: return base::DataError(words).WithSqlstate("23000");
    case DUCKDB_ERROR_TRANSACTION:
      if (Has(text, "read-only mode"))
        return base::Denied("cannot write in a read-only transaction").WithSqlstate("25006");
      return base::Unavailable(words).WithSqlstate("40001");
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_CONNECTION: return base::Unavailable(words).WithSqlstate("58030");
    case DUCKDB_ERROR_SERIALIZATION: return base::Corrupt(words);
    default: return base::Internal(words);
  }
}

Status ResultStatus(duckdb_result* result) {
  const char* message = duckdb_result_error(result);
  return EngineStatus(duckdb_result_error_type(result), message ? message : "unknown error");
}

}  // namespace store
