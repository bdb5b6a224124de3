#pragma once
// The Kafka client properties that a definition may set (WITH properties.* = ...): a closed list. Anything that loads
// code, runs a command, reads a file or calls an address beside the brokers is not on it; neither is what would move
// positions or weaken isolation, because those are Freshet's own.
//
// Data only, so that the catalog can check what the source room will use. Threads: values.
// Limits: 8 KiB a value, 64 KiB for PEM texts.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace model {

using Properties = std::map<std::string, std::string>;

enum class PropertyKind { kText, kSecret, kServers, kOneOf, kBool, kInteger, kPem };

struct KafkaProperty {
  std::string_view name;     // librdkafka's
  std::string_view alias;    // another accepted spelling, or empty
  PropertyKind kind;
  std::string_view values;   // kOneOf: separated by '|'
  int64_t least, most;       // kInteger
  std::string_view meaning;  // for the reference page
};

std::span<const KafkaProperty> KafkaProperties();

// Invalid, with a HINT, for an unknown or refused property and for a value that does not fit.
base::Status CheckKafkaProperties(const Properties& properties);

// The same properties under librdkafka's names; of two spellings of one property librdkafka's own wins.
Properties CanonicalKafkaProperties(const Properties& properties);

}  // namespace model
