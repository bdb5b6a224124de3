// What a table's decoder makes of records that delete a row, by encoding.

#include <gtest/gtest.h>

#include <cstring>

#include "decode/decode_one.h"

namespace decode {
namespace {

using model::TypeId;

class TableDecoderTest : public testing::Test {
 protected:
  void Add(const char* name, TypeId type, std::vector<std::string> path, bool in_key = false) {
    model::SourceColumn column;
    column.name = name;
    column.type = {type};
    column.path = std::move(path);
    column.not_null = in_key;
    if (in_key) schema_.primary_key.push_back(static_cast<int>(schema_.columns.size()));
    schema_.columns.push_back(column);
  }
  void AddDeleted() {
    schema_.columns.push_back({"__deleted", model::kBool, false, model::Origin::kDeleted, {}, ""});
  }

  // Of a record without a value.
  std::string Delete(const char* key) {
    auto decoder = MakeDecoder(schema_, format_, {});
    if (!decoder.ok()) return decoder.status().ToString();
    const size_t bytes = key == nullptr ? 0 : std::strlen(key);
    const auto memory = std::make_unique<char[]>(bytes + model::kPadding);
    if (key != nullptr) std::memcpy(memory.get(), key, bytes);
    model::RecordBatch batch;
    batch.records.emplace_back();
    batch.records[0].key = key == nullptr ? nullptr : memory.get();
    batch.records[0].key_bytes = static_cast<uint32_t>(bytes);
    batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1), ""});
    return DecodeBatch(decoder->get(), schema_, batch);
  }
  std::string Code(const char* key) {
    const std::string told = Delete(key);
    return told.substr(0, told.find(':'));
  }
  std::string Decode(const std::string& value) { return DecodeOne(schema_, format_, value); }

  model::SourceSchema schema_;
  model::RecordFormat format_;
};

TEST_F(TableDecoderTest, JsonRowsAreNoDeletions) {
  Add("id", TypeId::kInt8, {"id"}, true);
  Add("name", TypeId::kText, {"name"});
  AddDeleted();
  EXPECT_EQ(Decode(R"({"id":1,"name":"a"})"), "1|a|0");
  EXPECT_EQ(Decode(R"({"id":1})"), "1|NULL|0");
  EXPECT_EQ(Decode(R"({"name":"a"})").substr(0, 8), "not_null");
}

TEST_F(TableDecoderTest, JsonKeysOfOneColumn) {
  Add("name", TypeId::kText, {"name"});
  schema_.columns[0].not_null = true;  // not of the key: a deletion has no value for it
  Add("id", TypeId::kInt8, {"k", "id"}, true);
  AddDeleted();
  EXPECT_EQ(Delete("12"), "NULL|12|1");
  EXPECT_EQ(Delete(R"({"k":{"id":12},"name":5})"), "NULL|12|1");
  EXPECT_EQ(Delete(R"( {"k":{"id":12}})").substr(0, 5), "type_");
  EXPECT_EQ(Code(R"({"k":{}})"), "not_null");
  EXPECT_EQ(Code(R"({"k":12})"), "type_mismatch");
  EXPECT_EQ(Code(R"({"k":{"id":12)"), "malformed_json");
  EXPECT_EQ(Code(R"({"k":{"id":12}} x)"), "malformed_json");
  EXPECT_EQ(Code("x"), "type_mismatch");
  EXPECT_EQ(Code(""), "type_mismatch");
  EXPECT_EQ(Code(nullptr), "tombstone");
}

TEST_F(TableDecoderTest, JsonKeysThatAreText) {
  Add("id", TypeId::kText, {"k", "i\"d"}, true);
  AddDeleted();
  EXPECT_EQ(Delete("plain text"), "plain text|1");
  EXPECT_EQ(Delete(R"("a\"\u0041")"), "a\"A|1");
  EXPECT_EQ(Delete(""), "|1");
  EXPECT_EQ(Code("\"open"), "malformed_json");
  EXPECT_EQ(Code("\xff"), "invalid_utf8");
  EXPECT_EQ(Code("\"\xff\""), "invalid_utf8");
}

TEST_F(TableDecoderTest, JsonKeysOfSeveralColumns) {
  Add("a", TypeId::kInt8, {"a"}, true);
  Add("b", TypeId::kText, {"b"}, true);
  AddDeleted();
  EXPECT_EQ(Delete(R"({"b":"x","a":1})"), "1|x|1");
  EXPECT_EQ(Code(R"({"b":"x"})"), "not_null");
  EXPECT_EQ(Code("1"), "type_mismatch");
  EXPECT_EQ(Code("\"x\""), "type_mismatch");
}

TEST_F(TableDecoderTest, WithoutAKeyATombstoneIsADeadLetter) {
  Add("a", TypeId::kInt8, {"a"});
  EXPECT_EQ(Code("1"), "tombstone");
}

TEST_F(TableDecoderTest, DebeziumDeletesWhatItsBeforeOrKeyNames) {
  Add("id", TypeId::kInt8, {"id"}, true);
  Add("city", TypeId::kText, {"address", "city"});
  AddDeleted();
  format_.debezium = true;
  EXPECT_EQ(Decode(R"({"before":{"id":1},"after":{"id":2,"address":{"city":"x"}},"op":"u"})"),
            "2|x|0");
  EXPECT_EQ(Decode(R"({"before":{"id":1,"address":{"city":"x"}},"after":null,"op":"d"})"),
            "1|NULL|1");
  EXPECT_EQ(Decode(R"({"payload":{"op":"d","before":{"id":1},"after":null}})"), "1|NULL|1");
  EXPECT_EQ(Decode(R"({"op":"d","before":null})").substr(0, 8), "not_null");
  EXPECT_EQ(Decode(R"({"op":"t"})").substr(0, 11), "no_envelope");
  EXPECT_EQ(Decode(R"({"op":"m"})"), "");
  EXPECT_EQ(Delete(R"({"id":7})"), "7|NULL|1");
  EXPECT_EQ(Delete(R"({"schema":{"id":1},"payload":{"id":7}})"), "7|NULL|1");
  EXPECT_EQ(Decode(R"({"before":null,"after":{"id":2},"op":"c"})"), "2|NULL|0");
}

TEST_F(TableDecoderTest, AvroWithoutARegistryHasKeysOfText) {
  Add("id", TypeId::kInt8, {"id"}, true);
  AddDeleted();
  format_.encoding = model::Encoding::kAvro;
  format_.schema = R"({"type":"record","name":"R","fields":[{"name":"id","type":"long"}]})";
  EXPECT_EQ(Decode(std::string(1, '\x06')), "3|0");
  EXPECT_EQ(Delete("12"), "12|1");
  format_.schema = R"("long")";
  EXPECT_EQ(Decode(std::string(1, '\x06')).substr(0, 14), "unknown_schema");
}

TEST_F(TableDecoderTest, ProtobufWithoutARegistryHasKeysOfText) {
  Add("id", TypeId::kInt8, {"id"}, true);
  Add("name", TypeId::kText, {"name"});
  AddDeleted();
  format_.encoding = model::Encoding::kProtobuf;
  format_.schema = "syntax = \"proto3\"; message M { int64 id = 1; string name = 2; }";
  format_.message = "M";
  EXPECT_EQ(Decode("\x08\x03"), "3||0");
  EXPECT_EQ(Delete("12"), "12|NULL|1");
}

}  // namespace
}  // namespace decode
