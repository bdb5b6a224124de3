#include "source/sasl.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "source/scram.h"

namespace source {
namespace {

TEST(Scram, TheExchangeOfRfc7677) {
  const auto scram = MakeScram(ScramHash::kSha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(scram->First(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto proof = scram->Next("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(*proof, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_FALSE(scram->done());
  EXPECT_TRUE(scram->Next("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
  EXPECT_TRUE(scram->done());
}

TEST(Scram, ABrokerThatDoesNotKnowThePasswordIsNotBelieved) {
  const auto begin = [] {
    auto scram = MakeScram(ScramHash::kSha256, "user", "pencil", "abc");
    EXPECT_TRUE(scram->Next("r=abcdef,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").ok());
    return scram;
  };
  for (const char* last : {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "", "v=", "v=????", "e=other-error"}) {
    auto scram = begin();
    EXPECT_EQ(scram->Next(last).status().code(), base::Code::kDenied) << last;
    EXPECT_FALSE(scram->done());
  }
}

TEST(Scram, FirstMessagesThatMakeNoSenseAreRefused) {
  for (const char* first : {"", "r=xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=abcd,s=?,i=4096",
                            "r=abcd,s=,i=4096", "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==", "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
                            "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000", "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999"})
    EXPECT_EQ(MakeScram(ScramHash::kSha512, "u", "p", "abc")->Next(first).status().code(), base::Code::kDenied) << first;
}

TEST(Scram, NamesAreEscapedAndNoncesDiffer) {
  EXPECT_EQ(MakeScram(ScramHash::kSha512, "a=b,c", "p", "n")->First(), "n,,n=a=3Db=2Cc,r=n");
  EXPECT_NE(MakeScram(ScramHash::kSha512, "u", "p")->First(), MakeScram(ScramHash::kSha512, "u", "p")->First());
}

TEST(Sasl, Plain) {
  auto plain = MakeSaslMechanism({"PLAIN", "alice", "secret", "", false}).Take();
  EXPECT_EQ(plain->First(), std::string("\0alice\0secret", 13));
  EXPECT_TRUE(plain->Next("").ok());
  EXPECT_TRUE(plain->done());
}

TEST(Sasl, AnUnsecuredTokenHasItsClaims) {
  auto bearer = MakeSaslMechanism({"OAUTHBEARER", "", "", "principal=admin scope=read lifeSeconds=60", true}).Take();
  const std::string first = bearer->First();
  const std::string prefix = std::string("n,,\x01" "auth=Bearer eyJhbGciOiJub25lIn0.");
  ASSERT_TRUE(first.starts_with(prefix)) << first;
  ASSERT_TRUE(first.ends_with(".\x01\x01"));
  std::string claims = first.substr(prefix.size(), first.size() - prefix.size() - 3);
  while (claims.size() % 4 != 0) claims += '=';
  for (char& c : claims) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const auto text = base::Base64Decode(claims);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find(R"("sub":"admin")"), std::string::npos) << *text;
  EXPECT_NE(text->find(R"("scope":"read")"), std::string::npos) << *text;
  EXPECT_TRUE(bearer->done());
  EXPECT_EQ(*bearer->Next(R"({"status":"invalid_token"})"), "\x01");
  EXPECT_FALSE(bearer->done());
}

TEST(Sasl, WhatCannotWorkIsSaidBefore) {
  EXPECT_EQ(MakeSaslMechanism({"OAUTHBEARER", "", "", "principal=a", false}).status().code(), base::Code::kUnsupported);
  EXPECT_EQ(MakeSaslMechanism({"OAUTHBEARER", "", "", "scope=x", true}).status().code(), base::Code::kInvalid);
  EXPECT_EQ(MakeSaslMechanism({"OAUTHBEARER", "", "", "principal=a lifeSeconds=x", true}).status().code(), base::Code::kInvalid);
  EXPECT_EQ(MakeSaslMechanism({"PLAIN", "", "x", "", false}).status().code(), base::Code::kInvalid);
  EXPECT_EQ(MakeSaslMechanism({"GSSAPI", "u", "x", "", false}).status().code(), base::Code::kUnsupported);
}

}  // namespace
}  // namespace source
