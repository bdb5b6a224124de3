// Any bytes as Avro and Protobuf, by schemas with every type and by schemas that are bytes
// themselves: never a crash or a read outside, and a record is a row or a dead letter.

#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "base/check.h"
#include "decode/decoder.h"

namespace {

using model::TypeId;

constexpr const char* kAvro = R"({"type":"record","name":"R","fields":[
  {"name":"a","type":"long"},{"name":"b","type":["null","string"]},
  {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
  {"name":"d","type":{"type":"long","logicalType":"timestamp-micros"}},
  {"name":"e","type":{"type":"array","items":["null","R","double"]}},
  {"name":"f","type":{"type":"map","values":{"type":"enum","name":"E","symbols":["X","Y"]}}},
  {"name":"g","type":["null",{"type":"record","name":"G","fields":[{"name":"h","type":"boolean"},
     {"name":"i","type":{"type":"fixed","name":"F","size":3}}]}]},
  {"name":"j","type":"float"},{"name":"k","type":{"type":"int","logicalType":"date"}}]})";

constexpr const char* kProtobuf = R"(syntax = "proto3"; import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  message R { int64 a = 1; optional string b = 2; double c = 3; google.protobuf.Timestamp d = 4;
    repeated R e = 5; map<int32, string> f = 6; G g = 7; float j = 8; sint32 k = 9; }
  message G { bool h = 1; bytes i = 2; google.protobuf.StringValue l = 3; })";

model::SourceColumn Column(const char* name, model::Type type, std::vector<std::string> path = {}) {
  model::SourceColumn column;
  column.name = name;
  column.type = type;
  column.path = path.empty() ? std::vector<std::string>{name} : std::move(path);
  return column;
}

model::SourceSchema Schema() {
  model::SourceSchema schema;
  schema.columns = {Column("a", {TypeId::kInt4}),         Column("b", {TypeId::kText}),
                    Column("c", {TypeId::kNumeric, 9, 1}), Column("d", {TypeId::kTimestampTz}),
                    Column("e", {TypeId::kJson}),         Column("f", {TypeId::kJsonb}),
                    Column("h", {TypeId::kBool}, {"g", "h"}), Column("i", {TypeId::kBytea}, {"g", "i"}),
                    Column("l", {TypeId::kText}, {"g", "l"}), Column("g", {TypeId::kJson}),
                    Column("j", {TypeId::kFloat8}),       Column("k", {TypeId::kDate})};
  return schema;
}

void Decode(decode::Decoder* decoder, const model::SourceSchema& schema, const uint8_t* data, size_t size) {
  const auto memory = std::make_unique<char[]>(size + model::kPadding);
  std::memcpy(memory.get(), data, size);
  std::vector<model::Type> types;
  for (const auto& column : schema.columns) types.push_back(column.type);
  model::ColumnBatch rows(types);
  std::vector<model::DeadLetter> dead;
  model::RecordBatch batch;
  batch.records.emplace_back();
  batch.records[0].value = memory.get();
  batch.records[0].value_bytes = static_cast<uint32_t>(size);
  batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1), {}});
  decoder->Decode(batch, batch.runs[0], &rows, &dead);
  CHECK(rows.rows() + dead.size() == 1);
  for (const auto& column : rows.columns()) CHECK(column.size() == rows.rows());
  CHECK(dead.empty() || (!dead[0].reason.empty() && simdjson::validate_utf8(dead[0].reason)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const model::SourceSchema schema = Schema();
  if (size == 0) return 0;
  model::RecordFormat format;
  const bool avro = (data[0] & 1) != 0, own_schema = (data[0] & 2) != 0;
  format.encoding = avro ? model::Encoding::kAvro : model::Encoding::kProtobuf;
  if (own_schema) {
    format.schema.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto decoder = decode::MakeDecoder(schema, format, {});
    if (decoder.ok()) Decode(decoder->get(), schema, data + 1, size - 1);
    return 0;
  }
  static std::unique_ptr<decode::Decoder> decoders[2];
  if (!decoders[avro ? 1 : 0]) {
    format.schema = avro ? kAvro : kProtobuf;
    if (!avro) format.message = "R";
    decoders[avro ? 1 : 0] = decode::MakeDecoder(schema, format, {}).Take();
  }
  Decode(decoders[avro ? 1 : 0].get(), schema, data + 1, size - 1);
  return 0;
}
