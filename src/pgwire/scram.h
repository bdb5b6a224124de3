#pragma once
// The server's side of one SCRAM-SHA-256 exchange (RFC 5802, 5929, 7677), without sockets: two messages in, two out.
//
// Threads: one owner. Errors: 08P01 for a malformed message, 28P01 for a wrong password; either ends the exchange for good.
// Limits: client nonce 256 bytes. An unknown user is led through the same exchange with a salt that is always the same for
// the name, and fails at the same point as a wrong password.

#include <string>
#include <string_view>

#include "base/scram.h"
#include "base/status.h"

namespace pgwire {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";   // bound to the TLS channel

// What stands in for the verifier of a user who has none. `secret` is the server's own.
base::ScramVerifier MockVerifier(std::string_view user, std::string_view secret);

struct ScramOptions {
  base::ScramVerifier verifier;
  bool user_exists = true;         // false: the exchange runs and fails
  std::string channel_binding;     // tls-server-end-point data; empty = kScramPlus was not offered
  std::string server_nonce;        // printable, without commas
};

class ScramExchange {
 public:
  explicit ScramExchange(ScramOptions options) : options_(std::move(options)) {}

  // client-first-message -> server-first-message. `mechanism` as the client chose it.
  base::Result<std::string> First(std::string_view mechanism, std::string_view message);
  // client-final-message -> server-final-message: the client has proved the password.
  base::Result<std::string> Final(std::string_view message);

 private:
  enum class State { kFirst, kFinal, kDone };

  base::Status ReadBindingFlag(std::string_view mechanism, std::string_view* message);
  bool Proves(std::string_view proof, std::string_view auth_message) const;

  const ScramOptions options_;
  State state_ = State::kFirst;
  std::string gs2_header_, client_first_bare_, server_first_, nonce_;
};

}  // namespace pgwire
