#pragma once
// ValueCounts: how often each text came. Exact up to a number of different texts (histogram), or
// with the rare ones let go (approx_top_k): when there are twice as many counters as are kept, the
// count of the first one too many is taken off all (Misra and Gries), so that a count is short by
// at most 1 / kKept of the rows, and counters merge in any order within that bound.
//
// Bytes: version 1; what was taken off; number of texts; each text's length, bytes and count, in
// an order, so that equal counts are equal bytes. Numbers are varints.
//
// Threads: one owner. Errors: kDamaged for bytes of no state; kTooMany beyond kMaxExact different
// texts or kMaxTextBytes of them; kNoMemory when SketchMemory gives no more.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace store {

class ValueCounts {
 public:
  enum class Outcome { kOk, kDamaged, kTooMany, kNoMemory };
  static constexpr size_t kMaxExact = 10'000, kKept = 1'000;
  static constexpr size_t kMaxTextBytes = 4 << 20;

  explicit ValueCounts(bool exact) : exact_(exact) {}
  ValueCounts(const ValueCounts&) = delete;
  ValueCounts& operator=(const ValueCounts&) = delete;
  ~ValueCounts();

  Outcome Add(std::string_view text, uint64_t count = 1);
  Outcome Merge(const ValueCounts& other);
  Outcome MergeBytes(std::string_view bytes);
  bool empty() const { return counts_.empty() && taken_off_ == 0; }
  void AppendTo(std::string* out) const;

  // How much a count may be short; 0 while counts are exact.
  uint64_t taken_off() const { return taken_off_; }
  // The most frequent texts first, equal ones in the order of the texts; at most `most`.
  std::vector<std::pair<std::string_view, uint64_t>> MostFrequent(size_t most) const;
  // Short texts first, those of one length in their order, as PostgreSQL orders the keys of jsonb.
  std::vector<std::pair<std::string_view, uint64_t>> InOrder() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Outcome Bound();
  void TakeOff();

  const bool exact_;
  std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> counts_;
  uint64_t taken_off_ = 0;
  size_t memory_ = 0, text_bytes_ = 0;  // what SketchMemory gave; of the texts alone
};

}  // namespace store
