#pragma once
// The only door to time. Deadlines use Monotonic(), what people see uses Wall(). Tests pass a ManualClock.
// Threads: any.

#include <atomic>
#include <chrono>

namespace base {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using MonotonicTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Wall() const = 0;
  virtual MonotonicTime Monotonic() const = 0;
  static const Clock& System();
};

// CPU time of the calling thread. Costs a system call (0.2 us): for batches, not for records.
std::chrono::microseconds ThreadCpuTime();

class ManualClock : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{}) : start_(start) {}
  void Advance(std::chrono::microseconds by) { elapsed_us_ += by.count(); }
  WallTime Wall() const override { return start_ + std::chrono::microseconds(elapsed_us_.load()); }
  MonotonicTime Monotonic() const override { return MonotonicTime(std::chrono::microseconds(elapsed_us_.load())); }

 private:
  WallTime start_;
  std::atomic<int64_t> elapsed_us_{0};
};

}  // namespace base
