#include "pgwire/decode.h"

#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "pgwire/array.h"
#include "pgwire/cell_text.h"
#include "pgwire/codec.h"
#include "pgwire/numeric.h"
#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

using model::TypeId;

constexpr int64_t kDaysTo2000 = 10'957;
constexpr int64_t kMicrosTo2000 = kDaysTo2000 * kMicrosPerDay;
constexpr int32_t kMaxDimensions = 6;

base::Status NotUtf8() {
  return base::DataError("invalid byte sequence for encoding \"UTF8\"").WithSqlstate("22021");
}

// A value of fixed width printed by `print`.
template <typename Print>
std::string Printed(Print print) {
  char text[kMaxCellText];
  return {text, static_cast<size_t>(print(text) - text)};
}

std::string DateText(int32_t since_2000) {
  if (since_2000 == INT32_MAX) return "infinity";
  if (since_2000 == INT32_MIN) return "-infinity";
  int32_t days;
  if (__builtin_add_overflow(since_2000, static_cast<int32_t>(kDaysTo2000), &days)) return "infinity";
  return Printed([&](char* at) { return PrintDate(at, days); });
}

std::optional<std::string> TimestampText(int64_t since_2000, bool with_zone) {
  if (since_2000 == INT64_MAX) return "infinity";
  if (since_2000 == INT64_MIN) return "-infinity";
  int64_t micros;
  if (__builtin_add_overflow(since_2000, kMicrosTo2000, &micros)) return std::nullopt;
  return Printed([&](char* at) { return with_zone ? PrintTimestampTz(at, micros, 0) : PrintTimestamp(at, micros); });
}

std::string IntervalText(MessageReader* reader) {
  const int64_t micros = reader->Int64();
  const int32_t days = reader->Int32();
  const int32_t months = reader->Int32();
  return Printed([&](char* at) { return PrintInterval(at, months, days, micros); });
}

std::string HexText(std::string_view bytes) {
  std::string text = "\\x";
  for (unsigned char c : bytes) {
    text += "0123456789abcdef"[c >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

std::optional<std::string> TextValue(std::string_view bytes) {
  if (!IsUtf8(bytes) || bytes.find('\0') != std::string_view::npos) return std::nullopt;
  return std::string(bytes);
}

std::optional<std::string> BoolValue(uint8_t byte) {
  if (byte > 1) return std::nullopt;
  return byte ? "t" : "f";
}

std::optional<std::string> TimeValue(int64_t micros) {
  if (micros < 0 || micros > kMicrosPerDay) return std::nullopt;
  return Printed([&](char* at) { return PrintTime(at, micros); });
}

std::string UuidValue(MessageReader* reader) {
  const auto high = static_cast<uint64_t>(reader->Int64()), low = static_cast<uint64_t>(reader->Int64());
  return Printed([&](char* at) { return PrintUuid(at, high, low); });
}

std::optional<std::string> JsonbValue(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != 1) return std::nullopt;
  return TextValue(bytes.substr(1));
}

// The element's text; nullopt when the bytes are not a value of the type.
std::optional<std::string> Scalar(std::string_view bytes, TypeId type) {
  MessageReader reader(bytes);
  std::optional<std::string> text;
  switch (type) {
    case TypeId::kBool: text = BoolValue(reader.Byte()); break;
    case TypeId::kInt2: text = std::to_string(reader.Int16()); break;
    case TypeId::kInt4: text = std::to_string(reader.Int32()); break;
    case TypeId::kInt8: text = std::to_string(reader.Int64()); break;
    case TypeId::kOid:
    case TypeId::kRegclass: text = std::to_string(reader.Uint32()); break;
    case TypeId::kFloat4:
      text = Printed([v = std::bit_cast<float>(reader.Uint32())](char* at) { return PrintFloat(at, v, 1); });
      break;
    case TypeId::kFloat8:
      text = Printed([v = std::bit_cast<double>(reader.Int64())](char* at) { return PrintDouble(at, v, 1); });
      break;
    case TypeId::kNumeric: return ReadNumeric(bytes);
    case TypeId::kBytea: return HexText(bytes);
    case TypeId::kDate: text = DateText(reader.Int32()); break;
    case TypeId::kTime: text = TimeValue(reader.Int64()); break;
    case TypeId::kTimestamp: text = TimestampText(reader.Int64(), false); break;
    case TypeId::kTimestampTz: text = TimestampText(reader.Int64(), true); break;
    case TypeId::kInterval: text = IntervalText(&reader); break;
    case TypeId::kUuid: text = UuidValue(&reader); break;
    case TypeId::kJsonb: return JsonbValue(bytes);
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kJson:
    case TypeId::kName:
    case TypeId::kChar: return TextValue(bytes);
    case TypeId::kRecord: return std::nullopt;
  }
  return reader.Finished() ? text : std::nullopt;
}

// One level of a binary array: `dimensions` are what is left of its shape.
bool AppendLevel(MessageReader* reader, TypeId type, std::span<const int32_t> dimensions, std::string* out) {
  *out += '{';
  for (int32_t i = 0; i < dimensions[0]; ++i) {
    if (i > 0) *out += ',';
    if (dimensions.size() > 1) {
      if (!AppendLevel(reader, type, dimensions.subspan(1), out)) return false;
      continue;
    }
    const int32_t length = reader->Int32();
    if (!reader->ok() || length < -1) return false;
    if (length == -1) {
      AppendArrayElement(std::nullopt, out);
      continue;
    }
    const std::string_view bytes = reader->Bytes(static_cast<size_t>(length));
    const auto element = reader->ok() ? Scalar(bytes, type) : std::nullopt;
    if (!element) return false;
    AppendArrayElement(*element, out);
  }
  *out += '}';
  return true;
}

std::optional<std::string> Array(std::string_view bytes, TypeId type) {
  MessageReader reader(bytes);
  const int32_t count = reader.Int32();
  reader.Int32();   // "has nulls" says nothing that the elements do not
  const auto element = TypeOf(reader.Uint32());
  if (!reader.ok() || count < 0 || count > kMaxDimensions || !element || element->array || element->id != type) return std::nullopt;
  if (count == 0) return reader.Finished() ? std::optional<std::string>("{}") : std::nullopt;
  std::vector<int32_t> dimensions;
  uint64_t elements = 1;
  for (int32_t i = 0; i < count; ++i) {
    dimensions.push_back(reader.Int32());
    reader.Int32();   // lower bound
    if (!reader.ok() || dimensions.back() < 1) return std::nullopt;
    elements *= static_cast<uint64_t>(dimensions.back());
    if (elements > reader.left()) return std::nullopt;   // each element has at least its length
  }
  std::string text;
  return AppendLevel(&reader, type, dimensions, &text) && reader.Finished() ? std::optional(text) : std::nullopt;
}

}  // namespace

base::Result<std::string> DecodeTextParameter(std::string_view bytes) {
  if (!IsUtf8(bytes)) return NotUtf8();
  if (bytes.find('\0') != std::string_view::npos)
    return base::DataError("invalid byte sequence for encoding \"UTF8\": 0x00").WithSqlstate("22021");
  return std::string(bytes);
}

base::Result<std::string> DecodeBinaryParameter(std::string_view bytes, model::Type type, int number) {
  auto text = type.array ? Array(bytes, type.id) : Scalar(bytes, type.id);
  if (text) return *std::move(text);
  return base::DataError("incorrect binary data format in bind parameter " + std::to_string(number))
      .WithSqlstate("22P03")
      .WithDetail("The parameter's type is " + NameOf(type) + ".");
}

}  // namespace pgwire
