#pragma once
// The parsing plan of one source: which keys of a JSON object lead to which columns, as a tree by path, and in which order
// the last record had them.
//
// A record's keys are mostly those of the record before it in the same order, so each is first compared with the one
// expected there (one or two wide compares), then with the one after it (a field was left out), then looked up.
//
// Threads: one owner. Limits: kMaxExpected keys an object and kMaxKeyBytes a key are remembered; others are looked up.

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/schema.h"

namespace decode {

// One bit for each of the first 32 bytes that is equal; those that `wanted` lacks may be left out.
inline uint32_t EqualBytes(const char* a, const char* b, uint32_t wanted) {
#ifdef __SSE2__
  const auto load = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  auto equal = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b))));
  if (wanted >> 16 != 0) equal |= static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a + 16), load(b + 16)))) << 16;
  return equal;
#else
  uint32_t equal = 0;
  for (int i = 0; i < 32 && (wanted >> i) != 0; ++i) equal |= uint32_t{a[i] == b[i]} << i;
  return equal;
#endif
}

// What a key leads to: columns that take its value, and an object node for the paths that go on below it.
struct KeyTarget {
  std::vector<uint32_t> columns;
  int node = -1;
};

class ObjectNode {
 public:
  static constexpr int kUnknown = -1;

  // The target for `name`, made when it is not there.
  KeyTarget& At(std::string_view name);
  const KeyTarget& target(int index) const { return targets_[static_cast<size_t>(index)]; }
  const std::vector<KeyTarget>& targets() const { return targets_; }

  // Starts an object: the first key is expected next.
  void Begin() { next_ = 0; }
  // Whether the key whose opening quote is at `key` is one of the next two expected; then its target or kUnknown, else
  // kNotExpected. The document goes to `end`; may read 32 bytes from `key` on whatever that is.
  static constexpr int kNotExpected = -2;
  [[gnu::always_inline]] int Expect(const char* key, const char* end) {
    if (next_ < expected_.size() && expected_[next_].Matches(key, end)) return expected_[next_++].target;
    if (next_ + 1 < expected_.size() && expected_[next_ + 1].Matches(key, end)) {
      next_ += 2;
      return expected_[next_ - 1].target;
    }
    return kNotExpected;
  }
  // Of the key that Expect found last: bytes with both quotes.
  size_t ExpectedBytes() const { return expected_[next_ - 1].size; }
  // For a key that was not expected: its target, remembered for the next record. `raw` is what lies between its quotes, `name`
  // what that stands for.
  int Find(std::string_view raw, std::string_view name);

 private:
  static constexpr size_t kMaxExpected = 512;
  static constexpr size_t kInlineBytes = 32;  // quotes included
  static constexpr size_t kMaxKeyBytes = 256;

  // A key with its quotes. Longer ones lie in `rest`.
  struct Expected {
    alignas(16) char bytes[kInlineBytes] = {};
    uint32_t mask = 0;  // one bit a byte that counts
    uint32_t size = 0;  // bytes of all of it
    int target = kUnknown;
    std::string rest;
    bool Matches(const char* key, const char* end) const {
      if ((EqualBytes(key, bytes, mask) & mask) != mask) return false;
      if (rest.empty()) return true;
      return key + kInlineBytes + rest.size() <= end && std::memcmp(key + kInlineBytes, rest.data(), rest.size()) == 0;
    }
  };
  void Remember(std::string_view raw, int target);

  std::vector<KeyTarget> targets_;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, int, Hash, std::equal_to<>> by_name_;
  std::vector<Expected> expected_;
  size_t next_ = 0;
};

// The nodes of the columns in `columns` (indexes of kValue columns of the schema); node 0 is the record itself.
// Each column is reached by its path after every one of `prefixes`.
std::vector<ObjectNode> PlanOf(const model::SourceSchema& schema, const std::vector<uint32_t>& columns,
                               const std::vector<std::vector<std::string>>& prefixes);

}  // namespace decode
