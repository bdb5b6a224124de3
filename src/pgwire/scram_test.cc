#include "pgwire/scram.h"

#include <gtest/gtest.h>

namespace pgwire {
namespace {

constexpr const char* kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* kNonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* kProof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

// RFC 7677, section 3.
ScramOptions Rfc() {
  ScramOptions options;
  options.verifier = base::MakeScramVerifier("pencil", *base::Base64Decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  options.server_nonce = kServerNonce;
  return options;
}

std::string Final(std::string_view binding = "biws", std::string_view nonce = kNonce, std::string_view proof = kProof) {
  return "c=" + std::string(binding) + ",r=" + std::string(nonce) + ",p=" + std::string(proof);
}

TEST(Scram, TheExchangeOfRfc7677) {
  ScramExchange exchange(Rfc());
  EXPECT_EQ(*exchange.First(kScram, kClientFirst), "r=" + std::string(kNonce) + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(*exchange.Final(Final()), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, IsOneShot) {
  ScramExchange exchange(Rfc());
  EXPECT_FALSE(exchange.Final(Final()).ok()) << "final before first";
  EXPECT_FALSE(exchange.First(kScram, kClientFirst).ok()) << "an error ends it for good";
  ScramExchange twice(Rfc());
  ASSERT_TRUE(twice.First(kScram, kClientFirst).ok());
  EXPECT_FALSE(twice.First(kScram, kClientFirst).ok());
  EXPECT_FALSE(twice.Final(Final()).ok());
  ScramExchange again(Rfc());
  ASSERT_TRUE(again.First(kScram, kClientFirst).ok());
  ASSERT_FALSE(again.Final(Final("biws", kNonce, "AAAAZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")).ok());
  EXPECT_FALSE(again.Final(Final()).ok()) << "a second guess";
}

TEST(Scram, WrongPasswordAndUnknownUserFailAlike) {
  ScramExchange wrong(Rfc());
  ASSERT_TRUE(wrong.First(kScram, kClientFirst).ok());
  const auto wrong_final = wrong.Final(Final("biws", kNonce, "AAAAZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  ScramOptions unknown = Rfc();
  unknown.user_exists = false;
  ScramExchange nobody(unknown);
  ASSERT_TRUE(nobody.First(kScram, kClientFirst).ok());
  const auto nobody_final = nobody.Final(Final());   // even with a proof that would hold
  EXPECT_EQ(wrong_final.status().sqlstate(), "28P01");
  EXPECT_EQ(wrong_final.status().ToString(), nobody_final.status().ToString());
}

TEST(Scram, MockSaltIsStablePerUserAndSecret) {
  const auto a = MockVerifier("alice", "secret");
  EXPECT_EQ(a.salt, MockVerifier("alice", "secret").salt);
  EXPECT_NE(a.salt, MockVerifier("bob", "secret").salt);
  EXPECT_NE(a.salt, MockVerifier("alice", "other").salt);
  EXPECT_EQ(a.salt.size(), base::MakeScramVerifier("x").salt.size());
  EXPECT_EQ(a.iterations, base::MakeScramVerifier("x").iterations);
}

TEST(Scram, TheNonceMustExtendTheClients) {
  for (std::string nonce : {std::string("rOprNGfwEbeRWgbNEkqO"), std::string(kServerNonce), std::string(kNonce) + "x", std::string()}) {
    ScramExchange exchange(Rfc());
    ASSERT_TRUE(exchange.First(kScram, kClientFirst).ok());
    EXPECT_EQ(exchange.Final(Final("biws", nonce)).status().sqlstate(), "08P01");
  }
}

TEST(Scram, MalformedFirstMessages) {
  const std::string long_nonce(257, 'a');
  for (std::string message : {std::string(), std::string("n"), std::string("n,"), std::string("n,,"), std::string("x,,n=u,r=a"),
                              std::string("n,a=root,n=u,r=a"), std::string("n,,r=a"), std::string("n,,n=u"), std::string("n,,n=u,r="),
                              "n,,n=u,r=" + long_nonce, std::string("n,,n=u,r=a\x01"), std::string("n,,m=x,n=u,r=a"),
                              std::string("p=tls-unique,,n=u,r=a"), std::string("p=tls-server-end-point,,n=u,r=a"),
                              std::string("n,,n=u,x=y,r=a")}) {
    ScramExchange exchange(Rfc());
    EXPECT_EQ(exchange.First(kScram, message).status().sqlstate(), "08P01") << message;
  }
}

TEST(Scram, MalformedFinalMessages) {
  for (std::string message : {std::string(), std::string("c=biws"), std::string("c=biws,r=") + kNonce, "r=" + std::string(kNonce) + ",p=" + kProof,
                              Final("biws", kNonce, "AAAA"), Final("biws", kNonce, "not base64"), Final("biws", kNonce, "")}) {
    ScramExchange exchange(Rfc());
    ASSERT_TRUE(exchange.First(kScram, kClientFirst).ok());
    EXPECT_EQ(exchange.Final(message).status().sqlstate(), "08P01") << message;
  }
}

TEST(Scram, RefusesOtherMechanisms) {
  for (std::string_view mechanism : {"", "SCRAM-SHA-1", "PLAIN", "SCRAM-SHA-256-PLUS"}) {   // PLUS was not offered
    ScramExchange exchange(Rfc());
    EXPECT_EQ(exchange.First(mechanism, kClientFirst).status().sqlstate(), "08P01") << mechanism;
  }
}

// Plays the client's part for a bound exchange.
std::string Prove(const ScramOptions& options, const std::string& bare, const std::string& server_first, const std::string& without) {
  base::Digest salted;
  const std::string salt_one = options.verifier.salt + std::string("\0\0\0\1", 4);
  base::Digest u = base::HmacSha256("pencil", salt_one);
  salted = u;
  for (int i = 1; i < options.verifier.iterations; ++i) {
    u = base::HmacSha256("pencil", base::AsText(u));
    for (size_t j = 0; j < u.size(); ++j) salted[j] ^= u[j];
  }
  base::Digest key = base::HmacSha256(base::AsText(salted), "Client Key");
  const base::Digest signature = base::HmacSha256(base::AsText(base::Sha256(base::AsText(key))), bare + "," + server_first + "," + without);
  for (size_t i = 0; i < key.size(); ++i) key[i] ^= signature[i];
  return without + ",p=" + base::Base64Encode(base::AsText(key));
}

TEST(Scram, ChannelBinding) {
  ScramOptions options = Rfc();
  options.channel_binding = std::string("\x01\x02\xff", 3);
  const std::string header = "p=tls-server-end-point,,", bare = "n=,r=abc";
  const std::string nonce = std::string("abc") + kServerNonce;
  for (bool right : {true, false}) {
    ScramExchange exchange(options);
    const auto first = exchange.First(kScramPlus, header + bare);
    ASSERT_TRUE(first.ok());
    const std::string data = right ? options.channel_binding : "another certificate";
    const std::string without = "c=" + base::Base64Encode(header + data) + ",r=" + nonce;
    const auto final = exchange.Final(Prove(options, bare, *first, without));
    EXPECT_EQ(final.ok(), right);
    EXPECT_EQ(final.status().sqlstate(), right ? "00000" : "28000");
  }
}

TEST(Scram, RefusesTheDowngradeOfChannelBinding) {
  ScramOptions options = Rfc();
  options.channel_binding = "certificate";
  ScramExchange tricked(options);
  EXPECT_EQ(tricked.First(kScram, "y,,n=u,r=a").status().sqlstate(), "28000");
  ScramExchange cannot(options);
  EXPECT_TRUE(cannot.First(kScram, "n,,n=u,r=a").ok()) << "a client without channel binding may sign in";
  ScramExchange no_tls(Rfc());
  EXPECT_TRUE(no_tls.First(kScram, "y,,n=u,r=a").ok());
  ScramExchange plus_without(options);
  EXPECT_EQ(plus_without.First(kScramPlus, "n,,n=u,r=a").status().sqlstate(), "08P01");
}

}  // namespace
}  // namespace pgwire
