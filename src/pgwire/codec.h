#pragma once
// The frames of PostgreSQL's protocol 3, without sockets: bytes in, messages out, and the other way round.
//
// Threads: one owner each. Errors: a length that cannot be right is kInvalid 08P01 and the connection is beyond repair (the
// stream is never searched for a new start). Limits: a startup packet 64 KiB, any later message as the caller says; memory
// grows with the bytes that came, never with a length that was only claimed.

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace pgwire {

constexpr size_t kMaxStartupBytes = 64 << 10;

// One message: `type` is 0 for startup packets. `body` lives until the next call of FrameBuffer.
struct Frame {
  char type = 0;
  std::string_view body;
};

// Cuts a byte stream into frames.
class FrameBuffer {
 public:
  void Append(std::string_view bytes);
  // The next whole startup packet (no type byte) or message; nullopt = more bytes are needed.
  base::Result<std::optional<Frame>> NextStartup();
  base::Result<std::optional<Frame>> NextMessage(size_t max_bytes);
  // True when NextMessage would not ask for more bytes.
  bool HasMessage(size_t max_bytes) const;
  char first() const { return unread() > 0 ? bytes_[start_] : '\0'; }   // the type of a message that has begun
  size_t unread() const { return bytes_.size() - start_; }

 private:
  base::Result<std::optional<Frame>> Next(size_t type_bytes, size_t max_bytes);

  std::string bytes_;
  size_t start_ = 0;
};

// Reads the fields of one message. A read past the end gives zeros and ok() is false from then on.
class MessageReader {
 public:
  explicit MessageReader(std::string_view body) : rest_(body) {}
  uint8_t Byte() { return static_cast<uint8_t>(Number(1)); }
  uint16_t Uint16() { return static_cast<uint16_t>(Number(2)); }
  int16_t Int16() { return static_cast<int16_t>(Number(2)); }
  uint32_t Uint32() { return static_cast<uint32_t>(Number(4)); }
  int32_t Int32() { return static_cast<int32_t>(Number(4)); }
  int64_t Int64() { return static_cast<int64_t>(Number(8)); }
  std::string_view Text();               // up to a zero byte
  std::string_view Bytes(size_t count);
  std::string_view Rest() { return Bytes(rest_.size()); }
  size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  uint64_t Number(size_t bytes);

  std::string_view rest_;
  bool ok_ = true;
};

// Outgoing bytes. Growth does not clear memory; a message's length is filled in by EndMessage.
class WriteBuffer {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_.get(), size_}; }
  void Clear() { size_ = 0; }
  void Truncate(size_t size) { size_ = size; }

  // Room for `count` bytes; Commit says how many of them were written.
  char* Reserve(size_t count) {
    if (capacity_ - size_ < count) Grow(count);
    return data_.get() + size_;
  }
  void Commit(size_t count) { size_ += count; }

  void Byte(char c) {
    *Reserve(1) = c;
    ++size_;
  }
  void Int16(int16_t v) { Big(static_cast<uint16_t>(v)); }
  void Int32(int32_t v) { Big(static_cast<uint32_t>(v)); }
  void Int64(int64_t v) { Big(static_cast<uint64_t>(v)); }
  void Bytes(std::string_view bytes) {
    if (bytes.empty()) return;   // its pointer may be null
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Text(std::string_view text) {  // with its zero byte
    Bytes(text);
    Byte('\0');
  }
  void PatchInt32(size_t at, int32_t v) { Store(at, static_cast<uint32_t>(v)); }

  // Starts a message and returns its mark.
  size_t BeginMessage(char type);
  void EndMessage(size_t mark) { PatchInt32(mark, static_cast<int32_t>(size_ - mark)); }

 private:
  void Grow(size_t count);
  template <typename T>
  static T ToBig(T v) {
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
    return static_cast<T>(__builtin_bswap64(v));
  }
  template <typename T>
  void Big(T v) {
    const T big = ToBig(v);
    std::memcpy(Reserve(sizeof big), &big, sizeof big);
    size_ += sizeof big;
  }
  template <typename T>
  void Store(size_t at, T v) {
    const T big = ToBig(v);
    std::memcpy(data_.get() + at, &big, sizeof big);
  }

  std::unique_ptr<char[]> data_;
  size_t size_ = 0, capacity_ = 0;
};

// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace pgwire
