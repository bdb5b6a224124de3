#pragma once
// DdSketch: the counts of values in buckets that grow by 2 %, so that a quantile is read within 1 %
// of the value that percentile_disc would give. Merging adds counts, in any order, with the same
// result to the byte.
//
// Up to eight values lie in the object itself; then there are two windows of counts, for positive
// and negative values, that grow to hold the buckets in use. Values nearer to zero than 2.3e-308
// count as zero.
//
// An object may be moved in memory by copying its bytes (DuckDB does), and its bytes are all there
// is beside the windows.
//
// Threads: one owner. Errors: Add and Merge say false when SketchMemory gives no more. Limits:
// 75,000 buckets a sign.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace store {

class DdSketch {
 public:
  static constexpr double kRelativeError = 0.01;
  static constexpr int32_t kZero = INT32_MIN;

  DdSketch() = default;
  DdSketch(const DdSketch&) = delete;
  DdSketch& operator=(const DdSketch&) = delete;
  ~DdSketch();

  // The bucket of each value; false when one is infinite or NaN. The two steps of adding, apart
  // because the first is a loop over plain numbers.
  static bool Codes(const double* values, size_t count, int32_t* codes);
  bool AddCode(int32_t code) {
    if (size_ == kLarge) [[likely]] {
      Window& window = large_->window[code & 1];
      const uint32_t at = static_cast<uint32_t>((code >> 1) - window.low);
      if (at < window.size) [[likely]] {
        ++window.counts[at];
        return true;
      }
    } else if (size_ < kSmall) {
      small_[size_++] = code;
      return true;
    }
    return AddCount(code, 1);
  }
  bool Add(double value);
  bool AddCount(int32_t code, uint64_t count);
  bool Merge(const DdSketch& other);

  bool empty() const { return size_ == 0; }
  uint64_t count() const;
  // The smallest value at or above which the fraction `q` of [0, 1] lies, as percentile_disc has
  // it, within 1 %. Not for an empty sketch.
  double Quantile(double q) const;

  // Versioned bytes; equal for equal counts. At most 64 for up to eight values.
  void AppendTo(std::string* out) const;
  enum class Parsed { kOk, kDamaged, kNoMemory };
  // Adds what the bytes hold. After anything but kOk the sketch holds some of it.
  Parsed MergeBytes(std::string_view bytes);

  static double ValueOf(int32_t code);

 private:
  struct Window {
    int32_t low = 0;
    uint32_t size = 0;
    uint64_t* counts = nullptr;
    bool Cover(int32_t index);
    bool Add(int32_t index, uint64_t count);
    uint64_t total() const;
  };
  struct Large {
    Window window[2];  // positive, negative
    uint64_t zeros = 0;
  };
  static constexpr uint32_t kSmall = 8, kLarge = UINT32_MAX;

  bool Grow();
  void AppendSmall(std::string* out) const;
  static void AppendWindow(const Window& window, std::string* out);

  uint32_t size_ = 0;  // values in small_, or kLarge
  union {
    int32_t small_[kSmall];
    Large* large_;
  };
};

}  // namespace store
