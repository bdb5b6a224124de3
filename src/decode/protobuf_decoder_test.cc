#include <gtest/gtest.h>

#include "decode/decode_one.h"
#include "decode/protobuf_schema.h"

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

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}
std::string Number(int field, uint64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(value);
}
std::string Bytes(int field, const std::string& bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + bytes;
}

constexpr const char* kOrder = R"(
  syntax = "proto3";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  package shop;
  enum Level { LOW = 0; HIGH = 5; }
  message Customer { string name = 1; sint32 points = 2; Customer friend = 3; }
  message Order {
    int64 id = 1; string region = 2; optional int32 count = 3; Level level = 4; Customer customer = 5;
    google.protobuf.Timestamp at = 6; google.protobuf.Int64Value maybe = 7; repeated string tags = 8;
    map<string, int32> sizes = 9; double price = 10; fixed32 f = 11; uint64 big = 12; bytes raw = 13;
  })";

class ProtobufDecoderTest : public testing::Test {
 protected:
  std::string Decode(const std::string& datum) {
    model::RecordFormat format;
    format.encoding = model::Encoding::kProtobuf;
    format.schema = kOrder;
    format.message = "shop.Order";
    return DecodeOne(schema_, format, datum);
  }
  model::SourceSchema schema_;
};

TEST_F(ProtobufDecoderTest, FieldsThatAreAbsentAreZeroOrNull) {
  schema_.columns = {Column("id", {TypeId::kInt8}),   Column("region", {TypeId::kText}),
                     Column("count", {TypeId::kInt4}), Column("level", {TypeId::kText}),
                     Column("at", {TypeId::kTimestampTz}), Column("maybe", {TypeId::kInt8}),
                     Column("points", {TypeId::kInt4}, {"customer", "points"}),
                     Column("nothing", {TypeId::kText})};
  EXPECT_EQ(Decode(""), "0||NULL|LOW|NULL|NULL|NULL|NULL");
  EXPECT_EQ(Decode(Number(1, 7) + Bytes(2, "eu") + Number(3, 0) + Number(4, 5) + Bytes(5, "") +
                   Bytes(6, Number(1, 2) + Number(2, 500'000'000)) + Bytes(7, "") + Number(99, 1)),
            "7|eu|0|HIGH|2500000|0|0|NULL");
  EXPECT_EQ(Decode(Number(1, 1) + Number(1, 2) + Number(4, 77) + Bytes(5, Number(2, 9))),
            "2||NULL|77|NULL|NULL|-5|NULL");
}

TEST_F(ProtobufDecoderTest, NumbersOfEveryKind) {
  schema_.columns = {Column("price", {TypeId::kNumeric, 10, 2}), Column("f", {TypeId::kInt8}),
                     Column("big", {TypeId::kNumeric, 20, 0}), Column("raw", {TypeId::kBytea})};
  const double price = 1.25;
  EXPECT_EQ(Decode(Varint(10 << 3 | 1) + std::string(reinterpret_cast<const char*>(&price), 8) +
                   Varint(11 << 3 | 5) + "\xFF\xFF\xFF\xFF" + Number(12, 9) + Bytes(13, "x")),
            "125|4294967295|9|x");
}

TEST_F(ProtobufDecoderTest, JsonTakesRepeatedFieldsMapsAndMessages) {
  schema_.columns = {Column("tags", {TypeId::kJson}), Column("sizes", {TypeId::kJsonb}),
                     Column("customer", {TypeId::kJson}),
                     Column("friend", {TypeId::kJson}, {"customer", "friend"})};
  EXPECT_EQ(Decode(Bytes(8, "a") + Bytes(8, "b\"") + Bytes(9, Bytes(1, "k") + Number(2, 3)) +
                   Bytes(5, Bytes(1, "Ann"))),
            "[\"a\",\"b\\\"\"]|{\"k\":3}|{\"name\":\"Ann\",\"points\":0}|NULL");
  EXPECT_EQ(Decode(""), "[]|{}|NULL|NULL");
}

TEST_F(ProtobufDecoderTest, WhatDoesNotFitIsADeadLetter) {
  schema_.columns = {Column("id", {TypeId::kInt2}), Column("tags", {TypeId::kText}),
                     Column("region", {TypeId::kText})};
  EXPECT_EQ(Decode(Number(1, 40'000)), "out_of_range: column \"id\" (smallint) cannot hold 40000");
  EXPECT_EQ(Decode(Bytes(8, "a")),
            "type_mismatch: column \"tags\" (text) does not take a repeated field; json does");
  EXPECT_EQ(Decode(Bytes(2, "\xC3")).substr(0, 13), "invalid_utf8:");
  EXPECT_EQ(Decode("\x08"), "malformed_protobuf: the value is no message of its schema");
  EXPECT_EQ(Decode(std::string(1, '\0')), "malformed_protobuf: the value is no message of its schema");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "\xF3\x06";  // groups in groups of field 110
  EXPECT_EQ(Decode(deep).substr(0, 9), "too_deep:");
}

TEST(ProtobufSchemaTest, ImportsAndNestedMessages) {
  const auto schema = ProtobufSchema::Parse(
      R"(syntax = "proto3"; import "base.proto"; message A { message B { b.Base base = 1; } } message C {})",
      {{"base.proto", R"(syntax = "proto3"; package b; message Base { int32 x = 1; })"}});
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_NE((*schema)->At({0, 0}), nullptr);
  EXPECT_NE((*schema)->At({1}), nullptr);
  EXPECT_EQ((*schema)->At({2}), nullptr);
  EXPECT_EQ((*schema)->At({0, -1}), nullptr);
  EXPECT_EQ((*schema)->Named(""), nullptr);
  EXPECT_NE((*schema)->Named("A.B"), nullptr);
  EXPECT_EQ((*schema)->Named("b.Base"), nullptr);
}

TEST(ProtobufSchemaTest, SaysWhatIsWrong) {
  const auto error = [](const std::string& text) {
    return ProtobufSchema::Parse(text, {}).status().message();
  };
  EXPECT_TRUE(error("syntax = \"proto3\";\nmessage A { int32 }").starts_with(
      "the Protobuf schema cannot be used: line 2:"));
  EXPECT_TRUE(error("import \"gone.proto\";").starts_with("the Protobuf schema cannot be used:"));
  EXPECT_EQ(error(std::string(100, '{')), "the Protobuf schema is nested over 64 levels");
}

}  // namespace
}  // namespace decode
