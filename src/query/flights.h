#pragma once
// Flights: equal SELECTs that arrive while one of them runs are computed once. A statement may
// share a computation only if its snapshot is taken after the statement arrived, so the answer is
// never older than what the statement could have seen itself: those that arrive during a
// computation wait for its end and share the next one.
//
// Threads: any. Owns: shared results, until their last reader is done. Errors: the computation's;
// one that was stopped is tried again by those who shared it. Limits: kMaxSharedBytes a result;
// larger ones are not shared.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "query/activity.h"
#include "query/kept_rows.h"

namespace query {

class Flights {
 public:
  static constexpr size_t kMaxSharedBytes = size_t{4} << 20;

  using Rows = std::shared_ptr<const KeptRows>;
  // Computes and keeps all rows; nullptr when they are too many to share.
  using Compute = std::function<base::Result<Rows>()>;

  // Says Landed for a statement that runs alone, when its computation has its first rows or failed.
  class Flight {
   public:
    Flight() = default;
    Flight(Flights* flights, std::string text) : flights_(flights), text_(std::move(text)) {}
    Flight(Flight&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)), text_(std::move(other.text_)) {}
    Flight& operator=(Flight&& other) noexcept {
      std::swap(flights_, other.flights_);
      std::swap(text_, other.text_);
      return *this;
    }
    ~Flight() {
      if (flights_ != nullptr) flights_->Land(text_);
    }

   private:
    Flights* flights_ = nullptr;
    std::string text_;
  };
  struct Turn {
    Rows rows;  // shared; nullptr: the caller runs its statement itself and then drops `flight`
    Flight flight;
  };

  // Waits its turn. `activity` is the statement's, `compute` runs on this thread when it leads
  // those who wait.
  base::Result<Turn> Join(const std::string& text, Activity* activity, const Compute& compute);

 private:
  struct Group {  // shares one computation
    int members = 0;
    bool done = false, alone = false, again = false;
    base::Status status;
    Rows rows;
  };
  struct State {  // of one text
    bool running = false;
    std::shared_ptr<Group> next;
  };
  base::Result<Turn> Lead(const std::string& text, std::shared_ptr<Group> group,
                          const Compute& compute, std::unique_lock<std::mutex>* lock);
  void Land(const std::string& text);
  void Leave(const std::string& text, const std::shared_ptr<Group>& group);
  void LandLocked(const std::string& text);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::string, State> states_;  // of texts that run or are waited for
};

}  // namespace query
