#pragma once
// Why a record, or a row of one view, became a dead letter: one table shared by the rooms that write dead letters, the
// reference page and the tests. Threads: values.

#include <span>

namespace model {

enum class Reason {
  kMalformedJson,
  kMalformedCsv,
  kMalformedAvro,
  kMalformedProtobuf,
  kNoSchemaId,
  kUnknownSchema,
  kNoEnvelope,
  kInvalidUtf8,
  kNulCharacter,
  kTooDeep,
  kTooLarge,
  kTypeMismatch,
  kOutOfRange,
  kNotNull,
  kTombstone,
  kEventTimeNull,
  kEventTimeFuture,
  kGeneratedColumn,
  kViewExpression,
};

struct ReasonRow {
  Reason reason;
  const char* code;     // as in freshet.dead_letters
  const char* meaning;
  const char* remedy;
};

std::span<const ReasonRow> ReasonTable();
const char* CodeOf(Reason reason);

}  // namespace model
