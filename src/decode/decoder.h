#pragma once
// Decoder: record values -> columns by the declared schema. Second stage of the journey; never throws, never drops: a
// record that does not fit becomes a dead letter and its row is taken back.
//
// Threads: one owner (a lane). Borrows the schema for its life. Errors: only as dead letters.
// Limits: nesting 64 levels, strings 16 MiB; beyond that a dead letter.

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "model/column_batch.h"
#include "model/dead_letter.h"
#include "model/format.h"
#include "model/record_batch.h"
#include "model/schema.h"

namespace decode {

class SchemaRegistry;

struct DecoderOptions {
  // Columns that nothing uses (no view, no retention) may be left out: their cells are then not written and the batch has
  // no such column. One flag per schema column; empty = all. Columns that are NOT NULL or the event time are always read.
  std::vector<bool> used;
  SchemaRegistry* registry = nullptr;  // for formats that have one; outlives the decoder
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Whether the records of `run` can be decoded now; to be asked before Decode. `ready` is the index up to which they can.
  // kUnavailable: what the record there needs is not here yet; ask again.
  virtual base::Status Prepare(const model::RecordBatch& batch, const model::RecordRun& run, uint32_t* ready) {
    (void)batch;
    *ready = run.end;
    return {};
  }

  // Appends a row to `rows` for each record of `run`, in order; kGenerated columns are left untouched (the pipeline fills
  // them); failures go to `dead`. Event-time rules (null, too far ahead) are applied when the event time is no generated
  // column.
  virtual void Decode(const model::RecordBatch& batch, const model::RecordRun& run, model::ColumnBatch* rows,
                      std::vector<model::DeadLetter>* dead) = 0;
};

// The decoder for a format. Invalid when a column's type cannot come from it.
base::Result<std::unique_ptr<Decoder>> MakeDecoder(const model::SourceSchema& schema, const model::RecordFormat& format,
                                                   DecoderOptions options);

// The registry of a format that has one, else nullptr.
std::unique_ptr<SchemaRegistry> MakeRegistry(const model::RecordFormat& format, std::function<bool(const sockaddr*)> may_connect);

// Avro and Protobuf by the schema that each record names, or by the definition's.
base::Result<std::unique_ptr<Decoder>> MakeAvroDecoder(const model::SourceSchema& schema, const model::RecordFormat& format,
                                                       DecoderOptions options);
base::Result<std::unique_ptr<Decoder>> MakeProtobufDecoder(const model::SourceSchema& schema, const model::RecordFormat& format,
                                                           DecoderOptions options);

// Rows of CSV, one a record (csv_decoder.cc).
base::Result<std::unique_ptr<Decoder>> MakeCsvDecoder(const model::SourceSchema& schema, const model::CsvOptions& csv,
                                                      DecoderOptions options);

// JSON objects by simdjson on demand (json_decoder.cc). Invalid when a column's type cannot come from JSON. `debezium`: they
// are Debezium's change events, whose rows are their "after".
base::Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const model::SourceSchema& schema, DecoderOptions options,
                                                       bool debezium = false);

}  // namespace decode
