#include "sink/kafka_writer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <charconv>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "base/log.h"

namespace sink {
namespace {

using base::Status;
using std::chrono::milliseconds;

// How long one call waits until `stopped` is asked: of calls that go on where they were, and of
// calls that ask anew.
constexpr milliseconds kResumedSlice{200}, kRepeatedSlice{2'000};
constexpr milliseconds kPause{20};

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

// What one call to the library answered.
struct Answer {
  Status status;
  bool again = false;  // the same call may be made again
};

Answer AnswerOf(rd_kafka_error_t* raw, const std::string& topic) {
  const Owned<rd_kafka_error_t> error(raw);
  if (!error) return {};
  return {StatusOf(rd_kafka_error_code(error.get()), topic, rd_kafka_error_string(error.get())),
          rd_kafka_error_is_retriable(error.get()) != 0};
}

Answer AnswerOf(rd_kafka_resp_err_t error, const std::string& topic) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {StatusOf(error, topic, rd_kafka_err2str(error)), error == RD_KAFKA_RESP_ERR__TIMED_OUT};
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
  if (!handle) return base::Invalid("the Kafka client cannot be made: " + std::string(why.data()));
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
    RETURN_IF_ERROR(Await(kResumedSlice, [this](int slice) {
      return AnswerOf(rd_kafka_init_transactions(producer_.get(), slice), target_.topic);
    }));
    return Await(kRepeatedSlice, [this](int slice) { return CheckTopic(slice); });
  }

  // Asked with a consumer that reads committed offsets only, so that the answer waits for the end
  // of a transaction that is being completed.
  base::Result<Mark> Delivered() override {
    ASSIGN_OR_RETURN(const auto consumer, MakeHandle(RD_KAFKA_CONSUMER, target_.properties,
                                                     {{"group.id", target_.transactional_id},
                                                      {"isolation.level", "read_committed"},
                                                      {"enable.auto.commit", "false"},
                                                      {"allow.auto.create.topics", "false"}}));
    const auto list = Place({});
    const rd_kafka_topic_partition_t& place = list->elems[0];
    RETURN_IF_ERROR(Await(kRepeatedSlice, [&](int slice) {
      const auto error = rd_kafka_committed(consumer.get(), list.get(), slice);
      return AnswerOf(error == RD_KAFKA_RESP_ERR_NO_ERROR ? place.err : error, target_.topic);
    }));
    if (place.offset < 0) return Mark{};
    Mark mark{place.offset, 0};
    const char* text = static_cast<const char*>(place.metadata);
    if (text != nullptr && place.metadata_size > 0)
      std::from_chars(text, text + place.metadata_size, mark.messages);
    return mark;
  }

  Status Write(std::span<const Message> messages, const Mark& mark) override {
    RETURN_IF_ERROR(AnswerOf(rd_kafka_begin_transaction(producer_.get()), target_.topic).status);
    for (const Message& message : messages) RETURN_IF_ERROR(Produce(message));
    const auto list = Place(mark);
    const Owned<rd_kafka_consumer_group_metadata_t> group(
        rd_kafka_consumer_group_metadata_new(target_.transactional_id.c_str()));
    RETURN_IF_ERROR(Await(kRepeatedSlice, [&](int slice) {
      return AnswerOf(
          rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(), group.get(), slice),
          target_.topic);
    }));
    return Await(kResumedSlice, [this](int slice) {
      return AnswerOf(rd_kafka_commit_transaction(producer_.get(), slice), target_.topic);
    });
  }

 private:
  bool Stopped() const { return target_.stopped && target_.stopped(); }

  // Makes a call in slices until it is done, the target's timeout has passed, or somebody wants to
  // stop.
  template <typename Call>
  Status Await(milliseconds slice, Call call) {
    const auto deadline = base::Clock::System().Monotonic() + target_.timeout;
    while (true) {
      Answer answer = call(static_cast<int>(slice.count()));
      if (answer.status.ok() || !answer.again) return std::move(answer.status);
      if (Stopped()) return base::Cancelled("the sink is being stopped");
      if (base::Clock::System().Monotonic() > deadline) return std::move(answer.status);
      std::this_thread::sleep_for(kPause);
    }
  }

  // A mark is kept as the group's offset of the topic's first partition and, when it stands within
  // an output, that offset's metadata.
  Owned<rd_kafka_topic_partition_list_t> Place(const Mark& mark) const {
    Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    auto* place = rd_kafka_topic_partition_list_add(list.get(), target_.topic.c_str(), 0);
    place->offset = mark.number;
    if (mark.messages == 0) return list;
    const std::string text = std::to_string(mark.messages);
    place->metadata = strdup(text.c_str());  // the list's, which frees it
    place->metadata_size = text.size();
    return list;
  }

  Answer CheckTopic(int slice) {
    const Owned<rd_kafka_topic_t> topic(
        rd_kafka_topic_new(producer_.get(), target_.topic.c_str(), nullptr));
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rd_kafka_metadata(producer_.get(), 0, topic.get(), &metadata, slice);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return AnswerOf(error, target_.topic);
    auto of_topic = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) of_topic = metadata->topics[0].err;
    rd_kafka_metadata_destroy(metadata);
    return AnswerOf(of_topic, target_.topic);
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
      const auto error =
          rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(target_.topic.c_str()),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                            RD_KAFKA_V_KEY(bytes(message.key), size(message.key)),
                            RD_KAFKA_V_VALUE(bytes(message.value), size(message.value)),
                            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr)
        rd_kafka_headers_destroy(headers);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || base::Clock::System().Monotonic() > deadline)
        return StatusOf(error, target_.topic, rd_kafka_err2str(error));
      if (Stopped()) return base::Cancelled("the sink is being stopped");
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
