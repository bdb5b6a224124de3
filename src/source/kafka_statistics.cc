#include "source/kafka_statistics.h"

#include <charconv>

namespace source {
namespace {

// The library's document is flat enough to be read by its member names in the order it writes them.
std::string_view After(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + name.size());
}

int64_t Integer(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view Quoted(std::string_view text) {
  const size_t open = text.find('"');
  if (open == std::string_view::npos) return {};
  const size_t close = text.find('"', open + 1);
  return close == std::string_view::npos ? std::string_view() : text.substr(open + 1, close - open - 1);
}

BrokerStatistics Broker(std::string_view text) {
  BrokerStatistics broker;
  broker.id = static_cast<int32_t>(Integer(text));
  broker.address = Quoted(After(text, "\"nodename\":"));
  broker.up = Quoted(After(text, "\"state\":")) == "UP";
  broker.rtt_average_us = Integer(After(After(text, "\"rtt\":"), "\"avg\":"));
  return broker;
}

PartitionStatistics Partition(std::string_view text) {
  PartitionStatistics partition;
  partition.partition = static_cast<int32_t>(Integer(text));
  partition.leader = static_cast<int32_t>(Integer(After(text, "\"leader\":")));
  partition.queued_bytes = Integer(After(text, "\"fetchq_size\":"));
  return partition;
}

// Each piece of `text` from after `name` to the next `name`.
template <typename Use>
void ForEach(std::string_view text, std::string_view name, Use use) {
  for (text = After(text, name); !text.empty();) {
    const size_t next = text.find(name);
    use(text.substr(0, next));
    if (next == std::string_view::npos) break;
    text.remove_prefix(next + name.size());
  }
}

}  // namespace

KafkaStatistics ParseKafkaStatistics(std::string_view json) {
  KafkaStatistics out;
  const size_t topics = json.find("\"topics\":");
  ForEach(json.substr(0, topics), "\"nodeid\":", [&](std::string_view text) { out.brokers.push_back(Broker(text)); });
  if (topics == std::string_view::npos) return out;
  ForEach(json.substr(topics), "\"partition\":", [&](std::string_view text) { out.partitions.push_back(Partition(text)); });
  return out;
}

}  // namespace source
