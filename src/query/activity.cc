#include "query/activity.h"

#include "sql/shown_text.h"

namespace query {
namespace {

constexpr size_t kShownQueryBytes = 1024;  // PostgreSQL's track_activity_query_size

bool EndsSession(StopReason reason) {
  return reason == StopReason::kIdle || reason == StopReason::kTerminated;
}

base::Status ErrorOf(StopReason reason) {
  switch (reason) {
    case StopReason::kNone: return {};
    case StopReason::kUser: return base::Cancelled("canceling statement due to user request");
    case StopReason::kTimeout:
      return base::Cancelled("canceling statement due to statement timeout");
    case StopReason::kIdle:
      return base::Cancelled("terminating connection due to idle-in-transaction timeout")
          .WithSqlstate("25P03");
    case StopReason::kTerminated:
      return base::Cancelled("terminating connection due to administrator command")
          .WithSqlstate("57P01");
  }
  return {};
}

}  // namespace

base::Status Activity::Begin(Deadline deadline) {
  std::lock_guard lock(mutex_);
  if (EndsSession(reason_)) return ErrorOf(reason_);
  if (depth_++ > 0) return {};
  reason_ = StopReason::kNone;
  deadline_ = deadline;
  since_ = clock_->Wall();
  return {};
}

void Activity::RunsOn(store::Connection* connection) {
  std::lock_guard lock(mutex_);
  connection_ = connection;
  if (reason_ != StopReason::kNone) Interrupt();
}

void Activity::End() {
  std::lock_guard lock(mutex_);
  if (--depth_ > 0) return;
  connection_ = nullptr;
  deadline_.reset();
  waiting_ = false;
  since_ = clock_->Wall();
  last_ = clock_->Monotonic();
}

base::Status Activity::Explain(base::Status status) const {
  std::lock_guard lock(mutex_);
  return reason_ == StopReason::kNone ? status : ErrorOf(reason_);
}

bool Activity::Stop(StopReason reason) {
  std::lock_guard lock(mutex_);
  if (depth_ == 0 && !EndsSession(reason)) return false;
  if (reason_ == StopReason::kNone || EndsSession(reason)) reason_ = reason;
  Interrupt();
  return true;
}

bool Activity::EndIfIdleSince(base::MonotonicTime latest) {
  std::lock_guard lock(mutex_);
  if (depth_ > 0 || EndsSession(reason_) || last_ > latest) return false;
  reason_ = StopReason::kIdle;
  return true;
}

void Activity::Tick() {
  std::lock_guard lock(mutex_);
  if (depth_ == 0) return;
  if (reason_ == StopReason::kNone && deadline_ && clock_->Monotonic() >= *deadline_)
    reason_ = StopReason::kTimeout;
  if (reason_ != StopReason::kNone) Interrupt();
}

// An interrupt that comes before the engine has begun to run is lost; Tick repeats it.
void Activity::Interrupt() {
  if (connection_ != nullptr) connection_->Interrupt();
}

void Activity::SetQuery(std::string_view text) {
  std::string shown = sql::ShownText(text);
  std::lock_guard lock(mutex_);
  query_ = shown.substr(0, kShownQueryBytes);
}

void Activity::SetWaiting(bool waiting) {
  std::lock_guard lock(mutex_);
  waiting_ = waiting;
}

Activity::View Activity::Look() const {
  std::lock_guard lock(mutex_);
  return {depth_ > 0, waiting_, query_, since_};
}

}  // namespace query
