// A connection against brokers that are written here: good ones, old ones, silent ones, and what is no broker at all.

#include "source/connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "source/scram.h"

namespace source {
namespace {

using std::chrono::milliseconds;

// One accepted connection, spoken to with blocking calls.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer() { ::close(socket_); }

  // The next request's body without its length; empty at the end.
  std::string Read() {
    uint32_t length = 0;
    if (!Exactly(reinterpret_cast<char*>(&length), sizeof length)) return {};
    std::string body(be32toh(length), '\0');
    return Exactly(body.data(), body.size()) ? body : std::string();
  }
  void Write(const std::string& body, size_t piece = SIZE_MAX) {
    std::string frame(4, '\0');
    const uint32_t length = htobe32(static_cast<uint32_t>(body.size()));
    std::memcpy(frame.data(), &length, 4);
    frame += body;
    for (size_t at = 0; at < frame.size(); at += piece) Raw(frame.substr(at, piece));
  }
  void Raw(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t count = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (count <= 0) return;
      at += static_cast<size_t>(count);
    }
  }
  static int16_t ApiOf(const std::string& request) { return WireReader(request, false).Int16(); }
  static int16_t VersionOf(const std::string& request) { return WireReader(request.substr(2), false).Int16(); }
  static int32_t CorrelationOf(const std::string& request) { return WireReader(request.substr(4), false).Int32(); }

  void AnswerVersions(const std::string& request, std::vector<ApiVersion> apis) {
    const bool flexible = VersionOf(request) >= 3;
    WireWriter out(flexible);
    out.Int32(CorrelationOf(request));
    out.Int16(0);
    out.Array(apis.size());
    for (const auto& api : apis) {
      out.Int16(api.api);
      out.Int16(api.least);
      out.Int16(api.most);
      out.NoTags();
    }
    if (flexible) out.Int32(0);
    out.NoTags();
    Write(out.Take());
  }
  void AnswerHandshake(const std::string& request, int16_t error) {
    WireWriter out(false);
    out.Int32(CorrelationOf(request));
    out.Int16(error);
    out.Array(2);
    out.String("PLAIN");
    out.String("SCRAM-SHA-256");
    Write(out.Take());
  }
  void AnswerSasl(const std::string& request, int16_t error, std::string_view message, std::string_view bytes, int64_t lifetime_ms = 0) {
    WireWriter out(true);
    out.Int32(CorrelationOf(request));
    out.NoTags();
    out.Int16(error);
    out.String(message);
    out.Bytes(bytes);
    out.Int64(lifetime_ms);
    out.NoTags();
    Write(out.Take());
  }

 private:
  bool Exactly(char* to, size_t count) {
    while (count > 0) {
      const ssize_t got = ::recv(socket_, to, count, 0);
      if (got <= 0) return false;
      to += got;
      count -= static_cast<size_t>(got);
    }
    return true;
  }
  const int socket_;
};

const std::vector<ApiVersion> kApis = {{1, 4, 17}, {3, 0, 12}, {17, 0, 1}, {18, 0, 3}, {36, 0, 2}};

// Listens on a port of its own; every connection is served by `serve` on one thread.
class Broker {
 public:
  explicit Broker(std::function<void(Peer*)> serve) : serve_(std::move(serve)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      while (true) {
        const int accepted = ::accept(socket_, nullptr, nullptr);
        if (accepted < 0) return;
        ++connections_;
        Peer peer(accepted);
        serve_(&peer);
      }
    });
  }
  ~Broker() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  HostPort address() const { return {"127.0.0.1", port_}; }
  int connections() const { return connections_; }

 private:
  std::function<void(Peer*)> serve_;
  const int socket_;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

DirectSettings Settings() {
  DirectSettings settings;
  settings.setup_timeout = milliseconds(500);
  settings.request_timeout = milliseconds(500);
  settings.first_backoff = milliseconds(20);
  return settings;
}

base::MonotonicTime Now() { return base::Clock::System().Monotonic(); }

// Lets the connection go on until `until` holds; false after `patience`.
bool GoOn(BrokerConnection* connection, const std::function<bool()>& until, milliseconds patience = milliseconds(5000)) {
  const auto end = Now() + patience;
  while (Now() < end) {
    connection->Step(Now());
    if (until()) return true;
    pollfd ready{connection->socket(), connection->events(), 0};
    const auto wait = std::min(connection->deadline(), Now() + milliseconds(20)) - Now();
    ::poll(&ready, connection->socket() >= 0 ? 1 : 0, std::max(0, static_cast<int>(std::chrono::ceil<milliseconds>(wait).count())));
  }
  return false;
}

std::string TroubleText(const BrokerConnection& connection) { return connection.trouble() ? connection.trouble()->text : ""; }

std::string ListOffsetsBody(const std::string& request, int64_t offset) {
  WireWriter out(true);
  out.Int32(Peer::CorrelationOf(request));
  out.NoTags();
  out.Int32(0);
  out.Array(1);
  out.String("t");
  out.Array(1);
  out.Int32(0);
  out.Int16(0);
  out.Int64(-1);
  out.Int64(offset);
  out.Int32(-1);
  for (int level = 0; level < 3; ++level) out.NoTags();
  return out.Take();
}

TEST(Connection, SpeaksTheNewestVersionsThatBothHave) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), {{1, 4, 12}, {3, 11, 20}, {2, 1, 5}, {18, 0, 3}});
    peer->Read();
  });
  const auto settings = Settings();
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); }));
  EXPECT_EQ(connection.VersionOf(Api::kFetch), 12);
  EXPECT_EQ(connection.VersionOf(Api::kFetch, 11), 11);
  EXPECT_EQ(connection.VersionOf(Api::kMetadata), 12);
  EXPECT_EQ(connection.VersionOf(Api::kListOffsets), std::nullopt) << "they end where we begin";
  EXPECT_EQ(connection.VersionOf(Api::kOffsetForLeaderEpoch), std::nullopt);
}

TEST(Connection, AnOlderBrokerIsAskedAgainInItsOwnVersion) {
  std::atomic<int> version{-1};
  Broker broker([&](Peer* peer) {
    const std::string first = peer->Read();
    WireWriter out(false);
    out.Int32(Peer::CorrelationOf(first));
    out.Int16(kUnsupportedVersion);
    out.Array(0);
    peer->Write(out.Take());
    const std::string second = peer->Read();
    version = Peer::VersionOf(second);
    peer->AnswerVersions(second, kApis);
    peer->Read();
  });
  const auto settings = Settings();
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); }));
  EXPECT_EQ(version, 0);
}

TEST(Connection, WhatIsNoBrokerIsSaidToBeNone) {
  Broker web([](Peer* peer) {
    peer->Read();
    peer->Raw("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer->Read();
  });
  const auto settings = Settings();
  BrokerConnection connection(&settings, nullptr, web.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.trouble().has_value(); }));
  EXPECT_NE(TroubleText(connection).find("not Kafka's protocol"), std::string::npos) << TroubleText(connection);
  Broker closing([](Peer* peer) { peer->Read(); });
  BrokerConnection closed(&settings, nullptr, closing.address());
  ASSERT_TRUE(GoOn(&closed, [&] { return closed.trouble().has_value(); }));
  EXPECT_NE(TroubleText(closed).find("security.protocol"), std::string::npos) << TroubleText(closed);
}

TEST(Connection, ASilentBrokerIsGivenUpAndTriedAgain) {
  Broker broker([](Peer* peer) { peer->Read(); peer->Read(); });
  auto settings = Settings();
  settings.setup_timeout = milliseconds(100);
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.generation() >= 2; }));
  EXPECT_NE(TroubleText(connection).find("100 ms"), std::string::npos) << TroubleText(connection);
  EXPECT_GE(broker.connections(), 2);
}

TEST(Connection, AnUnknownHostIsNamed) {
  const auto settings = Settings();
  BrokerConnection connection(&settings, nullptr, {"no-such-host.invalid", 9092});
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.trouble().has_value(); }, milliseconds(20'000)));
  EXPECT_FALSE(TroubleText(connection).empty());
}

TEST(Connection, AnswersComeInOrderHoweverTheyAreCutUp) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), {{2, 6, 7}, {18, 0, 3}});
    const std::string first = peer->Read(), second = peer->Read();
    peer->Write(ListOffsetsBody(first, 11), 1);
    peer->Write(ListOffsetsBody(second, 22), 3);
    peer->Read();
  });
  const auto settings = Settings();
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); }));
  for (int i = 0; i < 2; ++i) {
    const RequestHeader header = connection.NextHeader(Api::kListOffsets, 7);
    connection.Send(header, EncodeListOffsets(header, {"t", 0, -1, -1}), {}, Now());
  }
  for (int64_t expected : {11, 22}) {
    std::optional<BrokerConnection::Response> response;
    ASSERT_TRUE(GoOn(&connection, [&] { return (response = connection.TakeResponse()).has_value(); }));
    ListOffsetsResponse offsets;
    ASSERT_TRUE(DecodeListOffsets(response->frame.bytes(), response->header, &offsets));
    EXPECT_EQ(offsets.offset, expected);
  }
  EXPECT_EQ(connection.generation(), 0);
}

TEST(Connection, ALargeAnswerArrivesWholeAndOneThatClaimsTooMuchIsRefused) {
  const std::string large(5'000'000, 'x');
  Broker broker([&](Peer* peer) {
    peer->AnswerVersions(peer->Read(), {{2, 6, 7}, {18, 0, 3}});
    peer->Read();
    peer->Write(large);
    peer->Read();
    peer->Raw(std::string("\x7f\xff\xff\xff", 4));
    peer->Read();
  });
  auto settings = Settings();
  settings.request_timeout = milliseconds(5000);
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); }));
  const auto ask = [&] {
    const RequestHeader header = connection.NextHeader(Api::kListOffsets, 7);
    connection.Send(header, EncodeListOffsets(header, {"t", 0, -1, -1}), {}, Now());
  };
  ask();
  std::optional<BrokerConnection::Response> response;
  ASSERT_TRUE(GoOn(&connection, [&] { return (response = connection.TakeResponse()).has_value(); }));
  EXPECT_EQ(response->frame.bytes(), large);
  ask();
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.trouble().has_value(); }));
  EXPECT_NE(TroubleText(connection).find("2147483647 bytes"), std::string::npos) << TroubleText(connection);
}

TEST(Connection, AnAnswerThatDoesNotComeBreaksTheConnection) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), {{2, 6, 7}, {18, 0, 3}});
    peer->Read();
    peer->Read();
  });
  auto settings = Settings();
  settings.request_timeout = milliseconds(100);
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); }));
  const RequestHeader header = connection.NextHeader(Api::kListOffsets, 7);
  connection.Send(header, EncodeListOffsets(header, {"t", 0, -1, -1}), milliseconds(50), Now());
  const auto start = Now();
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.generation() == 1; }));
  EXPECT_GE(Now() - start, milliseconds(149));
  EXPECT_EQ(connection.in_flight(), 0u);
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); })) << "it comes back by itself";
  EXPECT_FALSE(connection.trouble());
}

DirectSettings SignIn(const std::string& mechanism) {
  auto settings = Settings();
  settings.use_sasl = true;
  settings.sasl = {mechanism, "alice", "secret", "", false};
  return settings;
}

TEST(Connection, SignsInByPlain) {
  std::string credentials;
  Broker broker([&](Peer* peer) {
    peer->AnswerVersions(peer->Read(), kApis);
    peer->AnswerHandshake(peer->Read(), 0);
    const std::string request = peer->Read();
    credentials = request.substr(request.size() - 14, 13);
    peer->AnswerSasl(request, 0, "", "");
    peer->Read();
  });
  const auto settings = SignIn("PLAIN");
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.ready(); })) << TroubleText(connection);
  EXPECT_EQ(credentials, std::string("\0alice\0secret", 13));
}

TEST(Connection, ARefusedSignInSaysWhatTheBrokerSays) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), kApis);
    peer->AnswerHandshake(peer->Read(), 0);
    peer->AnswerSasl(peer->Read(), kSaslAuthenticationFailed, "wrong password", "");
    peer->Read();
  });
  const auto settings = SignIn("PLAIN");
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.trouble().has_value(); }));
  EXPECT_EQ(connection.trouble()->kind, TroubleKind::kSignIn);
  EXPECT_EQ(TroubleText(connection), "wrong password");
  EXPECT_EQ(StatusOf(*connection.trouble()).code(), base::Code::kDenied);
  Broker other([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), kApis);
    peer->AnswerHandshake(peer->Read(), kUnsupportedSaslMechanism);
    peer->Read();
  });
  const auto scram = SignIn("SCRAM-SHA-512");
  BrokerConnection refused(&scram, nullptr, other.address());
  ASSERT_TRUE(GoOn(&refused, [&] { return refused.trouble().has_value(); }));
  EXPECT_NE(TroubleText(refused).find("it offers PLAIN, SCRAM-SHA-256"), std::string::npos) << TroubleText(refused);
}

TEST(Connection, ABrokerThatCannotProveThePasswordIsNotUsed) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), kApis);
    peer->AnswerHandshake(peer->Read(), 0);
    const std::string first = peer->Read();
    const size_t nonce = first.find("r=");
    peer->AnswerSasl(first, 0, "", "r=" + first.substr(nonce + 2, first.size() - nonce - 3) + "x,s=c2FsdA==,i=4096");
    peer->AnswerSasl(peer->Read(), 0, "", "v=AAAA");
    peer->Read();
  });
  const auto settings = SignIn("SCRAM-SHA-256");
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return connection.trouble().has_value(); }));
  EXPECT_NE(TroubleText(connection).find("does not prove"), std::string::npos) << TroubleText(connection);
  EXPECT_FALSE(connection.ready());
}

TEST(Connection, ASignInWithAnEndIsRenewedWithoutLosingAnything) {
  Broker broker([](Peer* peer) {
    peer->AnswerVersions(peer->Read(), kApis);
    peer->AnswerHandshake(peer->Read(), 0);
    peer->AnswerSasl(peer->Read(), 0, "", "", 100);
    peer->Read();
  });
  const auto settings = SignIn("PLAIN");
  BrokerConnection connection(&settings, nullptr, broker.address());
  ASSERT_TRUE(GoOn(&connection, [&] { return broker.connections() >= 3 && connection.ready(); }));
  EXPECT_EQ(connection.generation(), 0);
  EXPECT_FALSE(connection.trouble());
}

}  // namespace
}  // namespace source
