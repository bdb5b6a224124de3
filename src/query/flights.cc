// Invariants:
// 1. states_ has an entry exactly while its text runs or somebody waits for it.
// 2. A group is reachable from its state until its computation begins; nobody joins it afterwards.

#include "query/flights.h"

#include <chrono>

namespace query {
namespace {

constexpr std::chrono::milliseconds kLookAgain{20};  // for a stop of the waiting statement

base::Counter& SharedQueries() {
  static base::Counter& counter = base::Metrics().GetCounter(
      "freshet_query_shared_total", "SELECTs answered by the computation of an equal one");
  return counter;
}

bool WasStopped(const base::Status& status) { return status.code() == base::Code::kCancelled; }

}  // namespace

base::Result<Flights::Turn> Flights::Join(const std::string& text, Activity* activity,
                                          const Compute& compute) {
  std::unique_lock lock(mutex_);
  while (true) {
    State& state = states_[text];
    if (!state.running) {
      state.running = true;
      return Turn{nullptr, Flight(this, text)};
    }
    if (!state.next) state.next = std::make_shared<Group>();
    const auto group = state.next;
    ++group->members;
    while (!group->done) {
      const auto found = states_.find(text);
      const bool mine =
          found != states_.end() && !found->second.running && found->second.next == group;
      if (mine) return Lead(text, group, compute, &lock);
      changed_.wait_for(lock, kLookAgain);
      if (base::Status stopped = activity->Stopped(); !stopped.ok()) {
        Leave(text, group);
        return stopped;
      }
    }
    if (group->again) continue;
    if (group->alone) return Turn{};
    if (!group->status.ok()) return group->status;
    SharedQueries().Add();
    return Turn{group->rows, Flight()};
  }
}

base::Result<Flights::Turn> Flights::Lead(const std::string& text, std::shared_ptr<Group> group,
                                          const Compute& compute,
                                          std::unique_lock<std::mutex>* lock) {
  State& state = states_[text];
  state.running = true;
  state.next = nullptr;
  if (group->members == 1) {
    group->done = true;
    return Turn{nullptr, Flight(this, text)};
  }
  lock->unlock();
  auto rows = compute();
  lock->lock();
  group->done = true;
  if (!rows.ok()) {
    group->status = rows.status();
    group->again = WasStopped(group->status);
  } else {
    group->rows = *rows;
    group->alone = group->rows == nullptr;
  }
  LandLocked(text);
  if (!group->status.ok()) return group->status;
  return Turn{group->rows, Flight()};
}

void Flights::Leave(const std::string& text, const std::shared_ptr<Group>& group) {
  if (--group->members > 0) return;
  const auto found = states_.find(text);
  if (found == states_.end() || found->second.next != group) return;
  found->second.next = nullptr;
  if (!found->second.running) states_.erase(found);
}

void Flights::Land(const std::string& text) {
  std::lock_guard lock(mutex_);
  LandLocked(text);
}

void Flights::LandLocked(const std::string& text) {
  const auto found = states_.find(text);
  CHECK(found != states_.end());
  found->second.running = false;
  if (!found->second.next) states_.erase(found);
  changed_.notify_all();
}

}  // namespace query
