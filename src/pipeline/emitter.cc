#include "pipeline/emitter.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "sql/printer.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50}, kLook{1'000}, kFirstBackoff{100}, kMaxBackoff{5'000};

}  // namespace

Emitter::Emitter(Environment environment, std::shared_ptr<const catalog::View> view)
    : env_(std::move(environment)), view_(std::move(view)) {}

Emitter::~Emitter() { Stop(); }

void Emitter::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Emitter::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Emitter::WaitFor(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
  return !stop_;
}

void Emitter::Run() {
  pthread_setname_np(pthread_self(),
                     ("emit-" + std::to_string(view_->id.value)).substr(0, 15).c_str());
  writer_ = env_.store->MakeStage();
  milliseconds wait = kTick, backoff = kFirstBackoff;
  while (WaitFor(wait)) {
    base::Status status = loaded_ ? base::Status() : Load();
    if (status.ok()) status = Step();
    if (status.ok()) status = Forget();
    wait = status.ok() ? kTick : backoff;
    backoff = status.ok() ? kFirstBackoff : std::min(backoff * 2, kMaxBackoff);
    if (status.ok()) continue;
    loaded_ = false;  // what is stored decides how far it got
    base::Log(base::Level::kWarning, "pipeline", "windows are released later",
              {{"view", view_->name}, {"error", status.ToString()}});
    if (status.code() == base::Code::kData) {
      env_.failed(status);
      return;
    }
  }
}

base::Status Emitter::Load() {
  ASSIGN_OR_RETURN(reader_, env_.store->Connect());
  ASSIGN_OR_RETURN(const auto rows,
                   reader_->Query("SELECT epoch_us(bound), number FROM freshet_emissions WHERE "
                                  "\"view\" = " +
                                  std::to_string(view_->id.value)));
  ASSIGN_OR_RETURN(const auto chunk, rows->Next());
  bound_.reset();
  number_ = 0;
  if (chunk.rows > 0) {
    bound_ = chunk.columns[0].Get<int64_t>(0);
    number_ = chunk.columns[1].Get<int64_t>(0);
  }
  loaded_ = true;
  return {};
}

bool Emitter::NothingNew(std::optional<model::EventTime> watermark, base::WallTime commit) const {
  return watermark == looked_at_watermark_ && commit == looked_at_commit_ &&
         env_.clock->Monotonic() - looked_ < kLook;
}

base::Status Emitter::Step() {
  const auto watermark = env_.watermark();
  const base::WallTime commit = env_.last_commit();
  if (!watermark || NothingNew(watermark, commit)) return {};
  view::EmissionStep step;
  step.source = env_.source.value;
  step.view = view_->id.value;
  step.incarnation = env_.incarnation;
  step.partials = sql::QuoteIdentifier(view_->Table());
  step.released = sql::QuoteIdentifier(view_->ReleasedTable());
  step.bound = bound_;
  step.next_bound = watermark->value - view_->allowed_lateness_us;
  if (bound_) step.next_bound = std::max(step.next_bound, *bound_);
  step.number = number_ + 1;
  step.now = env_.clock->Wall().time_since_epoch().count();
  step.corrections = view_->corrections;
  {
    ASSIGN_OR_RETURN(const auto rows, reader_->Query(view_->emission->Pending(step)));
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0 || chunk.columns[0].Get<int64_t>(0) == 0) {
      looked_at_watermark_ = watermark;
      looked_at_commit_ = commit;
      looked_ = env_.clock->Monotonic();
      return {};
    }
  }
  ASSIGN_OR_RETURN(const auto changed, writer_->Commit(view_->emission->Statements(step)));
  bound_ = step.next_bound;
  number_ = step.number;
  return {};
}

// What lies below the view's floor and was delivered.
base::Status Emitter::Forget() {
  const auto floors = env_.store->Floors();
  const auto floor = floors.find(view_->id);
  if (floor == floors.end() || floor->second <= forgotten_) return {};
  const int64_t delivered = env_.delivered();
  ASSIGN_OR_RETURN(
      const auto changed,
      writer_->Commit({view_->emission->Forget(sql::QuoteIdentifier(view_->ReleasedTable()),
                                               floor->second.value, delivered)}));
  if (delivered >= number_) forgotten_ = floor->second;
  return {};
}

}  // namespace pipeline
