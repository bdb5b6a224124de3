// Text and bytes that a PostgreSQL 15.20 gave for the same values (its ::text and its *_send
// functions).
#include "pgwire/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pgwire/cell_value.h"

namespace pgwire {
namespace {

using model::CellKind;
using model::ColumnView;
using model::TypeId;

std::string Hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

// The bytes of the only cell of a row, without its length.
base::Result<std::string> Cell(model::Type type, const ColumnView& column, Format format,
                               const TextStyle& style = {}) {
  RowEncoder encoder({{"c", type}}, {format}, style);
  model::ChunkView chunk{1, {column}};
  WriteBuffer out;
  const auto rows = encoder.Encode(chunk, 0, 1, SIZE_MAX, &out);
  if (!rows.ok()) {
    EXPECT_EQ(out.size(), 0u) << "a failed row leaves nothing";
    return rows.status();
  }
  MessageReader reader(out.view());
  EXPECT_EQ(reader.Byte(), 'D');
  EXPECT_EQ(reader.Uint32(), out.size() - 1);
  EXPECT_EQ(reader.Int16(), 1);
  const int32_t length = reader.Int32();
  if (length == -1) return std::string("<NULL>");
  std::string cell(reader.Bytes(static_cast<size_t>(length)));
  EXPECT_TRUE(reader.Finished());
  return cell;
}

template <typename T>
ColumnView One(CellKind kind, const T& value) {
  ColumnView column;
  column.kind = kind;
  column.data = &value;
  return column;
}

template <typename T>
void Expect(TypeId type, CellKind kind, T value, const char* text, const char* hex) {
  const ColumnView column = One(kind, value);
  EXPECT_EQ(*Cell({type}, column, Format::kText), text);
  EXPECT_EQ(Hex(*Cell({type}, column, Format::kBinary)), hex) << text;
}

TEST(Encode, Float8) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::pair<double, std::pair<const char*, const char*>> vectors[] = {
      {0.0, {"0", "0000000000000000"}},
      {-0.0, {"-0", "8000000000000000"}},
      {1, {"1", "3ff0000000000000"}},
      {0.1, {"0.1", "3fb999999999999a"}},
      {100, {"100", "4059000000000000"}},
      {123456789012345, {"123456789012345", "42dc12218377de40"}},
      {1234567890123456, {"1.234567890123456e+15", "43118b54f22aeb00"}},
      {1e14, {"100000000000000", "42d6bcc41e900000"}},
      {1e15, {"1e+15", "430c6bf526340000"}},
      {999999999999999, {"999999999999999", "430c6bf52633fff8"}},
      {1e-4, {"0.0001", "3f1a36e2eb1c432d"}},
      {1e-5, {"1e-05", "3ee4f8b588e368f1"}},
      {0.00012345, {"0.00012345", "3f202e4b6ce5dc68"}},
      {1.7976931348623157e308, {"1.7976931348623157e+308", "7fefffffffffffff"}},
      {5e-324, {"5e-324", "0000000000000001"}},
      {123456.789, {"123456.789", "40fe240c9fbe76c9"}},
      {9007199254740993.0, {"9.007199254740992e+15", "4340000000000000"}},
      {0.30000000000000004, {"0.30000000000000004", "3fd3333333333334"}},
      {std::nan(""), {"NaN", "7ff8000000000000"}},
      {kInf, {"Infinity", "7ff0000000000000"}},
      {-kInf, {"-Infinity", "fff0000000000000"}},
  };
  for (const auto& [value, expected] : vectors)
    Expect(TypeId::kFloat8, CellKind::kDouble, value, expected.first, expected.second);
}

TEST(Encode, Float4) {
  Expect(TypeId::kFloat4, CellKind::kFloat, 0.1f, "0.1", "3dcccccd");
  Expect(TypeId::kFloat4, CellKind::kFloat, 999999.0f, "999999", "497423f0");
  Expect(TypeId::kFloat4, CellKind::kFloat, 1e6f, "1e+06", "49742400");
  Expect(TypeId::kFloat4, CellKind::kFloat, 1e-45f, "1e-45", "00000001");
  Expect(TypeId::kFloat4, CellKind::kFloat, 3.4028235e38f, "3.4028235e+38", "7f7fffff");
}

TEST(Encode, ExtraFloatDigitsRound) {
  TextStyle style;
  const double tenth_ish = 0.30000000000000004, big = 1e15, long_one = 123456789.123456789;
  style.extra_float_digits = 0;
  EXPECT_EQ(*Cell(model::kFloat8, One(CellKind::kDouble, tenth_ish), Format::kText, style), "0.3");
  EXPECT_EQ(*Cell(model::kFloat8, One(CellKind::kDouble, big), Format::kText, style), "1e+15");
  EXPECT_EQ(*Cell(model::kFloat8, One(CellKind::kDouble, long_one), Format::kText, style),
            "123456789.123457");
  style.extra_float_digits = -15;
  const double other = 12345.678;
  EXPECT_EQ(*Cell(model::kFloat8, One(CellKind::kDouble, other), Format::kText, style), "1e+04");
}

TEST(Encode, Integers) {
  Expect(TypeId::kInt8, CellKind::kInt64, INT64_MIN, "-9223372036854775808", "8000000000000000");
  Expect(TypeId::kInt4, CellKind::kInt32, int32_t{-5}, "-5", "fffffffb");
  Expect(TypeId::kInt2, CellKind::kInt16, int16_t{300}, "300", "012c");
  Expect(TypeId::kInt4, CellKind::kUInt8, uint8_t{200}, "200", "000000c8");
  Expect(TypeId::kInt8, CellKind::kInt32, int32_t{-1}, "-1", "ffffffffffffffff");
  Expect(TypeId::kOid, CellKind::kInt64, int64_t{4294967295}, "4294967295", "ffffffff");
  Expect(TypeId::kInt4, CellKind::kInt64, int64_t{42}, "42", "0000002a");
}

TEST(Encode, ValuesOutsideTheirDeclaredTypeAreErrors) {
  const int64_t big = int64_t{1} << 40;
  const uint64_t bigger = UINT64_MAX;
  for (Format format : {Format::kText, Format::kBinary}) {
    EXPECT_EQ(Cell(model::kInt4, One(CellKind::kInt64, big), format).status().sqlstate(), "22003");
    EXPECT_EQ(Cell({TypeId::kInt2}, One(CellKind::kInt64, big), format).status().sqlstate(),
              "22003");
    EXPECT_EQ(Cell(model::kInt8, One(CellKind::kUInt64, bigger), format).status().sqlstate(),
              "22003");
  }
  EXPECT_EQ(
      Cell({TypeId::kOid}, One(CellKind::kUInt64, bigger), Format::kBinary).status().sqlstate(),
      "22003");
}

TEST(Encode, TypesAndMemoryThatDoNotGoTogetherAreOurError) {
  const int64_t number = 1;
  EXPECT_EQ(Cell(model::kBool, One(CellKind::kInt64, number), Format::kText).status().code(),
            base::Code::kInternal);
  EXPECT_EQ(Cell({TypeId::kUuid}, One(CellKind::kInt64, number), Format::kBinary).status().code(),
            base::Code::kInternal);
}

struct Decimal {
  Int128 unscaled;
  uint8_t scale;
  const char* text;
  const char* hex;
};

TEST(Encode, Numeric) {
  const Decimal vectors[] = {
      {0, 0, "0", "0000000000000000"},
      {0, 2, "0.00", "0000000000000002"},
      {1, 0, "1", "00010000000000000001"},
      {-1, 0, "-1", "00010000400000000001"},
      {10000, 0, "10000", "00010001000000000001"},
      {9999, 0, "9999", "0001000000000000270f"},
      {1, 1, "0.1", "0001ffff0000000103e8"},
      {-5, 2, "-0.05", "0001ffff4000000201f4"},
      {1230, 2, "12.30", "0002000000000002000c0bb8"},
      {1, 4, "0.0001", "0001ffff000000040001"},
      {1, 5, "0.00001", "0001fffe0000000503e8"},
      {100000001, 4, "10000.0001", "0003000100000004000100000001"},
      {123456789123456789, 9, "123456789.123456789", "0006000200000009000109291a8504d2162e2328"},
  };
  for (const Decimal& v : vectors) {
    ColumnView column = One(CellKind::kDecimal, v.unscaled);
    column.cell_bytes = 16;
    column.scale = v.scale;
    EXPECT_EQ(*Cell(model::kNumeric, column, Format::kText), v.text);
    EXPECT_EQ(Hex(*Cell(model::kNumeric, column, Format::kBinary)), v.hex) << v.text;
  }
  const int16_t small = -123;
  ColumnView column = One(CellKind::kDecimal, small);
  column.cell_bytes = 2;
  column.scale = 2;
  EXPECT_EQ(*Cell(model::kNumeric, column, Format::kText), "-1.23");
  EXPECT_EQ(*Cell(model::kFloat8, column, Format::kText), "-1.23");
  Int128 huge = 0;
  for (char c : std::string_view("12345678901234567890123456789012345678"))
    huge = huge * 10 + (c - '0');
  EXPECT_EQ(*Cell(model::kNumeric, One(CellKind::kHugeInt, huge), Format::kText),
            "12345678901234567890123456789012345678");
  EXPECT_EQ(Hex(*Cell(model::kNumeric, One(CellKind::kHugeInt, huge), Format::kBinary)),
            "000a000900000000000c0d801ed204d2162e23340d801ed204d2162e");
}

TEST(Encode, NumericFromADoubleHasNoExponent) {
  const double tiny = 1.5e-7, large = 1e20, not_a_number = std::nan(""),
               largest = 1.7976931348623157e308;
  EXPECT_EQ(*Cell(model::kNumeric, One(CellKind::kDouble, tiny), Format::kText), "0.00000015");
  EXPECT_EQ(*Cell(model::kNumeric, One(CellKind::kDouble, large), Format::kText),
            "100000000000000000000");
  EXPECT_EQ(Hex(*Cell(model::kNumeric, One(CellKind::kDouble, not_a_number), Format::kBinary)),
            "00000000c0000000");
  EXPECT_EQ(Cell(model::kNumeric, One(CellKind::kDouble, largest), Format::kText)->size(), 309u);
}

TEST(Encode, Dates) {
  Expect(TypeId::kDate, CellKind::kDate, int32_t{0}, "1970-01-01", "ffffd533");
  Expect(TypeId::kDate, CellKind::kDate, int32_t{10957 + 59}, "2000-02-29", "0000003b");
  Expect(TypeId::kDate, CellKind::kDate, int32_t{-719162}, "0001-01-01", "fff4dbf9");
  Expect(TypeId::kDate, CellKind::kDate, int32_t{-719163}, "0001-12-31 BC", "fff4dbf8");
  Expect(TypeId::kDate, CellKind::kDate, static_cast<int32_t>(0xfff49d7b) + 10957, "0044-03-15 BC",
         "fff49d7b");
  Expect(TypeId::kDate, CellKind::kDate, int32_t{0x0039a81f + 10957}, "12345-06-07", "0039a81f");
  Expect(TypeId::kDate, CellKind::kDate, INT32_MAX, "infinity", "7fffffff");
  Expect(TypeId::kDate, CellKind::kDate, -INT32_MAX, "-infinity", "80000000");
  Expect(TypeId::kDate, CellKind::kTimestamp, int64_t{-1}, "1969-12-31", "ffffd532");
}

TEST(Encode, Timestamps) {
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, int64_t{0}, "1970-01-01 00:00:00",
         "fffca2fec4c82000");
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, int64_t{1795492761123456},
         "2026-11-24 03:59:21.123456", "000303fc81015a80");
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, int64_t{1795492761100000},
         "2026-11-24 03:59:21.1", "000303fc8100fee0");
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, int64_t{-1}, "1969-12-31 23:59:59.999999",
         "fffca2fec4c81fff");
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, INT64_MAX, "infinity", "7fffffffffffffff");
  Expect(TypeId::kTimestamp, CellKind::kTimestamp, -INT64_MAX, "-infinity", "8000000000000000");
  Expect(TypeId::kTimestamp, CellKind::kDate, int32_t{0}, "1970-01-01 00:00:00",
         "fffca2fec4c82000");
}

TEST(Encode, TimestampsWithTimeZone) {
  struct Vector {
    const char* zone;
    const char* text;
    int64_t micros;
  };
  const Vector vectors[] = {
      {"UTC", "2026-07-01 12:00:00+00", 1782907200000000},
      {"Europe/Berlin", "2026-07-01 14:00:00+02", 1782907200000000},
      {"europe/berlin", "2026-01-01 13:00:00+01", 1767268800000000},
      {"Europe/Berlin", "1890-01-01 00:53:28+00:53:28", -2524521600000000},
      {"Europe/Berlin", "2026-03-29 01:59:59.999999+01", 1774745999999999},
      {"Europe/Berlin", "2026-03-29 03:00:00+02", 1774746000000000},
      {"Europe/Berlin", "0044-03-15 12:00:00+00:53:28 BC", -63517784008000000},
      {"America/New_York", "1850-01-01 07:03:58-04:56:02", -3786782400000000},
      {"America/New_York", "2040-06-30 20:00:00-04", 2224713600000000},
      {"America/New_York", "9999-06-30 20:00:00-04", 253386403200000000},
      {"Asia/Kolkata", "2026-07-01 17:30:00+05:30", 1782907200000000},
      {"<-03:30>+03:30", "2026-07-01 08:30:00-03:30", 1782907200000000},
      {"UTC+3", "2026-07-01 09:00:00-03", 1782907200000000},
      {"-3", "2026-07-01 09:00:00-03", 1782907200000000},
      {"UTC", "infinity", INT64_MAX},
  };
  for (const Vector& v : vectors) {
    auto zone = base::TimeZone::Find(v.zone);
    ASSERT_TRUE(zone.ok()) << v.zone;
    TextStyle style{*zone, 1};
    EXPECT_EQ(*Cell(model::kTimestampTz, One(CellKind::kTimestamp, v.micros), Format::kText, style),
              v.text);
  }
  const int64_t epoch = 0;
  EXPECT_EQ(Hex(*Cell(model::kTimestampTz, One(CellKind::kTimestamp, epoch), Format::kBinary)),
            "fffca2fec4c82000");
}

TEST(TimeZone, RefusesNamesThatAreNone) {
  for (const char* name :
       {"", "Nowhere", "Europe/", "+", "+25:61", "+200", "../etc/passwd", "<+03", "UTC+x"})
    EXPECT_EQ(base::TimeZone::Find(name).status().sqlstate(), "22023") << name;
}

TEST(Encode, TimesAndIntervals) {
  Expect(TypeId::kTime, CellKind::kTime, int64_t{86399999999}, "23:59:59.999999",
         "000000141dd75fff");
  Expect(TypeId::kTime, CellKind::kTime, int64_t{86400000000}, "24:00:00", "000000141dd76000");
  struct Vector {
    IntervalCell cell;
    const char* text;
    const char* hex;
  };
  const Vector vectors[] = {
      {{0, 0, 0}, "00:00:00", "00000000000000000000000000000000"},
      {{0, 1, 0}, "1 day", "00000000000000000000000100000000"},
      {{0, -1, 0}, "-1 days", "0000000000000000ffffffff00000000"},
      {{14, 3, 14706789000},
       "1 year 2 mons 3 days 04:05:06.789",
       "000000036c97ca88000000030000000e"},
      {{-14, 3, -14706000000},
       "-1 years -2 mons +3 days -04:05:06",
       "fffffffc93743f8000000003fffffff2"},
      {{1, -1, 0}, "1 mon -1 days", "0000000000000000ffffffff00000001"},
      {{0, 0, 360000000000}, "100:00:00", "00000053d1ac10000000000000000000"},
      {{0, 0, -1500000}, "-00:00:01.5", "ffffffffffe91ca00000000000000000"},
      {{13, 0, 0}, "1 year 1 mon", "0000000000000000000000000000000d"},
      {{0, 1, -1000000}, "1 day -00:00:01", "fffffffffff0bdc00000000100000000"},
      {{0, -1, 1000000}, "-1 days +00:00:01", "00000000000f4240ffffffff00000000"},
  };
  for (const Vector& v : vectors)
    Expect(TypeId::kInterval, CellKind::kInterval, v.cell, v.text, v.hex);
  const IntervalCell extreme{INT32_MIN, INT32_MIN, INT64_MIN};
  EXPECT_EQ(*Cell({TypeId::kInterval}, One(CellKind::kInterval, extreme), Format::kText),
            "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
}

model::StringCell Text(std::string_view text) {
  model::StringCell cell;
  std::memset(&cell, 0, sizeof cell);
  cell.length = static_cast<uint32_t>(text.size());
  std::memcpy(cell.prefix_or_inline, text.data(), text.size() <= 12 ? text.size() : 4);
  if (text.size() > 12) cell.pointer = text.data();
  return cell;
}

TEST(Encode, TextsBytesAndWords) {
  Expect(TypeId::kText, CellKind::kString, Text("short"), "short", "73686f7274");
  Expect(TypeId::kText, CellKind::kString, Text(""), "", "");
  Expect(TypeId::kName, CellKind::kString, Text("longer than twelve"), "longer than twelve",
         "6c6f6e676572207468616e207477656c7665");
  Expect(TypeId::kBytea, CellKind::kBlob, Text(std::string_view("\0\xff\x10", 3)), "\\x00ff10",
         "00ff10");
  Expect(TypeId::kJsonb, CellKind::kString, Text("{\"a\": 1}"), "{\"a\": 1}", "017b2261223a20317d");
  Expect(TypeId::kBool, CellKind::kBool, uint8_t{1}, "t", "01");
  Expect(TypeId::kText, CellKind::kBool, uint8_t{0}, "false", "66616c7365");
  Expect(TypeId::kChar, CellKind::kString, Text("r"), "r", "72");
  Expect(TypeId::kText, CellKind::kInt32, int32_t{7}, "7", "37");
  const Int128 uuid = static_cast<Int128>(uint64_t{0x0011223344556677} ^ (uint64_t{1} << 63))
                          << 64 |
                      Int128{0x8899aabbccddeeff};
  Expect(TypeId::kUuid, CellKind::kUuid, uuid, "00112233-4455-6677-8899-aabbccddeeff",
         "00112233445566778899aabbccddeeff");
}

TEST(Encode, NullsByKindAndByBit) {
  ColumnView none;
  EXPECT_EQ(*Cell(model::kInt4, none, Format::kBinary), "<NULL>");
  const int64_t value = 5;
  const uint64_t invalid = 0;
  ColumnView column = One(CellKind::kInt64, value);
  column.validity = &invalid;
  EXPECT_EQ(*Cell(model::kInt8, column, Format::kText), "<NULL>");
}

// {{1,2},{3,NULL}} over lists of lists.
TEST(Encode, Arrays) {
  const int32_t numbers[] = {1, 2, 3, 0};
  const uint64_t valid = 0b0111;
  const model::ListCell inner[] = {{0, 2}, {2, 2}};
  const model::ListCell outer{0, 2}, empty{0, 0};
  ColumnView elements = One(CellKind::kInt32, numbers[0]);
  elements.validity = &valid;
  ColumnView lists = One(CellKind::kList, inner[0]);
  lists.child = {elements};
  ColumnView column = One(CellKind::kList, outer);
  column.child = {lists};
  const model::Type int4_array{TypeId::kInt4, 0, 0, true};
  EXPECT_EQ(*Cell(int4_array, column, Format::kText), "{{1,2},{3,NULL}}");
  EXPECT_EQ(Hex(*Cell(int4_array, column, Format::kBinary)),
            "00000002000000010000001700000002000000010000000200000001000000040000000100000004000000"
            "020000000400000003ffffffff");
  ColumnView nothing = One(CellKind::kList, empty);
  nothing.child = {elements};
  EXPECT_EQ(*Cell(int4_array, nothing, Format::kText), "{}");
  EXPECT_EQ(Hex(*Cell({TypeId::kText, 0, 0, true}, nothing, Format::kBinary)),
            "000000000000000000000019");
}

TEST(Encode, RaggedArraysAreNoBinaryValue) {
  const int32_t numbers[] = {1, 2, 3};
  const model::ListCell inner[] = {{0, 1}, {1, 2}};
  const model::ListCell outer{0, 2};
  ColumnView lists = One(CellKind::kList, inner[0]);
  lists.child = {One(CellKind::kInt32, numbers[0])};
  ColumnView column = One(CellKind::kList, outer);
  column.child = {lists};
  EXPECT_EQ(Cell({TypeId::kInt4, 0, 0, true}, column, Format::kBinary).status().sqlstate(),
            "2202E");
}

TEST(Encode, ArrayElementsAreQuotedWherePostgresQuotes) {
  const char* texts[] = {"a", "", "NULL", "null", "b c", "q\"x", "b\\s", "{}", "a,b", "t\tx", "é"};
  std::vector<model::StringCell> cells;
  for (const char* text : texts) cells.push_back(Text(text));
  const model::ListCell list{0, cells.size()};
  ColumnView column = One(CellKind::kList, list);
  column.child = {One(CellKind::kString, cells[0])};
  EXPECT_EQ(*Cell({TypeId::kText, 0, 0, true}, column, Format::kText),
            "{a,\"\",\"NULL\",\"null\",\"b c\",\"q\\\"x\",\"b\\\\s\",\"{}\",\"a,b\",\"t\tx\",é}");
}

TEST(Encode, StopsAtTheAskedBytesAndGoesOnAtTheNextRow) {
  std::vector<int64_t> numbers(1000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  model::ChunkView chunk{numbers.size(), {One(CellKind::kInt64, numbers[0])}};
  RowEncoder encoder({{"n", model::kInt8}}, {Format::kText}, {});
  size_t row = 0, calls = 0;
  WriteBuffer all;
  while (row < chunk.rows) {
    WriteBuffer out;
    const auto done = encoder.Encode(chunk, row, chunk.rows - row, 500, &out);
    ASSERT_TRUE(done.ok() && *done > 0);
    row += *done;
    ++calls;
    EXPECT_LE(out.size(), 520u);
    all.Bytes(out.view());
  }
  EXPECT_GT(calls, 10u);
  WriteBuffer once;
  ASSERT_EQ(*encoder.Encode(chunk, 0, chunk.rows, SIZE_MAX, &once), chunk.rows);
  EXPECT_EQ(all.view(), once.view());
}

}  // namespace
}  // namespace pgwire
