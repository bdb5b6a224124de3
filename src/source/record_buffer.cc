#include "source/record_buffer.h"

#include <algorithm>
#include <cstring>

#include "model/record_batch.h"

namespace source {
namespace {

constexpr size_t kBlockBytes = 1 << 20;

}  // namespace

char* RecordBuffer::Allocate(size_t count) {
  const size_t needed = count + model::kPadding;
  for (; block_ < blocks_.size(); ++block_, at_ = 0) {
    if (at_ + needed > blocks_[block_].size) continue;
    char* out = blocks_[block_].memory.get() + at_;
    at_ += count;
    return out;
  }
  const size_t size = std::max(kBlockBytes, needed);
  blocks_.push_back({std::make_unique<char[]>(size), size});  // zeroed: padding is never someone else's memory
  capacity_ += size;
  at_ = count;
  return blocks_.back().memory.get();
}

const char* RecordBuffer::Copy(const void* bytes, size_t count) {
  char* out = Allocate(count);
  if (count > 0) std::memcpy(out, bytes, count);
  used_ += count;
  return out;
}

void RecordBuffer::Clear() {
  while (capacity_ > kept_bytes_ && !blocks_.empty()) {
    const auto largest = std::max_element(blocks_.begin(), blocks_.end(),
                                          [](const Block& a, const Block& b) { return a.size < b.size; });
    capacity_ -= largest->size;
    blocks_.erase(largest);
  }
  block_ = at_ = used_ = 0;
}

}  // namespace source
