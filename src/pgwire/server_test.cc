// The server over real sockets, with the scripted engine: what a protocol machine alone cannot show.
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "pgwire/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "pgwire/pgwire_metrics.h"
#include "pgwire/scripted_engine.h"
#include "pgwire/wire_client.h"

namespace pgwire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Lines = std::vector<std::string>;
using namespace std::chrono_literals;

// A blocking client. Reads give up after five seconds, so that a server that does not answer fails a test.
class Client {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  static Client Tcp(int port) {
    Client client;
    tcp::socket socket(*client.io_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)));
    client.Adopt(Socket(std::move(socket)));
    return client;
  }
  static Client Unix(const std::filesystem::path& path) {
    Client client;
    asio::local::stream_protocol::socket socket(*client.io_);
    socket.connect(asio::local::stream_protocol::endpoint(path.string()));
    client.Adopt(Socket(std::move(socket)));
    return client;
  }

  void Send(std::string_view bytes) {
    boost::system::error_code error;
    if (tls_) asio::write(*tls_, asio::buffer(bytes.data(), bytes.size()), error);
    else asio::write(*socket_, asio::buffer(bytes.data(), bytes.size()), error);
  }
  char ReadByte() {
    char byte = 0;
    boost::system::error_code error;
    asio::read(*socket_, asio::buffer(&byte, 1), error);
    return error ? '\0' : byte;
  }
  // Whole messages up to and with one of a type in `until`, or up to the end of the connection ("closed").
  Lines Read(std::string_view until) {
    Lines lines;
    while (true) {
      for (auto frame = frames_.NextMessage(1 << 30); frame.ok() && *frame; frame = frames_.NextMessage(1 << 30)) {
        const std::string message = wire::Message((*frame)->type, (*frame)->body);
        last_ = message;
        lines.push_back(wire::Lines(message)[0]);
        if (until.find((*frame)->type) != std::string_view::npos) return lines;
      }
      if (!Readable()) return lines.push_back("timeout"), lines;
      char bytes[4096];
      boost::system::error_code error;
      const size_t count = tls_ ? tls_->read_some(asio::buffer(bytes), error) : socket_->read_some(asio::buffer(bytes), error);
      if (error) {
        lines.push_back(error == asio::error::eof || error == asio::error::connection_reset ? "closed" : error.message());
        return lines;
      }
      frames_.Append({bytes, count});
    }
  }
  Lines Ask(std::string_view bytes) {
    Send(bytes);
    return Read("Z");
  }

  // SSLRequest and handshake, or (direct) the handshake alone with ALPN.
  bool StartTls(bool direct, const char* alpn = "\x0apostgresql") {
    if (!direct) {
      Send(wire::SslRequest());
      if (ReadByte() != 'S') return false;
    }
    context_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    tls_ = std::make_unique<asio::ssl::stream<Socket&>>(*socket_, *context_);
    if (direct && alpn) SSL_set_alpn_protos(tls_->native_handle(), reinterpret_cast<const unsigned char*>(alpn), static_cast<unsigned>(strlen(alpn)));
    boost::system::error_code error;
    tls_->handshake(asio::ssl::stream_base::client, error);
    return !error;
  }

  Lines SignIn(std::string_view user, std::string_view password) {
    Send(wire::Startup(user));
    if (Lines lines = Read("R"); lines.back() != "R 10") return lines;
    Send(wire::SaslFirst(kScram, "n,,n=,r=clientnonce"));
    if (Lines lines = Read("RE"); lines.back() != "R 11") return lines;
    Send(wire::Message('p', wire::ScramFinal(password, "n=,r=clientnonce", last_.substr(9))));
    return Read("ZE");
  }
  void Close() { socket_->close(); }
  Socket& socket() { return *socket_; }
  // Of the last BackendKeyData read.
  static std::pair<int, std::string> KeyOf(std::string_view message) {
    MessageReader reader(message.substr(5));
    const int pid = reader.Int32();
    return {pid, std::string(reader.Rest())};
  }

  // Signs in and remembers pid and key for a CancelRequest.
  void SignInWithKey(std::string_view user, std::string_view password) {
    Send(wire::Startup(user));
    Read("R");
    Send(wire::SaslFirst(kScram, "n,,n=,r=clientnonce"));
    Read("R");
    Send(wire::Message('p', wire::ScramFinal(password, "n=,r=clientnonce", last_.substr(9))));
    Read("K");
    std::tie(pid, key) = KeyOf(last_);
    ASSERT_EQ(Read("Z").back(), "Z I");
  }
  int pid = 0;
  std::string key;

 private:
  static constexpr std::string_view kScram = "SCRAM-SHA-256";
  Client() : io_(std::make_unique<asio::io_context>()) {}
  void Adopt(Socket socket) {
    socket_ = std::make_unique<Socket>(std::move(socket));
  }
  bool Readable() {
    pollfd ready{socket_->native_handle(), POLLIN, 0};
    return tls_ || poll(&ready, 1, 5000) == 1;
  }

  std::unique_ptr<asio::io_context> io_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<asio::ssl::context> context_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
  FrameBuffer frames_;
  std::string last_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : dir_(std::filesystem::temp_directory_path() / ("pgwire_test." + std::to_string(getpid()))) {
    std::filesystem::create_directories(dir_);
    AddTestRoles(&catalog_);
    options_.listen = "127.0.0.1:0";
    options_.unix_socket_dir = dir_;
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(dir_);
  }

  void Start() {
    auto server = Server::Start(options_, &engine_, &catalog_);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = server.Take();
  }
  void UseTls() {
    const std::string command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " + (dir_ / "key.pem").string() +
                                " -out " + (dir_ / "cert.pem").string() + " >/dev/null 2>&1";
    ASSERT_EQ(system(command.c_str()), 0);
    options_.tls_certificate = dir_ / "cert.pem";
    options_.tls_key = dir_ / "key.pem";
  }
  std::filesystem::path SocketPath() const { return dir_ / (".s.PGSQL." + std::to_string(server_->port())); }
  Client Reader() {
    Client client = Client::Tcp(server_->port());
    EXPECT_EQ(client.SignIn("reader", "pass").back(), "Z I");
    return client;
  }
  void Cancel(const Client& of) {
    Client canceller = Client::Tcp(server_->port());
    canceller.Send(wire::CancelRequest(of.pid, of.key));
    EXPECT_EQ(canceller.Read("Z"), Lines{"closed"}) << "a CancelRequest is not answered";
  }
  // Waits for a condition that another thread brings about.
  template <typename Condition>
  static bool Soon(Condition condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  static double Connections() { return PgwireMetrics::Get().connections.value(); }

  std::filesystem::path dir_;
  catalog::CatalogHolder catalog_;
  ScriptedEngine engine_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersOverTcpWithAPassword) {
  Start();
  Client client = Client::Tcp(server_->port());
  EXPECT_EQ(client.SignIn("reader", "pass").back(), "Z I");
  EXPECT_LINES(client.Ask(wire::Query("SELECT 1")), "T ?column?:23", "D 1", "C SELECT 1", "Z I");
  client.Send(wire::Message('X', ""));
  EXPECT_EQ(client.Read("Z"), Lines{"closed"});
}

TEST_F(ServerTest, TheUnixSocketKnowsItsOwnUser) {
  Start();
  Client client = Client::Unix(SocketPath());
  client.Send(wire::Startup("freshet"));
  EXPECT_EQ(client.Read("Z").front(), "R 0");
  Client other = Client::Unix(SocketPath());
  EXPECT_EQ(other.SignIn("reader", "pass").back(), "Z I") << "other roles need their password there too";
}

TEST_F(ServerTest, WrongPasswordsAreAnsweredLaterEachTime) {
  Start();
  std::vector<std::chrono::nanoseconds> took;
  for (int i = 0; i < 3; ++i) {
    Client client = Client::Tcp(server_->port());
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(wire::Matches(client.SignIn("reader", "wrong").back(), "E FATAL 28P01*"));
    EXPECT_EQ(client.Read("Z"), Lines{"closed"});
    took.push_back(std::chrono::steady_clock::now() - begun);
  }
  EXPECT_GE(took[0], 100ms);
  EXPECT_GE(took[2], 400ms);
  EXPECT_EQ(Reader().Ask(wire::Query("SELECT 1")).back(), "Z I") << "the right one is not held back";
}

TEST_F(ServerTest, SignInHasADeadline) {
  options_.authentication_timeout = 200ms;
  Start();
  Client silent = Client::Tcp(server_->port());
  EXPECT_LINES(silent.Read("Z"), "E FATAL 57014 canceling authentication due to timeout", "closed");
  Client half = Client::Tcp(server_->port());
  half.Send(wire::Startup("reader").substr(0, 9));
  EXPECT_EQ(half.Read("Z").back(), "closed");
  Client slow = Reader();
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(slow.Ask(wire::Query("SELECT 1")).back(), "Z I") << "none once signed in";
}

TEST_F(ServerTest, CancelsARunningStatement) {
  Start();
  Client client = Client::Tcp(server_->port());
  client.SignInWithKey("reader", "pass");
  client.Send(wire::Query("sleep"));
  std::this_thread::sleep_for(50ms);
  Client wrong = Client::Tcp(server_->port());
  wrong.Send(wire::CancelRequest(client.pid, "nope"));
  EXPECT_EQ(wrong.Read("Z"), Lines{"closed"});
  Cancel(client);
  EXPECT_LINES(client.Read("Z"), "T n:20", "E ERROR 57014 canceling statement due to user request", "Z I");
  EXPECT_EQ(client.Ask(wire::Query("SELECT 1")).back(), "Z I");
}

TEST_F(ServerTest, CancelsAStatementThatStillWaitsForAThread) {
  options_.query_threads = 3;   // one for queries
  Start();
  Client first = Client::Tcp(server_->port()), second = Client::Tcp(server_->port());
  first.SignInWithKey("reader", "pass");
  second.SignInWithKey("reader", "pass");
  first.Send(wire::Query("sleep"));
  std::this_thread::sleep_for(50ms);
  second.Send(wire::Query("sleep"));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(Reader().Ask(wire::Query("SELECT 1")).back(), "Z I") << "light statements pass by";
  Cancel(second);
  EXPECT_LINES(second.Read("Z"), "T n:20", "E ERROR 57014 canceling statement due to user request", "Z I");
  Cancel(first);
  EXPECT_EQ(first.Read("Z").back(), "Z I");
}

TEST_F(ServerTest, AClientThatGoesAwayCancelsItsStatement) {
  options_.query_threads = 3;
  Start();
  {
    Client client = Reader();
    client.Send(wire::Query("sleep"));
    std::this_thread::sleep_for(50ms);
  }
  Client next = Reader();
  EXPECT_EQ(next.Ask(wire::Query("series 3")).back(), "Z I") << "its thread is free again";
  EXPECT_TRUE(Soon([] { return Connections() == 1; }));
}

TEST_F(ServerTest, ASlowReaderHoldsOnlyItsOwnQueryBack) {
  options_.max_send_buffer_bytes = 256 << 10;
  options_.query_threads = 3;
  Start();
  Client slow = Reader();
  const auto sent = [] { return PgwireMetrics::Get().sent_bytes_total.value(); };
  uint64_t before = sent();
  slow.Send(wire::Query("series 100000000"));
  ASSERT_TRUE(Soon([&] { return sent() > before + 100'000; }));
  ASSERT_TRUE(Soon([&] {
    std::this_thread::sleep_for(100ms);
    const uint64_t now = sent();
    return std::exchange(before, now) == now;
  })) << "it goes on sending although nobody reads";
  EXPECT_EQ(Reader().Ask(wire::Query("series 1000")).back(), "Z I");
  char bytes[4096];
  for (size_t read = 0; read < (16u << 20);) read += slow.socket().read_some(asio::buffer(bytes));   // it flows when it is read
  EXPECT_GT(sent(), before);
}

TEST_F(ServerTest, PipelinedStatementsAreAnsweredInOrder) {
  Start();
  Client client = Reader();
  std::string all;
  for (int i = 0; i < 2000; ++i) all += wire::Query("series 1");
  std::thread writer([&] { client.Send(all); });
  for (int i = 0; i < 2000; ++i) ASSERT_LINES(client.Read("Z"), "T n:20", "D 1", "C SELECT 1", "Z I");
  writer.join();
}

TEST_F(ServerTest, ConnectionsAreBoundedAndAdministratorsHaveTheirPlaces) {
  options_.max_connections = 5;
  Start();
  Client one = Reader(), two = Reader();
  Client refused = Client::Tcp(server_->port());
  EXPECT_TRUE(wire::Matches(refused.SignIn("reader", "pass").back(), "E FATAL 53300 remaining connection slots*"));
  Client admin = Client::Tcp(server_->port());
  EXPECT_EQ(admin.SignIn("freshet", "secret").back(), "Z I");
  admin.Close();
  one.Close();
  EXPECT_TRUE(Soon([&] {
    Client again = Client::Tcp(server_->port());
    return again.SignIn("reader", "pass").back() == "Z I";
  })) << "a closed connection gives its place back";
}

TEST_F(ServerTest, StrangersAtTheDoorAreBounded) {
  Start();
  std::vector<Client> strangers;
  for (int i = 0; i < 128; ++i) strangers.push_back(Client::Tcp(server_->port()));
  ASSERT_TRUE(Soon([] { return Connections() == 128; }));
  Client more = Client::Tcp(server_->port());
  EXPECT_LINES(more.Read("Z"), "E FATAL 53300 sorry, too many clients are signing in", "closed");
  Client admin = Client::Unix(SocketPath());
  admin.Send(wire::Startup("freshet"));
  EXPECT_EQ(admin.Read("Z").back(), "Z I") << "the Unix socket stays open";
}

TEST_F(ServerTest, StopTellsEverybodyAndIsIdempotent) {
  Start();
  Client idle = Reader(), running = Reader();
  running.Send(wire::Query("sleep"));
  std::this_thread::sleep_for(50ms);
  const int port = server_->port();
  server_->Stop();
  server_->Stop();
  EXPECT_LINES(idle.Read("Z"), "E FATAL 57P01 terminating connection due to administrator command", "closed");
  EXPECT_EQ(running.Read("").back(), "closed");
  EXPECT_EQ(Connections(), 0);
  EXPECT_FALSE(std::filesystem::exists(dir_ / (".s.PGSQL." + std::to_string(port))));
  options_.listen = "127.0.0.1:" + std::to_string(port);
  Start();   // the port is free
}

TEST_F(ServerTest, StopDoesNotWaitForClientsThatDoNotRead) {
  options_.max_send_buffer_bytes = 64 << 10;
  Start();
  Client slow = Reader();
  slow.Send(wire::Query("series 100000000"));
  std::this_thread::sleep_for(200ms);
  const auto begun = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
}

TEST_F(ServerTest, TheEngineMayEndASession) {
  Start();
  Client client = Reader();
  engine_.last_info.terminate(base::Cancelled("terminating connection due to administrator command").WithSqlstate("57P01"));
  EXPECT_LINES(client.Read("Z"), "E FATAL 57P01 terminating connection due to administrator command", "closed");
}

TEST_F(ServerTest, ABusyPortIsNamed) {
  Start();
  ServerOptions again = options_;
  again.listen = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = Server::Start(again, &engine_, &catalog_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), base::Code::kUnavailable);
  EXPECT_NE(second.status().message().find(again.listen), std::string::npos) << second.status().ToString();
  EXPECT_FALSE(second.status().hint().empty());
}

TEST_F(ServerTest, ASocketLeftByAKilledServerIsReplaced) {
  const auto path = dir_ / ".s.PGSQL.17449";
  asio::io_context io;
  { asio::local::stream_protocol::acceptor leftover(io, asio::local::stream_protocol::endpoint(path.string())); }
  ASSERT_TRUE(std::filesystem::exists(path));
  options_.listen = "127.0.0.1:17449";
  Start();
  Client client = Client::Unix(SocketPath());
  client.Send(wire::Startup("freshet"));
  EXPECT_EQ(client.Read("Z").back(), "Z I");
}

TEST_F(ServerTest, AddressesBeyondThisMachineNeedTls) {
  for (const char* listen : {"0.0.0.0:0", "*:0", "[::]:0", ":0"}) {
    options_.listen = listen;
    const auto server = Server::Start(options_, &engine_, &catalog_);
    ASSERT_FALSE(server.ok()) << listen;
    EXPECT_EQ(server.status().code(), base::Code::kDenied);
    EXPECT_FALSE(server.status().hint().empty());
  }
  for (const char* listen : {"", "7432", "localhost", "nowhere:1", "127.0.0.1:99999", "127.0.0.1:x"}) {
    options_.listen = listen;
    const auto server = Server::Start(options_, &engine_, &catalog_);
    ASSERT_FALSE(server.ok()) << listen;
    EXPECT_EQ(server.status().code(), base::Code::kInvalid);
  }
  UseTls();
  options_.listen = "0.0.0.0:0";
  EXPECT_TRUE(Server::Start(options_, &engine_, &catalog_).ok());
}

TEST_F(ServerTest, TlsByRequestAndDirectly) {
  UseTls();
  options_.require_tls = true;
  Start();
  for (bool direct : {false, true}) {
    Client client = Client::Tcp(server_->port());
    ASSERT_TRUE(client.StartTls(direct)) << direct;
    client.Send(wire::Startup("reader"));
    EXPECT_EQ(client.Read("R").back(), "R 10");
  }
  Client other = Client::Tcp(server_->port());
  EXPECT_FALSE(other.StartTls(true, "\x08http/1.1"));
  Client none = Client::Tcp(server_->port());
  none.StartTls(true, nullptr);
  none.Send(wire::Startup("reader"));
  EXPECT_NE(none.Read("R").back(), "R 10") << "direct TLS needs ALPN";
  Client plain = Client::Tcp(server_->port());
  plain.Send(wire::Startup("reader"));
  EXPECT_LINES(plain.Read("R"), "E FATAL 28000 connections over TCP must use TLS", "closed");
}

TEST_F(ServerTest, PlaintextSentTogetherWithTheTlsRequestIsNotTaken) {
  UseTls();
  Start();
  Client client = Client::Tcp(server_->port());
  client.Send(wire::SslRequest() + wire::Startup("freshet"));
  EXPECT_LINES(client.Read("R"), "E FATAL 08P01 received unencrypted data after SSL request", "closed");
}

TEST_F(ServerTest, CertificatesThatCannotBeUsedAreNamed) {
  options_.tls_certificate = dir_ / "missing.pem";
  EXPECT_FALSE(Server::Start(options_, &engine_, &catalog_).ok()) << "a key is needed too";
  options_.tls_key = dir_ / "missing.key";
  const auto server = Server::Start(options_, &engine_, &catalog_);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().message().find("missing.pem"), std::string::npos);
}

}  // namespace
}  // namespace pgwire
