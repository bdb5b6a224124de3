// Any bytes as a record's value, key and headers: never a crash or a read outside, every record is a row or a dead letter,
// and what is a row by one schema is good JSON by every other.
//
// The oracle for well-formedness is simdjson's DOM parser, which checks whole documents.

#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "decode/decoder.h"

namespace {

using model::Origin;
using model::TypeId;

model::SourceColumn Column(const char* name, model::Type type, std::vector<std::string> path = {},
                           Origin origin = Origin::kValue) {
  model::SourceColumn column;
  column.name = name;
  column.type = type;
  column.path = std::move(path);
  column.origin = origin;
  return column;
}

model::SourceSchema TypedSchema() {
  model::SourceSchema schema;
  schema.columns = {Column("a", {TypeId::kInt8}),
                    Column("b", {TypeId::kText}),
                    Column("c", {TypeId::kNumeric, 12, 2}),
                    Column("d", {TypeId::kNumeric, 38, 10}),
                    Column("e", {TypeId::kFloat8}),
                    Column("t", {TypeId::kTimestampTz}),
                    Column("u", {TypeId::kDate}),
                    Column("y", {TypeId::kBytea}),
                    Column("j", {TypeId::kJsonb}, {"o"}),
                    Column("p", {TypeId::kInt4}, {"o", "p"}),
                    Column("q", {TypeId::kBool}, {"o", "q", "r"}),
                    Column("k", {TypeId::kText}, {}, Origin::kKey),
                    Column("h", {TypeId::kBytea}, {"h"}, Origin::kHeader)};
  schema.event_time = 5;
  return schema;
}

model::SourceSchema EmptySchema() {
  model::SourceSchema schema;
  schema.columns = {Column("no such key in any seed", {TypeId::kJson})};
  return schema;
}

struct Harness {
  explicit Harness(model::SourceSchema s) : schema(std::move(s)) {
    decoder = decode::MakeJsonDecoder(schema, {}).Take();
    std::vector<model::Type> types;
    for (const auto& column : schema.columns) types.push_back(column.type);
    rows = std::make_unique<model::ColumnBatch>(types);
  }
  // Whether the record became a row.
  bool Decode(const model::RecordBatch& batch) {
    if (rows->rows() > 1000 && rows->rows() % 2 == 0) rows->Clear();
    dead.clear();
    const size_t before = rows->rows();
    decoder->Decode(batch, batch.runs[0], rows.get(), &dead);
    CHECK(rows->rows() - before + dead.size() == 1);
    for (const auto& column : rows->columns()) CHECK(column.size() == rows->rows());
    CHECK(dead.empty() || (!dead[0].reason.empty() && !dead[0].reason_code.empty()));
    CHECK(dead.empty() || simdjson::validate_utf8(dead[0].reason));
    return dead.empty();
  }
  bool LastTwoAreEqual() const {
    const size_t last = rows->rows() - 1;
    if (last == 0) return true;
    for (const auto& column : rows->columns()) {
      if (column.IsNull(last) != column.IsNull(last - 1)) return false;
      if (column.IsNull(last)) continue;
      const size_t width = column.width();
      const uint8_t* cell = column.data() + last * width;
      const TypeId id = column.type().id;
      if (id == TypeId::kText || id == TypeId::kBytea || id == TypeId::kJson || id == TypeId::kJsonb) {
        if (column.Get<model::StringCell>(last).View() != column.Get<model::StringCell>(last - 1).View()) return false;
      } else if (std::memcmp(cell, cell - width, width) != 0) {
        return false;
      }
    }
    return true;
  }
  model::SourceSchema schema;
  std::unique_ptr<decode::Decoder> decoder;
  std::unique_ptr<model::ColumnBatch> rows;
  std::vector<model::DeadLetter> dead;
};

// Whether the DOM parser takes it as one object within our depth.
bool IsGoodObject(const char* json, size_t bytes) {
  static simdjson::dom::parser parser;
  static const bool ready = parser.allocate(1 << 20, 65) == simdjson::SUCCESS;
  simdjson::dom::element element;
  return ready && parser.parse(json, bytes, false).get(element) == simdjson::SUCCESS && element.is_object();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Harness typed(TypedSchema());
  static Harness empty(EmptySchema());
  const auto memory = std::make_unique<char[]>(size + model::kPadding);
  std::memcpy(memory.get(), data, size);
  std::memset(memory.get() + size, size % 2 == 0 ? '}' : '"', model::kPadding);
  model::RecordBatch batch;
  model::RecordView record;
  record.value = memory.get();
  record.value_bytes = static_cast<uint32_t>(size);
  record.key = record.headers = memory.get();
  record.key_bytes = record.headers_bytes = static_cast<uint32_t>(size < 40 ? size : 40);
  batch.records.push_back(record);
  batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1)});
  const bool row = typed.Decode(batch);
  const std::string reason = row ? "" : typed.dead[0].reason;
  // Its keys are the expected ones now, so it may be read the straight way: the same row or letter.
  CHECK(typed.Decode(batch) == row && (row || typed.dead[0].reason == reason));
  CHECK(!row || typed.LastTwoAreEqual());
  const bool good = empty.Decode(batch);
  CHECK(!row || good);
  if (good != IsGoodObject(memory.get(), size)) {
    // The DOM parser refuses numbers that no double or 64-bit integer holds and half characters in strings; we look at
    // those only where a column takes them.
    CHECK(good);
  }
  return 0;
}
