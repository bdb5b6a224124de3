#include "source/kafka_client.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "base/log.h"

namespace source {
namespace {

constexpr const char* kStatisticsIntervalMs = "2000";

// Lost connections (FAIL) are repeated at every attempt; the reader's status says them once.
void LogLine(const rd_kafka_t*, int severity, const char* facility, const char* text) {
  const base::Level level = std::strcmp(facility, "FAIL") == 0 ? base::Level::kDebug
                            : severity <= 4   ? base::Level::kWarning
                            : severity <= 6 ? base::Level::kInfo
                                            : base::Level::kDebug;
  base::Log(level, "source", "librdkafka", {{"facility", facility}, {"text", text}});
}

base::Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return {};
  const bool secret = name.find("password") != std::string::npos || name.find(".pem") != std::string::npos;
  return base::Invalid("property \"properties." + name + "\" cannot be used" + (secret ? "" : ": " + std::string(why.data())));
}

base::Status Configure(rd_kafka_conf_t* conf, const model::Properties& properties, const KafkaClient::Settings& settings) {
  for (const auto& [name, value] : model::CanonicalKafkaProperties(properties)) RETURN_IF_ERROR(Set(conf, name, value));
  if (!properties.contains("client.id")) RETURN_IF_ERROR(Set(conf, "client.id", "freshet"));
  const KafkaClient::Settings ours = {{"statistics.interval.ms", kStatisticsIntervalMs},
                                      {"log.connection.close", "false"},
                                      {"allow.auto.create.topics", "false"}};
  for (const auto& [name, value] : ours) RETURN_IF_ERROR(Set(conf, name, value));
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(Set(conf, name, value));
  rd_kafka_conf_set_log_cb(conf, LogLine);
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
  return {};
}

// "localhost:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)": the address
// and what lies between.
std::pair<std::string, std::string> SplitErrorText(std::string_view text) {
  const size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return {"", std::string(text)};
  std::string_view broker = text.substr(0, colon);
  if (const size_t scheme = broker.find("://"); scheme != std::string_view::npos) broker.remove_prefix(scheme + 3);
  if (const size_t slash = broker.find('/'); slash != std::string_view::npos) broker = broker.substr(0, slash);
  std::string_view rest = text.substr(colon + 2);
  if (const size_t state = rest.rfind(" (after "); state != std::string_view::npos) rest = rest.substr(0, state);
  return {std::string(broker), std::string(rest)};
}

TroubleKind KindOf(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION) return TroubleKind::kSignIn;
  return error == RD_KAFKA_RESP_ERR__SSL ? TroubleKind::kTls : TroubleKind::kUnreachable;
}

}  // namespace

base::Result<std::unique_ptr<KafkaClient>> KafkaClient::Make(const std::string& topic, const model::Properties& properties,
                                                             const Settings& settings) {
  RETURN_IF_ERROR(model::CheckKafkaProperties(properties));
  RdPtr<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  RETURN_IF_ERROR(Configure(conf.get(), properties, settings));
  std::array<char, 512> why{};
  std::unique_ptr<KafkaClient> client(new KafkaClient(topic));
  client->handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (!client->handle_) return base::Invalid("the Kafka client cannot be made: " + std::string(why.data()));
  static_cast<void>(conf.release());  // the handle has it now
  client->events_.reset(rd_kafka_queue_get_main(client->handle()));
  client->queue_gauge_ = &base::Metrics().GetGauge("freshet_source_queue_bytes", "bytes of records fetched and not yet polled",
                                                   {{"topic", topic}});
  return client;
}

KafkaClient::~KafkaClient() {
  if (queue_gauge_ != nullptr) queue_gauge_->Add(-queued_bytes_);
}

void KafkaClient::Serve() {
  while (RdPtr<rd_kafka_event_t> event{rd_kafka_queue_poll(events_.get(), 0)}) {
    switch (rd_kafka_event_type(event.get())) {
      case RD_KAFKA_EVENT_ERROR: TakeError(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get())); break;
      case RD_KAFKA_EVENT_STATS: TakeStatistics(rd_kafka_event_stats(event.get())); break;
      default: break;
    }
  }
}

void KafkaClient::TakeError(rd_kafka_resp_err_t error, const char* text) {
  base::Metrics()
      .GetCounter("freshet_source_errors_total", "errors that the Kafka client reported",
                  {{"topic", topic_}, {"error", rd_kafka_err2name(error)}})
      .Add();
  auto [broker, rest] = SplitErrorText(text);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {  // its text names no broker
    if (trouble_) return;
    broker.clear();
  }
  // The first trouble stays, so that its text and time stand still, but for one that names a broker where none was named and
  // a refused sign-in, which says more than a lost connection.
  const TroubleKind kind = KindOf(error);
  const bool says_more = trouble_ && ((trouble_->broker.empty() && !broker.empty()) ||
                                      (kind == TroubleKind::kSignIn && trouble_->kind != kind));
  if (trouble_ && !says_more) return;
  const base::WallTime since = trouble_ ? trouble_->since : base::Clock::System().Wall();
  trouble_ = Trouble{kind, std::move(broker), std::move(rest), since};
}

void KafkaClient::TakeStatistics(const char* json) {
  statistics_ = ParseKafkaStatistics(json);
  if (IsSomeLeaderUp()) ClearTrouble();
  double queued = 0;
  for (const auto& partition : statistics_.partitions) queued += static_cast<double>(std::max<int64_t>(0, partition.queued_bytes));
  queue_gauge_->Add(queued - queued_bytes_);
  queued_bytes_ = queued;
  for (const auto& broker : statistics_.brokers) {
    if (broker.id < 0 || broker.rtt_average_us <= 0) continue;
    base::Metrics()
        .GetGauge("freshet_source_broker_rtt_seconds", "mean round trip to a broker", {{"broker", broker.address}})
        .Set(static_cast<double>(broker.rtt_average_us) / 1e6);
  }
}

// A leader of one of the topic's partitions, or, when none is known yet, any broker at all.
bool KafkaClient::IsSomeLeaderUp() const {
  const auto is_up = [&](int32_t id) {
    return std::any_of(statistics_.brokers.begin(), statistics_.brokers.end(),
                       [&](const auto& broker) { return broker.up && (id < 0 || broker.id == id); });
  };
  bool known = false;
  for (const auto& partition : statistics_.partitions) {
    if (partition.leader < 0) continue;
    known = true;
    if (is_up(partition.leader)) return true;
  }
  return !known && is_up(-1);
}

base::Status KafkaClient::TroubleStatus() const { return trouble_ ? source::StatusOf(*trouble_) : base::Status(); }

base::Status KafkaClient::StatusOf(rd_kafka_resp_err_t error, const std::string& topic, const std::string& text) {
  const std::string what = "topic \"" + topic + "\"";
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return TopicIsMissing(topic);
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return base::NotFound(what + " has no such partition: " + text);
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return base::Invalid(what + " is no valid topic name").WithHint("Letters, digits, '.', '_' and '-', at most 249.");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return TopicIsDenied(topic, text);
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return base::Denied("the brokers refuse the sign-in: " + text);
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION: return base::Corrupt(what + " holds a record batch that cannot be read: " + text);
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return base::Unsupported(what + " holds what this client cannot read: " + text);
    default: return base::Unavailable(what + " cannot be read now: " + text);
  }
}

}  // namespace source
