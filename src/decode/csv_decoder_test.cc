#include <gtest/gtest.h>

#include "decode/decode_one.h"

namespace decode {
namespace {

using model::TypeId;

model::SourceSchema Schema() {
  model::SourceSchema schema;
  const auto add = [&](const char* name, model::Type type) {
    model::SourceColumn column;
    column.name = name;
    column.type = type;
    column.path = {name};
    schema.columns.push_back(column);
  };
  add("id", {TypeId::kInt8});
  add("name", {TypeId::kText});
  add("amount", {TypeId::kNumeric, 8, 2});
  add("at", {TypeId::kTimestampTz});
  add("ok", {TypeId::kBool});
  return schema;
}

class CsvDecoderTest : public testing::Test {
 protected:
  std::string Decode(const std::string& value, const std::string& header = "") {
    model::RecordFormat format;
    format.encoding = model::Encoding::kCsv;
    format.csv = options_;
    return DecodeOne(schema_, format, value, header);
  }
  model::SourceSchema schema_ = Schema();
  model::CsvOptions options_;
};

TEST_F(CsvDecoderTest, FieldsGoToColumnsInOrder) {
  EXPECT_EQ(Decode("1,a,2.50,1970-01-01T00:00:01Z,true"), "1|a|250|1000000|1");
  EXPECT_EQ(Decode("-007,\"a,\"\"b\"\"\nc\",+2.505,1000,f\r\n"), "-7|a,\"b\"\nc|251|1000000|0");
  EXPECT_EQ(Decode("1,,,,"), "1|NULL|NULL|NULL|NULL");
  EXPECT_EQ(Decode("1,\"\",,,"), "1||NULL|NULL|NULL");
}

TEST_F(CsvDecoderTest, WhatDoesNotFitIsADeadLetter) {
  EXPECT_EQ(Decode("1,a"), "malformed_csv: the row has 2 fields, not 5");
  EXPECT_EQ(Decode("1,a,1,,true,"), "malformed_csv: the row has 6 fields, not 5");
  EXPECT_EQ(Decode("1,\"a,1,,"),
            "malformed_csv: malformed CSV at byte 3: a quoted field does not end");
  EXPECT_EQ(Decode("1,\"a\"b,1,,"),
            "malformed_csv: malformed CSV at byte 5: a quoted field goes on after its quote");
  EXPECT_EQ(Decode("1,a,1,,t\n2,b,1,,t"),
            "malformed_csv: malformed CSV at byte 8: the record holds more than one row");
  EXPECT_EQ(Decode("x,a,1,,t"), "type_mismatch: column \"id\" (bigint) takes a number, not \"x\"");
  EXPECT_EQ(Decode("1.5,a,1,,t"), "type_mismatch: column \"id\" (bigint) takes integers, not 1.5");
  EXPECT_EQ(Decode("1,a,1234567,,t"),
            "out_of_range: column \"amount\" (numeric(8,2)) cannot hold 1234567");
  EXPECT_EQ(Decode("1,\xC3,1,,t"),
            "invalid_utf8: column \"name\" (text) got bytes that are not UTF-8");
  EXPECT_EQ(Decode("1,a,1,yesterday,t").substr(0, 14), "type_mismatch:");
  EXPECT_EQ(Decode("1,a,1,,maybe").substr(0, 14), "type_mismatch:");
}

TEST_F(CsvDecoderTest, DelimiterQuoteAndNullTextAreOptions) {
  options_.delimiter = '\t';
  options_.quote = '\'';
  options_.null_text = "\\N";
  EXPECT_EQ(Decode("1\t'a\tb'\t\\N\t\\N\tt"), "1|a\tb|NULL|NULL|1");
  EXPECT_EQ(Decode("1\t'\\N'\t1\t\\N\tt"), "1|\\N|100|NULL|1");
}

TEST_F(CsvDecoderTest, AHeaderNamesTheFields) {
  options_.header = true;
  const std::string header = "\xEF\xBB\xBFname,extra,id";
  EXPECT_EQ(Decode("b,ignored,2", header), "2|b|NULL|NULL|NULL");
  EXPECT_EQ(Decode("b,2", header), "malformed_csv: the row has 2 fields, not 3");
  EXPECT_EQ(Decode("b,2", "id,id"), "malformed_csv: the file's header names a field twice");
}

TEST_F(CsvDecoderTest, JsonAndBytesAreChecked) {
  schema_.columns.resize(2);
  schema_.columns[0].type = {TypeId::kJson};
  schema_.columns[1].type = {TypeId::kBytea};
  EXPECT_EQ(Decode("\"{\"\"a\"\":[1]}\",\\x4142"), "{\"a\":[1]}|AB");
  EXPECT_EQ(Decode("7,QUI="), "7|AB");
  for (const char* bad : {"nonsense,", "\"1}\",", "\"1,\"\"a\"\":2\",", "{,"})
    EXPECT_EQ(Decode(bad).substr(0, 14), "type_mismatch:") << bad;
}

}  // namespace
}  // namespace decode
