#include "sink/kafka_writer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"

namespace sink {
namespace {

using base::Status;

struct Destroy {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_consumer_group_metadata_t* group) const {
    rd_kafka_consumer_group_metadata_destroy(group);
  }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
template <typename T>
using Owned = std::unique_ptr<T, Destroy>;

void LogLine(const rd_kafka_t*, int severity, const char* facility, const char* text) {
  const base::Level level = std::strcmp(facility, "FAIL") == 0 ? base::Level::kDebug
                            : severity <= 4                    ? base::Level::kWarning
                            : severity <= 6                    ? base::Level::kInfo
                                                               : base::Level::kDebug;
  base::Log(level, "sink", "librdkafka", {{"facility", facility}, {"text", text}});
}

Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK)
    return {};
  const bool secret =
      name.find("password") != std::string::npos || name.find(".pem") != std::string::npos;
  return base::Invalid("property \"properties." + name + "\" cannot be used by a sink" +
                       (secret ? "" : ": " + std::string(why.data())));
}

Status StatusOf(rd_kafka_resp_err_t error, const std::string& topic, const std::string& text) {
  const std::string what = "topic \"" + topic + "\"";
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return base::NotFound(what + " does not exist").WithHint("Create it on the brokers.");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return base::Denied("the brokers refuse to write " + what + ": " + text);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return base::Invalid("a message is too large for " + what + ": " + text);
    default: return base::Unavailable(what + " cannot be written now: " + text);
  }
}

Status StatusOf(rd_kafka_error_t* raw, const std::string& topic) {
  const Owned<rd_kafka_error_t> error(raw);
  return error ? StatusOf(rd_kafka_error_code(error.get()), topic,
                          rd_kafka_error_string(error.get()))
               : Status();
}

base::Result<Owned<rd_kafka_t>> MakeHandle(
    rd_kafka_type_t type, const model::Properties& properties,
    const std::vector<std::pair<std::string, std::string>>& settings) {
  Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : model::CanonicalKafkaProperties(properties))
    RETURN_IF_ERROR(Set(conf.get(), name, value));
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(Set(conf.get(), name, value));
  rd_kafka_conf_set_log_cb(conf.get(), LogLine);
  std::array<char, 512> why{};
  Owned<rd_kafka_t> handle(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!handle)
    return base::Invalid("the Kafka client cannot be made: " + std::string(why.data()));
  static_cast<void>(conf.release());  // the handle has it now
  return handle;
}

class Writer : public KafkaWriter {
 public:
  explicit Writer(KafkaTarget target) : target_(std::move(target)) {}

  Status Open() {
    ASSIGN_OR_RETURN(
        producer_,
        MakeHandle(RD_KAFKA_PRODUCER, target_.properties,
                   {{"transactional.id", target_.transactional_id},
                    {"transaction.timeout.ms", std::to_string(target_.timeout.count() * 2)},
                    {"message.timeout.ms", std::to_string(target_.timeout.count())},
                    {"queue.buffering.max.kbytes", "65536"},
                    {"linger.ms", "5"},
                    {"allow.auto.create.topics", "false"}}));
    RETURN_IF_ERROR(CheckTopic());
    return StatusOf(rd_kafka_init_transactions(producer_.get(), Milliseconds()), target_.topic);
  }

  // Asked with a consumer that reads committed offsets only, so that the answer waits for the end
  // of a transaction that is being completed.
  base::Result<int64_t> Delivered() override {
    ASSIGN_OR_RETURN(const auto consumer,
                     MakeHandle(RD_KAFKA_CONSUMER, target_.properties,
                                {{"group.id", target_.transactional_id},
                                 {"isolation.level", "read_committed"},
                                 {"enable.auto.commit", "false"},
                                 {"allow.auto.create.topics", "false"}}));
    const auto list = Place(0);
    const auto error = rd_kafka_committed(consumer.get(), list.get(), Milliseconds());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return StatusOf(error, target_.topic, rd_kafka_err2str(error));
    if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return StatusOf(list->elems[0].err, target_.topic, rd_kafka_err2str(list->elems[0].err));
    return list->elems[0].offset < 0 ? -1 : list->elems[0].offset;
  }

  Status Write(const std::vector<Message>& messages, int64_t number) override {
    RETURN_IF_ERROR(StatusOf(rd_kafka_begin_transaction(producer_.get()), target_.topic));
    for (const Message& message : messages) RETURN_IF_ERROR(Produce(message));
    const auto list = Place(number);
    const Owned<rd_kafka_consumer_group_metadata_t> group(
        rd_kafka_consumer_group_metadata_new(target_.transactional_id.c_str()));
    RETURN_IF_ERROR(StatusOf(rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(),
                                                                  group.get(), Milliseconds()),
                             target_.topic));
    return StatusOf(rd_kafka_commit_transaction(producer_.get(), Milliseconds()), target_.topic);
  }

 private:
  int Milliseconds() const { return static_cast<int>(target_.timeout.count()); }

  // The number is kept as the group's offset of the topic's first partition.
  Owned<rd_kafka_topic_partition_list_t> Place(int64_t number) const {
    Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), target_.topic.c_str(), 0)->offset = number;
    return list;
  }

  Status CheckTopic() {
    const Owned<rd_kafka_topic_t> topic(
        rd_kafka_topic_new(producer_.get(), target_.topic.c_str(), nullptr));
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error =
        rd_kafka_metadata(producer_.get(), 0, topic.get(), &metadata, Milliseconds());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return StatusOf(error, target_.topic, rd_kafka_err2str(error));
    auto of_topic = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) of_topic = metadata->topics[0].err;
    rd_kafka_metadata_destroy(metadata);
    return of_topic == RD_KAFKA_RESP_ERR_NO_ERROR
               ? Status()
               : StatusOf(of_topic, target_.topic, rd_kafka_err2str(of_topic));
  }

  // A full queue is waited for; the transaction's own timeout bounds it.
  Status Produce(const Message& message) {
    const auto bytes = [](const std::optional<std::string>& text) {
      return text ? const_cast<char*>(text->data()) : nullptr;
    };
    const auto size = [](const std::optional<std::string>& text) {
      return text ? text->size() : size_t{0};
    };
    const auto deadline = base::Clock::System().Monotonic() + target_.timeout;
    while (true) {
      rd_kafka_headers_t* headers = nullptr;  // the library's when the message is taken
      if (!message.kind.empty()) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, "freshet.kind", -1, message.kind.data(),
                            static_cast<ssize_t>(message.kind.size()));
      }
      const auto error = rd_kafka_producev(
          producer_.get(), RD_KAFKA_V_TOPIC(target_.topic.c_str()),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_KEY(bytes(message.key), size(message.key)),
          RD_KAFKA_V_VALUE(bytes(message.value), size(message.value)),
          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr)
        rd_kafka_headers_destroy(headers);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || base::Clock::System().Monotonic() > deadline)
        return StatusOf(error, target_.topic, rd_kafka_err2str(error));
      rd_kafka_poll(producer_.get(), 50);
    }
  }

  const KafkaTarget target_;
  Owned<rd_kafka_t> producer_;
};

}  // namespace

base::Result<std::unique_ptr<KafkaWriter>> OpenKafkaWriter(const KafkaTarget& target) {
  RETURN_IF_ERROR(model::CheckKafkaProperties(target.properties));
  auto writer = std::make_unique<Writer>(target);
  RETURN_IF_ERROR(writer->Open());
  return std::unique_ptr<KafkaWriter>(std::move(writer));
}

}  // namespace sink
