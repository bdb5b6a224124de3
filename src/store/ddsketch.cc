// Buckets: a double is 2^e * (1 + z). A cubic in z stands for the logarithm's fraction; its slope
// against the logarithm is between 1.4286 and 1.4857, so 35 buckets to the unit are everywhere
// narrower than 2.02 % (0.7 / ln 1.0202 = 35.0).
//
// A code is a bucket's index times two, plus one for negative values; kZero is zero's.
//
// Bytes, version 1: version, flags (1 zeros, 2 negative, 4 positive values); varint zeros; then for
// each sign present: varint number of buckets, zigzag varint first index, varint count, and for
// each further bucket varint (distance - 1), varint count.

#include "store/ddsketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "store/sketch_memory.h"
#include "store/varint.h"

namespace store {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kHasZeros = 1, kHasNegative = 2, kHasPositive = 4;
constexpr double kA = 6.0 / 35, kB = -3.0 / 5, kC = 10.0 / 7;
constexpr double kBucketsPerUnit = 35;
constexpr int32_t kLowest = -1023 * 35, kHighest = 1024 * 35;
constexpr uint32_t kMargin = 16;  // buckets that a window has to spare on a side

// Where bucket `index` begins. Solves the cubic by Newton's method; it is monotone with a slope of
// at least 0.74.
double LowerBound(int32_t index) {
  const double at = index / kBucketsPerUnit;
  const double exponent = std::floor(at), fraction = at - exponent;
  double z = fraction;
  for (int i = 0; i < 6; ++i) {
    const double value = ((kA * z + kB) * z + kC) * z - fraction;
    z -= value / ((3 * kA * z + 2 * kB) * z + kC);
  }
  return std::ldexp(1 + z, static_cast<int>(exponent));
}

struct Bucket {
  int32_t index;
  uint64_t count;
};

void AppendBuckets(const Bucket* begin, const Bucket* end, std::string* out) {
  AppendVarint(static_cast<uint64_t>(end - begin), out);
  AppendVarint(ZigZag(begin->index), out);
  AppendVarint(begin->count, out);
  for (const Bucket* b = begin + 1; b < end; ++b) {
    AppendVarint(static_cast<uint64_t>(b->index - b[-1].index - 1), out);
    AppendVarint(b->count, out);
  }
}

}  // namespace

DdSketch::~DdSketch() {
  if (size_ != kLarge) return;
  for (Window& window : large_->window) {
    SketchMemory::Give(window.size * sizeof(uint64_t));
    std::free(window.counts);
  }
  SketchMemory::Give(sizeof(Large));
  delete large_;
}

bool DdSketch::Codes(const double* values, size_t count, int32_t* codes) {
  bool finite = true;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t bits = std::bit_cast<uint64_t>(values[i]);
    const int32_t exponent = static_cast<int32_t>(bits >> 52 & 0x7ff);
    const double z = std::bit_cast<double>((bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL) - 1;
    const double unit = (exponent - 1023) + ((kA * z + kB) * z + kC) * z;
    // The sum is positive, so cutting its fraction off is rounding down.
    const int32_t index =
        std::min(static_cast<int32_t>(unit * kBucketsPerUnit + 65536) - 65536, kHighest - 1);
    codes[i] = exponent == 0 ? kZero : index * 2 + static_cast<int32_t>(bits >> 63);
    finite &= exponent != 0x7ff;
  }
  return finite;
}

bool DdSketch::Add(double value) {
  int32_t code;
  return Codes(&value, 1, &code) && AddCode(code);
}

bool DdSketch::AddCount(int32_t code, uint64_t count) {
  while (size_ != kLarge && count > 0 && size_ < kSmall) {
    small_[size_++] = code;
    --count;
  }
  if (count == 0) return true;
  if (size_ != kLarge && !Grow()) return false;
  if (code == kZero) {
    large_->zeros += count;
    return true;
  }
  return large_->window[code & 1].Add(code >> 1, count);
}

// From values in the object to windows.
bool DdSketch::Grow() {
  if (!SketchMemory::Take(sizeof(Large))) return false;
  std::array<int32_t, kSmall> codes;
  const uint32_t size = size_;
  std::copy_n(small_, size, codes.begin());
  large_ = new Large;
  size_ = kLarge;
  for (uint32_t i = 0; i < size; ++i)
    if (!AddCount(codes[i], 1)) return false;
  return true;
}

bool DdSketch::Window::Add(int32_t index, uint64_t count) {
  if (static_cast<uint32_t>(index - low) >= size && !Cover(index)) return false;
  counts[index - low] += count;
  return true;
}

// Makes the window hold `index`, with room beyond it on that side.
bool DdSketch::Window::Cover(int32_t index) {
  const int32_t spare = static_cast<int32_t>(std::max(kMargin, size / 2));
  int32_t from = index - static_cast<int32_t>(kMargin), to = index + static_cast<int32_t>(kMargin);
  if (size > 0) {
    from = index < low ? index - spare : low;
    to = index < low ? low + static_cast<int32_t>(size) : index + spare;
  }
  from = std::max(from, kLowest);
  to = std::min(to, kHighest);
  const uint32_t wanted = static_cast<uint32_t>(to - from);
  if (!SketchMemory::Take(wanted * sizeof(uint64_t))) return false;
  auto* fresh = static_cast<uint64_t*>(std::calloc(wanted, sizeof(uint64_t)));
  if (!fresh) {
    SketchMemory::Give(wanted * sizeof(uint64_t));
    return false;
  }
  if (size > 0) std::memcpy(fresh + (low - from), counts, size * sizeof(uint64_t));
  std::free(counts);
  SketchMemory::Give(size * sizeof(uint64_t));
  counts = fresh;
  low = from;
  size = wanted;
  return true;
}

uint64_t DdSketch::Window::total() const {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; ++i) sum += counts[i];
  return sum;
}

bool DdSketch::Merge(const DdSketch& other) {
  if (other.size_ != kLarge) {
    for (uint32_t i = 0; i < other.size_; ++i)
      if (!AddCode(other.small_[i])) return false;
    return true;
  }
  if (other.large_->zeros > 0 && !AddCount(kZero, other.large_->zeros)) return false;
  for (int sign = 0; sign < 2; ++sign) {
    const Window& from = other.large_->window[sign];
    for (uint32_t i = 0; i < from.size; ++i)
      if (from.counts[i] > 0 &&
          !AddCount((from.low + static_cast<int32_t>(i)) * 2 + sign, from.counts[i]))
        return false;
  }
  return true;
}

uint64_t DdSketch::count() const {
  if (size_ != kLarge) return size_;
  return large_->zeros + large_->window[0].total() + large_->window[1].total();
}

double DdSketch::ValueOf(int32_t code) {
  if (code == kZero) return 0;
  const int32_t index = code >> 1;
  const double lower = LowerBound(index), upper = std::min(LowerBound(index + 1), DBL_MAX);
  const double value =
      lower / (0.5 + 0.5 * (lower / upper));  // as far from one bound as from the other, relatively
  return code & 1 ? -value : value;
}

double DdSketch::Quantile(double q) const {
  const uint64_t total = count();
  const double place = std::ceil(q * static_cast<double>(total));
  uint64_t left = place < 1 ? 1 : std::min(total, static_cast<uint64_t>(place));
  if (size_ != kLarge) {
    // From the most negative bucket up: a negative one lies lower the higher its index.
    std::array<int32_t, kSmall> codes;
    std::copy_n(small_, size_, codes.begin());
    auto order = [](int32_t code) {
      return code == kZero ? 0 : code & 1 ? -100'000 - (code >> 1) : 100'000 + (code >> 1);
    };
    std::sort(codes.begin(), codes.begin() + size_,
              [&](int32_t a, int32_t b) { return order(a) < order(b); });
    return ValueOf(codes[left - 1]);
  }
  const Window &positive = large_->window[0], &negative = large_->window[1];
  for (uint32_t i = negative.size; i-- > 0; left -= negative.counts[i])
    if (negative.counts[i] >= left)
      return ValueOf((negative.low + static_cast<int32_t>(i)) * 2 + 1);
  if (large_->zeros >= left) return 0;
  left -= large_->zeros;
  for (uint32_t i = 0; i < positive.size; left -= positive.counts[i++])
    if (positive.counts[i] >= left) return ValueOf((positive.low + static_cast<int32_t>(i)) * 2);
  return 0;  // not reached: `left` is at most the number of values
}

void DdSketch::AppendWindow(const Window& window, std::string* out) {
  thread_local std::string buckets;  // reused: its length decides nothing
  uint64_t number = 0;
  int32_t previous = 0;
  buckets.clear();
  for (uint32_t i = 0; i < window.size; ++i) {
    if (window.counts[i] == 0) continue;
    const int32_t index = window.low + static_cast<int32_t>(i);
    AppendVarint(number == 0 ? ZigZag(index) : static_cast<uint64_t>(index - previous - 1),
                 &buckets);
    AppendVarint(window.counts[i], &buckets);
    previous = index;
    ++number;
  }
  AppendVarint(number, out);
  *out += buckets;
}

void DdSketch::AppendSmall(std::string* out) const {
  std::array<int32_t, kSmall> codes;
  std::copy_n(small_, size_, codes.begin());
  std::sort(codes.begin(), codes.begin() + size_);
  std::array<Bucket, kSmall> buckets[2];
  uint32_t sizes[2] = {0, 0}, zeros = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    if (codes[i] == kZero) {
      ++zeros;
      continue;
    }
    const int sign = codes[i] & 1;
    if (sizes[sign] > 0 && buckets[sign][sizes[sign] - 1].index == codes[i] >> 1)
      ++buckets[sign][sizes[sign] - 1].count;
    else buckets[sign][sizes[sign]++] = {codes[i] >> 1, 1};
  }
  out->push_back(static_cast<char>((zeros ? kHasZeros : 0) | (sizes[1] ? kHasNegative : 0) |
                                   (sizes[0] ? kHasPositive : 0)));
  if (zeros) AppendVarint(zeros, out);
  for (int sign : {1, 0})
    if (sizes[sign]) AppendBuckets(buckets[sign].data(), buckets[sign].data() + sizes[sign], out);
}

void DdSketch::AppendTo(std::string* out) const {
  out->push_back(kVersion);
  if (size_ != kLarge) return AppendSmall(out);
  const bool negative = large_->window[1].total() > 0, positive = large_->window[0].total() > 0;
  out->push_back(static_cast<char>((large_->zeros ? kHasZeros : 0) | (negative ? kHasNegative : 0) |
                                   (positive ? kHasPositive : 0)));
  if (large_->zeros) AppendVarint(large_->zeros, out);
  if (negative) AppendWindow(large_->window[1], out);
  if (positive) AppendWindow(large_->window[0], out);
}

namespace {

// Reads the buckets of one sign and gives each to `add`, which says whether to go on.
template <typename Add>
DdSketch::Parsed ReadBuckets(ByteReader* reader, Add add) {
  uint64_t number, first, count;
  if (!reader->Varint(&number) || number == 0 || !reader->Varint(&first))
    return DdSketch::Parsed::kDamaged;
  int64_t index = UnZigZag(first);
  for (uint64_t i = 0; i < number; ++i) {
    uint64_t distance = 0;
    if (i > 0 && !reader->Varint(&distance)) return DdSketch::Parsed::kDamaged;
    if (distance > static_cast<uint64_t>(kHighest - kLowest)) return DdSketch::Parsed::kDamaged;
    if (i > 0) index += static_cast<int64_t>(distance) + 1;
    if (!reader->Varint(&count) || count == 0 || count > UINT64_MAX / 4)
      return DdSketch::Parsed::kDamaged;
    if (index < kLowest || index >= kHighest) return DdSketch::Parsed::kDamaged;
    if (!add(static_cast<int32_t>(index), count)) return DdSketch::Parsed::kNoMemory;
  }
  return DdSketch::Parsed::kOk;
}

}  // namespace

DdSketch::Parsed DdSketch::MergeBytes(std::string_view bytes) {
  ByteReader reader(bytes);
  uint8_t version, flags;
  if (!reader.Byte(&version) || version != kVersion || !reader.Byte(&flags) || flags > 7)
    return Parsed::kDamaged;
  if (flags & kHasZeros) {
    uint64_t zeros;
    if (!reader.Varint(&zeros) || zeros == 0 || zeros > UINT64_MAX / 4) return Parsed::kDamaged;
    if (!AddCount(kZero, zeros)) return Parsed::kNoMemory;
  }
  for (int sign : {1, 0}) {
    if (!(flags & (sign ? kHasNegative : kHasPositive))) continue;
    const Parsed parsed = ReadBuckets(
        &reader, [&](int32_t index, uint64_t count) { return AddCount(index * 2 + sign, count); });
    if (parsed != Parsed::kOk) return parsed;
  }
  return reader.empty() ? Parsed::kOk : Parsed::kDamaged;
}

}  // namespace store
