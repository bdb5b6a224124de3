#include <gtest/gtest.h>

#include "decode/avro_schema.h"
#include "decode/decode_one.h"

namespace decode {
namespace {

using model::TypeId;

model::SourceColumn Column(const char* name, model::Type type, std::vector<std::string> path = {}) {
  model::SourceColumn column;
  column.name = name;
  column.type = type;
  column.path = path.empty() ? std::vector<std::string>{name} : std::move(path);
  return column;
}

std::string Record(const std::string& fields) {
  return R"({"type":"record","name":"R","namespace":"n","fields":[)" + fields + "]}";
}

// Zigzag varint.
std::string Long(int64_t value) {
  uint64_t rest = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  std::string out;
  for (; rest >= 0x80; rest >>= 7) out.push_back(static_cast<char>(rest | 0x80));
  out.push_back(static_cast<char>(rest));
  return out;
}
std::string Text(const std::string& text) { return Long(static_cast<int64_t>(text.size())) + text; }

class AvroDecoderTest : public testing::Test {
 protected:
  std::string Decode(const std::string& fields, const std::string& datum) {
    model::RecordFormat format;
    format.encoding = model::Encoding::kAvro;
    format.schema = Record(fields);
    return DecodeOne(schema_, format, datum);
  }
  model::SourceSchema schema_;
};

TEST_F(AvroDecoderTest, FieldsAreMatchedByName) {
  schema_.columns = {Column("b", {TypeId::kText}), Column("a", {TypeId::kInt8}),
                     Column("missing", {TypeId::kText}), Column("d", {TypeId::kFloat8})};
  EXPECT_EQ(Decode(R"({"name":"a","type":"int"},{"name":"skipped","type":{"type":"map","values":"long"}},
                      {"name":"b","type":["null","string"]},{"name":"d","type":"float"})",
                   Long(-3) + Long(1) + Text("k") + Long(5) + Long(0) + Long(1) + Text("text") +
                       std::string("\0\0\0\x3f", 4)),
            "text|-3|NULL|0.500000");
}

TEST_F(AvroDecoderTest, LogicalTypes) {
  schema_.columns = {Column("m", {TypeId::kNumeric, 8, 2}), Column("f", {TypeId::kNumeric, 38, 0}),
                     Column("day", {TypeId::kDate}), Column("at", {TypeId::kTimestampTz}),
                     Column("raw", {TypeId::kInt8}, {"at"}), Column("e", {TypeId::kText})};
  const std::string fields =
      R"({"name":"m","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}},
         {"name":"f","type":{"type":"fixed","name":"F","size":3,"logicalType":"decimal","precision":5}},
         {"name":"day","type":{"type":"int","logicalType":"date"}},
         {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
         {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}})";
  EXPECT_EQ(Decode(fields, Long(2) + "\xFF\x85" + std::string("\0\1\2", 3) + Long(-1) + Long(1500) +
                               Long(1)),
            "-12|258|-1|1500000|1500|B");  // -0.123 rounds half away from zero
  EXPECT_EQ(Decode(fields, Long(2) + "\x7F\xFF" + std::string("\0\1\2", 3) + Long(0) +
                               Long(INT64_MAX) + Long(1))
                .substr(0, 26),
            "out_of_range: column \"at\" ");
  EXPECT_EQ(Decode(fields, Long(0) + std::string(3, '\0') + Long(0) + Long(0) + Long(2)),
            "malformed_avro: the value does not fit its schema");
}

TEST_F(AvroDecoderTest, PathsAndJson) {
  schema_.columns = {Column("x", {TypeId::kInt4}, {"in", "x"}), Column("in", {TypeId::kJson}),
                     Column("list", {TypeId::kJsonb}), Column("k", {TypeId::kText}, {"list", "k"})};
  const std::string fields =
      R"({"name":"in","type":["null",{"type":"record","name":"I","fields":[{"name":"x","type":"long"},
            {"name":"s","type":"string"}]}]},
         {"name":"list","type":{"type":"array","items":["null","string","boolean"]}})";
  schema_.columns.pop_back();
  // The second block tells its size.
  EXPECT_EQ(Decode(fields, Long(1) + Long(7) + Text("a\"b") + Long(2) + Long(0) + Long(1) +
                               Text("y") + Long(-1) + Long(2) + Long(2) + "\x01" + Long(0)),
            "7|{\"x\":7,\"s\":\"a\\\"b\"}|[null,\"y\",true]");
  EXPECT_EQ(Decode(fields, Long(0) + Long(0)), "NULL|NULL|[]");
}

TEST_F(AvroDecoderTest, WhatDoesNotFitIsADeadLetter) {
  schema_.columns = {Column("a", {TypeId::kInt2})};
  EXPECT_EQ(Decode(R"({"name":"a","type":"long"})", Long(40'000)),
            "out_of_range: column \"a\" (smallint) cannot hold 40000");
  EXPECT_EQ(Decode(R"({"name":"a","type":"string"})", Text("1")).substr(0, 14), "type_mismatch:");
  EXPECT_EQ(Decode(R"({"name":"a","type":"int"})", Long(int64_t{1} << 40)),
            "malformed_avro: the value does not fit its schema");
  EXPECT_EQ(Decode(R"({"name":"a","type":"int"})", Long(1) + "x"),
            "malformed_avro: the value does not fit its schema");
  EXPECT_EQ(Decode(R"({"name":"z","type":{"type":"array","items":"null"}})",
                   Long(INT64_MAX) + Long(0)),
            "too_large: the record has over 16777216 values");
  EXPECT_EQ(Decode(R"({"name":"r","type":["null","n.R"]})", std::string(1000, '\x02')).substr(0, 9),
            "too_deep:");
}

TEST(AvroSchemaTest, SaysWhatIsWrong) {
  const auto error = [](const std::string& text) {
    return ParseAvroSchema(text, {}).status().message();
  };
  EXPECT_EQ(error("{"), "the Avro schema is not JSON");
  EXPECT_EQ(error("\"Gone\""), "the Avro schema names the type \"Gone\", which it does not define");
  EXPECT_EQ(error(R"({"type":"record","name":"A"})"), "the Avro schema has a record without fields");
  EXPECT_EQ(error(Record(R"({"name":"a","type":{"type":"enum","name":"R","symbols":[]}})")),
            "the Avro schema defines \"n.R\" twice");
  std::string deep = "\"int\"";
  for (int i = 0; i < 100; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_EQ(error(deep), "the Avro schema is nested over 64 levels");
}

TEST(AvroSchemaTest, TypesOfReferencesAreKnown) {
  const auto schema = ParseAvroSchema(
      Record(R"({"name":"a","type":"m.Money"},{"name":"b","type":"R"})"),
      {{"m.Money", R"({"type":"fixed","name":"Money","namespace":"m","size":4})"}});
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  const auto& root = schema->nodes[static_cast<size_t>(schema->root)];
  EXPECT_EQ(schema->nodes[static_cast<size_t>(root.fields[0].node)].size, 4u);
  EXPECT_EQ(root.fields[1].node, schema->root);
}

}  // namespace
}  // namespace decode
