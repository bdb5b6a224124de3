#pragma once
// KafkaClient: one librdkafka handle with Freshet's settings, its log, its events, and what is known of the brokers' health.
//
// Threads: one owner; the library's own threads only reach the log. Owns: the handle.
// Errors: Make says Invalid for properties that the library refuses. TroubleStatus is how broken connections are said.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "model/kafka_properties.h"
#include "source/kafka_statistics.h"
#include "source/trouble.h"

namespace source {

struct RdDestroy {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_TopicCollection_t* topics) const { rd_kafka_TopicCollection_destroy(topics); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
template <typename T>
using RdPtr = std::unique_ptr<T, RdDestroy>;

class KafkaClient {
 public:
  using Settings = std::vector<std::pair<std::string, std::string>>;

  static base::Result<std::unique_ptr<KafkaClient>> Make(const std::string& topic, const model::Properties& properties,
                                                         const Settings& settings);
  ~KafkaClient();

  rd_kafka_t* handle() const { return handle_.get(); }

  // Takes in what the library has reported since: errors and statistics.
  void Serve();
  // Why brokers cannot be reached; OK while none is known to be away, or one that is needed is up again.
  base::Status TroubleStatus() const;
  void ClearTrouble() { trouble_.reset(); }
  const KafkaStatistics& statistics() const { return statistics_; }

  // A broker's error for a topic or partition, in our codes.
  static base::Status StatusOf(rd_kafka_resp_err_t error, const std::string& topic, const std::string& text);

 private:
  explicit KafkaClient(std::string topic) : topic_(std::move(topic)) {}
  void TakeError(rd_kafka_resp_err_t error, const char* text);
  void TakeStatistics(const char* json);
  bool IsSomeLeaderUp() const;

  const std::string topic_;
  RdPtr<rd_kafka_t> handle_;
  RdPtr<rd_kafka_queue_t> events_;
  std::optional<Trouble> trouble_;
  KafkaStatistics statistics_;
  double queued_bytes_ = 0;  // as last added to the gauge
  base::Gauge* queue_gauge_ = nullptr;
};

}  // namespace source
