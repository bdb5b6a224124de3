#pragma once
// RecordBuffer: bytes of the records of one Poll, in blocks that are used again for the next one. Whatever was copied stays
// where it is until Clear and may be read model::kPadding bytes past its end.
//
// Threads: one owner. Limits: the caller's; a block is 1 MiB, larger values get one of their own. Clear gives back what is
// over `kept_bytes`.

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace source {

class RecordBuffer {
 public:
  explicit RecordBuffer(size_t kept_bytes) : kept_bytes_(kept_bytes) {}

  // Never nullptr, even for nothing.
  const char* Copy(std::string_view bytes) { return Copy(bytes.data(), bytes.size()); }
  const char* Copy(const void* bytes, size_t count);
  // Room for `count` bytes, of which Commit keeps the first `used`; until then it is nobody's.
  char* Reserve(size_t count);
  void Commit(size_t used);
  void Clear();
  size_t bytes() const { return used_; }
  size_t capacity() const { return capacity_; }

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size;
  };
  const size_t kept_bytes_;
  std::vector<Block> blocks_;
  size_t block_ = 0;     // in use; those before it are full
  size_t at_ = 0;        // in it
  size_t used_ = 0, capacity_ = 0;
};

}  // namespace source
