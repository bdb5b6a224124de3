#include "base/scram.h"

#include <gtest/gtest.h>

namespace base {
namespace {

std::string Hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out.push_back("0123456789abcdef"[c >> 4]);
    out.push_back("0123456789abcdef"[c & 15]);
  }
  return out;
}

TEST(Digest, Sha256OfTheStandardVectors) {
  EXPECT_EQ(Hex(AsText(Sha256(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(AsText(Sha256("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacOfRfc4231) {
  EXPECT_EQ(Hex(AsText(HmacSha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, Base64RoundTripsEveryPadding) {
  for (std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(Base64Decode(Base64Encode(text)), text);
  }
  EXPECT_EQ(Base64Encode("fooba"), "Zm9vYmE=");
}

TEST(Digest, Base64RefusesWhatIsNotBase64) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm 9", "Zm9\n", "Z=9v", "Zm9v\t\t\t\t"}) {
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
  }
}

TEST(Digest, RandomBytesDiffer) { EXPECT_NE(RandomBytes(16), RandomBytes(16)); }

TEST(Digest, SameBytes) {
  EXPECT_TRUE(SameBytes("", ""));
  EXPECT_TRUE(SameBytes("abc", "abc"));
  EXPECT_FALSE(SameBytes("abc", "abd"));
  EXPECT_FALSE(SameBytes("abc", "ab"));
}

// RFC 7677, section 3: user "user", password "pencil". The keys are checked by the exchange given there.
TEST(Scram, VerifierProvesTheExchangeOfRfc7677) {
  const auto verifier = MakeScramVerifier("pencil", *Base64Decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  const std::string nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const std::string message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" + nonce +
                              ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" + nonce;
  EXPECT_EQ(Base64Encode(AsText(HmacSha256(AsText(verifier.server_key), message))),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  // ClientKey = proof XOR signature, and its hash is StoredKey.
  const std::string proof = *Base64Decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  Digest client_key = HmacSha256(AsText(verifier.stored_key), message);
  for (size_t i = 0; i < client_key.size(); ++i) client_key[i] ^= static_cast<uint8_t>(proof[i]);
  EXPECT_EQ(Sha256(AsText(client_key)), verifier.stored_key);
}

TEST(Scram, TextFormRoundTrips) {
  const auto verifier = MakeScramVerifier("påssword", "0123456789abcdef", 4096);
  const std::string text = ToText(verifier);
  EXPECT_TRUE(text.starts_with("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$")) << text;
  const auto parsed = ParseScramVerifier(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->salt, verifier.salt);
  EXPECT_EQ(parsed->iterations, 4096);
  EXPECT_EQ(parsed->stored_key, verifier.stored_key);
  EXPECT_EQ(parsed->server_key, verifier.server_key);
}

TEST(Scram, FreshVerifiersHaveFreshSalts) {
  EXPECT_NE(ToText(MakeScramVerifier("same")), ToText(MakeScramVerifier("same")));
}

TEST(Scram, RefusesTextsThatAreNotVerifiers) {
  const std::string good = ToText(MakeScramVerifier("x", "0123456789abcdef", 1));
  ASSERT_TRUE(ParseScramVerifier(good));
  for (std::string text : {std::string(), std::string("md5abc"), good.substr(0, good.size() - 1), good + "=",
                           std::string("SCRAM-SHA-256$"), "SCRAM-SHA-256$-1" + good.substr(15),
                           "SCRAM-SHA-256$0" + good.substr(15), "SCRAM-SHA-256$100001" + good.substr(15),
                           "SCRAM-SHA-256$99999999999" + good.substr(15), std::string("SCRAM-SHA-256$1:$a:b")}) {
    EXPECT_FALSE(ParseScramVerifier(text)) << text;
  }
}

}  // namespace
}  // namespace base
