#pragma once
// The primitive types of Kafka's protocol: big-endian numbers, strings and arrays in their plain and their compact
// ("flexible") form, tagged fields, varints.
//
// WireReader never reads outside its bytes: after the first thing that does not fit it has failed and gives zeros and
// nothing. Threads: values.

#include <endian.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace source {

using Uuid = std::array<char, 16>;

class WireWriter {
 public:
  explicit WireWriter(bool flexible) : flexible_(flexible) {}

  void Int8(int8_t value) { bytes_.push_back(value); }
  void Bool(bool value) { Int8(value ? 1 : 0); }
  void Int16(int16_t value) { Append(htobe16(static_cast<uint16_t>(value))); }
  void Int32(int32_t value) { Append(htobe32(static_cast<uint32_t>(value))); }
  void Int64(int64_t value) { Append(htobe64(static_cast<uint64_t>(value))); }
  void Uvarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  void Id(const Uuid& id) { bytes_.append(id.data(), id.size()); }
  void String(std::string_view text) {
    if (flexible_) Uvarint(text.size() + 1);
    else Int16(static_cast<int16_t>(text.size()));
    bytes_.append(text);
  }
  void Bytes(std::string_view bytes) {
    if (flexible_) Uvarint(bytes.size() + 1);
    else Int32(static_cast<int32_t>(bytes.size()));
    bytes_.append(bytes);
  }
  void Array(size_t count) {
    if (flexible_) Uvarint(count + 1);
    else Int32(static_cast<int32_t>(count));
  }
  void NoTags() {
    if (flexible_) Uvarint(0);
  }
  // As in the request header, which is not in compact form even when tags follow.
  void PlainString(std::string_view text) {
    Int16(static_cast<int16_t>(text.size()));
    bytes_.append(text);
  }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  template <typename T>
  void Append(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }

  const bool flexible_;
  std::string bytes_;
};

class WireReader {
 public:
  WireReader(std::string_view bytes, bool flexible) : at_(bytes.data()), end_(bytes.data() + bytes.size()), flexible_(flexible) {}

  bool ok() const { return ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  int8_t Int8() { return static_cast<int8_t>(Load<uint8_t>()); }
  bool Bool() { return Int8() != 0; }
  int16_t Int16() { return static_cast<int16_t>(be16toh(Load<uint16_t>())); }
  int32_t Int32() { return static_cast<int32_t>(be32toh(Load<uint32_t>())); }
  int64_t Int64() { return static_cast<int64_t>(be64toh(Load<uint64_t>())); }
  uint64_t Uvarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(Int8());
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }
  int64_t Varint() {
    const uint64_t value = Uvarint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  Uuid Id() {
    Uuid id{};
    const std::string_view bytes = Take(id.size());
    if (bytes.size() == id.size()) std::memcpy(id.data(), bytes.data(), id.size());
    return id;
  }
  // Null is nullopt; failed too.
  std::optional<std::string_view> NullableString() { return Counted(flexible_ ? CompactLength() : Int16()); }
  std::string_view String() { return NullableString().value_or(std::string_view()); }
  std::optional<std::string_view> NullableBytes() { return Counted(flexible_ ? CompactLength() : Int32()); }
  std::string_view Bytes() { return NullableBytes().value_or(std::string_view()); }
  // The number of elements (none for a null array), each of at least `element_bytes`; so a count is never larger than what
  // is there.
  size_t Array(size_t element_bytes) {
    const int64_t count = flexible_ ? CompactLength() : Int32();
    if (count <= 0) return 0;
    if (static_cast<uint64_t>(count) > left() / element_bytes) Fail();
    return ok_ ? static_cast<size_t>(count) : 0;
  }
  void SkipTags() {
    if (!flexible_) return;
    for (uint64_t count = Uvarint(); ok_ && count > 0; --count) {
      Uvarint();
      Take(Uvarint());
    }
  }
  std::string_view Take(uint64_t count) {
    if (count > left()) {
      Fail();
      return {};
    }
    const std::string_view out(at_, count);
    at_ += count;
    return out;
  }
  void Fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <typename T>
  T Load() {
    T value{};
    const std::string_view bytes = Take(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  // -1 for null, as in the plain form.
  int64_t CompactLength() {
    const uint64_t value = Uvarint();
    if (value > uint64_t{1} << 31) Fail();
    return ok_ ? static_cast<int64_t>(value) - 1 : -1;
  }
  std::optional<std::string_view> Counted(int64_t count) {
    if (count < 0) return std::nullopt;
    const std::string_view out = Take(static_cast<uint64_t>(count));
    return ok_ ? std::optional(out) : std::nullopt;
  }

  const char* at_;
  const char* end_;
  const bool flexible_;
  bool ok_ = true;
};

}  // namespace source
