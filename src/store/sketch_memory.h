#pragma once
// SketchMemory: what the states of sketches hold on the heap. DuckDB does not see that memory, so
// its memory_limit does not bound it; this does. The functions that DuckDB calls to free a state
// get no context, so the count is one per process.
//
// Threads: any. Errors: Take says no; the aggregate then fails with "out of memory" (53200).

#include <atomic>
#include <cstddef>

namespace store {

class SketchMemory {
 public:
  static bool Take(size_t bytes) {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <=
        limit_.load(std::memory_order_relaxed))
      return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  static void Give(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  static void SetLimit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  static size_t limit() { return limit_.load(std::memory_order_relaxed); }
  static size_t used() { return used_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<size_t> used_{0};
  static inline std::atomic<size_t> limit_{size_t{128} << 20};
};

}  // namespace store
