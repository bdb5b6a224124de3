#pragma once
// Floors: below which event time each object (source or view) keeps nothing, in memory, and the
// grace period that makes raising one safe.
//
// Invariants:
// 1. A floor only rises, and commits with the DELETE of what lies below it.
// 2. It is published here first. A lane reads floors only inside a LaneEpoch; retention waits until
// every epoch that began
//    before the publication has ended, then deletes. So no commit brings back a row below a floor
//    that was deleted.
// 3. A lane that leaves rows out because of a floor writes that floor in its own commit: a crash
// before the retention's
//    commit cannot lower it again.
//
// Threads: any.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_set>

namespace store {

// One lane's commits: odd while one is under way.
class LaneEpoch {
 public:
  void Begin() { value_.fetch_add(1); }
  void End() { value_.fetch_add(1); }
  uint64_t value() const { return value_.load(); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Floors {
 public:
  std::optional<int64_t> Get(int64_t object) const;
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }
  // False when the floor stands at least there already.
  bool Raise(int64_t object, int64_t floor_us);
  std::map<int64_t, int64_t> All() const;
  void Forget(int64_t object);  // one that does not exist, or not yet

  void Add(const LaneEpoch* epoch);
  void Remove(const LaneEpoch* epoch);
  // Waits for the commits that are under way. False when one takes longer than `limit`.
  bool WaitForCommits(std::chrono::milliseconds limit) const;

 private:
  mutable std::mutex mutex_;
  std::map<int64_t, int64_t> floors_;
  std::atomic<size_t> count_{0};
  std::unordered_set<const LaneEpoch*> epochs_;
};

}  // namespace store
