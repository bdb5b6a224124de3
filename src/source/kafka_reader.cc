// Invariants:
// 1. `next` of a partition is the offset after the last record handed out (or what the broker said lies before its end);
//    offsets of one partition only rise, anything else is an error.
// 2. After an error of a partition nothing behind it is handed out: `failed_` is said once the records before it are, and
//    by every Poll after that.
// 3. Pausing stops the partition and resuming starts it at `next`, so what the library had queued does not matter.

#include "source/kafka_reader.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "source/kafka_client.h"
#include "source/record_buffer.h"

namespace source {
namespace {

constexpr size_t kChunk = 1000;                 // messages taken from the library at once
constexpr size_t kMessageOverhead = 512;        // what the library keeps beside a message's bytes
constexpr std::chrono::milliseconds kWatermarkTimeout{2'000};

size_t Clamp(size_t value, size_t least, size_t most) { return std::max(least, std::min(value, most)); }

// The library's share of the budget: half of it for queued records with their overhead, and room for one response.
KafkaClient::Settings SettingsFor(const ReaderOptions& options) {
  const size_t share = options.max_bytes / 2;
  const size_t fetch_bytes = Clamp(options.max_bytes / 8, 256 << 10, 50 << 20);
  return {{"check.crcs", "true"},
          {"isolation.level", "read_committed"},
          {"enable.partition.eof", "true"},
          {"auto.offset.reset", "error"},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"queued.max.messages.kbytes", std::to_string(Clamp(share / 2 >> 10, 256, 2'097'151))},
          {"queued.min.messages", std::to_string(Clamp(share / 2 / kMessageOverhead, 1'000, 100'000))},
          {"fetch.max.bytes", std::to_string(std::max<size_t>(fetch_bytes, 1'000'000))},
          {"fetch.queue.backoff.ms", "10"},
          {"fetch.error.backoff.ms", "200"}};
}

void AppendVarint(int64_t value, std::string* out) {
  auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out->push_back(static_cast<char>(bits | 0x80));
  out->push_back(static_cast<char>(bits));
}

// Headers in the form of a v2 record; empty when there are none.
void EncodeHeaders(const rd_kafka_message_t* message, std::string* out) {
  out->clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const size_t count = rd_kafka_header_cnt(headers);
  AppendVarint(static_cast<int64_t>(count), out);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; i < count && rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    const std::string_view key(name);
    AppendVarint(static_cast<int64_t>(key.size()), out);
    out->append(key);
    AppendVarint(value == nullptr ? -1 : static_cast<int64_t>(size), out);
    if (value != nullptr) out->append(static_cast<const char*>(value), size);
  }
}

class KafkaReader final : public Reader {
 public:
  KafkaReader(ReaderOptions options, std::unique_ptr<KafkaClient> client);
  ~KafkaReader() override;

  base::Status Assign(const std::vector<PartitionStart>& partitions) override;
  base::Status Poll(std::chrono::milliseconds timeout, model::RecordBatch* out) override;
  void Pause(const std::vector<model::PartitionId>& partitions) override;
  void Resume(const std::vector<model::PartitionId>& partitions) override;
  std::vector<PartitionState> States() const override;
  void Wake() override { rd_kafka_queue_yield(queue_.get()); }
  std::string_view kind() const override { return "librdkafka"; }

 private:
  struct Partition {
    int32_t id;
    int64_t next;
    bool paused = false;
    base::Status trouble;  // passes by itself; cleared by the partition's next sign of life
  };

  Partition* Find(int32_t id);
  base::Status StartPartition(const Partition& partition);
  void StopPartition(const Partition& partition);
  bool TakeMessages(std::chrono::milliseconds timeout, size_t most, model::RecordBatch* out);
  void AddMessage(const rd_kafka_message_t& message, model::RecordBatch* out);
  void AddRecord(const rd_kafka_message_t& message, Partition* partition, model::RecordBatch* out);
  model::RecordRun* RunOf(const Partition& partition, model::RecordBatch* out);
  void TakeError(const rd_kafka_message_t& message, Partition* partition, model::RecordBatch* out);
  base::Status OutOfRange(const Partition& partition, const std::string& text);
  base::Status QuietStatus() const;

  const ReaderOptions options_;
  std::unique_ptr<KafkaClient> client_;
  RdPtr<rd_kafka_queue_t> queue_;
  RdPtr<rd_kafka_topic_t> topic_;
  std::vector<Partition> partitions_;
  std::array<rd_kafka_message_t*, kChunk> messages_{};
  RecordBuffer buffer_;
  std::string headers_;
  base::Status failed_;
  base::Counter& records_metric_;
  base::Counter& bytes_metric_;
};

base::Labels TopicLabel(const std::string& topic) { return {{"topic", topic}}; }

KafkaReader::KafkaReader(ReaderOptions options, std::unique_ptr<KafkaClient> client)
    : options_(std::move(options)),
      client_(std::move(client)),
      queue_(rd_kafka_queue_new(client_->handle())),
      topic_(rd_kafka_topic_new(client_->handle(), options_.topic.c_str(), nullptr)),
      buffer_(options_.max_bytes / 2),
      records_metric_(base::Metrics().GetCounter("freshet_source_records_total", "records read", TopicLabel(options_.topic))),
      bytes_metric_(base::Metrics().GetCounter("freshet_source_bytes_total", "bytes of keys and values read",
                                               TopicLabel(options_.topic))) {}

KafkaReader::~KafkaReader() {
  for (const auto& partition : partitions_) StopPartition(partition);
  topic_.reset();  // before the queue and the client
  queue_.reset();
}

KafkaReader::Partition* KafkaReader::Find(int32_t id) {
  const auto it = std::find_if(partitions_.begin(), partitions_.end(), [&](const auto& p) { return p.id == id; });
  return it == partitions_.end() ? nullptr : &*it;
}

base::Status KafkaReader::StartPartition(const Partition& partition) {
  if (rd_kafka_consume_start_queue(topic_.get(), partition.id, partition.next, queue_.get()) == 0) return {};
  const rd_kafka_resp_err_t error = rd_kafka_last_error();
  return KafkaClient::StatusOf(error, options_.topic, rd_kafka_err2str(error));
}

void KafkaReader::StopPartition(const Partition& partition) {
  if (partition.paused) return;
  if (rd_kafka_consume_stop(topic_.get(), partition.id) != 0)
    base::Log(base::Level::kWarning, "source", "a partition could not be stopped",
              {{"topic", options_.topic}, {"partition", std::to_string(partition.id)},
               {"error", rd_kafka_err2str(rd_kafka_last_error())}});
}

base::Status KafkaReader::Assign(const std::vector<PartitionStart>& partitions) {
  const auto wanted = [&](int32_t id) {
    return std::any_of(partitions.begin(), partitions.end(), [&](const auto& start) { return start.partition.value == id; });
  };
  for (const auto& partition : partitions_)
    if (!wanted(partition.id)) StopPartition(partition);
  std::erase_if(partitions_, [&](const auto& partition) { return !wanted(partition.id); });
  for (const auto& start : partitions) {
    if (start.offset.value < 0) return base::Invalid("a partition needs an offset to start at");
    if (Find(start.partition.value) != nullptr) continue;
    Partition partition{start.partition.value, start.offset.value};
    RETURN_IF_ERROR(StartPartition(partition));
    partitions_.push_back(std::move(partition));
  }
  return {};
}

void KafkaReader::Pause(const std::vector<model::PartitionId>& partitions) {
  for (const auto id : partitions) {
    Partition* partition = Find(id.value);
    if (partition == nullptr || partition->paused) continue;
    StopPartition(*partition);
    partition->paused = true;
  }
}

void KafkaReader::Resume(const std::vector<model::PartitionId>& partitions) {
  for (const auto id : partitions) {
    Partition* partition = Find(id.value);
    if (partition == nullptr || !partition->paused) continue;
    partition->paused = false;
    if (base::Status status = StartPartition(*partition); !status.ok() && failed_.ok()) failed_ = std::move(status);
  }
}

std::vector<PartitionState> KafkaReader::States() const {
  std::vector<PartitionState> out;
  for (const auto& partition : partitions_) {
    PartitionState state;
    state.partition = model::PartitionId(partition.id);
    int64_t low = RD_KAFKA_OFFSET_INVALID, high = RD_KAFKA_OFFSET_INVALID;
    rd_kafka_get_watermark_offsets(client_->handle(), options_.topic.c_str(), partition.id, &low, &high);
    state.low_watermark_offset = low >= 0 ? low : -1;
    state.high_watermark_offset = high >= 0 ? high : -1;
    out.push_back(state);
  }
  return out;
}

base::Status KafkaReader::Poll(std::chrono::milliseconds timeout, model::RecordBatch* out) {
  out->Clear();
  buffer_.Clear();
  client_->Serve();
  if (!failed_.ok()) return failed_;
  // The library fills a batch until the timeout, so wait for one message and then take what is there.
  const size_t budget = std::max<size_t>(1, options_.max_bytes / 2);
  bool more = TakeMessages(timeout, 1, out);
  while (more && failed_.ok() && buffer_.bytes() < budget && out->records.size() < options_.max_poll_records)
    more = TakeMessages(std::chrono::milliseconds(0), std::min(kChunk, options_.max_poll_records - out->records.size()), out);
  if (!out->records.empty()) client_->ClearTrouble();
  records_metric_.Add(out->records.size());
  bytes_metric_.Add(out->bytes);
  if (!out->runs.empty()) return {};
  if (!failed_.ok()) return failed_;
  client_->Serve();
  return QuietStatus();
}

// Whether there may be more.
bool KafkaReader::TakeMessages(std::chrono::milliseconds timeout, size_t most, model::RecordBatch* out) {
  const ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), static_cast<int>(timeout.count()), messages_.data(), most);
  for (ssize_t i = 0; i < got; ++i) {
    if (failed_.ok()) AddMessage(*messages_[static_cast<size_t>(i)], out);
    rd_kafka_message_destroy(messages_[static_cast<size_t>(i)]);
  }
  return got == static_cast<ssize_t>(most);
}

void KafkaReader::AddMessage(const rd_kafka_message_t& message, model::RecordBatch* out) {
  Partition* partition = Find(message.partition);
  if (partition == nullptr || partition->paused) return;  // taken away while it was under way
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    TakeError(message, partition, out);
    return;
  }
  if (message.offset < partition->next) {
    failed_ = base::Corrupt("topic \"" + options_.topic + "\" partition " + std::to_string(partition->id) + ": offset " +
                            std::to_string(message.offset) + " came where " + std::to_string(partition->next) + " was expected");
    return;
  }
  AddRecord(message, partition, out);
}

model::RecordRun* KafkaReader::RunOf(const Partition& partition, model::RecordBatch* out) {
  if (out->runs.empty() || out->runs.back().partition.value != partition.id) {
    const auto at = static_cast<uint32_t>(out->records.size());
    out->runs.push_back({model::PartitionId(partition.id), at, at, model::Offset(partition.next)});
  }
  return &out->runs.back();
}

void KafkaReader::AddRecord(const rd_kafka_message_t& message, Partition* partition, model::RecordBatch* out) {
  model::RecordRun* run = RunOf(*partition, out);
  model::RecordView record;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &kind);
  if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) record.timestamp_ms = -1;
  if (message.key != nullptr) {
    record.key = buffer_.Copy(message.key, message.key_len);
    record.key_bytes = static_cast<uint32_t>(message.key_len);
  }
  if (options_.headers) EncodeHeaders(&message, &headers_);
  if (!headers_.empty()) {
    record.headers = buffer_.Copy(headers_);
    record.headers_bytes = static_cast<uint32_t>(headers_.size());
  }
  if (message.payload != nullptr) {
    record.value = buffer_.Copy(message.payload, message.len);
    record.value_bytes = static_cast<uint32_t>(message.len);
  }
  out->bytes += message.key_len + message.len;
  out->records.push_back(record);
  partition->next = message.offset + 1;
  if (!partition->trouble.ok()) partition->trouble = {};
  run->end = static_cast<uint32_t>(out->records.size());
  run->next_offset = model::Offset(partition->next);
}

void KafkaReader::TakeError(const rd_kafka_message_t& message, Partition* partition, model::RecordBatch* out) {
  const std::string text = rd_kafka_message_errstr(&message);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    partition->trouble = {};
    client_->ClearTrouble();
    if (message.offset <= partition->next) return;
    partition->next = message.offset;  // transaction markers and aborted or compacted records lay between
    RunOf(*partition, out)->next_offset = model::Offset(partition->next);
    return;
  }
  base::Metrics()
      .GetCounter("freshet_source_errors_total", "errors that the Kafka client reported",
                  {{"topic", options_.topic}, {"error", rd_kafka_err2name(message.err)}})
      .Add();
  base::Status status;
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE ||
      message.err == RD_KAFKA_RESP_ERR__LOG_TRUNCATION)
    status = OutOfRange(*partition, text);
  else
    status = KafkaClient::StatusOf(message.err, options_.topic, text);
  if (status.code() == base::Code::kUnavailable || status.code() == base::Code::kDenied)
    partition->trouble = std::move(status);
  else
    failed_ = std::move(status);
}

base::Status KafkaReader::OutOfRange(const Partition& partition, const std::string& text) {
  int64_t low = 0, high = 0;
  const auto error = rd_kafka_query_watermark_offsets(client_->handle(), options_.topic.c_str(), partition.id, &low, &high,
                                                      static_cast<int>(kWatermarkTimeout.count()));
  const bool known = error == RD_KAFKA_RESP_ERR_NO_ERROR;
  return StatusOf(MissingOffset{options_.topic, partition.id, partition.next, known ? low : -1, known ? high : -1, text});
}

// What to say when nothing came.
base::Status KafkaReader::QuietStatus() const {
  for (const auto& partition : partitions_)
    if (!partition.trouble.ok()) return AsWaiting(partition.trouble);
  return AsWaiting(client_->TroubleStatus());
}

}  // namespace

base::Result<std::unique_ptr<Reader>> MakeKafkaReader(const ReaderOptions& options) {
  CHECK(options.max_bytes > 0 && options.max_poll_records > 0);
  ASSIGN_OR_RETURN(auto client, KafkaClient::Make(options.topic, options.properties, SettingsFor(options)));
  return std::unique_ptr<Reader>(std::make_unique<KafkaReader>(options, std::move(client)));
}

std::string KafkaClientVersion() { return rd_kafka_version_str(); }

}  // namespace source
