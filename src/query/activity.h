#pragma once
// Activity: what a session does right now, as other threads see it and stop it. The session says
// when work begins and ends and on which connection it runs; the watch thread and Cancel stop it by
// interrupting that connection.
//
// Threads: Begin, RunsOn, End the session's; everything else any. Borrows: the connection between
// RunsOn and End. Errors: 57014 for a cancelled or too slow statement; 57P01, 25P03 once the
// session was ended.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "store/store.h"

namespace query {

using Deadline = std::optional<base::MonotonicTime>;

enum class StopReason : uint8_t { kNone, kUser, kTimeout, kIdle, kTerminated };

class Activity {
 public:
  explicit Activity(const base::Clock* clock)
      : clock_(clock), since_(clock->Wall()), last_(clock->Monotonic()) {}

  // Work may nest (a cursor is read while a statement runs); only the outermost has the deadline
  // and clears an old stop.
  base::Status Begin(Deadline deadline);
  void RunsOn(store::Connection* connection);  // nullptr: on none
  void End();

  // The error that stopped the work, else `status`.
  base::Status Explain(base::Status status) const;
  base::Status Stopped() const { return Explain({}); }

  // False when nothing runs. The reasons kIdle and kTerminated hold for ever.
  bool Stop(StopReason reason);
  // Ends the session when it has done nothing since `latest`; true when this call ended it.
  bool EndIfIdleSince(base::MonotonicTime latest);
  // The watch's turn: a passed deadline stops; a stop is repeated until the work has ended.
  void Tick();

  void SetQuery(std::string_view text);
  void SetWaiting(bool waiting);
  struct View {
    bool active = false, waiting = false;
    std::string query;
    base::WallTime since;  // of the statement when active, of the state otherwise
  };
  View Look() const;

 private:
  void Interrupt();  // with the mutex held

  const base::Clock* clock_;
  mutable std::mutex mutex_;
  int depth_ = 0;
  Deadline deadline_;
  StopReason reason_ = StopReason::kNone;
  store::Connection* connection_ = nullptr;
  bool waiting_ = false;
  std::string query_;
  base::WallTime since_;
  base::MonotonicTime last_;
};

// Begin ... End.
class ActiveScope {
 public:
  ActiveScope(Activity* activity, Deadline deadline)
      : activity_(activity), status_(activity->Begin(deadline)) {}
  ~ActiveScope() {
    if (status_.ok()) activity_->End();
  }
  ActiveScope(const ActiveScope&) = delete;
  ActiveScope& operator=(const ActiveScope&) = delete;
  const base::Status& status() const { return status_; }

 private:
  Activity* activity_;
  base::Status status_;
};

}  // namespace query
