#include "decode/record_fields.h"

#include "decode/instant.h"

namespace decode {
namespace {

// Reads Kafka's zigzag varints and counted bytes; never past the end.
class HeaderBytes {
 public:
  HeaderBytes(const char* at, size_t bytes) : at_(at), end_(at + bytes) {}

  std::optional<int64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
    }
    return std::nullopt;
  }
  std::optional<std::string_view> Bytes(int64_t count) {
    if (count < 0 || count > end_ - at_) return std::nullopt;
    const std::string_view out(at_, static_cast<size_t>(count));
    at_ += count;
    return out;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

std::optional<std::string_view> HeaderValue(const model::RecordView& record, std::string_view name) {
  std::optional<std::string_view> found;
  if (record.headers == nullptr) return found;
  HeaderBytes bytes(record.headers, record.headers_bytes);
  const int64_t count = bytes.Varint().value_or(0);
  for (int64_t i = 0; i < count; ++i) {
    const auto key = bytes.Bytes(bytes.Varint().value_or(-1));
    const auto length = bytes.Varint();
    if (!key || !length) break;  // readers hand on whole headers only
    const auto value = *length < 0 ? std::nullopt : bytes.Bytes(*length);
    if (*key == name) found = value;
  }
  return found;
}

std::optional<int64_t> KafkaTime(const model::RecordView& record) {
  if (record.timestamp_ms < 0 || record.timestamp_ms > kLastInstantUs / 1000) return std::nullopt;
  return record.timestamp_ms * 1000;
}

}  // namespace decode
