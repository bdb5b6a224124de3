// Binary values as PostgreSQL 15.20's *_send functions give them, read back as text.
#include "pgwire/decode.h"

#include <gtest/gtest.h>

#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

using model::TypeId;

std::string Unhex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return out;
}

TEST(Decode, BinaryOfEveryType) {
  struct Vector {
    model::Type type;
    const char* hex;
    const char* text;
  };
  const Vector vectors[] = {
      {{TypeId::kBool}, "01", "t"},
      {{TypeId::kInt2}, "8000", "-32768"},
      {{TypeId::kInt4}, "fffffffb", "-5"},
      {{TypeId::kInt8}, "7fffffffffffffff", "9223372036854775807"},
      {{TypeId::kOid}, "ffffffff", "4294967295"},
      {{TypeId::kFloat4}, "3dcccccd", "0.1"},
      {{TypeId::kFloat8}, "3fd3333333333334", "0.30000000000000004"},
      {{TypeId::kFloat8}, "fff0000000000000", "-Infinity"},
      {{TypeId::kNumeric}, "0000000000000002", "0.00"},
      {{TypeId::kNumeric}, "0001ffff4000000201f4", "-0.05"},
      {{TypeId::kNumeric}, "0001fffe0000000503e8", "0.00001"},
      {{TypeId::kNumeric}, "00010001000000000064", "1000000"},
      {{TypeId::kNumeric}, "0006000200000009000109291a8504d2162e2328", "123456789.123456789"},
      {{TypeId::kNumeric}, "000a000900000000000c0d801ed204d2162e23340d801ed204d2162e", "12345678901234567890123456789012345678"},
      {{TypeId::kNumeric}, "00000000c0000000", "NaN"},
      {{TypeId::kText}, "c3a9", "é"},
      {{TypeId::kBytea}, "00ff10", "\\x00ff10"},
      {{TypeId::kDate}, "fff49d7b", "0044-03-15 BC"},
      {{TypeId::kDate}, "80000000", "-infinity"},
      {{TypeId::kTime}, "0000000a8be1bd20", "12:34:56.5"},
      {{TypeId::kTimestamp}, "000303fc81015a80", "2026-11-24 03:59:21.123456"},
      {{TypeId::kTimestampTz}, "000303fc8100fee0", "2026-11-24 03:59:21.1+00"},
      {{TypeId::kInterval}, "000000036c97ca88000000030000000e", "1 year 2 mons 3 days 04:05:06.789"},
      {{TypeId::kUuid}, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
      {{TypeId::kJsonb}, "017b2261223a20317d", "{\"a\": 1}"},
      {{TypeId::kInt4, 0, 0, true},
       "00000002000000010000001700000002000000010000000200000001000000040000000100000004000000020000000400000003ffffffff",
       "{{1,2},{3,NULL}}"},
      {{TypeId::kText, 0, 0, true}, "000000000000000000000019", "{}"},
      {{TypeId::kText, 0, 0, true}, "00000001000000010000001900000002000000010000000161ffffffff", "{a,NULL}"},
  };
  for (const Vector& v : vectors) {
    const auto text = DecodeBinaryParameter(Unhex(v.hex), v.type, 1);
    ASSERT_TRUE(text.ok()) << v.text << ": " << text.status().ToString();
    EXPECT_EQ(*text, v.text);
  }
}

TEST(Decode, EveryCutOfAValueIsRefused) {
  const std::pair<model::Type, const char*> values[] = {
      {{TypeId::kInt4}, "fffffffb"},
      {{TypeId::kNumeric}, "0002000000000002000c0bb8"},
      {{TypeId::kInterval}, "000000036c97ca88000000030000000e"},
      {{TypeId::kText, 0, 0, true}, "00000001000000010000001900000002000000010000000161ffffffff"},
  };
  for (const auto& [type, hex] : values) {
    const std::string whole = Unhex(hex);
    for (size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(DecodeBinaryParameter(whole.substr(0, length), type, 3).status().sqlstate(), "22P03");
    EXPECT_FALSE(DecodeBinaryParameter(whole + "x", type, 3).ok());
  }
}

TEST(Decode, RefusesFormsThatCannotBe) {
  const std::pair<model::Type, const char*> values[] = {
      {{TypeId::kBool}, "02"},
      {{TypeId::kTime}, "ffffffffffffffff"},
      {{TypeId::kText}, "6100"},                           // a zero byte
      {{TypeId::kText}, "ff"},
      {{TypeId::kJsonb}, "027b7d"},
      {{TypeId::kNumeric}, "00010000000000002711"},        // a group of 10001
      {{TypeId::kNumeric}, "00010000123400000001"},        // a sign that is none
      {{TypeId::kNumeric}, "0001000000004000" "0001"},     // 16,384 digits after the point
      {{TypeId::kTimestamp}, "7ffffffffffffffe"},
      {{TypeId::kInt4, 0, 0, true}, "000000010000000000000019" "000000010000000100000004" "00000001"},   // text elements
      {{TypeId::kInt4, 0, 0, true}, "0000000700000000" "00000017"},
      {{TypeId::kInt4, 0, 0, true}, "ffffffff00000000" "00000017"},
      {{TypeId::kInt4, 0, 0, true}, "000000010000000000000017" "7fffffff00000001"},                      // claims 2 G elements
      {{TypeId::kInt4, 0, 0, true}, "000000020000000000000017" "7fffffff00000001" "7fffffff00000001" "0000"},
      {{TypeId::kInt4, 0, 0, true}, "000000010000000000000017" "0000000100000001" "fffffffe"},           // length -2
  };
  for (const auto& [type, hex] : values)
    EXPECT_EQ(DecodeBinaryParameter(Unhex(hex), type, 1).status().sqlstate(), "22P03") << hex;
}

TEST(Decode, TextMustBeUtf8WithoutZeroBytes) {
  EXPECT_EQ(*DecodeTextParameter("grün"), "grün");
  EXPECT_EQ(DecodeTextParameter("\xff").status().sqlstate(), "22021");
  EXPECT_EQ(DecodeTextParameter(std::string_view("a\0b", 3)).status().sqlstate(), "22021");
}

TEST(TypeOids, AreOneToOneWithTypes) {
  for (int id = 1; id <= static_cast<int>(TypeId::kRecord); ++id) {
    for (bool array : {false, true}) {
      const model::Type type{static_cast<TypeId>(id), 0, 0, array};
      EXPECT_EQ(TypeOf(OidOf(type).oid), type) << NameOf(type);
    }
  }
  EXPECT_EQ(OidOf({TypeId::kNumeric, 12, 2}).modifier, 786438);   // PostgreSQL's atttypmod of numeric(12,2)
  EXPECT_EQ(TypeOf(600), std::nullopt);                            // point
  EXPECT_EQ(TypeOf(1043)->id, TypeId::kText);
}

}  // namespace
}  // namespace pgwire
