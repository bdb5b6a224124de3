#include "pipeline/source_runner.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{200};
constexpr int kNoPartition = -1;  // of the row that keeps a source's watermark

source::StartAt StartOf(const std::string& mode) {
  if (mode == "latest") return source::StartAt::kLatest;
  return mode == "timestamp" ? source::StartAt::kTimestamp : source::StartAt::kEarliest;
}

bool PassesByItself(const base::Status& status) {
  return status.code() == base::Code::kUnavailable || status.code() == base::Code::kNotFound ||
         status.code() == base::Code::kDenied || status.sqlstate() == "53100";
}

}  // namespace

const char* NameOf(SourceState state) {
  switch (state) {
    case SourceState::kStarting: return "starting";
    case SourceState::kRunning: return "running";
    case SourceState::kWaiting: return "waiting";
    case SourceState::kPaused: return "paused";
    case SourceState::kDiskFull: return "disk full";
    case SourceState::kStopped: return "stopped";
  }
  return "stopped";
}

source::ReaderOptions ReaderOptionsOf(const catalog::Source& source) {
  source::ReaderOptions options;
  options.topic = source.join ? source.LogTable() : source.topic;
  options.properties = source.properties;
  for (const auto& [option, secret] : source.secrets)
    if (!option.starts_with("schema.registry.")) options.secrets[option] = secret;
  options.headers = source.schema.NeedsHeaders();
  options.connector = source.connector;
  options.folder = source.folder;
  options.generated = source.generated_rows;
  return options;
}

SourceRunner::SourceRunner(Environment environment, SourceSetup setup)
    : env_(std::move(environment)),
      id_(setup.source->id),
      names_(std::make_shared<source::PartitionNames>()),
      setup_(std::move(setup)),
      since_(env_.clock->Wall()) {}

SourceSetup SourceRunner::Setup() const {
  std::lock_guard lock(mutex_);
  return setup_;
}

SourceRunner::~SourceRunner() { Stop(); }

void SourceRunner::Start() {
  // A failure to read is met again, and told, when the lanes are made.
  if (auto positions = StoredPositions(*setup_.source); positions.ok()) stored_ = positions.Take();
  LoadWatermark();
  (void)Progress();  // the watermark of the run before, which is told also while lanes start
  thread_ = std::thread([this] { Run(); });
}

void SourceRunner::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    if (admin_) admin_->Cancel();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (auto& lane : lanes_) lane->Stop();
}

bool SourceRunner::WaitFor(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
  return !stop_;
}

void SourceRunner::Run() {
  pthread_setname_np(pthread_self(), ("source-" + std::to_string(id_.value)).substr(0, 15).c_str());
  milliseconds backoff = kFirstBackoff;
  while (true) {
    const base::Status status = Connect();
    if (status.ok()) break;
    if (!WaitFor(milliseconds(0))) return;
    if (!PassesByItself(status)) {
      SetState(SourceState::kStopped, status);
      return;
    }
    SetState(SourceState::kWaiting, status);
    if (!WaitFor(backoff)) return;
    backoff = std::min(backoff * 2, env_.options.max_backoff);
  }
  SetState(SourceState::kRunning);
  auto described = env_.clock->Monotonic();
  while (WaitFor(std::min(DescribeInterval(), env_.options.balance_interval))) {
    KeepWatermark();
    base::Status status = NoticeLag();
    const auto now = env_.clock->Monotonic();
    if (status.ok() && now - described < DescribeInterval()) continue;
    described = now;
    if (status.ok()) status = NoticeGrowth();
    // Kafka's lanes tell what they miss; a folder is only looked at here.
    if (admin_->DescribeAgainAfter() && (status.ok() || PassesByItself(status)))
      SetState(status.ok() ? SourceState::kRunning : SourceState::kWaiting, status);
    if (status.ok() || PassesByItself(status)) continue;
    SetState(SourceState::kStopped, status);
    std::lock_guard barrier(barrier_);
    for (auto& lane : lanes_) lane->Stop();
    return;
  }
}

base::Status SourceRunner::Connect() {
  const SourceSetup setup = Setup();
  const auto& source = *setup.source;
  ASSIGN_OR_RETURN(auto admin, env_.readers.admin(ReaderOptionsOf(source)));
  {
    std::lock_guard lock(mutex_);
    if (stop_) return base::Cancelled("the source is being removed");
    admin_ = std::move(admin);
  }
  if (!registry_ && env_.readers.registry) {
    ASSIGN_OR_RETURN(registry_, env_.readers.registry(source));
  }
  ASSIGN_OR_RETURN(auto info, Describe());
  RETURN_IF_ERROR(CheckTopic(info));
  lane_count_ = LaneCount(info);
  ASSIGN_OR_RETURN(auto positions, StartPositions(info));
  std::lock_guard barrier(barrier_);
  {
    std::lock_guard lock(mutex_);
    if (stop_) return base::Cancelled("the source is being removed");
  }
  return MakeLanes(info, positions);
}

base::Result<source::TopicInfo> SourceRunner::Describe() {
  ASSIGN_OR_RETURN(auto info, admin_->Describe(env_.options.broker_timeout));
  if (!info.names.empty()) RETURN_IF_ERROR(NumberNames(&info));
  return info;
}

// A name keeps its number for ever; new names are stored with theirs before anything is read.
base::Status SourceRunner::NumberNames(source::TopicInfo* info) {
  if (numbers_.empty()) {
    ASSIGN_OR_RETURN(auto stored, env_.store->ReadPartitionNames(id_));
    for (const auto& known : stored) numbers_[known.name] = known.partition;
  }
  std::vector<store::PartitionName> added;
  auto next = static_cast<int32_t>(numbers_.size());
  for (const auto& name : info->names)
    if (!numbers_.contains(name)) added.push_back({id_, model::PartitionId(next++), name});
  if (!added.empty()) RETURN_IF_ERROR(env_.store->WritePartitionNames(added));
  for (const auto& one : added) numbers_[one.name] = one.partition;
  for (const auto& name : info->names) {
    info->partitions.push_back(numbers_[name]);
    names_->Add(numbers_[name], name);
  }
  return {};
}

milliseconds SourceRunner::DescribeInterval() const {
  return admin_->DescribeAgainAfter().value_or(env_.options.metadata_interval);
}

base::Status SourceRunner::CheckTopic(const source::TopicInfo& info) {
  const SourceSetup setup = Setup();
  const auto& source = *setup.source;
  if (info.topic_id.empty() || source.topic_id == info.topic_id) return {};
  if (source.topic_id.empty()) {
    if (env_.events.topic_seen) env_.events.topic_seen(source.id, info.topic_id);
    return {};
  }
  return base::Corrupt("topic \"" + source.topic + "\" was deleted and made anew")
      .WithDetail("The stored positions belong to topic id " + source.topic_id +
                  ", the broker now has " + info.topic_id + ".")
      .WithHint("Read the new topic from its beginning with ALTER SOURCE " + source.name +
                " RESET.");
}

// Partitions with names come and go, so their number says nothing.
size_t SourceRunner::LaneCount(const source::TopicInfo& info) const {
  const size_t wanted = std::min<size_t>(std::max(1, env_.options.lanes),
                                         kLanesPerSource - 1);  // the last is for replays
  if (admin_->DescribeAgainAfter()) return wanted;
  return std::max<size_t>(1, std::min(wanted, info.partitions.size()));
}

model::LaneId SourceRunner::LaneOf(model::PartitionId partition) const {
  const auto index = static_cast<int64_t>(static_cast<size_t>(partition.value) % lane_count_);
  return model::LaneId(static_cast<int32_t>(id_.value * kLanesPerSource + index));
}

base::Result<std::vector<store::Position>> SourceRunner::StoredPositions(
    const catalog::Source& source) const {
  ASSIGN_OR_RETURN(auto stored, env_.store->ReadPositions(source.id));
  std::erase_if(stored, [&](const auto& position) {
    return position.incarnation.value != source.incarnation;
  });
  return stored;
}

// Stored positions; a partition without one starts where the source says if the source is new, else
// at its earliest record.
base::Result<std::vector<store::Position>> SourceRunner::StartPositions(
    const source::TopicInfo& info) {
  const SourceSetup setup = Setup();
  const auto& source = *setup.source;
  ASSIGN_OR_RETURN(auto stored, StoredPositions(source));
  const bool fresh = stored.empty();
  std::vector<store::Position> positions, resolved;
  for (const auto partition : info.partitions) {
    const auto known = std::find_if(stored.begin(), stored.end(),
                                    [&](const auto& p) { return p.partition == partition; });
    if (known != stored.end()) {
      positions.push_back(*known);
      continue;
    }
    const auto start = fresh ? StartOf(source.startup_mode) : source::StartAt::kEarliest;
    ASSIGN_OR_RETURN(auto offset, admin_->Resolve(partition, start, source.startup_timestamp_ms,
                                                  env_.options.broker_timeout));
    resolved.push_back(
        {source.id, model::Incarnation(source.incarnation), partition, offset, std::nullopt});
  }
  // In one commit: a source with some of its positions would not be new any more.
  if (!resolved.empty()) {
    auto written = resolved;
    for (auto start : resolved) {
      start.source = StartsOf(source.id);
      written.push_back(start);
    }
    RETURN_IF_ERROR(env_.store->WritePositions(model::LaneId(0), written));
  }
  positions.insert(positions.end(), resolved.begin(), resolved.end());
  return positions;
}

base::Status SourceRunner::MakeLanes(const source::TopicInfo& info,
                                     const std::vector<store::Position>& positions) {
  const SourceSetup setup = Setup();
  const auto& source = *setup.source;
  std::vector<std::unique_ptr<Lane>> lanes;
  for (size_t i = 0; i < lane_count_; ++i) {
    LaneStart start{setup,
                    model::LaneId(static_cast<int32_t>(source.id.value * kLanesPerSource +
                                                       static_cast<int64_t>(i))),
                    {},
                    registry_};
    for (const auto& position : positions)
      if (LaneOf(position.partition) == start.lane) start.positions.push_back(position);
    source::ReaderOptions reader_options = ReaderOptionsOf(source);
    reader_options.max_bytes = env_.options.max_fetch_bytes;
    reader_options.names = names_;
    ASSIGN_OR_RETURN(auto reader, env_.readers.reader(reader_options));
    auto lane = std::make_unique<Lane>(env_.options, env_.store, env_.clock, env_.events.lane);
    if (source.paused) lane->StartParked();
    RETURN_IF_ERROR(lane->Start(std::move(start), std::move(reader)));
    lanes.push_back(std::move(lane));
  }
  std::lock_guard lock(mutex_);
  lanes_ = std::move(lanes);
  known_ = info.partitions;
  return {};
}

base::Status SourceRunner::NoticeGrowth() {
  ASSIGN_OR_RETURN(auto info, Describe());
  RETURN_IF_ERROR(CheckTopic(info));
  std::vector<model::PartitionId> added;
  for (const auto partition : info.partitions)
    if (std::find(known_.begin(), known_.end(), partition) == known_.end())
      added.push_back(partition);
  if (added.empty()) return {};
  base::Log(base::Level::kInfo, "pipeline", "topic has more partitions",
            {{"source", Setup().source->name}, {"added", std::to_string(added.size())}});
  ASSIGN_OR_RETURN(auto positions, StartPositions({info.topic_id, added}));
  std::lock_guard barrier(barrier_);
  for (auto& lane : lanes_) {
    std::vector<store::Position> mine;
    for (const auto& position : positions)
      if (lane->id() == LaneOf(position.partition)) mine.push_back(position);
    if (mine.empty()) continue;
    lane->Park();
    lane->AddPartitions(mine);
    if (!Setup().source->paused) RETURN_IF_ERROR(lane->Unpark(Setup()));
  }
  known_.insert(known_.end(), added.begin(), added.end());
  return {};
}

// Twice in a row the same partition should move: it moves, at a barrier of the two lanes.
base::Status SourceRunner::NoticeLag() {
  std::lock_guard barrier(barrier_);
  const SourceSetup setup = Setup();
  if (setup.source->paused) return {};
  std::vector<LaneProgress> progress;
  for (const auto& lane : lanes_) progress.push_back(lane->Progress());
  const auto move = ChooseMove(progress);
  const bool again = move && wanted_move_ && wanted_move_->partition == move->partition;
  wanted_move_ = again ? std::nullopt : move;
  if (!again) return {};
  Lane& from = *lanes_[move->from];
  Lane& to = *lanes_[move->to];
  from.Park();
  to.Park();
  // The receiver tells of it first, so that no watermark is computed without it.
  const auto position = from.TakePartition(move->partition);
  if (position) to.AddPartitions({*position});
  RETURN_IF_ERROR(to.Unpark(setup));
  RETURN_IF_ERROR(from.Unpark(setup));
  base::Log(base::Level::kInfo, "pipeline", "a partition changed its lane",
            {{"source", setup.source->name},
             {"partition", std::to_string(move->partition.value)},
             {"from", std::to_string(from.id().value)},
             {"to", std::to_string(to.id().value)}});
  return {};
}

void SourceRunner::Park() {
  barrier_.lock();
  for (auto& lane : lanes_) lane->Park();
}

base::Status SourceRunner::Unpark(const SourceSetup& setup) {
  {
    std::lock_guard lock(mutex_);
    setup_ = setup;
  }
  base::Status first;
  if (!setup.source->paused)
    for (auto& lane : lanes_)
      if (base::Status status = lane->Unpark(setup); !status.ok() && first.ok())
        first = std::move(status);
  barrier_.unlock();
  return first;
}

void SourceRunner::EndParked() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  for (auto& lane : lanes_) lane->Stop();  // parked: nothing is left to commit
  barrier_.unlock();
  Stop();
}

void SourceRunner::SetState(SourceState state, base::Status error) {
  std::lock_guard lock(mutex_);
  if (state_ != state || error_.message() != error.message()) {
    since_ = env_.clock->Wall();
    base::Log(error.ok() ? base::Level::kInfo : base::Level::kWarning, "pipeline", "source state",
              {{"source", setup_.source->name},
               {"state", NameOf(state)},
               {"error", error.ok() ? "" : error.ToString()}});
  }
  state_ = state;
  error_ = std::move(error);
}

bool SourceRunner::IsIdle(const PartitionProgress& partition) const {
  const bool nothing_waits = partition.high_watermark_offset >= 0 && partition.lag() == 0;
  return nothing_waits && env_.clock->Monotonic() - partition.last_row >
                              std::chrono::microseconds(setup_.source->idle_timeout_us);
}

bool SourceRunner::IsIdle() const {
  const SourceProgress progress = Progress();
  const auto& partitions = progress.partitions;
  std::lock_guard lock(mutex_);
  // One that cannot be read may have something new.
  return progress.state == SourceState::kRunning && !partitions.empty() &&
         std::all_of(partitions.begin(), partitions.end(),
                     [this](const auto& one) { return IsIdle(one); });
}

// The minimum over active partitions. One that is quiet for idle_timeout with nothing waiting does
// not hold time back; when all are, time stands at the latest of them, as in Flink's valve for idle
// channels. nullopt = not known yet.
std::optional<model::EventTime> SourceRunner::WatermarkOf(
    const std::vector<PartitionProgress>& partitions) const {
  std::optional<model::EventTime> minimum, maximum;
  bool active = false;
  for (const auto& partition : partitions) {
    maximum = std::max(maximum, partition.watermark);
    if (IsIdle(partition)) continue;
    if (!partition.watermark) return std::nullopt;
    minimum = active ? std::min(minimum, partition.watermark) : partition.watermark;
    active = true;
  }
  return active ? minimum : maximum;
}

// The least of the partitions' watermarks, idle or not; nullopt when one has none.
std::optional<model::EventTime> SourceRunner::ToldBy(
    const std::vector<PartitionProgress>& partitions) {
  std::optional<model::EventTime> told;
  for (const auto& partition : partitions)
    told = &partition == &partitions.front() ? partition.watermark
                                             : std::min(told, partition.watermark);
  return told;
}

// The watermark stands higher than its partitions say when idle ones did not hold it back. A new
// run does not know who was idle, so such a watermark is stored before it is shown.
void SourceRunner::KeepWatermark() {
  (void)Progress();
  std::optional<model::EventTime> wanted;
  {
    std::lock_guard lock(mutex_);
    if (wanted_watermark_ <= kept_watermark_) return;
    wanted = wanted_watermark_;
  }
  const SourceSetup setup = Setup();
  const base::Status status = env_.store->WritePositions(
      model::LaneId(0), {{StartsOf(id_), model::Incarnation(setup.source->incarnation),
                          model::PartitionId(kNoPartition), model::Offset(0), wanted}});
  std::lock_guard lock(mutex_);
  if (status.ok()) kept_watermark_ = wanted;
  else
    base::Log(base::Level::kWarning, "pipeline", "a watermark is stored later",
              {{"source", setup.source->name}, {"error", status.ToString()}});
}

void SourceRunner::LoadWatermark() {
  const auto kept = env_.store->ReadPositions(StartsOf(id_));
  if (!kept.ok()) return;
  for (const auto& row : *kept)
    if (row.partition.value == kNoPartition && row.incarnation.value == setup_.source->incarnation)
      watermark_ = kept_watermark_ = row.watermark;
}

SourceProgress SourceRunner::Progress() const {
  std::lock_guard lock(mutex_);
  SourceProgress out;
  out.source = id_;
  out.state = setup_.source->paused ? SourceState::kPaused : state_;
  out.error = error_;
  out.since = since_;
  out.lanes = static_cast<int>(lanes_.size());
  if (lanes_.empty()) {
    for (const auto& position : stored_) {
      out.partitions.push_back(ProgressAt(position, model::LaneId(0), env_.clock->Monotonic()));
      out.newest_event = std::max(out.newest_event, NewestEvent(*setup_.source, position));
    }
  }
  bool complete = true;  // a lane that just starts has not told its partitions
  for (const auto& lane : lanes_) {
    const LaneProgress progress = lane->Progress();
    complete = complete && progress.state != SourceState::kStarting;
    out.partitions.insert(out.partitions.end(), progress.partitions.begin(),
                          progress.partitions.end());
    out.newest_event = std::max(out.newest_event, progress.newest_event);
    out.reader = progress.reader;
    out.last_commit = std::max(out.last_commit, progress.last_commit);
    if (out.state == SourceState::kRunning && progress.state != SourceState::kRunning &&
        progress.state != SourceState::kStarting) {
      out.state = progress.state;
      out.error = progress.error;
    }
  }
  if (setup_.source->join) {
    if (env_.events.join_watermark && !out.partitions.empty())
      watermark_ =
          std::max(watermark_, env_.events.join_watermark(id_, out.partitions.front().next_offset));
    out.watermark = watermark_;
    return out;
  }
  auto watermark = WatermarkOf(out.partitions);
  const auto told = ToldBy(out.partitions);
  if (complete && watermark > told) {
    wanted_watermark_ = std::max(wanted_watermark_, watermark);
    watermark = std::max(told, std::min(watermark, kept_watermark_));
  }
  if (complete) watermark_ = std::max(watermark_, watermark);
  out.watermark = watermark_;
  return out;
}

std::optional<model::EventTime> SourceRunner::Watermark() const { return Progress().watermark; }

}  // namespace pipeline
