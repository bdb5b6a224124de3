#include "source/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>

#include "base/check.h"
#include "base/digest.h"

namespace source {
namespace {

constexpr int kLeastIterations = 4096, kMostIterations = 1'000'000;
constexpr size_t kNonceBytes = 18;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// As SCRAM writes a user name: its own separators are escaped.
std::string Escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '=') out += "=3D";
    else if (c == ',') out += "=2C";
    else out += c;
  }
  return out;
}

// The value of attribute `letter` in "r=...,s=...,i=...".
std::string_view Attribute(std::string_view message, char letter) {
  while (!message.empty()) {
    const size_t comma = std::min(message.find(','), message.size());
    const std::string_view part = message.substr(0, comma);
    if (part.size() >= 2 && part[0] == letter && part[1] == '=') return part.substr(2);
    message.remove_prefix(std::min(comma + 1, message.size()));
  }
  return {};
}

class Scram final : public SaslMechanism {
 public:
  Scram(ScramHash hash, const std::string& username, std::string password, std::string nonce)
      : hash_(hash == ScramHash::kSha256 ? EVP_sha256() : EVP_sha512()),
        first_bare_("n=" + Escaped(username) + ",r=" + nonce),
        nonce_(std::move(nonce)),
        password_(std::move(password)) {}

  std::string First() override { return "n,," + first_bare_; }

  base::Result<std::string> Next(std::string_view challenge) override {
    if (server_signature_.empty()) return Prove(challenge);
    if (const std::string_view error = Attribute(challenge, 'e'); !error.empty())
      return base::Denied("the broker says " + std::string(error));
    const auto signature = base::Base64Decode(Attribute(challenge, 'v'));
    if (!signature || !base::SameBytes(*signature, server_signature_))
      return base::Denied("the broker does not prove that it knows the password");
    done_ = true;
    return std::string();
  }
  bool done() const override { return done_; }

 private:
  base::Result<std::string> Prove(std::string_view server_first) {
    const std::string_view nonce = Attribute(server_first, 'r'), count = Attribute(server_first, 'i');
    const auto salt = base::Base64Decode(Attribute(server_first, 's'));
    int iterations = 0;
    std::from_chars(count.data(), count.data() + count.size(), iterations);
    if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || !salt || salt->empty())
      return base::Denied("the broker's SCRAM message makes no sense");
    if (iterations < kLeastIterations || iterations > kMostIterations)
      return base::Denied("the broker asks for " + std::to_string(iterations) + " SCRAM iterations; from " +
                          std::to_string(kLeastIterations) + " to " + std::to_string(kMostIterations) + " are accepted");
    const std::string salted = Salted(*salt, iterations);
    const std::string final_without_proof = "c=biws,r=" + std::string(nonce);
    const std::string message = first_bare_ + "," + std::string(server_first) + "," + final_without_proof;
    const std::string client_key = Hmac(salted, "Client Key");
    std::string proof = Hmac(Hash(client_key), message);
    for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    server_signature_ = Hmac(Hmac(salted, "Server Key"), message);
    return final_without_proof + ",p=" + base::Base64Encode(proof);
  }
  std::string Salted(std::string_view salt, int iterations) const {
    std::string out(static_cast<size_t>(EVP_MD_get_size(hash_)), '\0');
    CHECK(PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), Bytes(salt), static_cast<int>(salt.size()),
                            iterations, hash_, static_cast<int>(out.size()), reinterpret_cast<unsigned char*>(out.data())) == 1);
    return out;
  }
  std::string Hmac(std::string_view key, std::string_view data) const {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    CHECK(HMAC(hash_, key.data(), static_cast<int>(key.size()), Bytes(data), data.size(),
               reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr);
    out.resize(length);
    return out;
  }
  std::string Hash(std::string_view data) const {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    CHECK(EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), &length, hash_, nullptr) == 1);
    out.resize(length);
    return out;
  }

  const EVP_MD* const hash_;
  const std::string first_bare_, nonce_, password_;
  std::string server_signature_;  // empty until the proof was made
  bool done_ = false;
};

}  // namespace

std::unique_ptr<SaslMechanism> MakeScram(ScramHash hash, const std::string& username, const std::string& password, std::string nonce) {
  if (nonce.empty()) nonce = base::Base64Encode(base::RandomBytes(kNonceBytes));
  return std::make_unique<Scram>(hash, username, password, std::move(nonce));
}

}  // namespace source
