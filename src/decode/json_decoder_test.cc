#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "decode/decoder.h"
#include "decode/json_number.h"

namespace decode {
namespace {

using model::Origin;
using model::Type;
using model::TypeId;

constexpr int64_t kKafkaTimeMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

model::SourceColumn Value(std::string name, Type type, std::vector<std::string> path = {}) {
  model::SourceColumn column;
  column.name = std::move(name);
  column.type = type;
  column.path = std::move(path);
  return column;
}

model::SourceColumn From(Origin origin, std::string name, Type type, std::vector<std::string> path = {}) {
  model::SourceColumn column = Value(std::move(name), type, std::move(path));
  column.origin = origin;
  return column;
}

Type Numeric(int precision, int scale) {
  return {TypeId::kNumeric, static_cast<uint8_t>(precision), static_cast<uint8_t>(scale)};
}

// A decoder over a schema, with its batch. Documents are copied to a buffer of exactly their size and padding, so that a
// sanitizer sees what is read beyond.
class Decoding {
 public:
  explicit Decoding(model::SourceSchema schema, std::vector<bool> used = {}) : schema_(std::move(schema)) {
    auto decoder = MakeJsonDecoder(schema_, {std::move(used)});
    EXPECT_TRUE(decoder.ok()) << decoder.status().ToString();
    decoder_ = decoder.Take();
    std::vector<Type> types;
    for (const auto& column : schema_.columns) types.push_back(column.type);
    rows_ = std::make_unique<model::ColumnBatch>(types);
  }
  explicit Decoding(std::vector<model::SourceColumn> columns) : Decoding(SchemaOf(std::move(columns))) {}

  static model::SourceSchema SchemaOf(std::vector<model::SourceColumn> columns) {
    model::SourceSchema schema;
    schema.columns = std::move(columns);
    return schema;
  }

  // "" when it became a row, else the reason code.
  std::string Add(std::string_view json) {
    model::RecordView record;
    record.timestamp_ms = kKafkaTimeMs;
    return AddRecord(record, json);
  }
  std::string AddRecord(model::RecordView record, std::optional<std::string_view> json) {
    auto memory = std::make_unique<char[]>(json.value_or("").size() + model::kPadding);
    std::memset(memory.get(), '}', json.value_or("").size() + model::kPadding);
    if (json) {
      std::memcpy(memory.get(), json->data(), json->size());
      record.value = memory.get();
      record.value_bytes = static_cast<uint32_t>(json->size());
    }
    record.offset = next_offset_++;
    model::RecordBatch batch;
    batch.records.push_back(record);
    batch.runs.push_back({model::PartitionId(3), 0, 1, model::Offset(next_offset_)});
    const size_t before = dead_.size();
    decoder_->Decode(batch, batch.runs[0], rows_.get(), &dead_);
    return dead_.size() == before ? "" : dead_.back().reason_code;
  }

  const model::ColumnBatch& rows() const { return *rows_; }
  const model::DeadLetter& last_letter() const { return dead_.back(); }
  const std::vector<model::DeadLetter>& dead() const { return dead_; }
  size_t last() const { return rows_->rows() - 1; }
  bool IsNull(size_t column) const { return rows_->columns()[column].IsNull(last()); }
  template <typename T>
  T Cell(size_t column) const { return rows_->columns()[column].Get<T>(last()); }
  std::string Text(size_t column) const { return std::string(Cell<model::StringCell>(column).View()); }

 private:
  model::SourceSchema schema_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<model::ColumnBatch> rows_;
  std::vector<model::DeadLetter> dead_;
  int64_t next_offset_ = 0;
};

TEST(JsonDecoder, AnOrderBecomesARow) {
  Decoding d({Value("order_id", model::kInt8), Value("region", model::kText), Value("amount", Numeric(12, 2)),
              Value("paid", model::kBool), Value("weight", model::kFloat8), Value("ts", model::kTimestampTz)});
  ASSERT_EQ(d.Add(R"({"order_id":42,"region":"eu-west-with-a-long-name","amount":12.34,"paid":true,"weight":0.5,"ts":1767225600123})"), "");
  EXPECT_EQ(d.Cell<int64_t>(0), 42);
  EXPECT_EQ(d.Text(1), "eu-west-with-a-long-name");
  EXPECT_EQ(d.Cell<int64_t>(2), 1234);
  EXPECT_EQ(d.Cell<uint8_t>(3), 1);
  EXPECT_EQ(d.Cell<double>(4), 0.5);
  EXPECT_EQ(d.Cell<int64_t>(5), 1'767'225'600'123'000);
  EXPECT_EQ(d.rows().partition().Get<int32_t>(0), 3);
  EXPECT_EQ(d.rows().offset().Get<int64_t>(0), 0);
  EXPECT_EQ(d.rows().kafka_time().Get<int64_t>(0), kKafkaTimeMs * 1000);
}

TEST(JsonDecoder, KeysComeInAnyOrderAndThePredictionFollows) {
  Decoding d({Value("a", model::kInt8), Value("b", model::kInt8), Value("a_key_that_is_longer_than_thirty_two_bytes", model::kInt8)});
  const std::vector<std::string> records = {
      R"({"a":1,"b":2,"a_key_that_is_longer_than_thirty_two_bytes":3})",
      R"({"a_key_that_is_longer_than_thirty_two_bytes":3,"b":2,"a":1})",
      R"({"x":[],"b":2,"y":{"a":9},"a":1,"a_key_that_is_longer_than_thirty_two_bytes":3})",
      R"({"b":2,"a":1,"a_key_that_is_longer_than_thirty_two_bytez":7,"a_key_that_is_longer_than_thirty_two_bytes":3})",
      R"({ "b" : 2 , "a" :1,"a_key_that_is_longer_than_thirty_two_bytes" : 3 } )",
      R"({"\u0062":2,"a":1,"a_key_that_is_longer_than_thirty_two_byte\u0073":3})"};
  for (int round = 0; round < 3; ++round) {
    for (const auto& record : records) {
      ASSERT_EQ(d.Add(record), "") << record;
      EXPECT_EQ(d.Cell<int64_t>(0), 1) << record;
      EXPECT_EQ(d.Cell<int64_t>(1), 2) << record;
      EXPECT_EQ(d.Cell<int64_t>(2), 3) << record;
    }
  }
}

TEST(JsonDecoder, ALongExpectedKeyIsNotLookedForBeyondAShortDocument) {
  Decoding d({Value("a", model::kInt8)});
  const std::string key(200, 'k');
  ASSERT_EQ(d.Add("{\"" + key + "\":1}"), "");
  for (size_t length = 0; length <= key.size(); length += 8)
    ASSERT_EQ(d.Add("{\"" + key.substr(0, length) + "\":1}"), "") << length;
  ASSERT_EQ(d.Add("{\"" + key + "\":1}"), "");
}

TEST(JsonDecoder, APrefixOfAnExpectedKeyIsAnotherKey) {
  Decoding d({Value("ab", model::kInt8)});
  ASSERT_EQ(d.Add(R"({"ab":1})"), "");
  ASSERT_EQ(d.Add(R"({"a":1})"), "");
  EXPECT_TRUE(d.IsNull(0));
  ASSERT_EQ(d.Add(R"({"abc":1})"), "");
  EXPECT_TRUE(d.IsNull(0));
  ASSERT_EQ(d.Add(R"({"ab\"":1})"), "");
  EXPECT_TRUE(d.IsNull(0));
}

TEST(JsonDecoder, MissingAndNullFieldsAreNullAndNotNullRefusesThem) {
  auto needed = Value("b", model::kText);
  needed.not_null = true;
  Decoding d({Value("a", model::kInt8), needed});
  EXPECT_EQ(d.Add(R"({"b":"x"})"), "");
  EXPECT_TRUE(d.IsNull(0));
  EXPECT_EQ(d.Add(R"({"a":null,"b":"x"})"), "");
  EXPECT_TRUE(d.IsNull(0));
  EXPECT_EQ(d.Add(R"({"a":1})"), "not_null");
  EXPECT_EQ(d.Add(R"({"a":1,"b":null})"), "not_null");
  EXPECT_EQ(d.last_letter().reason, "column \"b\" (text) is NOT NULL, but the record has no value for it");
  EXPECT_EQ(d.rows().rows(), 2u);
}

TEST(JsonDecoder, NestedPathsShareTheirWay) {
  Decoding d({Value("city", model::kText, {"customer", "address", "city"}), Value("zip", model::kText, {"customer", "address", "zip"}),
              Value("id", model::kInt8, {"customer", "id"}), Value("customer", {TypeId::kJson}), Value("n", model::kInt8)});
  ASSERT_EQ(d.Add(R"({"n":1,"customer":{"id":7,"address":{"zip":"10115","street":"x","city":"Berlin"}}})"), "");
  EXPECT_EQ(d.Text(0), "Berlin");
  EXPECT_EQ(d.Text(1), "10115");
  EXPECT_EQ(d.Cell<int64_t>(2), 7);
  EXPECT_EQ(d.Text(3), R"({"id":7,"address":{"zip":"10115","street":"x","city":"Berlin"}})");
  ASSERT_EQ(d.Add(R"({"n":1,"customer":null})"), "");
  for (size_t column = 0; column < 4; ++column) EXPECT_TRUE(d.IsNull(column));
  ASSERT_EQ(d.Add(R"({"customer":{"address":{}}})"), "");
  EXPECT_TRUE(d.IsNull(0));
  EXPECT_EQ(d.Add(R"({"customer":5})"), "type_mismatch");
  EXPECT_EQ(d.Add(R"({"customer":[{"id":1}]})"), "type_mismatch");
  EXPECT_EQ(d.Add(R"({"customer":{"address":"Berlin"}})"), "type_mismatch");
}

TEST(JsonDecoder, OfARepeatedKeyTheLastCountsWithAllBelowIt) {
  Decoding d({Value("a", model::kInt8), Value("b", model::kText, {"o", "b"}), Value("c", model::kInt8, {"o", "c"})});
  ASSERT_EQ(d.Add(R"({"a":1,"a":null,"a":3})"), "");
  EXPECT_EQ(d.Cell<int64_t>(0), 3);
  ASSERT_EQ(d.Add(R"({"a":1,"a":null})"), "");
  EXPECT_TRUE(d.IsNull(0));
  ASSERT_EQ(d.Add(R"({"o":{"b":"x","c":1},"o":{"c":2}})"), "");
  EXPECT_TRUE(d.IsNull(1));
  EXPECT_EQ(d.Cell<int64_t>(2), 2);
  ASSERT_EQ(d.Add(R"({"o":{"b":"x","c":1},"o":null})"), "");
  EXPECT_TRUE(d.IsNull(2));
}

TEST(JsonDecoder, TwoColumnsMayReadOneField) {
  Decoding d({Value("a", model::kInt8, {"v"}), Value("b", Numeric(10, 3), {"v"}), Value("c", {TypeId::kJson}, {"v"})});
  ASSERT_EQ(d.Add(R"({"v":7})"), "");
  EXPECT_EQ(d.Cell<int64_t>(0), 7);
  EXPECT_EQ(d.Cell<int64_t>(1), 7000);
  EXPECT_EQ(d.Text(2), "7");
}

TEST(JsonDecoder, IntegersAreExactAndInRange) {
  Decoding d({Value("s", {TypeId::kInt2}), Value("i", model::kInt4), Value("l", model::kInt8)});
  ASSERT_EQ(d.Add(R"({"s":-32768,"i":-2147483648,"l":-9223372036854775808})"), "");
  EXPECT_EQ(d.Cell<int16_t>(0), INT16_MIN);
  EXPECT_EQ(d.Cell<int32_t>(1), INT32_MIN);
  EXPECT_EQ(d.Cell<int64_t>(2), INT64_MIN);
  ASSERT_EQ(d.Add(R"({"s":32767,"i":2147483647,"l":9223372036854775807})"), "");
  EXPECT_EQ(d.Cell<int64_t>(2), INT64_MAX);
  ASSERT_EQ(d.Add(R"({"l":-0})"), "");
  EXPECT_EQ(d.Cell<int64_t>(2), 0);
  for (const char* bad : {R"({"s":32768})", R"({"s":-32769})", R"({"i":2147483648})", R"({"l":9223372036854775808})",
                          R"({"l":-9223372036854775809})", R"({"l":18446744073709551617})", R"({"l":123456789012345678901234567890})"})
    EXPECT_EQ(d.Add(bad), "out_of_range") << bad;
  for (const char* bad : {R"({"l":1.0})", R"({"l":1e3})", R"({"l":"1"})", R"({"l":true})", R"({"l":[1]})", R"({"l":{"a":1}})"})
    EXPECT_EQ(d.Add(bad), "type_mismatch") << bad;
}

TEST(JsonDecoder, DecimalsAreReadFromTheirDigitsAndRoundedHalfAwayFromZero) {
  Decoding d({Value("n", Numeric(6, 2))});
  const std::vector<std::pair<const char*, int64_t>> good = {
      {"0", 0},         {"-0", 0},      {"1", 100},          {"12.3", 1230},    {"12.345", 1235},       {"-12.345", -1235},
      {"12.344999", 1234}, {"0.005", 1}, {"-0.005", -1},      {"0.0049999", 0},  {"1e2", 10000},         {"1E-2", 1},
      {"5e-3", 1},      {"4e-3", 0},    {"1.2345e3", 123450}, {"9999.99", 999999}, {"-9999.994", -999999}, {"1e-400", 0},
      {"0e999999999999", 0}, {"1234.5600000000000000000000000000000000000001", 123456},
      {"0.00500000000000000000000000000000000000000000", 1}, {"0.004999999999999999999999999999999999999", 0}};
  for (const auto& [text, value] : good) {
    ASSERT_EQ(d.Add(std::string("{\"n\":") + text + "}"), "") << text;
    EXPECT_EQ(d.Cell<int32_t>(0), value) << text;
  }
  for (const char* bad : {"10000", "-10000", "9999.995", "1e4", "1e400", "123456789012345678901234567890", "1e999999999999"})
    EXPECT_EQ(d.Add(std::string("{\"n\":") + bad + "}"), "out_of_range") << bad;
  EXPECT_EQ(d.Add(R"({"n":"12.3"})"), "type_mismatch");
  EXPECT_EQ(d.last_letter().reason, "column \"n\" (numeric(6,2)) does not take a string (\"12.3\")");
}

TEST(JsonDecoder, DecimalCellsOfEveryWidth) {
  Decoding d({Value("a", Numeric(4, 1)), Value("b", Numeric(9, 0)), Value("c", Numeric(18, 4)), Value("d", Numeric(38, 10))});
  ASSERT_EQ(d.Add(R"({"a":-999.9,"b":999999999,"c":-12345678901234.5678,"d":1234567890123456789012345678.0123456789})"), "");
  EXPECT_EQ(d.Cell<int16_t>(0), -9999);
  EXPECT_EQ(d.Cell<int32_t>(1), 999'999'999);
  EXPECT_EQ(d.Cell<int64_t>(2), -123456789012345678);
  Int128 expected = 0;
  for (const char c : std::string("12345678901234567890123456780123456789")) expected = expected * 10 + (c - '0');
  EXPECT_TRUE(d.Cell<Int128>(3) == expected);
  EXPECT_EQ(d.Add(R"({"d":10000000000000000000000000000})"), "out_of_range");
}

TEST(JsonDecoder, FloatsAreTheNearestAndNeverInfinite) {
  Decoding d({Value("x", model::kFloat8), Value("y", {TypeId::kFloat4})});
  ASSERT_EQ(d.Add(R"({"x":0.1,"y":0.1})"), "");
  EXPECT_EQ(d.Cell<double>(0), 0.1);
  EXPECT_EQ(d.Cell<float>(1), 0.1f);
  ASSERT_EQ(d.Add(R"({"x":-1e308,"y":7})"), "");
  EXPECT_EQ(d.Cell<double>(0), -1e308);
  EXPECT_EQ(d.Add(R"({"x":1e309})"), "out_of_range");
  EXPECT_EQ(d.Add(R"({"y":1e39})"), "out_of_range");
  EXPECT_EQ(d.Add(R"({"x":"NaN"})"), "type_mismatch");
  EXPECT_EQ(d.Add(R"({"x":NaN})"), "malformed_json");
}

TEST(JsonDecoder, TextComesFromStringsOnlyWithItsEscapesResolved) {
  Decoding d({Value("t", model::kText)});
  ASSERT_EQ(d.Add(R"({"t":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00 Ω"})"), "");
  EXPECT_EQ(d.Text(0), "\"\\/\b\f\n\r\té€😀 Ω");
  ASSERT_EQ(d.Add(R"({"t":""})"), "");
  EXPECT_EQ(d.Text(0), "");
  for (size_t length = 0; length <= 40; ++length) {  // around the sizes of inline cells and wide compares
    const std::string text(length, 'x');
    ASSERT_EQ(d.Add("{\"t\":\"" + text + "\"}"), "");
    EXPECT_EQ(d.Text(0), text);
    ASSERT_EQ(d.Add("{\"t\":\"" + text + "\\n\"}"), "");
    EXPECT_EQ(d.Text(0), text + "\n");
  }
  EXPECT_EQ(d.Add(R"({"t":5})"), "type_mismatch");
  EXPECT_EQ(d.Add(R"({"t":false})"), "type_mismatch");
  EXPECT_EQ(d.Add(R"({"t":"a\u0000b"})"), "nul_character");
  for (const char* half : {R"({"t":"\ud83d"})", R"({"t":"\ud83dx"})", R"({"t":"\ude00"})", R"({"t":"\ud83d\u0041"})"})
    EXPECT_EQ(d.Add(half), "invalid_utf8") << half;
  for (const char* bad : {R"({"t":"\x"})", R"({"t":"\u12"})", R"({"t":"\u12g4"})", R"({"t":"\ud83d\u00"})", R"({"t":"\U0041"})"})
    EXPECT_EQ(d.Add(bad), "malformed_json") << bad;
}

TEST(JsonDecoder, TimesFromTextAndNumbers) {
  Decoding d({Value("t", model::kTimestampTz), Value("u", {TypeId::kTimestamp}), Value("d", {TypeId::kDate})});
  ASSERT_EQ(d.Add(R"({"t":"2026-01-01T02:00:00.5+02:00","u":"2026-01-01 00:00:00","d":"2026-01-01"})"), "");
  EXPECT_EQ(d.Cell<int64_t>(0), kKafkaTimeMs * 1000 + 500'000);
  EXPECT_EQ(d.Cell<int64_t>(1), kKafkaTimeMs * 1000);
  EXPECT_EQ(d.Cell<int32_t>(2), 20454);
  ASSERT_EQ(d.Add(R"({"t":1767225600000.25,"u":-1,"d":-1})"), "");
  EXPECT_EQ(d.Cell<int64_t>(0), kKafkaTimeMs * 1000 + 250);
  EXPECT_EQ(d.Cell<int64_t>(1), -1000);
  EXPECT_EQ(d.Cell<int32_t>(2), -1);
  for (const char* bad : {R"({"t":"yesterday"})", R"({"t":"2026-02-30T00:00:00Z"})", R"({"t":"2026-01-01"})", R"({"d":"2026-1-1"})",
                          R"({"d":"2026-01-01T00:00:00Z"})", R"({"t":true})"})
    EXPECT_EQ(d.Add(bad), "type_mismatch") << bad;
  EXPECT_EQ(d.Add(R"({"t":1767225600000000})"), "out_of_range");  // microseconds where milliseconds are declared
}

TEST(JsonDecoder, NumbersAreTimesInTheDeclaredUnit) {
  for (const auto& [unit, number] : std::vector<std::pair<model::TimeUnit, const char*>>{
           {model::TimeUnit::kSeconds, "1767225600.000001"},
           {model::TimeUnit::kMilliseconds, "1767225600000.001"},
           {model::TimeUnit::kMicroseconds, "1767225600000001"},
           {model::TimeUnit::kNanoseconds, "1767225600000000500"}}) {
    auto schema = Decoding::SchemaOf({Value("t", model::kTimestampTz)});
    schema.timestamp_unit = unit;
    Decoding d(schema);
    ASSERT_EQ(d.Add(std::string("{\"t\":") + number + "}"), "");
    EXPECT_EQ(d.Cell<int64_t>(0), kKafkaTimeMs * 1000 + 1) << number;
  }
}

TEST(JsonDecoder, JsonColumnsKeepTheTextOfTheValue) {
  Decoding d({Value("j", {TypeId::kJson}), Value("b", {TypeId::kJsonb})});
  for (const char* json : {R"({ "a" : [1, 2.50, {"x":null}] })", R"([])", R"("te\u00e9xt")", "12.50", "-1e5", "true", "false"}) {
    ASSERT_EQ(d.Add(std::string("{\"j\": ") + json + " ,\"b\":" + json + "}"), "") << json;
    EXPECT_EQ(d.Text(0), json);
    EXPECT_EQ(d.Text(1), json);
  }
  ASSERT_EQ(d.Add(R"({"j":null})"), "");
  EXPECT_TRUE(d.IsNull(0));
  EXPECT_EQ(d.Add(R"({"j":"\u0000"})"), "");
  EXPECT_EQ(d.Add(R"({"b":"\\u0000"})"), "");
  EXPECT_EQ(d.Add(R"({"b":["\u0000"]})"), "nul_character");
  EXPECT_EQ(d.Add(R"({"j":[1,]})"), "malformed_json");
  EXPECT_EQ(d.Add(R"({"j":tru})"), "malformed_json");
}

TEST(JsonDecoder, BytesAreBase64) {
  Decoding d({Value("b", {TypeId::kBytea})});
  for (const auto& [text, bytes] : std::vector<std::pair<const char*, std::string>>{
           {"", ""}, {"AA==", std::string(1, '\0')}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYmFyZm9vYmFyZm9v", "foobarfoobarfoo"},
           {"+\\/8A", std::string("\xfb\xff\0", 3)}}) {
    ASSERT_EQ(d.Add(std::string("{\"b\":\"") + text + "\"}"), "") << text;
    EXPECT_EQ(d.Text(0), bytes);
  }
  for (const char* bad : {"A", "AA", "AA=", "AB==", "A===", "Zm9v ", "Zm_v", "=AAA"})
    EXPECT_EQ(d.Add(std::string("{\"b\":\"") + bad + "\"}"), "type_mismatch") << bad;
}

// Whether a record is JSON does not depend on which fields are used.
TEST(JsonDecoder, WhatIsSkippedIsCheckedToTheLastByte) {
  Decoding d({Value("a", model::kInt8)});
  for (const char* good : {"{}", " { } ", "{\"a\":1}\n", "{\"x\":[[],{},[{}],\"\",0,-0.5e+10,null,true,false]}", "\xEF\xBB\xBF{}"})
    EXPECT_EQ(d.Add(good), "") << good;
  for (const char* bad : {
           "", " ", "{", "}", "{}}", "{}{}", "{} x", "{}1", "{\"a\":1", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{a:1}",
           "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"x\":[1 2]}", "{\"x\":[1,]}", "{\"x\":[,1]}", "{\"x\":[}", "{\"x\":]}",
           "{\"x\":[1}", "{\"x\":{\"y\":1]}", "{\"x\":{\"y\":1}", "{\"x\":[[1]}", "{\"x\":01}", "{\"x\":-}", "{\"x\":+1}", "{\"x\":1.}",
           "{\"x\":.5}", "{\"x\":1e}", "{\"x\":1e+}", "{\"x\":0x10}", "{\"x\":1a}", "{\"x\":--1}", "{\"x\":nul}", "{\"x\":nulls}",
           "{\"x\":True}", "{\"x\":tr ue}", "{\"x\":\"a\"b}", "{\"x\":\"\\q\"}", "{\"x\":\"\\u00g0\"}", "{\"x\":\"\\\"}", "{\"x\":\"a\nb\"}",
           "{\"x\":\"a}", "{\"\\q\":1}", "{1:1}", "{null:1}", "{\"x\":1,\"y\"}", "{\"x\":{}1}", "{\"a\":1}\"", "{\"x\":1\x0c}", "{\"x\":/**/1}",
           "nope", "{\"x\":Infinity}", "{\"a\":1}\x01"})
    EXPECT_EQ(d.Add(bad), "malformed_json") << bad;
  EXPECT_EQ(d.Add(std::string_view("{}\0", 3)), "malformed_json");
  EXPECT_EQ(d.Add(std::string_view("{\"x\":\"\0\"}", 9)), "malformed_json");
  for (const char* other : {"[]", "[{\"a\":1}]", "\"text\""}) EXPECT_EQ(d.Add(other), "type_mismatch") << other;
}

TEST(JsonDecoder, MalformedJsonNamesTheByte) {
  Decoding d({Value("a", model::kInt8)});
  EXPECT_EQ(d.Add(R"({"a":1,"b":[1,,2]})"), "malformed_json");
  EXPECT_EQ(d.last_letter().reason, "malformed JSON at byte 14");
  EXPECT_EQ(d.Add(R"({"a":1x})"), "malformed_json");
  EXPECT_EQ(d.last_letter().reason, "malformed JSON at byte 5");
}

TEST(JsonDecoder, InvalidUtf8AnywhereIsADeadLetter) {
  Decoding d({Value("a", model::kText)});
  for (const char* bad : {"{\"a\":\"\xff\"}", "{\"b\":\"\xc3\"}", "{\"\x80\":1}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\x80\"}",
                          "{\"a\":\"\xf4\x90\x80\x80\"}"})
    EXPECT_EQ(d.Add(bad), "invalid_utf8") << bad;
  EXPECT_EQ(d.Add("{\"a\":\"\xf4\x8f\xbf\xbf\"}"), "");
}

TEST(JsonDecoder, DepthAndSizeHaveLimits) {
  Decoding d({Value("a", model::kInt8), Value("j", {TypeId::kJson})});
  const auto nested = [](int levels, const char* open, const char* close, const char* key) {
    std::string json = std::string("{\"") + key + "\":";
    for (int i = 0; i < levels; ++i) json += open;
    json += "1";
    for (int i = 0; i < levels; ++i) json += close;
    return json + "}";
  };
  for (const char* key : {"x", "j"}) {
    EXPECT_EQ(d.Add(nested(63, "[", "]", key)), "");
    EXPECT_EQ(d.Add(nested(64, "[", "]", key)), "too_deep");
    EXPECT_EQ(d.Add(nested(63, "{\"k\":", "}", key)), "");
    EXPECT_EQ(d.Add(nested(64, "{\"k\":", "}", key)), "too_deep");
    EXPECT_EQ(d.Add(nested(100'000, "[", "]", key)), "too_deep");
  }
  std::string large = "{\"x\":\"" + std::string((16 << 20) - 8, 'x') + "\"}";
  ASSERT_EQ(large.size(), size_t{16} << 20);
  EXPECT_EQ(d.Add(large), "");
  EXPECT_EQ(d.Add(large + " "), "too_large");
  EXPECT_EQ(d.last_letter().value.size(), model::DeadLetter::kMaxBytes);
  EXPECT_EQ(d.Add(R"({"a":1})"), "");
}

TEST(JsonDecoder, TombstonesAreDeadLettersOrSkipped) {
  auto schema = Decoding::SchemaOf({Value("a", model::kInt8)});
  Decoding strict(schema);
  model::RecordView record;
  record.key = "key";
  record.key_bytes = 3;
  EXPECT_EQ(strict.AddRecord(record, std::nullopt), "tombstone");
  EXPECT_EQ(strict.last_letter().key, "key");
  EXPECT_FALSE(strict.last_letter().key_null);
  EXPECT_TRUE(strict.last_letter().value_null);
  schema.tombstone_is_dead_letter = false;
  Decoding lenient(schema);
  EXPECT_EQ(lenient.AddRecord(record, std::nullopt), "");
  EXPECT_EQ(lenient.rows().rows(), 0u);
}

TEST(JsonDecoder, DeadLettersCarryTheRecordAsItCame) {
  Decoding d({Value("a", model::kInt8)});
  model::RecordView record;
  record.timestamp_ms = 123;
  record.key = "\xff\x00k";
  record.key_bytes = 3;
  EXPECT_EQ(d.AddRecord(record, std::string_view("{\"a\":\xfe\0}", 8)), "invalid_utf8");
  const auto& letter = d.last_letter();
  EXPECT_EQ(letter.partition.value, 3);
  EXPECT_EQ(letter.offset.value, 0);
  EXPECT_EQ(letter.timestamp_ms, 123);
  EXPECT_EQ(letter.key, std::string("\xff\x00k", 3));
  EXPECT_EQ(letter.value, std::string("{\"a\":\xfe\0}", 8));
  EXPECT_FALSE(letter.value_null);
}

TEST(JsonDecoder, AFailedRecordLeavesNothingBehind) {
  Decoding d({Value("a", model::kInt8), Value("b", model::kText), Value("c", model::kInt8)});
  ASSERT_EQ(d.Add(R"({"a":1,"b":"one","c":1})"), "");
  ASSERT_EQ(d.Add(R"({"a":2,"b":null,"c":"no"})"), "type_mismatch");
  ASSERT_EQ(d.Add(R"({"a":3,"b":"three"})"), "");
  ASSERT_EQ(d.rows().rows(), 2u);
  for (const auto& column : d.rows().columns()) EXPECT_EQ(column.size(), 2u);
  EXPECT_EQ(d.Cell<int64_t>(0), 3);
  EXPECT_EQ(d.Text(1), "three");
  EXPECT_TRUE(d.IsNull(2));
  EXPECT_EQ(d.rows().offset().Get<int64_t>(1), 2);
}

TEST(JsonDecoder, RecordFieldsBesideTheValue) {
  Decoding d({Value("a", model::kInt8), From(Origin::kKey, "k", model::kText), From(Origin::kPartition, "p", model::kInt4),
              From(Origin::kOffset, "o", model::kInt8), From(Origin::kTimestamp, "ts", model::kTimestampTz),
              From(Origin::kHeader, "trace", model::kText, {"trace"}), From(Origin::kKey, "raw", {TypeId::kBytea})});
  // Three headers: trace=one, x=null, trace=two; lengths are zigzag varints.
  const std::string headers("\x06\x0atrace\x06one\x02x\x01\x0atrace\x06two", 25);
  model::RecordView record;
  record.timestamp_ms = 5;
  record.key = "key-of-more-than-twelve";
  record.key_bytes = 23;
  record.headers = headers.data();
  record.headers_bytes = static_cast<uint32_t>(headers.size());
  ASSERT_EQ(d.AddRecord(record, R"({"a":1,"k":"not the key"})"), "");
  EXPECT_EQ(d.Text(1), "key-of-more-than-twelve");
  EXPECT_EQ(d.Cell<int32_t>(2), 3);
  EXPECT_EQ(d.Cell<int64_t>(3), 0);
  EXPECT_EQ(d.Cell<int64_t>(4), 5000);
  EXPECT_EQ(d.Text(5), "two");
  ASSERT_EQ(d.AddRecord({}, "{}"), "");
  for (size_t column : {1, 4, 5, 6}) EXPECT_TRUE(d.IsNull(column)) << column;
  EXPECT_TRUE(d.rows().kafka_time().IsNull(d.last()));
  record.key = "\xff";
  record.key_bytes = 1;
  EXPECT_EQ(d.AddRecord(record, "{}"), "invalid_utf8");
  for (uint32_t cut = 0; cut < headers.size(); ++cut) {  // cut headers are never read past their end
    model::RecordView short_record;
    auto exact = std::make_unique<char[]>(cut);
    std::memcpy(exact.get(), headers.data(), cut);
    short_record.headers = exact.get();
    short_record.headers_bytes = cut;
    EXPECT_EQ(d.AddRecord(short_record, "{}"), "");
  }
}

TEST(JsonDecoder, EventTimeRules) {
  auto schema = Decoding::SchemaOf({Value("ts", model::kTimestampTz)});
  schema.event_time = 0;
  schema.max_future_us = 60'000'000;
  Decoding d(schema);
  EXPECT_EQ(d.Add("{\"ts\":" + std::to_string(kKafkaTimeMs + 60'000) + "}"), "");
  EXPECT_EQ(d.Add("{\"ts\":" + std::to_string(kKafkaTimeMs + 60'001) + "}"), "event_time_future");
  EXPECT_EQ(d.Add(R"({"ts":0})"), "");
  EXPECT_EQ(d.Add(R"({"ts":null})"), "event_time_null");
  EXPECT_EQ(d.Add("{}"), "event_time_null");
  EXPECT_EQ(d.AddRecord({}, R"({"ts":"9999-12-31T23:59:59Z"})"), "") << "without a Kafka timestamp nothing is too far ahead";
  model::RecordView absurd;
  absurd.timestamp_ms = INT64_MAX;
  EXPECT_EQ(d.AddRecord(absurd, R"({"ts":0})"), "");
  EXPECT_TRUE(d.rows().kafka_time().IsNull(d.last()));
}

TEST(JsonDecoder, GeneratedAndUnusedColumnsAreLeftAlone) {
  auto needed = Value("needed", model::kInt8);
  needed.not_null = true;
  auto schema = Decoding::SchemaOf({Value("a", model::kInt8), Value("unused", model::kInt8), From(Origin::kGenerated, "g", model::kInt8),
                                    needed, Value("ts", model::kTimestampTz)});
  schema.event_time = 4;
  Decoding d(schema, {true, false, true, false, false});
  ASSERT_EQ(d.Add(R"({"a":1,"unused":"not even a number","g":5,"needed":2,"ts":0})"), "");
  EXPECT_EQ(d.rows().columns()[0].size(), 1u);
  EXPECT_EQ(d.rows().columns()[1].size(), 0u);
  EXPECT_EQ(d.rows().columns()[2].size(), 0u);
  EXPECT_EQ(d.rows().columns()[3].size(), 1u);
  EXPECT_EQ(d.Add(R"({"a":1,"ts":0})"), "not_null");
  EXPECT_EQ(d.Add(R"({"a":1,"needed":2})"), "event_time_null");
}

TEST(JsonDecoder, TypesThatJsonCannotFillAreRefused) {
  for (const Type type : {Type{TypeId::kInterval}, Type{TypeId::kUuid}, model::kNumeric, Type{.id = TypeId::kInt8, .array = true}})
    EXPECT_EQ(MakeJsonDecoder(Decoding::SchemaOf({Value("x", type)}), {}).status().code(), base::Code::kUnsupported) << NameOf(type);
  EXPECT_FALSE(MakeJsonDecoder(Decoding::SchemaOf({From(Origin::kKey, "k", model::kInt8)}), {}).ok());
  EXPECT_FALSE(MakeJsonDecoder(Decoding::SchemaOf({From(Origin::kHeader, "h", model::kText)}), {}).ok());
}

// The second record of a shape may be read the straight way; the first never is.
TEST(JsonDecoder, TheSecondRecordOfAShapeReadsLikeTheFirst) {
  const auto columns = [] {
    return std::vector<model::SourceColumn>{
        Value("a", model::kInt8), Value("b", model::kText), Value("c", Numeric(12, 2)), Value("d", model::kBool),
        Value("t", model::kTimestampTz), Value("p", {TypeId::kInt4}, {"o", "p"}), Value("q", model::kText, {"o", "q"})};
  };
  const char* documents[] = {
      R"({"a":1,"b":"x","c":1.5,"d":true,"t":1767225600123,"o":{"p":1,"q":"y"}})",
      R"({"a":-9223372036854775808,"b":"twelve chars and more","c":-0.01,"d":false,"t":"2026-01-01T00:00:00Z"})",
      R"({"a":9223372036854775808})", R"({"a":null,"b":null,"d":null,"o":null})", R"({"b":"a\"b","a":1})",
      R"({"b":"ä","a":1})", R"({"b":"a\\","a":1})", R"({"b":"","a":0})", R"({ "a":1})", R"({"a" :1})", R"({"a": 1})",
      R"({"a":1 ,"b":"x"})", R"({"a":1,"a":2})", R"({"o":{"p":1},"o":{"q":"z"}})", R"({"o":{"p":1,"q":"z"},"o":{"q":"z"}})",
      R"({"o":{"p":1},"o":null})", R"({"o":5})", R"({"o":{}})", R"({"a":01})", R"({"a":1.})", R"({"a":-})", R"({"a":1e3})",
      R"({"c":1e3})", R"({"c":99999999999})", R"({"d":tru})", R"({"d":truex})", R"({"d":1})", R"({"a":true})", R"({"a":"1"})",
      R"({"a":1}})", R"({"a":1,})", R"({"a":1"b":2})", R"({"a"1})", R"({"a":1]})", R"({"b":"x})", R"({"b":"x"x})",
      R"({"unknown":[1,2],"a":1})", R"({"unknown":{"a":5},"a":1})", R"({"unknown":"\x","a":1})", R"({"unknown":01,"a":1})",
      R"({"unknown":nul,"a":1})", R"({"unknown":"\u00e4","a":1})", "{\"b\":\"a\tb\",\"a\":1}", "{\"b\":\"\x80\",\"a\":1}",
      R"({"t":9e18})", R"({"a":1,"b":"x"} )", R"({"a":1,"b":"x"}x)"};
  for (const std::string document : documents) {
    Decoding d(columns());
    const std::string first = d.Add(document);
    const std::string why = first.empty() ? "" : d.last_letter().reason;
    ASSERT_EQ(d.Add(document), first) << document;
    if (!first.empty()) {
      EXPECT_EQ(d.last_letter().reason, why) << document;
      continue;
    }
    for (const auto& column : d.rows().columns()) {
      ASSERT_EQ(column.size(), 2u) << document;
      ASSERT_EQ(column.IsNull(0), column.IsNull(1)) << document;
      if (column.IsNull(0)) continue;
      if (column.type().id == TypeId::kText)
        EXPECT_EQ(column.Get<model::StringCell>(0).View(), column.Get<model::StringCell>(1).View()) << document;
      else EXPECT_EQ(std::memcmp(column.data(), column.data() + column.width(), column.width()), 0) << document;
    }
  }
}

// Learned from different records: o twice at the top, p and q below.
TEST(JsonDecoder, ARepeatedObjectCountsOnceTheStraightWayToo) {
  Decoding d({Value("p", {TypeId::kInt4}, {"o", "p"}), Value("q", {TypeId::kInt4}, {"o", "q"})});
  ASSERT_EQ(d.Add(R"({"o":{"p":1},"o":{"p":1,"q":2}})"), "");
  ASSERT_EQ(d.Add(R"({"o":{"p":1},"o":{"q":2}})"), "");
  EXPECT_TRUE(d.IsNull(0));
  EXPECT_EQ(d.Cell<int32_t>(1), 2);
}

}  // namespace
}  // namespace decode
