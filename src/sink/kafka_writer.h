#pragma once
// KafkaWriter: messages into one topic, exactly once. A call is one Kafka transaction that holds
// its messages and, as a committed offset of the sink's own consumer group, the number of the
// output that they are. After a crash the committed number tells what was delivered, so nothing is
// sent twice and nothing is left out for readers of committed records.
//
// Invariants:
// 1. One transactional id per sink: opening it fences any writer that was there before and ends
//    what that left open.
// 2. A writer whose transaction failed or whose outcome is unknown is not used again: the caller
//    destroys it and opens a new one, which reads what was committed.
//
// Threads: one owner. Owns: a producer. Errors: kUnavailable for what passes by itself, kDenied,
// kNotFound for a missing topic, kInvalid for refused properties or messages.
// Limits: Timeouts; librdkafka's queue of 64 MiB.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/kafka_properties.h"

namespace sink {

struct Message {
  std::optional<std::string> key, value;  // no value = a tombstone
  std::string kind;                       // as header freshet.kind; empty = none
};

struct KafkaTarget {
  std::string topic;
  model::Properties properties;   // already checked against the allow list
  std::string transactional_id;   // also the group that keeps the number
  std::chrono::milliseconds timeout{20'000};
};

class KafkaWriter {
 public:
  virtual ~KafkaWriter() = default;
  // The number that was delivered last; -1 = none that the brokers know.
  virtual base::Result<int64_t> Delivered() = 0;
  // One transaction.
  virtual base::Status Write(const std::vector<Message>& messages, int64_t number) = 0;
};

// Fences former writers. The topic must exist.
base::Result<std::unique_ptr<KafkaWriter>> OpenKafkaWriter(const KafkaTarget& target);

}  // namespace sink
