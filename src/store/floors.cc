#include "store/floors.h"

#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace store {

std::optional<int64_t> Floors::Get(int64_t object) const {
  std::lock_guard lock(mutex_);
  const auto found = floors_.find(object);
  return found == floors_.end() ? std::nullopt : std::optional(found->second);
}

bool Floors::Raise(int64_t object, int64_t floor_us) {
  std::lock_guard lock(mutex_);
  const auto [at, added] = floors_.try_emplace(object, floor_us);
  count_.store(floors_.size(), std::memory_order_release);
  if (added) return true;
  if (at->second >= floor_us) return false;
  at->second = floor_us;
  return true;
}

std::map<int64_t, int64_t> Floors::All() const {
  std::lock_guard lock(mutex_);
  return floors_;
}

void Floors::Forget(int64_t object) {
  std::lock_guard lock(mutex_);
  floors_.erase(object);
  count_.store(floors_.size(), std::memory_order_release);
}

void Floors::Add(const LaneEpoch* epoch) {
  std::lock_guard lock(mutex_);
  epochs_.insert(epoch);
}

void Floors::Remove(const LaneEpoch* epoch) {
  std::lock_guard lock(mutex_);
  epochs_.erase(epoch);
}

bool Floors::WaitForCommits(std::chrono::milliseconds limit) const {
  std::vector<std::pair<const LaneEpoch*, uint64_t>> waiting;
  {
    std::lock_guard lock(mutex_);
    for (const LaneEpoch* epoch : epochs_)
      if (epoch->value() % 2 == 1) waiting.emplace_back(epoch, epoch->value());
  }
  const base::MonotonicTime deadline = base::Clock::System().Monotonic() + limit;
  for (;;) {
    {
      std::lock_guard lock(mutex_);  // a lane that is gone is under way no more
      std::erase_if(waiting, [&](const auto& w) {
        return !epochs_.contains(w.first) || w.first->value() != w.second;
      });
    }
    if (waiting.empty()) return true;
    if (base::Clock::System().Monotonic() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace store
