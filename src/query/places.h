#pragma once
// Places: how many SELECTs run at once. Who finds none free waits in order of arrival; a bounded
// number may wait.
//
// Threads: any. Errors: kExhausted 53300 when too many wait; 57014 when the waiting statement is
// stopped. Limits: running and waiting statements, from EngineOptions.

#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/metrics.h"
#include "query/activity.h"

namespace query {

class Places {
 public:
  Places(int running, int waiting);

  // One place, given back by its destructor.
  class Place {
   public:
    Place() = default;
    explicit Place(Places* places) : places_(places) {}
    Place(Place&& other) noexcept : places_(std::exchange(other.places_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      return *this;
    }
    ~Place() { Leave(); }
    void Leave();

   private:
    Places* places_ = nullptr;
  };

  base::Result<Place> Enter(Activity* activity);

 private:
  base::Status Wait(Activity* activity, std::unique_lock<std::mutex>* lock);
  void Return();

  const int max_running_, max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;
  uint64_t next_ticket_ = 0;
  std::deque<uint64_t> waiting_;  // tickets in order of arrival
  base::Gauge& running_gauge_;
  base::Gauge& waiting_gauge_;
};

}  // namespace query
