// Invariants of a lane:
// 1. A partition's decoded position is the offset after the last record of `batch_` or
// `dead_letters_`; both commit together.
// 2. The batch is only changed by the lane's thread; a parked lane has an empty batch.
// 3. A commit that failed is tried again with the same batch or ends the lane. Only when the lane
// is to park is the batch given up: its records are read again from the committed positions.

#include "pipeline/lane.h"

#include <pthread.h>

#include <algorithm>

#include "base/bug.h"
#include "base/log.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdlePoll{100};
constexpr milliseconds kFirstBackoff{100};

std::vector<model::Type> ColumnTypes(const model::SourceSchema& schema) {
  std::vector<model::Type> types;
  for (const auto& column : schema.columns) types.push_back(column.type);
  return types;
}

size_t BytesOf(const model::DeadLetter& letter) {
  return letter.key.size() + letter.value.size() + letter.reason.size() + sizeof letter;
}

}  // namespace

Lane::Lane(const PipelineOptions& options, store::Store* store, const base::Clock* clock,
           LaneEvents events)
    : options_(options), store_(store), clock_(clock), events_(std::move(events)) {}

Lane::~Lane() { Stop(); }

base::Status Lane::Start(LaneStart start, std::unique_ptr<source::Reader> reader) {
  lane_ = start.lane;
  registry_ = std::move(start.registry);
  reader_ = std::move(reader);
  const base::Labels labels{{"source", start.setup.source->name}};
  auto& metrics = base::Metrics();
  constexpr std::array kNames{"fetch", "parse", "aggregate", "commit"};
  for (size_t stage = 0; stage < kStages; ++stage)
    cpu_metrics_[stage] = &metrics.GetCounter(
        "freshet_pipeline_cpu_microseconds_total",
        "CPU time of lanes by stage; what the engine's workers take over is not in it",
        {{"source", start.setup.source->name}, {"stage", kNames[stage]}});
  rows_metric_ = &metrics.GetCounter("freshet_pipeline_rows_total", "rows committed", labels);
  dead_letters_metric_ = &metrics.GetCounter("freshet_pipeline_dead_letters_total",
                                             "records or rows dead-lettered", labels);
  commit_seconds_ = &metrics.GetHistogram("freshet_pipeline_commit_seconds",
                                          "from the first delta to the durable commit", labels);
  latency_seconds_ =
      &metrics.GetHistogram("freshet_pipeline_latency_seconds",
                            "from a batch's newest Kafka timestamp to its commit", labels);
  RETURN_IF_ERROR(Rebuild(start.setup));
  AddPartitions(start.positions);
  RETURN_IF_ERROR(Reassign());
  thread_ = std::thread([this] { Run(); });
  return {};
}

base::Status Lane::Rebuild(const SourceSetup& setup) {
  setup_ = setup;
  ASSIGN_OR_RETURN(auto lane_setup, MakeLaneSetup(setup, lane_));
  if (!writer_) {
    ASSIGN_OR_RETURN(writer_, store_->MakeLane(lane_setup));
  } else {
    RETURN_IF_ERROR(writer_->Prepare(lane_setup));
  }
  ASSIGN_OR_RETURN(decoder_, decode::MakeDecoder(setup_.source->schema, setup_.source->format,
                                                 {UsedColumns(setup), registry_.get()}));
  batch_ = std::make_unique<model::ColumnBatch>(ColumnTypes(setup_.source->schema));
  return {};
}

PartitionProgress ProgressAt(const store::Position& position, model::LaneId lane,
                             base::MonotonicTime now) {
  PartitionProgress progress;
  progress.partition = position.partition;
  progress.lane = lane;
  progress.next_offset = position.next_offset.value;
  progress.watermark = position.watermark;
  progress.last_row = now;
  return progress;
}

std::optional<model::EventTime> NewestEvent(const catalog::Source& source,
                                            const store::Position& position) {
  if (!position.watermark) return std::nullopt;
  return model::EventTime(position.watermark->value + source.schema.watermark_delay_us);
}

void Lane::AddPartitions(const std::vector<store::Position>& positions) {
  for (const auto& position : positions) {
    Partition partition;
    partition.position = position;
    if (position.next_offset.value > 0 && base::HasBug(base::Bug::kPositionAhead))
      ++partition.position.next_offset.value;
    if (position.next_offset.value > 0 && base::HasBug(base::Bug::kRecordTwiceAfterRestart))
      --partition.position.next_offset.value;
    partition.progress = ProgressAt(position, lane_, clock_->Monotonic());
    newest_event_ = std::max(newest_event_, NewestEvent(*setup_.source, position));
    partitions_.push_back(partition);
    assignment_changed_ = true;
  }
}

std::optional<store::Position> Lane::TakePartition(model::PartitionId id) {
  const auto it = std::find_if(partitions_.begin(), partitions_.end(),
                               [&](const auto& p) { return p.position.partition == id; });
  if (it == partitions_.end()) return std::nullopt;
  const store::Position position = it->position;
  partitions_.erase(it);
  assignment_changed_ = true;
  return position;
}

base::Status Lane::Reassign() {
  if (!assignment_changed_) return {};
  assignment_changed_ = false;
  std::vector<source::PartitionStart> starts;
  for (const auto& partition : partitions_)
    starts.push_back({partition.position.partition, partition.position.next_offset});
  return reader_->Assign(starts);
}

void Lane::Stop() {
  {
    std::lock_guard lock(mutex_);
    command_ = Command::kStop;
  }
  wake_.notify_all();
  if (reader_) reader_->Wake();
  if (thread_.joinable()) thread_.join();
}

void Lane::Park() {
  std::unique_lock lock(mutex_);
  if (command_ == Command::kRun) command_ = Command::kPark;
  wake_.notify_all();
  reader_->Wake();
  wake_.wait(lock, [this] { return parked_ || ended_; });
}

base::Status Lane::Unpark(const SourceSetup& setup) {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return {};
  }
  RETURN_IF_ERROR(Rebuild(setup));
  RETURN_IF_ERROR(Reassign());
  PublishProgress();
  std::lock_guard lock(mutex_);
  if (command_ == Command::kPark) command_ = Command::kRun;
  wake_.notify_all();
  return {};
}

LaneProgress Lane::Progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

void Lane::Run() {
  pthread_setname_np(pthread_self(), ("lane-" + std::to_string(lane_.value)).substr(0, 15).c_str());
  rate_started_ = clock_->Monotonic();
  PublishProgress();
  SetState(SourceState::kRunning);
  while (HandleCommands() && WaitForRoom()) {
    if (PollOnce() && (!BatchIsDue() || CommitBatch())) continue;
    if (!given_up_) break;
    Rewind();
  }
  std::lock_guard lock(mutex_);
  ended_ = true;
  wake_.notify_all();
}

bool Lane::HandleCommands() {
  std::unique_lock lock(mutex_);
  if (command_ == Command::kRun) return true;
  lock.unlock();
  if (batch_open_ && !CommitBatch()) {
    if (!given_up_) return false;
    Rewind();
  }
  lock.lock();
  while (command_ == Command::kPark) {
    parked_ = true;
    wake_.notify_all();
    wake_.wait(lock, [this] { return command_ != Command::kPark; });
    parked_ = false;
  }
  return command_ != Command::kStop;
}

void Lane::Sleep(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return command_ != Command::kRun; });
}

bool Lane::WaitForRoom() {
  if (store_->HasRoom()) {
    if (progress_.state == SourceState::kDiskFull) SetState(SourceState::kRunning);
    return true;
  }
  SetState(
      SourceState::kDiskFull,
      base::Exhausted("too little free disk space; the source is paused")
          .WithSqlstate("53100")
          .WithHint("Free some space on the data directory's disk; the source goes on by itself."));
  Sleep(milliseconds(500));
  return true;
}

bool Lane::PollOnce() {
  if (progress_.state == SourceState::kDiskFull) return true;
  milliseconds timeout = kIdlePoll;
  if (batch_open_) {
    const auto age = std::chrono::duration_cast<milliseconds>(clock_->Monotonic() - batch_started_);
    const milliseconds linger = InBacklog(age) ? options_.backlog_linger : options_.linger;
    timeout = std::max(milliseconds(0), linger - age);
  }
  if (!records_.runs.empty()) {  // they wait for a schema
    Sleep(std::min(kIdlePoll, timeout));
    return DecodeRuns();
  }
  const auto polled = base::ThreadCpuTime();
  const base::Status status = reader_->Poll(timeout, &records_);
  Spent(kFetch, base::ThreadCpuTime() - polled);
  if (status.code() == base::Code::kUnavailable) {
    SetState(SourceState::kWaiting, status);
    Sleep(kIdlePoll);
    return true;
  }
  if (!status.ok()) {
    if (batch_open_ && !CommitBatch()) return false;
    End(status);
    return false;
  }
  if (!DecodeRuns()) return false;
  if (records_.runs.empty() && !batch_open_) PublishProgress();
  return true;
}

// Runs that need a schema which is not here stay in records_ and are tried again; so do later runs
// of their partition.
bool Lane::DecodeRuns() {
  std::vector<model::RecordRun> waiting;
  base::Status waits_for;
  for (model::RecordRun run : records_.runs) {
    const bool blocked = std::any_of(waiting.begin(), waiting.end(), [&](const auto& other) {
      return other.partition == run.partition;
    });
    if (blocked) {
      waiting.push_back(run);
      continue;
    }
    base::Status status;
    if (!DecodeReady(&run, &status)) return false;
    if (status.ok()) continue;
    waiting.push_back(run);
    waits_for = std::move(status);
  }
  records_.runs = std::move(waiting);
  if (!records_.runs.empty()) SetState(SourceState::kWaiting, std::move(waits_for));
  else if (progress_.state == SourceState::kWaiting) SetState(SourceState::kRunning);
  return true;
}

// A run is cut where the batch is full, so that a commit never has more rows than it may, and where
// a record needs what is not here: then `run` is what is left.
bool Lane::DecodeReady(model::RecordRun* run, base::Status* waits_for) {
  do {
    if (batch_->rows() >= options_.max_batch_rows && !CommitBatch()) return false;
    model::RecordRun part = *run;
    const size_t room = options_.max_batch_rows - batch_->rows();
    part.end = static_cast<uint32_t>(std::min<size_t>(run->end, run->begin + room));
    *waits_for = decoder_->Prepare(records_, part, &part.end);
    if (part.end == part.begin && !waits_for->ok()) return true;
    part.next_offset =
        part.end == run->end ? run->next_offset : model::Offset(records_.records[part.end].offset);
    if (!DecodeRun(part)) return false;
    run->begin = part.end;
  } while (waits_for->ok() && run->begin < run->end);
  return true;
}

bool Lane::DecodeRun(const model::RecordRun& run) {
  Partition* partition = Find(run.partition);
  if (partition == nullptr) return true;  // taken away while its records were under way
  if (!batch_open_) {
    batch_open_ = true;
    batch_started_ = clock_->Monotonic();
  }
  const size_t first_row = batch_->rows();
  const size_t first_letter = dead_letters_.size();
  const auto begun = base::ThreadCpuTime();
  decoder_->Decode(records_, run, batch_.get(), &dead_letters_);
  Spent(kParse, base::ThreadCpuTime() - begun);
  partition->moved = true;
  if (setup_.source->stop_on_error && dead_letters_.size() > first_letter) {
    StopAtError(partition, first_row);
    return false;
  }
  for (size_t i = first_letter; i < dead_letters_.size(); ++i)
    dead_letter_bytes_ += BytesOf(dead_letters_[i]);
  partition->position.next_offset = run.next_offset;
  partition->rows_since_rate += run.end - run.begin;
  if (run.end > run.begin) partition->progress.last_row = clock_->Monotonic();
  UpdateWatermarks(first_row);
  return true;
}

// on_error = 'stop': what stands before the record in its partition is committed, the position is
// the record itself.
void Lane::StopAtError(Partition* partition, size_t first_row) {
  const model::DeadLetter letter = dead_letters_.front();
  dead_letters_.clear();
  std::vector<bool> keep(batch_->rows());
  for (size_t row = 0; row < keep.size(); ++row)
    keep[row] = row < first_row || batch_->offset().Get<int64_t>(row) < letter.offset.value;
  batch_->Filter(keep);
  partition->position.next_offset = letter.offset;
  UpdateWatermarks(first_row);
  if (!CommitBatch()) return;
  End(base::DataError("record at partition " + std::to_string(letter.partition.value) + " offset " +
                      std::to_string(letter.offset.value) + " cannot be used: " + letter.reason)
          .WithDetail("The source has on_error = 'stop'.")
          .WithHint("Mend the producer and skip the record with ALTER SOURCE " +
                    setup_.source->name + " RESET, or use on_error = 'dead_letter'."));
}

// The event time column of rows [first_row, end) belongs to their partitions; generated ones are
// filled at the commit, so their watermark moves with the commit after it.
void Lane::UpdateWatermarks(size_t first_row) {
  const auto& schema = setup_.source->schema;
  if (schema.event_time < 0) return;
  const model::Column& times = batch_->columns()[schema.event_time];
  if (times.size() != batch_->rows()) return;
  for (size_t row = first_row; row < batch_->rows();) {
    const auto id = batch_->partition().Get<int32_t>(row);
    int64_t newest = INT64_MIN;
    for (; row < batch_->rows() && batch_->partition().Get<int32_t>(row) == id; ++row)
      if (!times.IsNull(row)) newest = std::max(newest, times.Get<int64_t>(row));
    Partition* partition = Find(model::PartitionId(id));
    if (partition == nullptr || newest == INT64_MIN) continue;
    const model::EventTime watermark(newest - schema.watermark_delay_us);
    auto& known = partition->position.watermark;
    if (!known || *known < watermark) known = watermark;
    if (!newest_event_ || newest_event_->value < newest) newest_event_ = model::EventTime(newest);
  }
}

bool Lane::BatchIsDue() const {
  if (!batch_open_) return false;
  if (batch_->rows() >= options_.max_batch_rows || batch_->bytes() >= options_.max_batch_bytes)
    return true;
  if (dead_letter_bytes_ >= options_.max_dead_letter_bytes) return true;
  const auto age = std::chrono::duration_cast<milliseconds>(clock_->Monotonic() - batch_started_);
  if (age < options_.linger) return false;
  return age >= options_.backlog_linger || !InBacklog(age);
}

// Whether it is worth waiting for a full batch: what is missing lies in Kafka already, and comes
// fast enough.
bool Lane::InBacklog(milliseconds age) const {
  const size_t rows = batch_->rows(), most = options_.max_batch_rows;
  if (2 * rows * static_cast<size_t>(options_.backlog_linger.count()) <
      most * static_cast<size_t>(age.count()))
    return false;
  int64_t waiting = 0;
  for (const auto& state : reader_->States())
    for (const auto& partition : partitions_)
      if (partition.position.partition == state.partition)
        waiting += std::max<int64_t>(
            0, state.high_watermark_offset - partition.position.next_offset.value);
  return static_cast<size_t>(waiting) + rows >= most;
}

bool Lane::CommitBatch() {
  store::LaneCommit commit;
  commit.rows = batch_.get();
  commit.incarnation = model::Incarnation(setup_.source->incarnation);
  for (const auto& partition : partitions_)
    if (partition.moved) commit.positions.push_back(partition.position);
  commit.dead_letters = std::move(dead_letters_);
  milliseconds backoff = kFirstBackoff;
  while (true) {
    auto result = writer_->Commit(&commit);
    if (result.ok()) {
      AfterCommit(*result);
      return true;
    }
    if (RetryCommit(result.status(), &backoff)) continue;
    if (!given_up_) End(result.TakeStatus());
    return false;
  }
}

// Disk full and what passes by itself: wait and try the same batch again. Somebody who waits for
// the lane to park does not wait for that: the batch is given up.
bool Lane::RetryCommit(const base::Status& error, milliseconds* backoff) {
  const bool disk = error.sqlstate() == "53100";
  if (!disk && error.code() != base::Code::kUnavailable) return false;
  SetState(disk ? SourceState::kDiskFull : SourceState::kWaiting, error);
  {
    std::unique_lock lock(mutex_);
    given_up_ = command_ == Command::kPark;
    if (command_ != Command::kRun) return false;
    wake_.wait_for(lock, *backoff, [this] { return command_ != Command::kRun; });
  }
  *backoff = std::min(*backoff * 2, milliseconds(2'000));
  return true;
}

// After a batch was given up: back to what is committed.
void Lane::Rewind() {
  given_up_ = false;
  for (auto& partition : partitions_) {
    partition.moved = false;
    partition.position.next_offset = model::Offset(partition.progress.next_offset);
    partition.position.watermark = partition.progress.watermark;
  }
  batch_->Clear();
  dead_letters_.clear();
  dead_letter_bytes_ = 0;
  batch_open_ = false;
  records_.Clear();
  assignment_changed_ = true;  // of a reader that forgets how far it is
  if (base::Status status = reader_->Assign({}); !status.ok()) End(std::move(status));
}

void Lane::AfterCommit(const store::LaneCommitResult& result) {
  if (progress_.state != SourceState::kRunning && records_.runs.empty())
    SetState(SourceState::kRunning);
  rows_metric_->Add(batch_->rows());
  dead_letters_metric_->Add(result.dead_letters);
  commit_seconds_->Observe(
      std::chrono::duration<double>(result.aggregate_time + result.commit_time).count());
  Spent(kAggregate, result.aggregate_cpu);
  Spent(kCommit, result.commit_cpu);
  const size_t rows = batch_->rows();
  if (rows > 0 && !batch_->kafka_time().IsNull(rows - 1)) {
    const base::WallTime newest{
        std::chrono::microseconds(batch_->kafka_time().Get<int64_t>(rows - 1))};
    latency_seconds_->Observe(std::chrono::duration<double>(clock_->Wall() - newest).count());
  }
  model::CommitNotice notice;
  notice.source = setup_.source->id;
  notice.lane = lane_;
  notice.commit = result.commit;
  notice.rows = rows;
  notice.changed = result.changed;
  if (setup_.source->KeepsRaw() && rows > 0) notice.changed.push_back(setup_.source->id);
  UpdateWatermarks(0);  // generated event times are there now
  for (auto& partition : partitions_) {
    if (!partition.moved) continue;
    partition.moved = false;
    partition.progress.next_offset = partition.position.next_offset.value;
    partition.progress.watermark = partition.position.watermark;
  }
  batch_->Clear();
  dead_letters_.clear();
  dead_letter_bytes_ = 0;
  batch_open_ = false;
  last_commit_ = clock_->Wall();
  PublishProgress();
  DropFailedViews(result);
  if (events_.committed) events_.committed(notice);
}

void Lane::DropFailedViews(const store::LaneCommitResult& result) {
  if (result.failed_views.empty()) return;
  for (size_t i = 0; i < result.failed_views.size(); ++i) {
    const auto id = result.failed_views[i];
    std::erase_if(setup_.views, [id](const auto& view) { return view->id == id; });
    if (events_.view_failed) events_.view_failed(id, result.failures[i]);
  }
  const auto remaining = MakeLaneSetup(setup_, lane_);
  base::Status status = remaining.ok() ? writer_->Prepare(*remaining) : remaining.status();
  if (!status.ok()) End(std::move(status));
}

void Lane::PublishProgress() {
  const auto now = clock_->Monotonic();
  const double seconds = std::chrono::duration<double>(now - rate_started_).count();
  const auto states = reader_->States();
  std::lock_guard lock(mutex_);
  progress_.partitions.clear();
  for (auto& partition : partitions_) {
    for (const auto& state : states)
      if (state.partition == partition.position.partition)
        partition.progress.high_watermark_offset = state.high_watermark_offset;
    if (seconds >= 1.0) {
      const double rate = static_cast<double>(partition.rows_since_rate) / seconds;
      partition.progress.rows_per_second += 0.4 * (rate - partition.progress.rows_per_second);
      partition.rows_since_rate = 0;
    }
    progress_.partitions.push_back(partition.progress);
  }
  if (seconds >= 1.0) rate_started_ = now;
  progress_.reader = reader_->kind();
  progress_.newest_event = newest_event_;
  progress_.last_commit = last_commit_;
}

void Lane::SetState(SourceState state, base::Status error) {
  std::lock_guard lock(mutex_);
  if (progress_.state != state || progress_.error.message() != error.message()) {
    const auto level = error.ok() ? base::Level::kInfo : base::Level::kWarning;
    base::Log(level, "pipeline", "lane state",
              {{"source", setup_.source->name},
               {"lane", std::to_string(lane_.value)},
               {"state", NameOf(state)},
               {"error", error.ok() ? "" : error.ToString()}});
  }
  progress_.state = state;
  progress_.error = std::move(error);
}

void Lane::End(base::Status error) {
  SetState(SourceState::kStopped, std::move(error));
  std::lock_guard lock(mutex_);
  command_ = Command::kStop;
}

Lane::Partition* Lane::Find(model::PartitionId id) {
  for (auto& partition : partitions_)
    if (partition.position.partition == id) return &partition;
  return nullptr;
}

}  // namespace pipeline
