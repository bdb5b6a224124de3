#pragma once
// What the reader wants from librdkafka's statistics document (made every statistics.interval.ms): the state of brokers and
// who leads which partition. Threads: any.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace source {

struct BrokerStatistics {
  int32_t id = -1;            // -1: known by address only
  std::string address;        // host:port
  bool up = false;
  int64_t rtt_average_us = 0;
};

struct PartitionStatistics {
  int32_t partition = -1;
  int32_t leader = -1;
  int64_t queued_bytes = 0;
};

struct KafkaStatistics {
  std::vector<BrokerStatistics> brokers;
  std::vector<PartitionStatistics> partitions;
};

// What is not found in `json` stays at its default.
KafkaStatistics ParseKafkaStatistics(std::string_view json);

}  // namespace source
