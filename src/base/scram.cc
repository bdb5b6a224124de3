#include "base/scram.h"

#include <openssl/evp.h>

#include <charconv>

#include "base/check.h"

namespace base {
namespace {

constexpr std::string_view kPrefix = "SCRAM-SHA-256$";
constexpr size_t kMaxSaltBytes = 64;

// Cuts `text` at the first `separator`; false when there is none.
bool Cut(std::string_view* text, char separator, std::string_view* head) {
  const size_t at = text->find(separator);
  if (at == std::string_view::npos) return false;
  *head = text->substr(0, at);
  text->remove_prefix(at + 1);
  return true;
}

bool ReadKey(std::string_view text, Digest* out) {
  const auto bytes = Base64Decode(text);
  if (!bytes || bytes->size() != out->size()) return false;
  std::copy(bytes->begin(), bytes->end(), out->begin());
  return true;
}

}  // namespace

ScramVerifier MakeScramVerifier(std::string_view password) {
  return MakeScramVerifier(password, RandomBytes(kScramSaltBytes), kScramIterations);
}

ScramVerifier MakeScramVerifier(std::string_view password, std::string salt, int iterations) {
  Digest salted;
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                          reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()), iterations,
                          EVP_sha256(), static_cast<int>(salted.size()), salted.data()) == 1);
  ScramVerifier verifier;
  verifier.iterations = iterations;
  verifier.salt = std::move(salt);
  verifier.stored_key = Sha256(AsText(HmacSha256(AsText(salted), "Client Key")));
  verifier.server_key = HmacSha256(AsText(salted), "Server Key");
  return verifier;
}

std::string ToText(const ScramVerifier& verifier) {
  return std::string(kPrefix) + std::to_string(verifier.iterations) + ":" + Base64Encode(verifier.salt) + "$" +
         Base64Encode(AsText(verifier.stored_key)) + ":" + Base64Encode(AsText(verifier.server_key));
}

std::optional<ScramVerifier> ParseScramVerifier(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  std::string_view iterations, salt, stored_key;
  if (!Cut(&text, ':', &iterations) || !Cut(&text, '$', &salt) || !Cut(&text, ':', &stored_key)) return std::nullopt;

  ScramVerifier verifier;
  const char* end = iterations.data() + iterations.size();
  const auto [stop, error] = std::from_chars(iterations.data(), end, verifier.iterations);
  if (error != std::errc() || stop != end) return std::nullopt;
  if (verifier.iterations < 1 || verifier.iterations > kMaxScramIterations) return std::nullopt;
  auto raw_salt = Base64Decode(salt);
  if (!raw_salt || raw_salt->empty() || raw_salt->size() > kMaxSaltBytes) return std::nullopt;
  verifier.salt = std::move(*raw_salt);
  if (!ReadKey(stored_key, &verifier.stored_key) || !ReadKey(text, &verifier.server_key)) return std::nullopt;
  return verifier;
}

}  // namespace base
