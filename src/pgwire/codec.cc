#include "pgwire/codec.h"

namespace pgwire {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kKeptBytes = 256 << 10;   // a FrameBuffer larger than this is given back when it is empty

uint32_t BigUint32(const char* at) {
  uint32_t v;
  std::memcpy(&v, at, sizeof v);
  return __builtin_bswap32(v);
}

// Length of the UTF-8 sequence at `at`, 0 when it is not one.
size_t SequenceLength(const unsigned char* at, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (at[i] & 0xC0) == 0x80; };
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && at[1] < 0xA0) return 0;
    return first == 0xED && at[1] > 0x9F ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && at[1] < 0x90) return 0;
    return first == 0xF4 && at[1] > 0x8F ? 0 : 4;
  }
  return 0;
}

}  // namespace

void FrameBuffer::Append(std::string_view bytes) {
  if (start_ == bytes_.size()) {
    if (bytes_.capacity() > kKeptBytes) bytes_ = std::string();
    bytes_.clear();
    start_ = 0;
  } else if (start_ > bytes_.size() / 2) {
    bytes_.erase(0, start_);
    start_ = 0;
  }
  bytes_.append(bytes);
}

base::Result<std::optional<Frame>> FrameBuffer::NextStartup() { return Next(0, kMaxStartupBytes); }

base::Result<std::optional<Frame>> FrameBuffer::NextMessage(size_t max_bytes) { return Next(1, max_bytes); }

bool FrameBuffer::HasMessage(size_t max_bytes) const {
  if (unread() < 1 + kLengthBytes) return false;
  const uint64_t length = BigUint32(bytes_.data() + start_ + 1);
  return length < kLengthBytes || length > max_bytes || unread() >= 1 + length;
}

base::Result<std::optional<Frame>> FrameBuffer::Next(size_t type_bytes, size_t max_bytes) {
  const size_t header = type_bytes + kLengthBytes;
  if (unread() < header) return std::optional<Frame>();
  const char* at = bytes_.data() + start_;
  const uint64_t length = BigUint32(at + type_bytes);  // counts itself
  if (length < kLengthBytes || (type_bytes == 0 && length < 2 * kLengthBytes))
    return base::Invalid("invalid message length").WithSqlstate("08P01");
  if (length > max_bytes)
    return base::Invalid("message of " + std::to_string(length) + " bytes is too long")
        .WithSqlstate("08P01")
        .WithDetail("At most " + std::to_string(max_bytes) + " bytes are taken.");
  if (unread() < type_bytes + length) return std::optional<Frame>();
  Frame frame{type_bytes ? at[0] : '\0', {at + header, static_cast<size_t>(length) - kLengthBytes}};
  start_ += type_bytes + length;
  return std::optional<Frame>(frame);
}

uint64_t MessageReader::Number(size_t bytes) {
  if (rest_.size() < bytes) {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  uint64_t v = 0;
  for (size_t i = 0; i < bytes; ++i) v = v << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(bytes);
  return v;
}

std::string_view MessageReader::Text() {
  const size_t zero = rest_.find('\0');
  if (zero == std::string_view::npos) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view text = rest_.substr(0, zero);
  rest_.remove_prefix(zero + 1);
  return text;
}

std::string_view MessageReader::Bytes(size_t count) {
  if (rest_.size() < count) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

void WriteBuffer::Grow(size_t count) {
  size_t capacity = capacity_ < 1024 ? 1024 : capacity_ * 2;
  while (capacity - size_ < count) capacity *= 2;
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_) std::memcpy(grown.get(), data_.get(), size_);
  data_ = std::move(grown);
  capacity_ = capacity;
}

size_t WriteBuffer::BeginMessage(char type) {
  if (type) Byte(type);
  const size_t mark = size_;
  Int32(0);
  return mark;
}

bool IsUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  size_t left = text.size();
  while (left > 0) {
    uint64_t eight;
    if (left >= sizeof eight) {
      std::memcpy(&eight, at, sizeof eight);
      if ((eight & 0x8080808080808080u) == 0) {
        at += sizeof eight;
        left -= sizeof eight;
        continue;
      }
    }
    const size_t length = SequenceLength(at, left);
    if (length == 0) return false;
    at += length;
    left -= length;
  }
  return true;
}

}  // namespace pgwire
