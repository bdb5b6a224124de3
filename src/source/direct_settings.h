#pragma once
// The Kafka properties as the direct reader uses them, and which it does not have. Threads: values.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/kafka_properties.h"
#include "source/sasl.h"
#include "source/stream.h"

namespace source {

struct HostPort {
  std::string host;
  int port = 9092;
  std::string Text() const;
  bool operator==(const HostPort&) const = default;
};

struct DirectSettings {
  std::vector<HostPort> bootstrap;
  std::string client_id = "freshet";
  bool use_tls = false, use_sasl = false;
  TlsSettings tls;
  SaslSettings sasl;
  int address_family = 0;  // AF_UNSPEC
  bool keepalive = false;
  std::chrono::milliseconds setup_timeout{10'000}, request_timeout{30'000};
  std::chrono::milliseconds first_backoff{100}, max_backoff{5'000}, metadata_interval{60'000};
  int32_t fetch_wait_ms = 500, fetch_min_bytes = 1, partition_bytes = 1 << 20;
};

// The properties are checked first; Unsupported, with the reason, for one that only librdkafka has.
base::Result<DirectSettings> MakeDirectSettings(const model::Properties& properties);

}  // namespace source
