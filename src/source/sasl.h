#pragma once
// The client's side of SASL: what to send, given what the broker sent. Sans-I/O.
//
// PLAIN (RFC 4616), SCRAM-SHA-256 and -512 (RFC 5802, 7677), OAUTHBEARER (RFC 7628) with an unsecured token, for test
// clusters. Threads: one owner. Errors: Denied when the broker's words do not prove that it knows the password.
// Limits: 4,096 to 1,000,000 SCRAM iterations.

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace source {

struct SaslSettings {
  std::string mechanism;  // as in sasl.mechanisms
  std::string username, password;
  std::string token_config;         // sasl.oauthbearer.config: "principal=admin scope=read lifeSeconds=600"
  bool allow_unsecured_token = false;
};

class SaslMechanism {
 public:
  virtual ~SaslMechanism() = default;
  virtual std::string First() = 0;
  // The answer to what the broker sent. Once done() it is not sent.
  virtual base::Result<std::string> Next(std::string_view challenge) = 0;
  // Whether the client has nothing to add and is content with the broker.
  virtual bool done() const = 0;
};

// Invalid for a mechanism or settings that cannot work.
base::Result<std::unique_ptr<SaslMechanism>> MakeSaslMechanism(const SaslSettings& settings);

}  // namespace source
