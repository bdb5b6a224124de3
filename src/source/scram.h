#pragma once
// SCRAM as Kafka's clients do it (RFC 5802). Behind sasl.h; the nonce can be given by tests. Threads: one owner.

#include <memory>
#include <string>

#include "source/sasl.h"

namespace source {

enum class ScramHash { kSha256, kSha512 };

// An empty nonce is replaced by a random one.
std::unique_ptr<SaslMechanism> MakeScram(ScramHash hash, const std::string& username, const std::string& password,
                                         std::string nonce = {});

}  // namespace source
