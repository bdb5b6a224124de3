#include "pipeline/joiner.h"

#include <pthread.h>

#include <algorithm>

#include "base/failure_point.h"
#include "base/log.h"
#include "sql/printer.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50}, kIdleTick{250}, kLongestWait{500};
constexpr milliseconds kFirstBackoff{100}, kMaxBackoff{5'000};
constexpr std::chrono::seconds kSweep{2};
constexpr int64_t kStepRows = 100'000, kLeastStepRows = 500, kMaxLog = 1'000'000;
constexpr size_t kMaxBounds = 1'000;

}  // namespace

Joiner::Joiner(Environment environment, std::shared_ptr<const catalog::Source> rows,
               std::array<Side, 2> sides)
    : env_(std::move(environment)),
      rows_(std::move(rows)),
      sides_(std::move(sides)),
      step_rows_(kStepRows) {}

Joiner::~Joiner() { Stop(); }

void Joiner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Joiner::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

JoinProgress Joiner::Progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

bool Joiner::WaitFor(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
  return !stop_;
}

void Joiner::Run() {
  pthread_setname_np(pthread_self(),
                     ("join-" + std::to_string(rows_->id.value)).substr(0, 15).c_str());
  writer_ = env_.store->MakeStage();
  milliseconds wait = kTick, tick = kTick, backoff = kFirstBackoff;
  while (WaitFor(wait)) {
    base::Status status = loaded_ ? base::Status() : Load();
    const auto begun = env_.clock->Monotonic();
    if (status.ok()) {
      const auto more = Step();
      status = more.status();
      // At most half of the time, so that lanes and queries have the rest.
      const auto spent = std::chrono::duration_cast<milliseconds>(env_.clock->Monotonic() - begun);
      tick = Progress().current ? std::min(tick * 2, kIdleTick) : kTick;
      if (more.ok()) wait = *more ? milliseconds(0) : std::clamp(spent, tick, kLongestWait);
    }
    if (status.ok()) {
      backoff = kFirstBackoff;
      continue;
    }
    wait = backoff;
    backoff = std::min(backoff * 2, kMaxBackoff);
    loaded_ = false;  // what is stored decides how far it got
    base::Log(base::Level::kWarning, "pipeline", "streams are joined later",
              {{"view", rows_->join->owner}, {"error", status.ToString()}});
    const bool too_much = status.sqlstate() == "53200" && !TakeLess();
    if (status.code() == base::Code::kData || too_much) {
      env_.failed(status);
      return;
    }
  }
}

// How many pairs a row makes is not known before they are made.
bool Joiner::TakeLess() {
  if (step_rows_ <= kLeastStepRows) return false;
  step_rows_ = std::max(step_rows_ / 4, kLeastStepRows);
  return true;
}

void Joiner::NoteBound(std::optional<int64_t> bound) {
  std::lock_guard lock(mutex_);
  if (!bound || (!bounds_.empty() && bounds_.back().second >= *bound)) return;
  bounds_.emplace_back(number_, *bound);
  if (bounds_.size() > kMaxBounds) bounds_.pop_front();
}

std::optional<model::EventTime> Joiner::Watermark(int64_t number) const {
  std::lock_guard lock(mutex_);
  for (auto at = bounds_.rbegin(); at != bounds_.rend(); ++at)
    if (at->first <= number) return model::EventTime(at->second);
  return std::nullopt;
}

base::Status Joiner::Load() {
  ASSIGN_OR_RETURN(reader_, env_.store->Connect());
  const auto id = [this](size_t side) { return sides_[side].view->id; };
  ASSIGN_OR_RETURN(const auto rows,
                   reader_->Query("SELECT \"view\", epoch_us(bound), number FROM freshet_emissions "
                                  "WHERE \"view\" IN (" +
                                  std::to_string(id(0).value) + ", " + std::to_string(id(1).value) +
                                  ", " + std::to_string(rows_->id.value) + ")"));
  floors_ = {};
  number_ = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) break;
    for (size_t row = 0; row < chunk.rows; ++row) {
      const model::ObjectId object(chunk.columns[0].Get<int64_t>(row));
      if (object == rows_->id) {
        number_ = chunk.columns[2].Get<int64_t>(row);
        if (!chunk.columns[1].IsNull(row)) NoteBound(chunk.columns[1].Get<int64_t>(row));
      }
      for (size_t side : {0, 1})
        if (object == id(side)) floors_[side] = chunk.columns[1].Get<int64_t>(row);
    }
  }
  loaded_ = true;
  return CountKept();
}

base::Result<int64_t> Joiner::Consumed() const {
  ASSIGN_OR_RETURN(const auto positions, env_.store->ReadPositions(rows_->id));
  return positions.empty() ? 0 : positions.front().next_offset.value;
}

base::Result<std::array<bool, 2>> Joiner::Look(bool filling, view::JoinStep* step) {
  std::array<int64_t, 2> waiting{};
  std::array whole{true, true};
  for (size_t side : {0, 1}) {
    view::JoinSideStep& own = step->sides[side];
    ASSIGN_OR_RETURN(const auto rows,
                     reader_->Query(rows_->join->plan.Waiting(side, own.waiting, step_rows_)));
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    const auto count = waiting[side] = chunk.columns[0].Get<int64_t>(0);
    if (rows_->join->plan.as_of && side == 0 && !filling && count > rows_->join->max_state_rows)
      return TooMany(side);
    if (count == 0) continue;
    own.first = chunk.columns[1].Get<int64_t>(0);
    own.last = chunk.columns[2].Get<int64_t>(0);
    if (count <= step_rows_) continue;
    own.last = chunk.columns[3].Get<int64_t>(0);
    whole[side] = false;
  }
  std::lock_guard lock(mutex_);
  progress_.pairs = number_;
  for (size_t side : {0, 1}) progress_.sides[side].waiting = waiting[side];
  return whole;
}

void Joiner::RaiseFloors(const std::array<std::optional<model::EventTime>, 2>& watermarks,
                         const std::array<bool, 2>& whole, view::JoinStep* step) const {
  for (size_t side : {0, 1})
    if (watermarks[side]) {
      int64_t floor = watermarks[side]->value - rows_->join->allowed_lateness_us;
      if (!whole[side]) floor = std::min(floor, *step->sides[side].last);
      auto& raised = step->sides[side].raised;
      raised = std::max(raised.value_or(floor), floor);
    }
}

// As of event time: rows of the stream up to the table's watermark go, less the allowed lateness;
// while the table is idle, those up to their own. Nothing goes before all versions are taken.
void Joiner::HoldBack(std::optional<model::EventTime> stream, std::optional<model::EventTime> table,
                      bool table_idle, const std::array<bool, 2>& whole,
                      view::JoinStep* step) const {
  auto& left = step->sides[0];
  auto& right = step->sides[1];
  const auto until = table_idle ? std::max(stream, table) : table;
  if (!whole[1] || !until) {
    left.first.reset();
    return;
  }
  // A version of that very time may still come.
  const int64_t bound = until->value - rows_->join->allowed_lateness_us;
  if (left.first && *left.first >= bound) left.first.reset();
  if (left.first) left.last = std::min(*left.last, bound - 1);
  right.raised = std::max(right.raised.value_or(bound), bound);
  if (!stream || !whole[0]) return;
  const int64_t floor = std::min(stream->value - rows_->join->allowed_lateness_us, bound);
  left.raised = std::max(left.raised.value_or(floor), floor);
}

base::Status Joiner::TooMany(size_t side) const {
  return base::DataError("the join keeps more than " + std::to_string(rows_->join->max_state_rows) +
                         " rows of \"" + sides_[side].view->input + "\"")
      .WithSqlstate("54000")
      .WithHint(filling_
                    ? "While it is filled from history nothing is dropped: raise max_state_rows."
                    : "Bound the event times closer, lower allowed_lateness, or raise "
                      "max_state_rows.");
}

base::Status Joiner::CountKept() {
  for (size_t side : {0, 1}) {
    ASSIGN_OR_RETURN(const auto rows,
                     reader_->Query("SELECT count(*) FROM " +
                                    sql::QuoteIdentifier(sides_[side].view->KeptTable())));
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    const auto kept = chunk.columns[0].Get<int64_t>(0);
    {
      std::lock_guard lock(mutex_);
      progress_.sides[side].kept = kept;
    }
    if (kept > rows_->join->max_state_rows) return TooMany(side);
  }
  uncounted_ = false;
  return {};
}

base::Result<bool> Joiner::Step() {
  const bool filling = filling_;
  const std::array watermarks{env_.watermark(sides_[0].source), env_.watermark(sides_[1].source)};
  view::JoinStep step;
  for (size_t side : {0, 1}) {
    view::JoinSideStep& own = step.sides[side];
    own.waiting = sql::QuoteIdentifier(sides_[side].view->Table());
    own.kept = sql::QuoteIdentifier(sides_[side].view->KeptTable());
    own.source = sides_[side].source.value;
    own.incarnation = sides_[side].incarnation;
    own.floor = own.raised = floors_[side];
    step.side_ids[side] = sides_[side].view->id.value;
  }
  step.view = env_.view.value;
  step.rows = rows_->id.value;
  step.log = sql::QuoteIdentifier(rows_->LogTable());
  step.number = number_;
  const base::WallTime looked_at = env_.clock->Wall();
  step.now = looked_at.time_since_epoch().count();
  ASSIGN_OR_RETURN(step.consumed, Consumed());
  if (number_ - step.consumed > kMaxLog) {
    std::lock_guard lock(mutex_);
    progress_.current = false;
    return false;
  }
  const bool idle = rows_->join->plan.as_of && env_.idle(sides_[1].source);
  ASSIGN_OR_RETURN(const auto taken, Look(filling, &step));
  const bool whole = taken[0] && taken[1];
  if (rows_->join->plan.as_of && filling) step.sides[0].first.reset();
  else if (rows_->join->plan.as_of) HoldBack(watermarks[0], watermarks[1], idle, taken, &step);
  else if (!filling) RaiseFloors(watermarks, taken, &step);
  const auto& left = rows_->join->plan.sides[0].fields;
  step.bound = rows_->join->plan.PairsFrom(
      static_cast<size_t>(rows_->schema.event_time) < left.size() ? 0 : 1, step.sides[0].raised,
      step.sides[1].raised);
  const auto now = env_.clock->Monotonic();
  const bool something = step.sides[0].first || step.sides[1].first;
  {
    std::lock_guard lock(mutex_);
    progress_.looked_at = looked_at;
    progress_.current = !something;
  }
  const bool sweep = now - swept_ >= kSweep;
  if (sweep && uncounted_) RETURN_IF_ERROR(CountKept());
  if (sweep) swept_ = now;
  const bool moved = step.sides[0].raised != floors_[0] || step.sides[1].raised != floors_[1] ||
                     step.consumed != trimmed_;
  if (!something && !(sweep && moved)) return false;
  ASSIGN_OR_RETURN(const auto changed, writer_->Commit(rows_->join->plan.Statements(step)));
  base::FailurePoint("joiner.step");
  number_ += static_cast<int64_t>(changed.front());
  trimmed_ = step.consumed;
  for (size_t side : {0, 1}) floors_[side] = step.sides[side].raised;
  {
    std::lock_guard lock(mutex_);
    progress_.pairs = number_;
    for (size_t side : {0, 1})
      if (floors_[side]) progress_.sides[side].floor = model::EventTime(*floors_[side]);
  }
  NoteBound(step.bound);
  step_rows_ = std::min(step_rows_ * 2, kStepRows);
  uncounted_ = true;
  return !whole;
}

}  // namespace pipeline
