#include "pgwire/query_threads.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

namespace pgwire {
namespace {

constexpr int kLightThreads = 2;

}  // namespace

QueryThreads::QueryThreads(int threads) : max_heavy_(std::max(1, threads - kLightThreads)) {
  for (int i = 0; i < max_heavy_ + kLightThreads; ++i) threads_.emplace_back([this, i] { Run(i); });
}

void QueryThreads::Post(Lane lane, const void* owner, std::function<void()> job) {
  CHECK(lane != Lane::kNetwork);
  {
    std::lock_guard lock(mutex_);
    CHECK(!stopping_);
    (lane == Lane::kHeavy ? heavy_ : light_).push_back({owner, std::move(job)});
  }
  wake_.notify_one();
}

bool QueryThreads::Withdraw(const void* owner) {
  std::lock_guard lock(mutex_);
  return std::erase_if(heavy_, [&](const Job& job) { return job.owner == owner; }) > 0;
}

bool QueryThreads::HasWork() const { return !light_.empty() || (!heavy_.empty() && running_heavy_ < max_heavy_); }

void QueryThreads::Run(int number) {
  pthread_setname_np(pthread_self(), ("pgwire-query-" + std::to_string(number)).substr(0, 15).c_str());
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || HasWork(); });
    if (!HasWork()) return;   // stopping; heavy jobs that wait are taken by the thread that ends one
    const bool heavy = light_.empty();
    auto& queue = heavy ? heavy_ : light_;
    Job job = std::move(queue.front());
    queue.pop_front();
    running_heavy_ += heavy;
    lock.unlock();
    job.run();
    job.run = nullptr;   // what it holds is let go outside the lock
    lock.lock();
    running_heavy_ -= heavy;
    if (heavy && !heavy_.empty()) wake_.notify_one();
  }
}

void QueryThreads::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace pgwire
