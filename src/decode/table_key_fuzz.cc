// Any bytes as the key of a record without a value, in tables of every encoding and shape of key:
// never a crash or a read outside, every record is a row that deletes, with its whole key, or a
// dead letter with a reason. And as the value of a change event into a table: a row, a letter, or
// neither.

#include <simdjson.h>

#include <cstring>
#include <memory>

#include "base/check.h"
#include "decode/decoder.h"

namespace {

using model::TypeId;

struct Table {
  Table(std::vector<model::Type> key, model::RecordFormat format) {
    for (size_t i = 0; i < key.size(); ++i) {
      model::SourceColumn column;
      column.name = std::string(1, static_cast<char>('a' + i));
      column.type = key[i];
      column.not_null = true;
      column.path = i % 2 == 0 ? std::vector<std::string>{column.name}
                               : std::vector<std::string>{"o", column.name};
      schema.primary_key.push_back(static_cast<int>(i));
      schema.columns.push_back(column);
    }
    schema.columns.push_back({"rest", {TypeId::kText}, true, model::Origin::kValue, {"rest"}, ""});
    schema.columns.push_back(
        {"__deleted", {TypeId::kBool}, false, model::Origin::kDeleted, {}, ""});
    decoder = decode::MakeDecoder(schema, format, {}).Take();
    std::vector<model::Type> types;
    for (const auto& column : schema.columns) types.push_back(column.type);
    rows = std::make_unique<model::ColumnBatch>(types);
  }

  void Decode(const model::RecordBatch& batch, bool deletion) {
    rows->Clear();
    std::vector<model::DeadLetter> dead;
    decoder->Decode(batch, batch.runs[0], rows.get(), &dead);
    CHECK(rows->rows() + dead.size() <= 1);
    CHECK(!deletion || rows->rows() + dead.size() == 1);
    for (const auto& column : rows->columns()) CHECK(column.size() == rows->rows());
    for (const auto& letter : dead)
      CHECK(!letter.reason.empty() && simdjson::validate_utf8(letter.reason));
    if (rows->rows() == 0) return;
    for (const int index : schema.primary_key)
      CHECK(!rows->columns()[static_cast<size_t>(index)].IsNull(0));
    CHECK(!deletion || rows->columns().back().Get<uint8_t>(0) == 1);
  }

  model::SourceSchema schema;
  std::unique_ptr<decode::Decoder> decoder;
  std::unique_ptr<model::ColumnBatch> rows;
};

model::RecordFormat FormatOf(model::Encoding encoding, bool debezium = false) {
  model::RecordFormat format;
  format.encoding = encoding;
  format.debezium = debezium;
  if (encoding == model::Encoding::kAvro)
    format.schema = R"({"type":"record","name":"R","fields":[{"name":"a","type":"long"}]})";
  return format;
}

std::vector<std::unique_ptr<Table>> Tables() {
  std::vector<std::unique_ptr<Table>> tables;
  const std::vector<std::vector<model::Type>> keys{
      {{TypeId::kInt8}},        {{TypeId::kText}},
      {{TypeId::kTimestampTz}}, {{TypeId::kNumeric, 20, 2}},
      {{TypeId::kBytea}},       {{TypeId::kBool}},
      {{TypeId::kDate}},        {{TypeId::kInt8}, {TypeId::kText}}};
  for (const auto& key : keys) {
    tables.push_back(std::make_unique<Table>(key, FormatOf(model::Encoding::kJson)));
    tables.push_back(std::make_unique<Table>(key, FormatOf(model::Encoding::kJson, true)));
    tables.push_back(std::make_unique<Table>(key, FormatOf(model::Encoding::kCsv)));
    tables.push_back(std::make_unique<Table>(key, FormatOf(model::Encoding::kAvro)));
  }
  return tables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto tables = Tables();
  const auto memory = std::make_unique<char[]>(size + model::kPadding);
  std::memcpy(memory.get(), data, size);
  std::memset(memory.get() + size, size % 2 == 0 ? '}' : '"', model::kPadding);
  model::RecordBatch batch;
  model::RecordView record;
  record.key = memory.get();
  record.key_bytes = static_cast<uint32_t>(size);
  batch.records.push_back(record);
  batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1), ""});
  for (const auto& table : tables) table->Decode(batch, true);
  std::swap(batch.records[0].key, batch.records[0].value);
  std::swap(batch.records[0].key_bytes, batch.records[0].value_bytes);
  for (const auto& table : tables) table->Decode(batch, false);
  return 0;
}
