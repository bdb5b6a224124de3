// Bytes that claim to be states: none may do harm, and what is accepted must write itself again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/ddsketch.h"
#include "store/hyperloglog.h"
#include "store/moments.h"
#include "store/pair_moments.h"
#include "store/value_counts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  store::DdSketch sketch;
  if (sketch.MergeBytes(bytes) == store::DdSketch::Parsed::kOk && !sketch.empty()) {
    std::string again;
    sketch.AppendTo(&again);
    store::DdSketch copy;
    if (copy.MergeBytes(again) != store::DdSketch::Parsed::kOk) std::abort();
    (void)copy.Quantile(0.5);
  }
  store::HyperLogLog distinct;
  if (distinct.MergeBytes(bytes) == store::HyperLogLog::Outcome::kOk) {
    std::string again;
    int64_t estimate = 0;
    if (distinct.AppendTo(&again) != store::HyperLogLog::Outcome::kOk) std::abort();
    if (store::HyperLogLog::Estimate(again, &estimate) != store::HyperLogLog::Outcome::kOk)
      std::abort();
    (void)store::HyperLogLog::Estimate(bytes, &estimate);
  }
  store::Moments moments;
  if (moments.Read(bytes)) (void)moments.StddevSamp();
  store::PairMoments pairs;
  if (pairs.Read(bytes)) (void)pairs.Corr();
  for (const bool exact : {true, false}) {
    store::ValueCounts counts(exact);
    if (counts.MergeBytes(bytes) != store::ValueCounts::Outcome::kOk) continue;
    std::string again;
    counts.AppendTo(&again);
    store::ValueCounts copy(exact);
    if (copy.MergeBytes(again) != store::ValueCounts::Outcome::kOk) std::abort();
  }
  return 0;
}
