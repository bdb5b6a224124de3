#include "pgwire/scram.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pgwire {
namespace {

constexpr size_t kMaxNonceBytes = 256;
constexpr std::string_view kBindingType = "tls-server-end-point";

base::Status Malformed(const char* detail) {
  return base::Invalid("malformed SCRAM message").WithSqlstate("08P01").WithDetail(detail);
}

// Cuts "k=value" up to the next comma; nullopt when the next attribute is another one.
std::optional<std::string_view> TakeAttribute(char name, std::string_view* message) {
  if (message->size() < 2 || (*message)[0] != name || (*message)[1] != '=') return std::nullopt;
  const size_t comma = message->find(',');
  const std::string_view value = message->substr(2, comma == std::string_view::npos ? comma : comma - 2);
  message->remove_prefix(comma == std::string_view::npos ? message->size() : comma + 1);
  return value;
}

bool IsNonce(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNonceBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

}  // namespace

base::ScramVerifier MockVerifier(std::string_view user, std::string_view secret) {
  base::ScramVerifier verifier;
  verifier.iterations = base::kScramIterations;
  const base::Digest salt = base::HmacSha256(secret, user);
  verifier.salt = std::string(base::AsText(salt).substr(0, base::kScramSaltBytes));
  return verifier;
}

// gs2-header: "n,," | "y,," | "p=<type>,,", with an authorization identity that PostgreSQL does not take either.
base::Status ScramExchange::ReadBindingFlag(std::string_view mechanism, std::string_view* message) {
  const bool plus = mechanism == kScramPlus;
  const bool offered = !options_.channel_binding.empty();
  const size_t comma = message->find(',');
  if (comma == std::string_view::npos) return Malformed("The channel binding flag is missing.");
  const std::string_view flag = message->substr(0, comma);
  if (flag == "y") {
    if (plus) return Malformed("SCRAM-SHA-256-PLUS was chosen without channel binding data.");
    if (offered)   // a man in the middle hid that the server can bind
      return base::Denied("SCRAM channel binding negotiation error")
          .WithSqlstate("28000")
          .WithDetail("The client supports channel binding and thinks that the server does not, but it offered it.");
  } else if (flag == "n") {
    if (plus) return Malformed("SCRAM-SHA-256-PLUS was chosen without channel binding data.");
  } else if (flag.starts_with("p=")) {
    if (!plus) return Malformed("SCRAM-SHA-256 was chosen with channel binding data.");
    if (flag.substr(2) != kBindingType) return Malformed("Only the channel binding type tls-server-end-point is known.");
  } else {
    return Malformed("The channel binding flag is not known.");
  }
  if (message->substr(comma + 1, 1) != ",") return Malformed("An authorization identity is not supported.");
  gs2_header_ = std::string(message->substr(0, comma + 2));
  message->remove_prefix(comma + 2);
  return {};
}

base::Result<std::string> ScramExchange::First(std::string_view mechanism, std::string_view message) {
  if (std::exchange(state_, State::kDone) != State::kFirst) return Malformed("The exchange is over.");
  const bool known = mechanism == kScram || (mechanism == kScramPlus && !options_.channel_binding.empty());
  if (!known)
    return base::Invalid("client selected an invalid SASL authentication mechanism").WithSqlstate("08P01");
  RETURN_IF_ERROR(ReadBindingFlag(mechanism, &message));
  client_first_bare_ = std::string(message);
  if (message.starts_with("m=")) return Malformed("A mandatory extension is not supported.");
  if (!TakeAttribute('n', &message)) return Malformed("The user name is missing.");   // its value: the startup packet's counts
  const auto nonce = TakeAttribute('r', &message);
  if (!nonce || !IsNonce(*nonce)) return Malformed("The nonce is missing, too long or not printable.");
  nonce_ = std::string(*nonce) + options_.server_nonce;
  server_first_ = "r=" + nonce_ + ",s=" + base::Base64Encode(options_.verifier.salt) +
                  ",i=" + std::to_string(options_.verifier.iterations);
  state_ = State::kFinal;
  return server_first_;
}

base::Result<std::string> ScramExchange::Final(std::string_view message) {
  if (std::exchange(state_, State::kDone) != State::kFinal) return Malformed("The exchange is over.");
  const size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return Malformed("The proof is missing.");
  const std::string_view without_proof = message.substr(0, proof_at);
  const auto proof = base::Base64Decode(message.substr(proof_at + 3));

  std::string_view rest = without_proof;
  const auto binding = TakeAttribute('c', &rest);
  const auto nonce = TakeAttribute('r', &rest);
  if (!binding || !nonce || !proof || proof->size() != sizeof(base::Digest)) return Malformed("An attribute is missing or not base64.");
  const bool bound = gs2_header_.starts_with('p');
  if (*binding != base::Base64Encode(gs2_header_ + (bound ? options_.channel_binding : "")))
    return base::Denied("SCRAM channel binding check failed").WithSqlstate("28000");
  if (!base::SameBytes(*nonce, nonce_)) return Malformed("The nonce does not match.");

  const std::string auth_message = client_first_bare_ + "," + server_first_ + "," + std::string(without_proof);
  if (!Proves(*proof, auth_message) || !options_.user_exists)
    return base::Denied("password authentication failed").WithSqlstate("28P01");
  return "v=" + base::Base64Encode(base::AsText(base::HmacSha256(base::AsText(options_.verifier.server_key), auth_message)));
}

bool ScramExchange::Proves(std::string_view proof, std::string_view auth_message) const {
  base::Digest client_key = base::HmacSha256(base::AsText(options_.verifier.stored_key), auth_message);
  for (size_t i = 0; i < client_key.size(); ++i) client_key[i] ^= static_cast<uint8_t>(proof[i]);
  return base::SameBytes(base::AsText(base::Sha256(base::AsText(client_key))), base::AsText(options_.verifier.stored_key));
}

}  // namespace pgwire
