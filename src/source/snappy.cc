#include "source/snappy.h"

#include <endian.h>

#include <cstring>

namespace source {
namespace {

constexpr std::string_view kXerialMagic("\x82SNAPPY\0", 8);
constexpr size_t kXerialHeader = 16;  // magic, version, lowest compatible version

// One block: the length of its text, then elements that are literal bytes or copies of what was written before.
class Block {
 public:
  Block(std::string_view in, char* out) : at_(in.data()), end_(in.data() + in.size()), out_(out) {}

  Decoded Decode(size_t capacity, size_t* written) {
    size_t length = 0;
    if (!ReadLength(&length)) return Decoded::kBad;
    if (length > capacity) return Decoded::kFull;
    length_ = length;
    while (at_ < end_)
      if (!Element()) return Decoded::kBad;
    *written = filled_;
    return filled_ == length_ ? Decoded::kDone : Decoded::kBad;
  }

 private:
  bool ReadLength(size_t* length) {
    uint64_t value = 0;
    for (int shift = 0; shift < 35 && at_ < end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte >= 0x80) continue;
      *length = value;
      return value <= UINT32_MAX;
    }
    return false;
  }
  // `bytes` of a little-endian number.
  bool Number(int bytes, size_t* value) {
    if (end_ - at_ < bytes) return false;
    *value = 0;
    for (int i = 0; i < bytes; ++i) *value |= static_cast<size_t>(static_cast<unsigned char>(*at_++)) << (8 * i);
    return true;
  }
  bool Element() {
    const auto tag = static_cast<unsigned char>(*at_++);
    size_t length = tag >> 2, distance = 0;
    switch (tag & 3) {
      case 0:
        if (length >= 60 && !Number(static_cast<int>(length) - 59, &length)) return false;
        return Literal(length + 1);
      case 1:
        if (!Number(1, &distance)) return false;
        return Copy((length & 7) + 4, distance | (length >> 3) << 8);
      case 2: return Number(2, &distance) && Copy(length + 1, distance);
      default: return Number(4, &distance) && Copy(length + 1, distance);
    }
  }
  bool Literal(size_t length) {
    if (length > static_cast<size_t>(end_ - at_) || length > length_ - filled_) return false;
    std::memcpy(out_ + filled_, at_, length);
    at_ += length;
    filled_ += length;
    return true;
  }
  bool Copy(size_t length, size_t distance) {
    if (distance == 0 || distance > filled_ || length > length_ - filled_) return false;
    char* to = out_ + filled_;
    const char* from = to - distance;
    if (distance >= length) std::memcpy(to, from, length);
    else
      for (size_t i = 0; i < length; ++i) to[i] = from[i];  // it repeats what it writes
    filled_ += length;
    return true;
  }

  const char* at_;
  const char* end_;
  char* out_;
  size_t length_ = 0, filled_ = 0;
};

}  // namespace

Decoded DecodeSnappy(std::string_view in, char* out, size_t capacity, size_t* written) {
  if (!in.starts_with(kXerialMagic)) return Block(in, out).Decode(capacity, written);
  if (in.size() < kXerialHeader) return Decoded::kBad;
  in.remove_prefix(kXerialHeader);
  size_t filled = 0;
  while (!in.empty()) {
    uint32_t length = 0;
    if (in.size() < sizeof length) return Decoded::kBad;
    std::memcpy(&length, in.data(), sizeof length);
    length = be32toh(length);
    in.remove_prefix(sizeof length);
    if (length > in.size()) return Decoded::kBad;
    size_t block = 0;
    const Decoded outcome = Block(in.substr(0, length), out + filled).Decode(capacity - filled, &block);
    if (outcome != Decoded::kDone) return outcome;
    filled += block;
    in.remove_prefix(length);
  }
  *written = filled;
  return Decoded::kDone;
}

}  // namespace source
