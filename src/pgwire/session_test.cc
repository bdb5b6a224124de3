#include "pgwire/session.h"

#include <gtest/gtest.h>

#include "pgwire/scripted_engine.h"
#include "pgwire/wire_client.h"

namespace pgwire {
namespace {

using Lines = std::vector<std::string>;

class FakeHost : public Host {
 public:
  base::Status Admit(const catalog::Role&) override { return full ? base::Exhausted("sorry, too many clients already").WithSqlstate("53300") : base::Status(); }
  void Cancel(int32_t pid, std::string_view key) override { cancelled = std::to_string(pid) + "/" + std::string(key); }
  void Terminate(base::Status reason) override { terminated = reason.ToString(); }

  bool full = false;
  std::string cancelled, terminated;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { AddTestRoles(&catalog_); }
  ~SessionTest() override {
    if (session_) session_->Release();
  }

  SessionOptions Options() {
    SessionOptions options;
    options.sign_in.catalog = &catalog_;
    options.sign_in.mock_secret = "mock";
    options.engine = &engine_;
    options.client_address = "127.0.0.1";
    options.pid = 4711;
    options.cancel_key = std::string(32, 'k');
    return options;
  }
  void Open(SessionOptions options) {
    if (session_) session_->Release();
    session_ = std::make_unique<Session>(std::move(options), &host_);
  }

  // Feeds, runs until nothing but input helps, and returns the lines that were sent.
  Lines Send(std::string_view bytes, size_t bare = 0) {
    session_->Feed(bytes);
    return Run(bare);
  }
  Lines Run(size_t bare = 0) {
    std::string sent;
    Lane lane = Lane::kNetwork;
    lanes_.clear();
    while (true) {
      wants_ = session_->Process(lane);
      sent += session_->output().view();
      session_->output().Clear();
      if (wants_ == Wants::kInput || wants_ == Wants::kTls || wants_ == Wants::kClose) break;
      lane = wants_ == Wants::kHeavy ? Lane::kHeavy : Lane::kLight;
      lanes_ += wants_ == Wants::kHeavy ? 'H' : wants_ == Wants::kDrain ? 'd' : 'l';
    }
    raw_ = sent;
    return wire::Lines(sent, bare);
  }

  // A session of the administrator over the Unix socket: no password is asked.
  void SignIn() {
    auto options = Options();
    options.sign_in.unix_socket = options.sign_in.same_system_user = true;
    Open(std::move(options));
    const Lines lines = Send(wire::Startup("freshet"));
    ASSERT_EQ(lines.back(), "Z I");
  }

  // Everything up to the proof; returns the lines after it.
  Lines Password(std::string_view user, std::string_view password) {
    const Lines first = Send(wire::Startup(user));
    EXPECT_LINES(first, "R 10");
    Send(wire::SaslFirst(kScram, "n,,n=,r=clientnonce"));
    const std::string challenge = raw_.substr(9);
    return Send(wire::Message('p', wire::ScramFinal(password, "n=,r=clientnonce", challenge)));
  }

  catalog::CatalogHolder catalog_;
  ScriptedEngine engine_;
  FakeHost host_;
  std::unique_ptr<Session> session_;
  Wants wants_ = Wants::kInput;
  std::string raw_, lanes_;
};

// ------------------------------------------------------------------------------------------------------ sign-in

TEST_F(SessionTest, GreetsLikePostgres) {
  Open(Options());
  EXPECT_LINES(Password("reader", "pass"),
             "R 12", "R 0", "S application_name=", "S client_encoding=UTF8", "S DateStyle=ISO, MDY",
              "S default_transaction_read_only=on", "S in_hot_standby=off", "S integer_datetimes=on",
              "S IntervalStyle=postgres", "S is_superuser=off", "S server_encoding=UTF8", "S server_version=15.0 (Scripted)",
              "S session_authorization=reader", "S standard_conforming_strings=on", "S TimeZone=UTC", "K 4711 key of 4", "Z I");
  EXPECT_EQ(engine_.last_info.role, "reader");
  EXPECT_EQ(engine_.last_info.pid, 4711);
  EXPECT_TRUE(session_->signed_in());
}

TEST_F(SessionTest, WrongPasswordUnknownRoleAndNoPasswordLookAlike) {
  for (const auto& [user, password] : {std::pair("reader", "wrong"), std::pair("nobody", "pass"), std::pair("nopass", "")}) {
    Open(Options());
    EXPECT_LINES(Password(user, password),
             "E FATAL 28P01 password authentication failed for user \"" + std::string(user) + "\"");
    EXPECT_EQ(wants_, Wants::kClose);
    EXPECT_TRUE(session_->wrong_password());
    EXPECT_FALSE(session_->signed_in());
  }
}

TEST_F(SessionTest, RolesWithoutLoginAreToldSoOnlyAfterTheirPassword) {
  Open(Options());
  EXPECT_LINES(Password("nologin", "pass"), "R 12", "E FATAL 28000 role \"nologin\" is not permitted to log in");
  Open(Options());
  EXPECT_LINES(Password("nologin", "wrong"), "E FATAL 28P01*");
}

TEST_F(SessionTest, AdministratorNeedsNoPasswordOnTheSocketOfHisOwnUser) {
  for (const bool unix_socket : {false, true}) {
    for (const bool same_user : {false, true}) {
      for (const char* user : {"freshet", "reader"}) {
        auto options = Options();
        options.sign_in.unix_socket = unix_socket;
        options.sign_in.same_system_user = same_user;
        Open(options);
        const Lines lines = Send(wire::Startup(user));
        const bool free = unix_socket && same_user && std::string(user) == "freshet";
        EXPECT_EQ(lines[0], free ? "R 0" : "R 10") << unix_socket << same_user << user;
      }
    }
  }
}

TEST_F(SessionTest, UnknownDatabaseIs3D000) {
  auto options = Options();
  options.sign_in.unix_socket = options.sign_in.same_system_user = true;
  Open(options);
  EXPECT_LINES(Send(wire::Startup("freshet", "public")), "R 0", "E FATAL 3D000 database \"public\" does not exist");
  EXPECT_EQ(wants_, Wants::kClose);
}

TEST_F(SessionTest, FullServerRefusesAfterTheProof) {
  host_.full = true;
  Open(Options());
  EXPECT_LINES(Password("reader", "pass"), "R 12", "R 0", "E FATAL 53300 sorry, too many clients already");
}

TEST_F(SessionTest, StartupSettingsAndOptionsReachTheEngine) {
  auto options = Options();
  options.sign_in.unix_socket = options.sign_in.same_system_user = true;
  Open(options);
  const std::string more = wire::Z("application_name") + wire::Z("superset") + wire::Z("options") +
                           wire::Z("-c statement_timeout=30000 --TimeZone=Asia/Tokyo -csearch-path=a\\ b");
  EXPECT_EQ(Send(wire::Startup("freshet", "freshet", more)).back(), "Z I");
  EXPECT_EQ(engine_.last_info.application_name, "superset");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"application_name", "superset"}, {"statement_timeout", "30000"}, {"TimeZone", "Asia/Tokyo"}, {"search_path", "a b"}};
  EXPECT_EQ(engine_.last_info.startup_settings, expected);
}

TEST_F(SessionTest, ProtocolVersions) {
  const auto start = [&](int minor, std::string_view more) {
    auto options = Options();
    options.sign_in.unix_socket = options.sign_in.same_system_user = true;
    Open(options);
    return Send(wire::Startup("freshet", "freshet", more, minor));
  };
  EXPECT_EQ(start(0, "")[14], "K 4711 key of 4");
  EXPECT_EQ(start(2, "")[14], "K 4711 key of 32");
  EXPECT_EQ(start(3, "")[0], "v 3.2");
  EXPECT_EQ(start(0, wire::Z("_pq_.grease") + wire::Z("1"))[0], "v 3.0 _pq_.grease");
  Open(Options());
  EXPECT_LINES(Send(wire::Message(0, wire::Int32(2 << 16) + wire::Z("x"))), "E FATAL 0A000 unsupported frontend protocol 2.0*");
}

TEST_F(SessionTest, NegotiationsHappenOnceEach) {
  Open(Options());
  EXPECT_LINES(Send(wire::SslRequest(), 1), "negotiation N");
  EXPECT_LINES(Send(wire::GssRequest(), 1), "negotiation N");
  EXPECT_LINES(Send(wire::SslRequest()), "E FATAL 08P01*");
  Open(Options());
  Send(wire::GssRequest(), 1);
  EXPECT_LINES(Send(wire::GssRequest()), "E FATAL 08P01*");
}

TEST_F(SessionTest, TlsIsStartedOnceAndNothingIsNegotiatedInsideIt) {
  auto options = Options();
  options.sign_in.tls_offered = options.sign_in.require_tls = true;
  Open(options);
  EXPECT_LINES(Send(wire::SslRequest(), 1), "negotiation S");
  EXPECT_EQ(wants_, Wants::kTls);
  session_->TlsStarted();
  EXPECT_LINES(Send(wire::GssRequest()), "E FATAL 08P01*");
  Open(options);
  Send(wire::SslRequest(), 1);
  session_->TlsStarted();
  EXPECT_LINES(Send(wire::Startup("reader")), "R 10");
}

TEST_F(SessionTest, BytesBeforeTheTlsHandshakeEndTheConnection) {
  auto options = Options();
  options.sign_in.tls_offered = true;
  Open(options);
  EXPECT_LINES(Send(wire::SslRequest() + wire::Startup("reader")), "E FATAL 08P01 received unencrypted data after SSL request");
  EXPECT_EQ(wants_, Wants::kClose);
}

TEST_F(SessionTest, RequiredTlsIsRequired) {
  auto options = Options();
  options.sign_in.tls_offered = options.sign_in.require_tls = true;
  Open(options);
  EXPECT_LINES(Send(wire::Startup("reader")), "E FATAL 28000 connections over TCP must use TLS");
  options.sign_in.unix_socket = options.sign_in.same_system_user = true;
  Open(options);
  EXPECT_EQ(Send(wire::Startup("freshet")).back(), "Z I") << "the Unix socket needs none";
}

TEST_F(SessionTest, CancelRequestOnlyCloses) {
  Open(Options());
  EXPECT_LINES(Send(wire::CancelRequest(77, "abcd")));
  EXPECT_EQ(wants_, Wants::kClose);
  EXPECT_EQ(host_.cancelled, "77/abcd");
}

// A second StartupMessage, or any other message, at any point of the exchange ends it.
TEST_F(SessionTest, NothingButTheNextStepIsTakenWhileSigningIn) {
  const std::string intruders[] = {wire::Query("SELECT 1"), wire::Startup("freshet"), wire::Sync(), wire::Parse("", "SELECT 1"),
                                   wire::Message('z', "x"), wire::SaslFirst("PLAIN", ""), wire::Message('p', "garbage")};
  for (const std::string& intruder : intruders) {
    for (int steps = 1; steps <= 2; ++steps) {
      Open(Options());
      Send(wire::Startup("freshet"));
      if (steps == 2) Send(wire::SaslFirst(kScram, "n,,n=,r=nonce"));
      const Lines lines = Send(intruder);
      ASSERT_EQ(lines.size(), 1u);
      EXPECT_TRUE(wire::Matches(lines[0], "E FATAL 08P01*"));
      EXPECT_EQ(wants_, Wants::kClose);
      EXPECT_FALSE(session_->signed_in());
      EXPECT_LINES(Send(wire::Startup("freshet"))) << "and stays ended";
    }
  }
}

TEST_F(SessionTest, MalformedStartupPackets) {
  const std::string packets[] = {
      wire::Message(0, wire::Int32(3 << 16)),                                              // no terminator
      wire::Message(0, wire::Int32(3 << 16) + wire::Z("user")),
      wire::Message(0, wire::Int32(3 << 16) + wire::Z("user") + "freshet"),
      wire::Message(0, wire::Int32(3 << 16) + std::string(1, '\0')),                       // no user
      wire::Message(0, wire::Int32(3 << 16) + wire::Z("user") + wire::Z("a") + std::string("\0x", 2)),
      wire::Message(0, wire::Int32(3 << 16) + wire::Z("user") + wire::Z("\xff") + std::string(1, '\0')),
      wire::Message(0, wire::Int32(80'877'103) + "x"),
      wire::Message(0, wire::Int32(80'877'102) + "abc"),
      wire::Message(0, wire::Int32(80'877'102) + std::string(300, 'k')),
      wire::Startup("freshet", "freshet", wire::Z("options") + wire::Z("-x")),
      wire::Startup("freshet", "freshet", wire::Z("replication") + wire::Z("database")),
      std::string("\0\0\0\x04", 4), std::string("\xff\xff\xff\xff\0", 5), std::string("GET / HTTP/1.1\r\n\r\n")};
  for (const std::string& packet : packets) {
    Open(Options());
    const Lines lines = Send(packet);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(wire::Matches(lines[0], "E FATAL *"));
    EXPECT_EQ(wants_, Wants::kClose);
  }
}

// ------------------------------------------------------------------------------------------------ simple protocol

TEST_F(SessionTest, SimpleQuery) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("SELECT 1")), "T ?column?:23", "D 1", "C SELECT 1", "Z I");
  EXPECT_LINES(Send(wire::Query("")), "I", "Z I");
  EXPECT_LINES(Send(wire::Query(" ; ")), "I", "Z I");
  EXPECT_LINES(Send(wire::Query("series 0")), "T n:20", "C SELECT 0", "Z I");
}

TEST_F(SessionTest, SeveralStatementsStopAtTheFirstError) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("SELECT 1;SHOW TimeZone;broken;SELECT 1")),
             "T ?column?:23", "D 1", "C SELECT 1", "T TimeZone:25", "D UTC", "C SHOW",
              "E ERROR 42703 column \"x\" does not exist @8", "Z I");
  EXPECT_LINES(Send(wire::Query("SELECT 1; syntax")), "E ERROR 42601 syntax error @1", "Z I") << "nothing of it runs";
  EXPECT_LINES(Send(wire::Query("SELECT $1")), "E ERROR 42P02 there is no parameter $1", "Z I");
}

TEST_F(SessionTest, TransactionStates) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("BEGIN")), "C BEGIN", "Z T");
  EXPECT_LINES(Send(wire::Query("BEGIN")), "N WARNING 01000 there is already a transaction in progress", "C BEGIN", "Z T");
  EXPECT_LINES(Send(wire::Query("broken")), "E ERROR 42703*", "Z E");
  EXPECT_LINES(Send(wire::Query("SELECT 1")), "E ERROR 25P02*", "Z E");
  EXPECT_LINES(Send(wire::Query("COMMIT")), "C ROLLBACK", "Z I");
}

TEST_F(SessionTest, ChangedSettingsAreReportedBeforeReady) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("SET TimeZone=Asia/Tokyo;SELECT 1")),
             "C SET", "T ?column?:23", "D 1", "C SELECT 1", "S TimeZone=Asia/Tokyo", "Z I");
}

TEST_F(SessionTest, WhatIsNotSupportedIsRefusedAndTheSessionGoesOn) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("COPY")), "E ERROR 0A000 COPY is not supported", "Z I");
  EXPECT_LINES(Send(wire::Message('d', "data") + wire::Message('c', "") + wire::Message('f', wire::Z("no"))));
  EXPECT_LINES(Send(wire::Message('F', "anything")), "E ERROR 0A000 function calls*", "Z I");
  EXPECT_LINES(Send(wire::Query("SELECT 1")), "T ?column?:23", "D 1", "C SELECT 1", "Z I");
}

TEST_F(SessionTest, QueriesThatReadRowsRunOnlyInTheHeavyLane) {
  SignIn();
  Send(wire::Query("SELECT 1"));
  EXPECT_EQ(lanes_, "l");
  Send(wire::Query("series 3"));
  EXPECT_EQ(lanes_, "lH");
}

TEST_F(SessionTest, LongResultsComeInPiecesOfBoundedSize) {
  auto options = Options();
  options.sign_in.unix_socket = options.sign_in.same_system_user = true;
  options.flush_bytes = 4096;
  Open(options);
  Send(wire::Startup("freshet"));
  session_->Feed(wire::Query("series 5000"));
  std::string sent;
  size_t drains = 0;
  Lane lane = Lane::kHeavy;
  for (Wants wants = Wants::kDrain; wants == Wants::kDrain; ++drains) {
    wants = session_->Process(lane);
    lane = Lane::kLight;   // a query that has begun may go on there
    EXPECT_LT(session_->output().size(), 4096u + 128u);
    sent += session_->output().view();
    session_->output().Clear();
  }
  EXPECT_GT(drains, 10u);
  const Lines lines = wire::Lines(sent);
  ASSERT_EQ(lines.size(), 5003u);
  EXPECT_EQ(lines[1], "D 1");
  EXPECT_EQ(lines[5000], "D 5000");
  EXPECT_EQ(lines[5001], "C SELECT 5000");
}

TEST_F(SessionTest, FatalErrorsEndTheConnection) {
  SignIn();
  EXPECT_LINES(Send(wire::Query("crash;SELECT 1")), "T n:20", "E FATAL 57P01*");
  EXPECT_EQ(wants_, Wants::kClose);
}

TEST_F(SessionTest, TheServerMayEndASession) {
  SignIn();
  session_->End(base::Cancelled("terminating connection due to administrator command").WithSqlstate("57P01"));
  EXPECT_LINES(Run(), "E FATAL 57P01 terminating connection due to administrator command");
  EXPECT_EQ(wants_, Wants::kClose);
  EXPECT_LINES(Send(wire::Query("SELECT 1")));
}

TEST_F(SessionTest, UnknownAndMalformedMessagesEndTheConnection) {
  for (const std::string& message : {wire::Message('?', ""), wire::Message('p', "x"), std::string("Q\0\0\0\x03", 5),
                                     std::string("Q\x7f\xff\xff\xff", 5), std::string("Q\xff\xff\xff\xff", 5)}) {
    SignIn();
    EXPECT_LINES(Send(message), "E FATAL 08P01*");
    EXPECT_EQ(wants_, Wants::kClose);
  }
  SignIn();
  EXPECT_LINES(Send(wire::Message('X', "")));
  EXPECT_EQ(wants_, Wants::kClose);
}

TEST_F(SessionTest, MalformedBodiesAreErrorsOfTheStatementOnly) {
  SignIn();
  EXPECT_LINES(Send(wire::Message('Q', "no zero byte")), "E ERROR 08P01*", "Z I");
  EXPECT_LINES(Send(wire::Message('Q', wire::Z("\xff"))), "E ERROR 22021*", "Z I");
  EXPECT_LINES(Send(wire::Message('Q', wire::Z("SELECT 1") + "x")), "E ERROR 08P01*", "Z I");
  for (char type : {'P', 'B', 'D', 'E', 'C'}) {
    EXPECT_LINES(Send(wire::Message(type, "") + wire::Sync()), "E ERROR 08P01*", "Z I") << type;
    EXPECT_LINES(Send(wire::Message(type, "x") + wire::Sync()), "E ERROR 08P01*", "Z I") << type;
  }
  EXPECT_LINES(Send(wire::Describe('x', "") + wire::Sync()), "E ERROR 08P01*", "Z I");
  EXPECT_LINES(Send(wire::Close('x', "") + wire::Sync()), "E ERROR 08P01*", "Z I");
}

}  // namespace
}  // namespace pgwire
