#pragma once
// What is kept of a password: a SCRAM-SHA-256 verifier (RFC 5802, 7677) in PostgreSQL's text form,
// "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>". The exchange itself is in pgwire/scram.h.
//
// Threads: any. Errors: a text that is not a verifier is nullopt. Limits: iterations 1..100,000, salt 1..64 bytes.
// Passwords are taken as their UTF-8 bytes. Clients apply SASLprep, which leaves ASCII and precomposed letters as they
// are; a password with compatibility forms (ligatures, no-break spaces) does not sign in.

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace base {

constexpr int kScramIterations = 4096;
constexpr int kMaxScramIterations = 100'000;
constexpr size_t kScramSaltBytes = 16;

struct ScramVerifier {
  int iterations = 0;
  std::string salt;      // raw bytes
  Digest stored_key{}, server_key{};
};

// With a fresh random salt and kScramIterations.
ScramVerifier MakeScramVerifier(std::string_view password);
ScramVerifier MakeScramVerifier(std::string_view password, std::string salt, int iterations);

std::string ToText(const ScramVerifier& verifier);
std::optional<ScramVerifier> ParseScramVerifier(std::string_view text);

}  // namespace base
