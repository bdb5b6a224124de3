#include "source/record_buffer.h"

#include <algorithm>
#include <cstring>

#include "model/record_batch.h"

namespace source {
namespace {

constexpr size_t kBlockBytes = 1 << 20;

}  // namespace

char* RecordBuffer::Reserve(size_t count) {
  const size_t needed = count + 1 + model::kPadding;
  while (block_ < blocks_.size()) {
    const Block& block = blocks_[block_];
    if (at_ + needed <= block.size) return block.memory.get() + at_;
    if (at_ > 0) {
      ++block_;
      at_ = 0;
    } else {  // nothing is in it and it is too small: what replaces it will do the next time
      capacity_ -= block.size;
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(block_));
    }
  }
  const size_t size = std::max(kBlockBytes, needed);
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  capacity_ += size;
  return blocks_.back().memory.get();
}

void RecordBuffer::Commit(size_t used) {
  at_ += used;
  used_ += used;
}

const char* RecordBuffer::Copy(const void* bytes, size_t count) {
  char* out = Reserve(count);
  if (count > 0) std::memcpy(out, bytes, count);
  Commit(count);
  if (count == 0) ++at_;  // so that the place is taken and stays
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
