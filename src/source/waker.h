#pragma once
// Waker: a wait that another thread may end; what it ended is remembered for the next wait.
// Threads: any.

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace source {

class Waker {
 public:
  void Wake() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_all();
  }
  // True when it was woken.
  bool Wait(std::chrono::microseconds time) {
    std::unique_lock lock(mutex_);
    const bool woken = wake_.wait_for(lock, time, [this] { return woken_; });
    woken_ = false;
    return woken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
};

}  // namespace source
