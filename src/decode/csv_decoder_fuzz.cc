// Any bytes as a row of CSV and as a header, by every delimiter and quote: never a crash or a read
// outside, and a record is a row or a dead letter with its reason.

#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "base/check.h"
#include "decode/decoder.h"

namespace {

using model::TypeId;

model::SourceSchema Schema() {
  model::SourceSchema schema;
  const model::Type types[] = {{TypeId::kInt8},        {TypeId::kText}, {TypeId::kNumeric, 12, 2},
                               {TypeId::kTimestampTz}, {TypeId::kDate}, {TypeId::kBytea},
                               {TypeId::kJsonb},       {TypeId::kBool}, {TypeId::kFloat4}};
  for (const auto& type : types) {
    model::SourceColumn column;
    column.name = std::string(1, static_cast<char>('a' + schema.columns.size()));
    column.path = {column.name};
    column.type = type;
    schema.columns.push_back(column);
  }
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const model::SourceSchema schema = Schema();
  if (size < 2) return 0;
  const bool header = (data[0] & 1) != 0;
  model::CsvOptions options;
  options.delimiter = (data[0] & 2) != 0 ? ';' : ',';
  options.quote = (data[0] & 4) != 0 ? '\'' : '"';
  options.null_text = (data[0] & 8) != 0 ? "NULL" : "";
  options.header = header;
  const size_t header_bytes = header ? std::min<size_t>(data[1], size - 2) : 0;
  const std::string preamble(reinterpret_cast<const char*>(data) + 2, header_bytes);
  const size_t bytes = size - 2 - header_bytes;
  const auto memory = std::make_unique<char[]>(bytes + model::kPadding);
  std::memcpy(memory.get(), data + 2 + header_bytes, bytes);
  std::memset(memory.get() + bytes, '"', model::kPadding);

  auto decoder = decode::MakeCsvDecoder(schema, options, {}).Take();
  std::vector<model::Type> types;
  for (const auto& column : schema.columns) types.push_back(column.type);
  model::ColumnBatch rows(types);
  std::vector<model::DeadLetter> dead;
  model::RecordBatch batch;
  batch.records.emplace_back();
  batch.records[0].value = memory.get();
  batch.records[0].value_bytes = static_cast<uint32_t>(bytes);
  batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1), preamble});
  decoder->Decode(batch, batch.runs[0], &rows, &dead);
  CHECK(rows.rows() + dead.size() == 1);
  for (const auto& column : rows.columns()) CHECK(column.size() == rows.rows());
  CHECK(dead.empty() || (!dead[0].reason.empty() && simdjson::validate_utf8(dead[0].reason)));
  return 0;
}
