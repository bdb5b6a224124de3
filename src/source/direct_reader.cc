// Invariants:
// 1. `next` of a partition is what the caller has; `fetch_offset` is where the next fetch begins. Between them lie exactly
//    the segments of `responses_` for that partition and generation, in order.
// 2. A partition's generation changes whenever what is under way for it must not count: paused, taken away.
// 3. Frames and the decompressed bytes that records point into live until the next Poll. A batch that is handed out in parts
//    keeps the whole buffer, and while it is gone on with no other batch is opened, so the buffer stays bounded.
// 4. After an error that must not be skipped `failed_` is all that is ever said, once the records before it are.

#include "source/direct_reader.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "source/broker_links.h"
#include "source/direct_partition.h"

namespace source {
namespace {

using base::MonotonicTime;
using std::chrono::milliseconds;

constexpr milliseconds kRetry{200};            // after an error of a partition or the metadata
constexpr milliseconds kTopicGrace{15'000};    // how long a topic may be unknown to brokers before it counts as missing
constexpr int16_t kLastFetchByName = 12;       // later versions name the topic by its id
constexpr int32_t kMostPartitionBytes = 128 << 20;

MonotonicTime Now() { return base::Clock::System().Monotonic(); }

class DirectReader final : public Reader {
 public:
  DirectReader(ReaderOptions options, DirectSettings settings, std::unique_ptr<TlsContext> tls);
  ~DirectReader() override { queue_metric_.Add(-queued_bytes_); }

  base::Status Assign(const std::vector<PartitionStart>& partitions) override;
  base::Status Poll(milliseconds timeout, model::RecordBatch* out) override;
  void Pause(const std::vector<model::PartitionId>& partitions) override;
  void Resume(const std::vector<model::PartitionId>& partitions) override;
  std::vector<PartitionState> States() const override;
  void Wake() override { links_.Wake(); }
  std::string_view kind() const override { return "direct"; }

 private:
  Partition* Find(int32_t id);
  void Release();
  bool HandOut(model::RecordBatch* out);
  bool HandOutSegment(Segment* segment, bool resuming, model::RecordBatch* out);
  void Work();
  void TakeResponses(Link* link);
  void NoticeLoss(Link* link);
  void TakeMetadata(std::string_view frame, const RequestHeader& header, Link* link);
  void ApplyLeader(const PartitionLeader& leader);
  void TopicIsUnknown();
  void TakeFetch(BrokerConnection::Response response, const Asked& asked, Link* link);
  bool TakeFetched(FetchedPartition* fetched, const Asked& asked, Fetched* into);
  void TakePartitionError(Partition* partition, int16_t error);
  void TakeEpoch(std::string_view frame, const RequestHeader& header, const Asked& asked);
  void TakeRange(std::string_view frame, const RequestHeader& header, const Asked& asked);
  void AskMetadata(MonotonicTime now);
  void AskAboutPartitions(MonotonicTime now);
  void AskRange(Partition* partition);
  void Fetch(Link* link, MonotonicTime now);
  bool Fetchable(const Partition& partition, int32_t broker, MonotonicTime now) const;
  MonotonicTime NextTimer(MonotonicTime until) const;
  base::Status QuietStatus();
  void Fail(base::Status status) { if (failed_.ok()) failed_ = std::move(status); }
  std::string NameOf(const Partition& partition) const;
  void CountError(const std::string& error);
  void CountQueued();

  const ReaderOptions options_;
  const DirectSettings settings_;
  std::unique_ptr<TlsContext> tls_;
  BrokerLinks links_;
  std::vector<Partition> partitions_;          // in the order they are asked for; those that gave records go to the end
  std::deque<Fetched> responses_, finished_;   // to be handed out; handed out by the last Poll
  Decompressor decompressor_;
  RecordBuffer buffer_;
  FetchResponse fetch_response_;
  Uuid topic_id_{};
  bool metadata_asked_ = false;
  MonotonicTime metadata_at_{};                // when to ask again
  std::optional<MonotonicTime> unknown_since_; // the topic
  base::Status failed_, topic_trouble_;
  double queued_bytes_ = 0;
  base::Counter& records_metric_;
  base::Counter& bytes_metric_;
  base::Counter& wire_bytes_metric_;
  base::Gauge& queue_metric_;
};

DirectReader::DirectReader(ReaderOptions options, DirectSettings settings, std::unique_ptr<TlsContext> tls)
    : options_(std::move(options)),
      settings_(std::move(settings)),
      tls_(std::move(tls)),
      links_(&settings_, tls_.get()),
      buffer_(options_.max_bytes / 2),
      records_metric_(base::Metrics().GetCounter("freshet_source_records_total", "records read", {{"topic", options_.topic}})),
      bytes_metric_(base::Metrics().GetCounter("freshet_source_bytes_total", "bytes of keys and values read", {{"topic", options_.topic}})),
      wire_bytes_metric_(base::Metrics().GetCounter("freshet_source_wire_bytes_total", "bytes of fetch responses, as they came",
                                                    {{"topic", options_.topic}})),
      queue_metric_(base::Metrics().GetGauge("freshet_source_queue_bytes", "bytes of records fetched and not yet polled",
                                             {{"topic", options_.topic}})) {}

Partition* DirectReader::Find(int32_t id) {
  const auto it = std::find_if(partitions_.begin(), partitions_.end(), [&](const auto& p) { return p.id == id; });
  return it == partitions_.end() ? nullptr : &*it;
}

std::string DirectReader::NameOf(const Partition& partition) const {
  return "topic \"" + options_.topic + "\" partition " + std::to_string(partition.id);
}

void DirectReader::CountError(const std::string& error) {
  base::Metrics()
      .GetCounter("freshet_source_errors_total", "errors that the Kafka client reported", {{"topic", options_.topic}, {"error", error}})
      .Add();
}

void DirectReader::CountQueued() {
  double bytes = 0;
  for (const auto& fetched : responses_) bytes += static_cast<double>(fetched.frame.bytes().size());
  queue_metric_.Add(bytes - queued_bytes_);
  queued_bytes_ = bytes;
}

base::Status DirectReader::Assign(const std::vector<PartitionStart>& partitions) {
  std::erase_if(partitions_, [&](const auto& partition) {
    return std::none_of(partitions.begin(), partitions.end(), [&](const auto& start) { return start.partition.value == partition.id; });
  });
  for (const auto& start : partitions) {
    if (start.offset.value < 0) return base::Invalid("a partition needs an offset to start at");
    if (Find(start.partition.value) != nullptr) continue;
    Partition partition;
    partition.id = start.partition.value;
    partition.next = partition.fetch_offset = start.offset.value;
    static std::atomic<int> generations{0};
    partition.generation = generations += 1'000'000;  // never that of a partition that was here before
    partition.fetch_bytes = settings_.partition_bytes;
    partitions_.push_back(std::move(partition));
  }
  metadata_at_ = {};
  return {};
}

void DirectReader::Pause(const std::vector<model::PartitionId>& partitions) {
  for (const auto id : partitions) {
    Partition* partition = Find(id.value);
    if (partition == nullptr || partition->paused) continue;
    partition->paused = true;
    ++partition->generation;
    partition->fetch_offset = partition->next;
  }
}

void DirectReader::Resume(const std::vector<model::PartitionId>& partitions) {
  for (const auto id : partitions)
    if (Partition* partition = Find(id.value)) partition->paused = false;
}

std::vector<PartitionState> DirectReader::States() const {
  std::vector<PartitionState> out;
  for (const auto& partition : partitions_) out.push_back({model::PartitionId(partition.id), partition.low, partition.high});
  return out;
}

base::Status DirectReader::Poll(milliseconds timeout, model::RecordBatch* out) {
  out->Clear();
  Release();
  const auto until = Now() + timeout;
  bool woken = false;
  while (failed_.ok() && !HandOut(out)) {
    Work();
    if (!responses_.empty()) continue;
    const auto now = Now();
    if (woken || now >= until || !failed_.ok()) break;
    woken = links_.Wait(NextTimer(until));
  }
  records_metric_.Add(out->records.size());
  bytes_metric_.Add(out->bytes);
  CountQueued();
  if (!out->runs.empty()) return {};
  return failed_.ok() ? QuietStatus() : failed_;
}

// What the last Poll handed out is no longer looked at.
void DirectReader::Release() {
  for (auto& fetched : finished_) {
    const bool alive = std::any_of(links_.all().begin(), links_.all().end(), [&](const auto& link) { return link.get() == fetched.link; });
    // A frame that was made for one very large batch is not kept.
    if (alive && fetched.frame.capacity() <= options_.max_bytes / 2) fetched.link->connection.Recycle(std::move(fetched.frame));
  }
  finished_.clear();
  const bool in_batch = !responses_.empty() && !responses_.front().segments.empty() && responses_.front().segments.front().walker.in_batch();
  if (!in_batch) buffer_.Clear();
}

// Whether records or positions were handed out.
bool DirectReader::HandOut(model::RecordBatch* out) {
  bool more = true;
  while (more && failed_.ok() && !responses_.empty()) {
    Fetched& fetched = responses_.front();
    while (more && !fetched.segments.empty()) {
      Segment& segment = fetched.segments.front();
      const bool resuming = segment.walker.in_batch();
      more = HandOutSegment(&segment, resuming, out);
      if (segment.walker.done()) fetched.segments.pop_front();
    }
    if (!fetched.segments.empty()) break;
    finished_.push_back(std::move(fetched));
    responses_.pop_front();
  }
  return !out->runs.empty();
}

// False when the Poll is full.
bool DirectReader::HandOutSegment(Segment* segment, bool resuming, model::RecordBatch* out) {
  Partition* partition = Find(segment->partition);
  if (partition == nullptr || partition->generation != segment->generation) {
    segment->walker.Abandon();
    return true;
  }
  const size_t begin = out->records.size();
  const size_t bytes = options_.max_bytes / 2;
  if (begin >= options_.max_poll_records || out->bytes >= bytes || buffer_.bytes() >= bytes) {
    if (!out->runs.empty()) return false;
  }
  const RecordWalker::Limits limits{options_.max_poll_records - std::min(begin, options_.max_poll_records - 1), bytes, resuming};
  base::Status status = segment->walker.Walk(limits, &decompressor_, &buffer_, out);
  if (out->records.size() > begin || segment->walker.next_offset() > partition->next) {
    partition->next = segment->walker.next_offset();
    out->runs.push_back({model::PartitionId(partition->id), static_cast<uint32_t>(begin), static_cast<uint32_t>(out->records.size()),
                         model::Offset(partition->next)});
  }
  if (!status.ok()) {
    CountError(base::RowOf(status.code()).name);
    Fail(std::move(status).WithContext(NameOf(*partition)));
    return false;
  }
  return segment->walker.done() && !resuming;
}

// Lets connections go on, takes what came, asks what is to be asked.
void DirectReader::Work() {
  links_.KeepBootstrap();
  links_.StepAll();
  for (size_t i = 0; i < links_.all().size(); ++i) {  // by index: taking metadata changes the list
    Link* link = links_.all()[i].get();
    NoticeLoss(link);
    TakeResponses(link);
  }
  const auto now = Now();
  AskMetadata(now);
  AskAboutPartitions(now);
  for (auto& link : links_.all()) Fetch(link.get(), now);
}

// A connection that broke took its questions with it.
void DirectReader::NoticeLoss(Link* link) {
  if (link->generation == link->connection.generation()) return;
  link->generation = link->connection.generation();
  CountError("connection");
  for (const Asked& asked : link->asked) {
    if (asked.what == Asked::What::kMetadata) metadata_asked_ = false;
    Partition* partition = Find(asked.partition);
    if (partition == nullptr || partition->generation != asked.generation) continue;
    if (asked.what == Asked::What::kEpoch) partition->epoch_check = Check::kNeeded;
    if (asked.what == Asked::What::kEarliest || asked.what == Asked::What::kLatest) partition->ranges_asked = 0;
  }
  link->asked.clear();
  link->fetching = false;
  for (auto& partition : partitions_)
    if (partition.leader == link->id) partition.stale = true;  // it may have moved
  metadata_at_ = std::min(metadata_at_, Now() + kRetry);
}

void DirectReader::TakeResponses(Link* link) {
  while (auto response = link->connection.TakeResponse()) {
    CHECK(!link->asked.empty());
    const Asked asked = std::move(link->asked.front());
    link->asked.pop_front();
    const std::string_view frame = response->frame.bytes();
    switch (asked.what) {
      case Asked::What::kMetadata: TakeMetadata(frame, response->header, link); return;  // the link may be gone
      case Asked::What::kFetch: TakeFetch(std::move(*response), asked, link); return;
      case Asked::What::kEpoch: TakeEpoch(frame, response->header, asked); break;
      case Asked::What::kEarliest:
      case Asked::What::kLatest: TakeRange(frame, response->header, asked); break;
    }
    link->connection.Step(Now());
    NoticeLoss(link);
  }
}

void DirectReader::AskMetadata(MonotonicTime now) {
  if (metadata_asked_ || now < metadata_at_) return;
  Link* link = links_.AnyReady();
  if (link == nullptr) return;
  const auto encode = [&](const RequestHeader& header) { return EncodeMetadata(header, options_.topic); };
  if (link->connection.VersionOf(Api::kMetadata) && link->connection.VersionOf(Api::kFetch)) {
    metadata_asked_ = link->Ask(Api::kMetadata, {Asked::What::kMetadata, -1, 0, {}}, encode);
    return;
  }
  Fail(base::Unsupported("Kafka broker " + link->connection.address().Text() + " is too old for the direct reader")
           .WithHint("It needs brokers of version 2.4 or newer."));
}

void DirectReader::TakeMetadata(std::string_view frame, const RequestHeader& header, Link* link) {
  metadata_asked_ = false;
  const auto now = Now();
  MetadataResponse response;
  if (!DecodeMetadata(frame, header, options_.topic, &response)) {
    link->connection.Break(TroubleKind::kUnreachable, "its metadata makes no sense", now);
    return;
  }
  link->connection.Throttle(milliseconds(response.throttle_ms), now);
  metadata_at_ = now + kRetry;
  switch (response.topic_error) {
    case kNoError: break;
    case kUnknownTopicOrPartition:
    case kUnknownTopicId: TopicIsUnknown(); return;
    case kTopicAuthorizationFailed: topic_trouble_ = TopicIsDenied(options_.topic, NameOfError(response.topic_error)); return;
    default: topic_trouble_ = base::Unavailable("topic \"" + options_.topic + "\" cannot be read now: " + NameOfError(response.topic_error)); return;
  }
  unknown_since_.reset();
  topic_trouble_ = {};
  if (topic_id_ != Uuid{} && response.topic_id != Uuid{} && topic_id_ != response.topic_id) {
    Fail(base::Corrupt("topic \"" + options_.topic + "\" was deleted and made anew while it was read")
             .WithHint("ALTER SOURCE ... RESET reads the new topic from its beginning."));
    return;
  }
  if (response.topic_id != Uuid{}) topic_id_ = response.topic_id;
  for (const auto& leader : response.partitions) ApplyLeader(leader);
  links_.SetNodes(response.brokers);
  const bool stale = std::any_of(partitions_.begin(), partitions_.end(), [](const auto& p) { return p.stale; });
  metadata_at_ = now + (stale ? kRetry : settings_.metadata_interval);
  for (auto& partition : partitions_) {
    const bool known = std::any_of(response.partitions.begin(), response.partitions.end(), [&](const auto& p) { return p.partition == partition.id; });
    if (!known) partition.trouble = base::Unavailable(NameOf(partition) + " is not known to the brokers");
  }
}

void DirectReader::ApplyLeader(const PartitionLeader& leader) {
  Partition* partition = Find(leader.partition);
  if (partition == nullptr || leader.leader < 0 || leader.leader_epoch < partition->leader_epoch) return;
  if (leader.leader_epoch > partition->leader_epoch && partition->last_epoch >= 0) partition->epoch_check = Check::kNeeded;
  partition->leader = leader.leader;
  partition->leader_epoch = leader.leader_epoch;
  partition->stale = false;
  if (partition->trouble.code() == base::Code::kUnavailable) partition->trouble = {};
}

void DirectReader::TopicIsUnknown() {
  const auto now = Now();
  if (!unknown_since_) unknown_since_ = now;
  if (now - *unknown_since_ >= kTopicGrace) Fail(TopicIsMissing(options_.topic));
  else topic_trouble_ = base::Unavailable("topic \"" + options_.topic + "\" is not known to the brokers");
}

void DirectReader::AskAboutPartitions(MonotonicTime now) {
  for (auto& partition : partitions_) {
    if (partition.ranges_asked == 0) AskRange(&partition);
    if (partition.epoch_check != Check::kNeeded || partition.stale || now < partition.retry_at) continue;
    Link* link = links_.To(partition.leader);
    if (link == nullptr) continue;
    const EpochRequest request{options_.topic, partition.id, partition.leader_epoch, partition.last_epoch};
    if (link->connection.ready() && !link->connection.VersionOf(Api::kOffsetForLeaderEpoch)) {
      partition.epoch_check = Check::kNone;  // a broker that cannot tell
    } else if (link->Ask(Api::kOffsetForLeaderEpoch, {Asked::What::kEpoch, partition.id, partition.generation, {}},
                         [&](const RequestHeader& header) { return EncodeEpoch(header, request); })) {
      partition.epoch_check = Check::kAsked;
    }
  }
}

void DirectReader::TakeEpoch(std::string_view frame, const RequestHeader& header, const Asked& asked) {
  Partition* partition = Find(asked.partition);
  if (partition == nullptr || partition->epoch_check != Check::kAsked) return;
  EpochResponse response;
  if (!DecodeEpoch(frame, header, &response)) response.error = -1;
  if (response.error != kNoError) {
    partition->epoch_check = Check::kNeeded;
    TakePartitionError(partition, response.error);
    return;
  }
  partition->epoch_check = Check::kNone;
  if (response.end_offset >= partition->fetch_offset && response.epoch >= 0) return;
  Fail(base::Corrupt(NameOf(*partition) + " was cut: its leader has epoch " + std::to_string(partition->last_epoch) + " up to offset " +
                     std::to_string(response.end_offset) + ", but records up to " + std::to_string(partition->fetch_offset) + " were read")
           .WithDetail("A replica that lacked them became the leader (unclean election), or a broker lost its disk.")
           .WithHint("ALTER SOURCE ... RESET goes on with what the partition has now."));
}

// Asks the leader what it has, to say it in the error.
void DirectReader::AskRange(Partition* partition) {
  Link* link = links_.To(partition->leader);
  if (link == nullptr || !link->connection.ready()) return;
  partition->ranges_asked = 2;
  for (const auto what : {Asked::What::kEarliest, Asked::What::kLatest}) {
    const ListOffsetsRequest request{options_.topic, partition->id, partition->leader_epoch, what == Asked::What::kEarliest ? -2 : -1};
    const bool sent = link->Ask(Api::kListOffsets, {what, partition->id, partition->generation, {}},
                                [&](const RequestHeader& header) { return EncodeListOffsets(header, request); });
    if (!sent) --partition->ranges_asked;
  }
  if (partition->ranges_asked == 0) Fail(StatusOf(MissingOffset{options_.topic, partition->id, partition->fetch_offset, -1, -1, ""}));
}

void DirectReader::TakeRange(std::string_view frame, const RequestHeader& header, const Asked& asked) {
  Partition* partition = Find(asked.partition);
  if (partition == nullptr || partition->ranges_asked <= 0) return;
  ListOffsetsResponse response;
  if (DecodeListOffsets(frame, header, &response) && response.error == kNoError)
    (asked.what == Asked::What::kEarliest ? partition->range_low : partition->range_high) = response.offset;
  if (--partition->ranges_asked > 0) return;
  Fail(StatusOf(MissingOffset{options_.topic, partition->id, partition->fetch_offset, partition->range_low, partition->range_high, ""}));
}

bool DirectReader::Fetchable(const Partition& partition, int32_t broker, MonotonicTime now) const {
  return partition.leader == broker && !partition.stale && !partition.paused && partition.epoch_check == Check::kNone &&
         partition.ranges_asked < 0 && now >= partition.retry_at;
}

void DirectReader::Fetch(Link* link, MonotonicTime now) {
  if (link->fetching || link->id < 0 || !link->connection.CanSend(now)) return;
  Asked asked{Asked::What::kFetch, -1, 0, {}};
  std::vector<FetchPartition> partitions;
  for (const auto& partition : partitions_) {
    if (!Fetchable(partition, link->id, now)) continue;
    partitions.push_back({partition.id, partition.leader_epoch, partition.fetch_offset, partition.fetch_bytes});
    asked.partitions.push_back({partition.id, partition.generation});
  }
  if (partitions.empty()) return;
  if (topic_id_ == Uuid{}) asked.most_version = kLastFetchByName;
  const size_t share = options_.max_bytes / 2 / std::max<size_t>(1, links_.all().size());
  FetchRequest request;
  request.topic = options_.topic;
  request.topic_id = topic_id_;
  request.max_wait_ms = settings_.fetch_wait_ms;
  request.min_bytes = settings_.fetch_min_bytes;
  request.max_bytes = static_cast<int32_t>(std::clamp<size_t>(share, 64 << 10, 64 << 20));
  request.partitions = partitions;
  link->fetching = link->Ask(Api::kFetch, std::move(asked), [&](const RequestHeader& header) { return EncodeFetch(header, request); },
                             milliseconds(settings_.fetch_wait_ms));
}

void DirectReader::TakeFetch(BrokerConnection::Response response, const Asked& asked, Link* link) {
  link->fetching = false;
  const auto now = Now();
  const bool good = DecodeFetch(response.frame.bytes(), response.header, &fetch_response_);
  if (!good || fetch_response_.error != kNoError) {
    CountError(good ? NameOfError(fetch_response_.error) : "malformed fetch");
    if (!good) link->connection.Break(TroubleKind::kUnreachable, "its answer to a fetch makes no sense", now);
    for (const auto& [id, generation] : asked.partitions)
      if (Partition* partition = Find(id)) TakePartitionError(partition, good ? fetch_response_.error : int16_t{-1});
    return;
  }
  wire_bytes_metric_.Add(response.frame.bytes().size());
  link->connection.Throttle(milliseconds(fetch_response_.throttle_ms), now);
  Fetched fetched{std::move(response.frame), {}, link};
  for (auto& partition : fetch_response_.partitions)
    if (TakeFetched(&partition, asked, &fetched)) {
      // Those that gave records are asked last the next time, so that a full response starves nobody.
      const auto at = std::find_if(partitions_.begin(), partitions_.end(), [&](const auto& p) { return p.id == partition.partition; });
      std::rotate(at, at + 1, partitions_.end());
    }
  if (fetched.segments.empty()) link->connection.Recycle(std::move(fetched.frame));
  else responses_.push_back(std::move(fetched));
  Fetch(link, now);  // the next one is under way while this one is worked on
}

// Whether it holds records to be handed out.
bool DirectReader::TakeFetched(FetchedPartition* fetched, const Asked& asked, Fetched* into) {
  Partition* partition = Find(fetched->partition);
  const bool current = partition != nullptr && std::any_of(asked.partitions.begin(), asked.partitions.end(), [&](const FetchAsked& a) {
                         return a.partition == partition->id && a.generation == partition->generation;
                       });
  if (!current) return false;
  if (fetched->error != kNoError) {
    TakePartitionError(partition, fetched->error);
    return false;
  }
  partition->trouble = {};
  partition->high = fetched->high_watermark;
  if (fetched->log_start_offset >= 0) partition->low = fetched->log_start_offset;
  if (fetched->records.empty()) return false;
  const BatchesEnd end = FindEnd(fetched->records);
  BatchHeader first;
  if (end.next_offset < 0 && ReadBatchHeader(fetched->records, &first) == BatchRead::kCut) {  // larger than what was asked for
    if (partition->fetch_bytes >= kMostPartitionBytes)
      Fail(base::Unsupported(NameOf(*partition) + " has a record batch of over " + std::to_string(kMostPartitionBytes) + " bytes at offset " +
                             std::to_string(partition->fetch_offset)));
    partition->fetch_bytes = std::min(kMostPartitionBytes, partition->fetch_bytes * 2);
    return false;
  }
  into->segments.push_back({partition->id, partition->generation,
                            RecordWalker(fetched->records, partition->fetch_offset, std::move(fetched->aborted))});
  partition->fetch_offset = std::max(partition->fetch_offset, end.next_offset);
  if (end.leader_epoch >= 0) partition->last_epoch = end.leader_epoch;
  return true;
}

void DirectReader::TakePartitionError(Partition* partition, int16_t error) {
  CountError(NameOfError(error));
  const auto now = Now();
  partition->retry_at = now + kRetry;
  switch (error) {
    case kOffsetOutOfRange: partition->ranges_asked = 0; return;
    case kCorruptMessage:
      Fail(base::Corrupt(NameOf(*partition) + ": the broker finds its own records at offset " + std::to_string(partition->fetch_offset) + " damaged"));
      return;
    case kTopicAuthorizationFailed:
      partition->trouble = TopicIsDenied(options_.topic, NameOfError(error));
      return;
    case kUnknownTopicOrPartition:
    case kLeaderNotAvailable:
    case kNotLeaderOrFollower:
    case kReplicaNotAvailable:
    case kFencedLeaderEpoch:
    case kUnknownLeaderEpoch:
    case kUnknownTopicId:
    case kInconsistentTopicId:
    case kStorageError:
      partition->stale = true;
      metadata_at_ = std::min(metadata_at_, now + kRetry);
      return;
    case kOffsetNotAvailable: return;
    default: partition->trouble = base::Unavailable(NameOf(*partition) + " cannot be read now: " + NameOfError(error));
  }
}

// When something is to be done although nothing comes.
MonotonicTime DirectReader::NextTimer(MonotonicTime until) const {
  const auto now = Now();
  if (!metadata_asked_ && metadata_at_ > now) until = std::min(until, metadata_at_);
  for (const auto& partition : partitions_)
    if (partition.retry_at > now) until = std::min(until, partition.retry_at);
  return until;
}

// What to say when nothing came.
base::Status DirectReader::QuietStatus() {
  if (!topic_trouble_.ok()) return AsWaiting(topic_trouble_);
  const Trouble* first = nullptr;
  bool some_leader = false;
  for (const auto& partition : partitions_) {
    if (!partition.trouble.ok()) return AsWaiting(partition.trouble);
    const Link* link = partition.leader < 0 ? nullptr : links_.To(partition.leader);
    if (link == nullptr) continue;
    some_leader |= link->connection.ready();
    if (first == nullptr && link->connection.trouble()) first = &*link->connection.trouble();
  }
  if (some_leader || partitions_.empty()) return {};
  for (const auto& link : links_.all())
    if (first == nullptr && link->connection.trouble()) first = &*link->connection.trouble();
  return first == nullptr ? base::Status() : AsWaiting(StatusOf(*first));
}

}  // namespace

base::Result<std::unique_ptr<Reader>> MakeDirectReader(const ReaderOptions& options) {
  CHECK(options.max_bytes > 0 && options.max_poll_records > 0);
  ASSIGN_OR_RETURN(auto settings, MakeDirectSettings(options.properties));
  std::unique_ptr<TlsContext> tls;
  if (settings.use_tls) {
    ASSIGN_OR_RETURN(tls, MakeTlsContext(settings.tls));
  }
  return std::unique_ptr<Reader>(std::make_unique<DirectReader>(options, std::move(settings), std::move(tls)));
}

}  // namespace source
