#include <gtest/gtest.h>

#include "decode/decode_one.h"

namespace decode {
namespace {

class DebeziumTest : public testing::Test {
 protected:
  DebeziumTest() {
    const auto add = [&](const char* name, model::TypeId type, std::vector<std::string> path) {
      model::SourceColumn column;
      column.name = name;
      column.type = {type};
      column.path = std::move(path);
      schema_.columns.push_back(column);
    };
    add("id", model::TypeId::kInt8, {"id"});
    add("city", model::TypeId::kText, {"address", "city"});
    schema_.columns[0].not_null = true;
    schema_.tombstone_is_dead_letter = false;
    format_.debezium = true;
  }
  std::string Decode(const std::string& value) { return DecodeOne(schema_, format_, value); }
  model::SourceSchema schema_;
  model::RecordFormat format_;
};

TEST_F(DebeziumTest, ChangesThatLeaveARowAreOne) {
  for (const char* operation : {"c", "r", "u"})
    EXPECT_EQ(Decode(R"({"before":{"id":1},"after":{"id":2,"address":{"city":"x"}},"op":")" +
                     std::string(operation) + R"(","ts_ms":1})"),
              "2|x");
  EXPECT_EQ(Decode(R"({"schema":{"op":"d"},"payload":{"op":"c","before":null,"after":{"id":3}}})"),
            "3|NULL");
}

TEST_F(DebeziumTest, OthersLeaveNone) {
  EXPECT_EQ(Decode(R"({"before":{"id":1},"after":null,"op":"d"})"), "");
  EXPECT_EQ(Decode(R"({"payload":{"before":{"id":1},"after":null,"op":"d"}})"), "");
  EXPECT_EQ(Decode(R"({"op":"t"})"), "");
}

TEST_F(DebeziumTest, WhatIsNoEventIsADeadLetter) {
  EXPECT_EQ(Decode(R"({"id":1})").substr(0, 12), "no_envelope:");
  EXPECT_EQ(Decode(R"({"op":"x","after":{"id":1}})").substr(0, 12), "no_envelope:");
  EXPECT_EQ(Decode(R"({"op":1,"after":{"id":1}})").substr(0, 12), "no_envelope:");
  EXPECT_EQ(Decode(R"({"op":"c","after":null})").substr(0, 9), "not_null:");
  EXPECT_EQ(Decode(R"({"op":"c","after":5})").substr(0, 14), "type_mismatch:");
  EXPECT_EQ(Decode(R"({"op":"c","after":{"id":1})").substr(0, 15), "malformed_json:");
  EXPECT_EQ(Decode(R"({"op":"c" "after":{"id":1}})").substr(0, 15), "malformed_json:");
}

}  // namespace
}  // namespace decode
