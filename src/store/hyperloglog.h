#pragma once
// HyperLogLog: how many distinct texts there were, by Apache DataSketches' HLL with 4,096
// registers: a standard error of 1.6 %; up to a few hundred distinct values it is all but exact.
// Merging takes the maximum of each register, in any order, and the estimate depends on nothing
// else.
//
// Bytes: version 1, then DataSketches' compact form (HLL_8), which is checked in every field before
// it is handed over: DataSketches itself believes the lengths it reads.
//
// Threads: one owner. Errors: kDamaged for bytes that no sketch of ours wrote; kNoMemory when
// SketchMemory gives no more.

#include <cstdint>
#include <string>
#include <string_view>

namespace store {

class HyperLogLog {
 public:
  enum class Outcome { kOk, kDamaged, kNoMemory };

  HyperLogLog() = default;
  HyperLogLog(const HyperLogLog&) = delete;
  HyperLogLog& operator=(const HyperLogLog&) = delete;
  ~HyperLogLog();

  Outcome Add(std::string_view text);
  Outcome Merge(const HyperLogLog& other);
  Outcome MergeBytes(std::string_view bytes);
  bool empty() const { return sketch_ == nullptr && union_ == nullptr; }
  Outcome AppendTo(std::string* out) const;
  static Outcome Estimate(std::string_view bytes, int64_t* estimate);

 private:
  struct Sketch;
  struct Union;
  Outcome ToUnion();

  Sketch* sketch_ = nullptr;  // of added texts; once anything was merged, union_ has all
  Union* union_ = nullptr;
};

}  // namespace store
