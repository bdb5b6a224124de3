#pragma once
// FrameBuffer: memory for one response frame, filled piece by piece and padded; grows with what has really arrived, so that
// a length alone costs nothing. Threads: one owner. Limits: kMaxBytes a frame.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "model/record_batch.h"

namespace source {

class FrameBuffer {
 public:
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  // Starts a frame of `total` bytes.
  void Begin(size_t total) {
    total_ = total;
    filled_ = 0;
    Grow(std::min(total, kFirstBytes));
  }
  char* To() { return memory_.get() + filled_; }
  // What may be written there now; 0 when the frame is whole.
  size_t Room() {
    if (filled_ == capacity_ && filled_ < total_) Grow(std::min(total_, capacity_ * 2));
    return std::min(total_, capacity_) - filled_;
  }
  void Filled(size_t bytes) {
    filled_ += bytes;
    if (whole()) std::memset(memory_.get() + filled_, 0, model::kPadding);
  }
  bool whole() const { return filled_ == total_; }
  std::string_view bytes() const { return {memory_.get(), filled_}; }
  size_t capacity() const { return capacity_; }

 private:
  static constexpr size_t kFirstBytes = 64 << 10;

  void Grow(size_t capacity) {
    if (capacity <= capacity_) return;
    auto memory = std::make_unique_for_overwrite<char[]>(capacity + model::kPadding);
    if (filled_ > 0) std::memcpy(memory.get(), memory_.get(), filled_);
    memory_ = std::move(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> memory_;
  size_t capacity_ = 0, total_ = 0, filled_ = 0;
};

}  // namespace source
