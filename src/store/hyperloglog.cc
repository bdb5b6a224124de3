#include "store/hyperloglog.h"

#include <cmath>
#include <cstring>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include <hll.hpp>

#include "store/sketch_memory.h"

namespace store {
namespace {

// DataSketches' memory counts as ours. It throws when there is none, as any allocator does; each
// door below catches it.
template <typename T>
struct CountedAllocator {
  using value_type = T;
  CountedAllocator() = default;
  template <typename U>
  CountedAllocator(const CountedAllocator<U>&) {}
  T* allocate(size_t n) {
    if (!SketchMemory::Take(n * sizeof(T))) throw std::bad_alloc();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, size_t n) {
    SketchMemory::Give(n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
  template <typename U>
  bool operator==(const CountedAllocator<U>&) const {
    return true;
  }
};

using Allocator = CountedAllocator<uint8_t>;
using HllSketch = datasketches::hll_sketch_alloc<Allocator>;
using HllUnion = datasketches::hll_union_alloc<Allocator>;

constexpr uint8_t kVersion = 1;
constexpr uint8_t kLogRegisters = 12;
constexpr size_t kRegisters = size_t{1} << kLogRegisters;
constexpr uint32_t kMaxListCount = 8,
                   kMaxSetCount = 512;  // beyond these DataSketches uses the next form

// DataSketches' header: preamble ints, serial version, family, log2 registers, log2 array, flags,
// count or minimum, mode.
constexpr uint8_t kEmptyFlag = 4, kCompactFlag = 8;

uint32_t Word(std::string_view bytes, size_t at) {
  uint32_t word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

bool CouponsAreSound(std::string_view bytes, size_t from, uint32_t count) {
  if (count == 0 || bytes.size() != from + count * sizeof(uint32_t)) return false;
  for (uint32_t i = 0; i < count; ++i)
    if (Word(bytes, from + i * 4) >> 26 == 0)
      return false;  // the register value of a coupon begins at 1
  return true;
}

bool RegistersAreSound(std::string_view bytes) {
  if (bytes.size() != 40 + kRegisters || Word(bytes, 36) != 0) return false;
  for (size_t at = 8; at < 32; at += 8) {
    double number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    if (!(number >= 0 && number < 1e18)) return false;
  }
  for (char c : bytes.substr(40))
    if (static_cast<uint8_t>(c) > 63) return false;
  return bytes[6] == 0 && Word(bytes, 32) < kRegisters;  // HLL_8 keeps its minimum at 0
}

bool IsSound(std::string_view bytes) {
  if (bytes.size() < 8) return false;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (byte(1) != 1 || byte(2) != 7 || byte(3) != kLogRegisters || !(byte(5) & kCompactFlag))
    return false;
  const uint8_t mode = byte(7) & 3, target = byte(7) >> 2 & 3;
  if (target != datasketches::HLL_8 || byte(7) > 15 || byte(5) & kEmptyFlag) return false;
  switch (byte(0)) {
    case 2: return mode == 0 && byte(6) <= kMaxListCount && CouponsAreSound(bytes, 8, byte(6));
    case 3:
      return mode == 1 && bytes.size() >= 12 && Word(bytes, 8) <= kMaxSetCount &&
             CouponsAreSound(bytes, 12, Word(bytes, 8));
    case 10: return mode == 2 && RegistersAreSound(bytes);
    default: return false;
  }
}

// The payload of our bytes, or nothing.
std::string_view Payload(std::string_view bytes) {
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) != kVersion || !IsSound(bytes.substr(1)))
    return {};
  return bytes.substr(1);
}

// Runs `work`, which calls DataSketches.
template <typename Work>
HyperLogLog::Outcome Guarded(Work work) {
  try {
    work();
    return HyperLogLog::Outcome::kOk;
  } catch (const std::bad_alloc&) {
    return HyperLogLog::Outcome::kNoMemory;
  } catch (const std::exception&) {
    return HyperLogLog::Outcome::kDamaged;
  }
}

}  // namespace

struct HyperLogLog::Sketch {
  HllSketch hll{kLogRegisters, datasketches::HLL_8};
};
struct HyperLogLog::Union {
  HllUnion hll{kLogRegisters};
};

HyperLogLog::~HyperLogLog() {
  delete sketch_;
  delete union_;
}

HyperLogLog::Outcome HyperLogLog::Add(std::string_view text) {
  return Guarded([&] {
    if (union_) return union_->hll.update(text.data(), text.size());
    if (!sketch_) sketch_ = new Sketch;
    sketch_->hll.update(text.data(), text.size());
  });
}

HyperLogLog::Outcome HyperLogLog::ToUnion() {
  if (union_) return Outcome::kOk;
  return Guarded([&] {
    auto merged = std::make_unique<Union>();
    if (sketch_) merged->hll.update(sketch_->hll);
    union_ = merged.release();
    delete std::exchange(sketch_, nullptr);
  });
}

HyperLogLog::Outcome HyperLogLog::Merge(const HyperLogLog& other) {
  if (other.empty()) return Outcome::kOk;
  if (const Outcome outcome = ToUnion(); outcome != Outcome::kOk) return outcome;
  return Guarded([&] {
    if (other.sketch_) union_->hll.update(other.sketch_->hll);
    else union_->hll.update(other.union_->hll.get_result(datasketches::HLL_8));
  });
}

HyperLogLog::Outcome HyperLogLog::MergeBytes(std::string_view bytes) {
  const std::string_view payload = Payload(bytes);
  if (payload.empty()) return Outcome::kDamaged;
  if (const Outcome outcome = ToUnion(); outcome != Outcome::kOk) return outcome;
  return Guarded(
      [&] { union_->hll.update(HllSketch::deserialize(payload.data(), payload.size())); });
}

HyperLogLog::Outcome HyperLogLog::AppendTo(std::string* out) const {
  return Guarded([&] {
    const auto bytes = union_ ? union_->hll.get_result(datasketches::HLL_8).serialize_compact()
                              : sketch_->hll.serialize_compact();
    out->push_back(static_cast<char>(kVersion));
    out->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
}

HyperLogLog::Outcome HyperLogLog::Estimate(std::string_view bytes, int64_t* estimate) {
  const std::string_view payload = Payload(bytes);
  if (payload.empty()) return Outcome::kDamaged;
  return Guarded([&] {
    // The estimate that looks at the registers only: the other one also depends on the order in
    // which things came.
    const double value =
        HllSketch::deserialize(payload.data(), payload.size()).get_composite_estimate();
    *estimate = value >= 0 && value < 9e18 ? std::llround(value) : 0;
  });
}

}  // namespace store
