#include <algorithm>
#include <atomic>

#include "source/kafka_client.h"
#include "source/kafka_reader.h"

namespace source {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSlice{50};  // between looks at what the brokers' connections say

bool IsNoUuid(const rd_kafka_Uuid_t* id) {
  return rd_kafka_Uuid_most_significant_bits(id) == 0 &&
         rd_kafka_Uuid_least_significant_bits(id) == 0;
}

class KafkaAdmin final : public TopicAdmin {
 public:
  KafkaAdmin(std::string topic, std::unique_ptr<KafkaClient> client)
      : topic_(std::move(topic)), client_(std::move(client)) {}

  base::Result<TopicInfo> Describe(milliseconds timeout) override;
  base::Result<model::Offset> Resolve(model::PartitionId partition, StartAt at,
                                      int64_t timestamp_ms, milliseconds timeout) override;
  void Cancel() override { cancelled_ = true; }

 private:
  using EventPtr = RdPtr<rd_kafka_event_t>;
  RdPtr<rd_kafka_AdminOptions_t> OptionsFor(rd_kafka_admin_op_t operation,
                                            milliseconds timeout) const;
  base::Result<EventPtr> Await(rd_kafka_queue_t* results, milliseconds timeout);
  base::Result<model::Offset> ListOffset(model::PartitionId partition, int64_t spec,
                                         milliseconds timeout);

  const std::string topic_;
  std::unique_ptr<KafkaClient> client_;
  std::atomic<bool> cancelled_{false};
};

RdPtr<rd_kafka_AdminOptions_t> KafkaAdmin::OptionsFor(rd_kafka_admin_op_t operation,
                                                      milliseconds timeout) const {
  RdPtr<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(client_->handle(), operation));
  const auto most = std::clamp<int64_t>(timeout.count(), 1, 300'000);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(most), nullptr, 0);
  return options;
}

// The answer, or why no broker gives one. A refused sign-in is said at once.
base::Result<KafkaAdmin::EventPtr> KafkaAdmin::Await(rd_kafka_queue_t* results,
                                                     milliseconds timeout) {
  const auto deadline = base::Clock::System().Monotonic() + timeout;
  while (true) {
    EventPtr event(rd_kafka_queue_poll(results, static_cast<int>(kSlice.count())));
    client_->Serve();
    if (event) {
      const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_->ClearTrouble();
        return event;
      }
      if (base::Status trouble = client_->TroubleStatus(); !trouble.ok()) return trouble;
      return KafkaClient::StatusOf(error, topic_, rd_kafka_event_error_string(event.get()));
    }
    if (cancelled_)
      return base::Cancelled("the question about topic \"" + topic_ + "\" is not needed any more");
    base::Status trouble = client_->TroubleStatus();
    if (trouble.code() == base::Code::kDenied) return trouble;
    if (base::Clock::System().Monotonic() < deadline) continue;
    if (!trouble.ok()) return trouble;
    return base::Unavailable("no Kafka broker answered for topic \"" + topic_ + "\" within " +
                             std::to_string(timeout.count()) + " ms");
  }
}

base::Result<TopicInfo> KafkaAdmin::Describe(milliseconds timeout) {
  const char* name = topic_.c_str();
  const RdPtr<rd_kafka_TopicCollection_t> topics(rd_kafka_TopicCollection_of_topic_names(&name, 1));
  const RdPtr<rd_kafka_queue_t> results(
      rd_kafka_queue_new(client_->handle()));  // of its own: late answers die with it
  rd_kafka_DescribeTopics(client_->handle(), topics.get(),
                          OptionsFor(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout).get(),
                          results.get());
  ASSIGN_OR_RETURN(const EventPtr event, Await(results.get(), timeout));
  const auto* result = rd_kafka_event_DescribeTopics_result(event.get());
  size_t count = 0;
  const auto* descriptions =
      result == nullptr ? nullptr : rd_kafka_DescribeTopics_result_topics(result, &count);
  if (count != 1)
    return base::Internal("the Kafka client described " + std::to_string(count) +
                          " topics instead of one");
  if (const rd_kafka_error_t* error = rd_kafka_TopicDescription_error(descriptions[0]);
      error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return KafkaClient::StatusOf(rd_kafka_error_code(error), topic_, rd_kafka_error_string(error));
  TopicInfo info;
  if (const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(descriptions[0]);
      id != nullptr && !IsNoUuid(id))
    info.topic_id = rd_kafka_Uuid_base64str(id);
  const auto* partitions = rd_kafka_TopicDescription_partitions(descriptions[0], &count);
  for (size_t i = 0; i < count; ++i)
    info.partitions.emplace_back(rd_kafka_TopicPartitionInfo_partition(partitions[i]));
  std::sort(info.partitions.begin(), info.partitions.end());
  return info;
}

// -1 when no record is that late.
base::Result<model::Offset> KafkaAdmin::ListOffset(model::PartitionId partition, int64_t spec,
                                                   milliseconds timeout) {
  const RdPtr<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition.value)->offset = spec;
  const auto options = OptionsFor(RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
  // The latest offset is the first that an open transaction may still fill.
  rd_kafka_AdminOptions_set_isolation_level(options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED);
  const RdPtr<rd_kafka_queue_t> results(rd_kafka_queue_new(client_->handle()));
  rd_kafka_ListOffsets(client_->handle(), list.get(), options.get(), results.get());
  ASSIGN_OR_RETURN(const EventPtr event, Await(results.get(), timeout));
  size_t count = 0;
  const auto* result = rd_kafka_event_ListOffsets_result(event.get());
  const auto* infos =
      result == nullptr ? nullptr : rd_kafka_ListOffsets_result_infos(result, &count);
  if (count != 1)
    return base::Internal("the Kafka client listed " + std::to_string(count) +
                          " offsets instead of one");
  const auto* found = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[0]);
  if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return KafkaClient::StatusOf(found->err, topic_, rd_kafka_err2str(found->err));
  return model::Offset(found->offset);
}

base::Result<model::Offset> KafkaAdmin::Resolve(model::PartitionId partition, StartAt at,
                                                int64_t timestamp_ms, milliseconds timeout) {
  switch (at) {
    case StartAt::kEarliest: return ListOffset(partition, RD_KAFKA_OFFSET_SPEC_EARLIEST, timeout);
    case StartAt::kLatest: return ListOffset(partition, RD_KAFKA_OFFSET_SPEC_LATEST, timeout);
    case StartAt::kTimestamp: break;
  }
  if (timestamp_ms < 0) return base::Invalid("a start timestamp must not be negative");
  ASSIGN_OR_RETURN(const model::Offset found, ListOffset(partition, timestamp_ms, timeout));
  if (found.value >= 0) return found;
  return ListOffset(partition, RD_KAFKA_OFFSET_SPEC_LATEST, timeout);  // every record is older
}

}  // namespace

base::Result<std::unique_ptr<TopicAdmin>> MakeKafkaAdmin(
    const std::string& topic, const std::map<std::string, std::string>& properties) {
  ASSIGN_OR_RETURN(auto client, KafkaClient::Make(topic, properties, {}));
  return std::unique_ptr<TopicAdmin>(std::make_unique<KafkaAdmin>(topic, std::move(client)));
}

}  // namespace source
