#pragma once
// KafkaWriter: messages into one topic, exactly once. A call is one Kafka transaction that holds
// its messages and, as a committed offset of the sink's own consumer group, how far the sink has
// come with them. After a crash the committed mark tells what was delivered, so nothing is sent
// twice and nothing is left out for readers of committed records.
//
// Invariants:
// 1. One transactional id per sink: opening it fences any writer that was there before and ends
//    what that left open.
// 2. A writer whose transaction failed or whose outcome is unknown is not used again: the caller
//    destroys it and opens a new one, which reads what was committed.
//
// Threads: one owner. Owns: a producer. Errors: kUnavailable for what passes by itself, kDenied,
// kNotFound for a missing topic, kInvalid for refused properties or messages, kCancelled when
// `stopped` says so.
// Limits: `timeout` a request, twice of it a transaction; `stopped` is asked every two seconds at
// the latest; librdkafka's queue of 64 MiB.

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/kafka_properties.h"

namespace sink {

struct Message {
  std::optional<std::string> key, value;  // no value = a tombstone
  std::string kind;                       // as header freshet.kind; empty = none
};

// How far a sink has come: outputs up to `number` are delivered whole, and of those after them the
// first `messages` messages.
struct Mark {
  int64_t number = -1;  // -1 = nothing that the brokers know
  int64_t messages = 0;
  auto operator<=>(const Mark&) const = default;
};

struct KafkaTarget {
  std::string topic;
  model::Properties properties;   // already checked against the allow list
  std::string transactional_id;   // also the group that keeps the mark
  std::function<bool()> stopped;  // asked while it waits
  std::chrono::milliseconds timeout{20'000};
};

class KafkaWriter {
 public:
  virtual ~KafkaWriter() = default;
  virtual base::Result<Mark> Delivered() = 0;  // by the last transaction
  // One transaction, after which `mark` holds.
  virtual base::Status Write(std::span<const Message> messages, const Mark& mark) = 0;
};

// Fences former writers. The topic must exist.
base::Result<std::unique_ptr<KafkaWriter>> OpenKafkaWriter(const KafkaTarget& target);

}  // namespace sink
