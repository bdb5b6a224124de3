#include "query/places.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace query {
namespace {
constexpr std::chrono::milliseconds kLookAgain{20};  // for a stop of the waiting statement
}

Places::Places(int running, int waiting)
    : max_running_(std::max(1, running)),
      max_waiting_(std::max(0, waiting)),
      running_gauge_(
          base::Metrics().GetGauge("freshet_query_running", "SELECTs that hold a place")),
      waiting_gauge_(
          base::Metrics().GetGauge("freshet_query_waiting", "SELECTs that wait for a place")) {}

void Places::Place::Leave() {
  if (places_ != nullptr) std::exchange(places_, nullptr)->Return();
}

base::Result<Places::Place> Places::Enter(Activity* activity) {
  std::unique_lock lock(mutex_);
  if (running_ >= max_running_ || !waiting_.empty()) RETURN_IF_ERROR(Wait(activity, &lock));
  ++running_;
  running_gauge_.Set(running_);
  return Place(this);
}

base::Status Places::Wait(Activity* activity, std::unique_lock<std::mutex>* lock) {
  if (waiting_.size() >= static_cast<size_t>(max_waiting_))
    return base::Exhausted("too many queries are waiting")
        .WithSqlstate("53300")
        .WithDetail(std::to_string(max_running_) + " queries run and " +
                    std::to_string(waiting_.size()) + " wait.")
        .WithHint("Try again later, or raise max_running_queries.");
  const uint64_t ticket = next_ticket_++;
  waiting_.push_back(ticket);
  waiting_gauge_.Set(static_cast<double>(waiting_.size()));
  activity->SetWaiting(true);
  base::Status stopped;
  while (stopped.ok() && (running_ >= max_running_ || waiting_.front() != ticket)) {
    changed_.wait_for(*lock, kLookAgain);
    stopped = activity->Stopped();
  }
  activity->SetWaiting(false);
  std::erase(waiting_, ticket);
  waiting_gauge_.Set(static_cast<double>(waiting_.size()));
  changed_.notify_all();
  return stopped;
}

void Places::Return() {
  std::lock_guard lock(mutex_);
  running_gauge_.Set(--running_);
  changed_.notify_all();
}

}  // namespace query
