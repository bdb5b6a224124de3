#include "model/reason_codes.h"

#include <array>

#include "base/check.h"

namespace model {
namespace {

constexpr std::array kReasons{
    ReasonRow{Reason::kMalformedJson, "malformed_json", "the value is not one whole JSON object",
              "mend the producer; the reason names the byte"},
    ReasonRow{Reason::kMalformedCsv, "malformed_csv", "the value is not one row of CSV with as many fields as there are columns",
              "mend the producer, or check delimiter, quote and header"},
    ReasonRow{Reason::kMalformedAvro, "malformed_avro", "the value does not fit the Avro schema that it names",
              "mend the producer, or the schema of the definition"},
    ReasonRow{Reason::kMalformedProtobuf, "malformed_protobuf", "the value is no message of the Protobuf schema that it names",
              "mend the producer, or the schema of the definition"},
    ReasonRow{Reason::kNoSchemaId, "no_schema_id", "the value does not begin with 0 and a schema's id, as with a schema registry it must",
              "write with a serializer that registers its schema, or leave out schema.registry"},
    ReasonRow{Reason::kUnknownSchema, "unknown_schema", "the schema registry has no such schema, or it cannot be used",
              "register the schema; the reason says what is wrong"},
    ReasonRow{Reason::kNoEnvelope, "no_envelope", "the value is no change event of Debezium",
              "check that the topic is a connector's and is not flattened; flattened records are FORMAT PLAIN"},
    ReasonRow{Reason::kInvalidUtf8, "invalid_utf8", "the value, key or header is not valid UTF-8, or a \\u escape is half a character",
              "mend the producer's encoding, or declare the key or header as bytea"},
    ReasonRow{Reason::kNulCharacter, "nul_character", "a text holds the character NUL, which SQL text cannot",
              "mend the producer, or declare the column as json"},
    ReasonRow{Reason::kTooDeep, "too_deep", "objects and arrays are nested over 64 levels", "flatten the record"},
    ReasonRow{Reason::kTooLarge, "too_large", "the value is over 16 MiB", "keep large objects elsewhere and send their address"},
    ReasonRow{Reason::kTypeMismatch, "type_mismatch", "a field has another JSON type than its column takes",
              "change the column's type, or read the field as text and cast it in a generated column"},
    ReasonRow{Reason::kOutOfRange, "out_of_range", "a number or time does not fit the column's type",
              "widen the type; for times check timestamp.unit"},
    ReasonRow{Reason::kNotNull, "not_null", "a NOT NULL column has no value", "mend the producer, or drop NOT NULL"},
    ReasonRow{Reason::kTombstone, "tombstone", "the record has no value", "set on_tombstone = 'skip' if that is expected"},
    ReasonRow{Reason::kEventTimeNull, "event_time_null", "the event time column is NULL", "mend the producer"},
    ReasonRow{Reason::kEventTimeFuture, "event_time_future",
              "the event time is further ahead of the record's Kafka timestamp than max_future",
              "mend the producer's clock or timestamp.unit, or raise max_future"},
    ReasonRow{Reason::kGeneratedColumn, "generated_column", "the expression of a generated column failed on the row",
              "change the expression; the reason says what failed"},
    ReasonRow{Reason::kViewExpression, "view_expression", "an expression of the named view failed on the row; other views have it",
              "change the view; the reason says what failed"},
};

}  // namespace

std::span<const ReasonRow> ReasonTable() { return kReasons; }

const char* CodeOf(Reason reason) {
  const ReasonRow& row = kReasons[static_cast<size_t>(reason)];
  CHECK(row.reason == reason);
  return row.code;
}

}  // namespace model
