#pragma once
// Numbers in one to ten bytes, seven bits a byte, the lowest first. Threads: any. Errors: Read says
// false at damaged bytes.

#include <cstdint>
#include <string>
#include <string_view>

namespace store {

inline void AppendVarint(uint64_t value, std::string* out) {
  for (; value > 127; value >>= 7) out->push_back(static_cast<char>(value | 128));
  out->push_back(static_cast<char>(value));
}

inline uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

// Takes bytes off the front of a text.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool empty() const { return at_ == end_; }
  bool Byte(uint8_t* value) {
    if (at_ == end_) return false;
    *value = static_cast<uint8_t>(*at_++);
    return true;
  }
  bool Bytes(uint64_t count, std::string_view* value) {
    if (count > static_cast<uint64_t>(end_ - at_)) return false;
    *value = {at_, static_cast<size_t>(count)};
    at_ += count;
    return true;
  }
  bool Varint(uint64_t* value) {
    uint64_t out = 0;
    for (int shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const uint64_t byte = static_cast<uint8_t>(*at_++);
      out |= (byte & 127) << shift;
      if (byte & 128) continue;
      if (shift == 63 && byte > 1) return false;
      *value = out;
      return true;
    }
    return false;
  }

 private:
  const char *at_, *end_;
};

}  // namespace store
