// Asio's headers come first: its traits look for a function `query`, and a namespace of that name
// hides it.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "pgwire/server.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "pgwire/connection.h"
#include "pgwire/listen.h"
#include "pgwire/messages.h"
#include "pgwire/pgwire_metrics.h"

namespace pgwire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr int kMaxSigningIn = 128;  // connections over TCP that have not proved who they are
constexpr std::chrono::milliseconds kAcceptPause{
    100};                                         // after an error such as "too many open files"
constexpr std::chrono::seconds kStopPatience{2};  // for clients to take their last message

base::Status ShuttingDown() {
  return base::Cancelled("terminating connection due to administrator command")
      .WithSqlstate("57P01");
}

// Unknown roles get salts from a secret that lives as long as the administrator's password.
std::string MockSecret(const catalog::CatalogHolder& holder) {
  const auto catalog = holder.Get();
  const auto administrator = catalog->roles.find(std::string(kAdministrator));
  const auto verifier = administrator == catalog->roles.end()
                            ? std::nullopt
                            : base::ParseScramVerifier(administrator->second->scram_verifier);
  if (!verifier) return base::RandomBytes(sizeof(base::Digest));
  return std::string(
      base::AsText(base::HmacSha256(base::AsText(verifier->server_key), "salts of unknown roles")));
}

Peer UnixPeer(int fd) {
  Peer peer{true, false, "[local]"};
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0)
    peer.same_system_user = credentials.uid == geteuid();
  return peer;
}

class AsioServer : public Server {
 public:
  AsioServer(const ServerOptions& options, query::Engine* engine, catalog::CatalogHolder* catalog)
      : shared_(options, engine, catalog),
        tcp_(shared_.io),
        unix_(shared_.io),
        pause_tcp_(shared_.io),
        pause_unix_(shared_.io) {}
  ~AsioServer() override { Stop(); }

  base::Status Listen();
  void Run();
  void Stop() override;
  int port() const override { return port_; }

 private:
  void AcceptTcp();
  void AcceptUnix();
  void Welcome(Connection::Socket socket, Peer peer);
  void Refuse(Connection::Socket socket);
  int32_t NextPid();
  void EndAll();
  bool WaitForConnections(std::chrono::seconds patience);

  Shared shared_;
  tcp::acceptor tcp_;
  stream_protocol::acceptor unix_;
  asio::steady_timer pause_tcp_, pause_unix_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::filesystem::path unix_path_;
  int port_ = 0;
  int32_t last_pid_ = 0;
  std::thread network_;
  std::mutex stop_mutex_;
  bool stopped_ = false;
};

base::Status AsioServer::Listen() {
  const ServerOptions& options = shared_.options;
  ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseListen(options.listen));
  if (options.tls_certificate.empty() != options.tls_key.empty())
    return base::Invalid("TLS needs both a certificate and a key")
        .WithHint("Set tls_certificate and tls_key.");
  if (!options.tls_certificate.empty()) {
    ASSIGN_OR_RETURN(shared_.tls, MakeTlsContext(options.tls_certificate, options.tls_key));
  } else if (options.require_tls) {
    return base::Invalid("TLS is required but there is no certificate")
        .WithHint("Set tls_certificate and tls_key.");
  }
  RETURN_IF_ERROR(Open(endpoint, shared_.tls != nullptr, &tcp_));
  if (!endpoint.address().is_loopback()) shared_.require_tls = true;
  error_code error;
  port_ = tcp_.local_endpoint(error).port();
  if (!options.unix_socket_dir.empty())
    RETURN_IF_ERROR(Open(options.unix_socket_dir, port_, &unix_, &unix_path_));
  shared_.mock_secret = MockSecret(*shared_.catalog);
  return {};
}

void AsioServer::Run() {
  work_.emplace(shared_.io.get_executor());
  AcceptTcp();
  if (unix_.is_open()) AcceptUnix();
  network_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "pgwire-net");
    shared_.io.run();
  });
}

void AsioServer::AcceptTcp() {
  tcp_.async_accept([this](const error_code& error, tcp::socket accepted) {
    if (error == asio::error::operation_aborted || shared_.stopping) return;
    if (error) {
      base::Log(base::Level::kWarning, "pgwire", "cannot accept", {{"error", error.message()}});
      pause_tcp_.expires_after(kAcceptPause);
      pause_tcp_.async_wait([this](const error_code& stopped) {
        if (!stopped) AcceptTcp();
      });
      return;
    }
    error_code ignored;  // a client that is gone already shows at the first read
    accepted.set_option(tcp::no_delay(true), ignored);
    accepted.set_option(asio::socket_base::keep_alive(true), ignored);
    const std::string address = accepted.remote_endpoint(ignored).address().to_string();
    Welcome(Connection::Socket(std::move(accepted)), Peer{false, false, address});
    AcceptTcp();
  });
}

void AsioServer::AcceptUnix() {
  unix_.async_accept([this](const error_code& error, stream_protocol::socket accepted) {
    if (error == asio::error::operation_aborted || shared_.stopping) return;
    if (error) {
      base::Log(base::Level::kWarning, "pgwire", "cannot accept on the Unix socket",
                {{"error", error.message()}});
      pause_unix_.expires_after(kAcceptPause);
      pause_unix_.async_wait([this](const error_code& stopped) {
        if (!stopped) AcceptUnix();
      });
      return;
    }
    const Peer peer = UnixPeer(accepted.native_handle());
    Welcome(Connection::Socket(std::move(accepted)), peer);
    AcceptUnix();
  });
}

void AsioServer::Welcome(Connection::Socket socket, Peer peer) {
  if (!peer.unix_socket && shared_.signing_in >= kMaxSigningIn) return Refuse(std::move(socket));
  const int32_t pid = NextPid();
  auto connection = std::make_shared<Connection>(&shared_, std::move(socket), std::move(peer), pid);
  shared_.connections[pid] = connection;
  connection->Start();
}

// Too many strangers at the door: the reason in one message, without reading anything.
void AsioServer::Refuse(Connection::Socket socket) {
  PgwireMetrics::Get().connections_total.Add();
  PgwireMetrics::Get().refused_total.Add();
  WriteBuffer out;
  WriteErrorResponse(
      base::Exhausted("sorry, too many clients are signing in").WithSqlstate("53300"),
      Severity::kFatal, &out);
  error_code ignored;  // the message is a courtesy
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(out.view().data(), out.size()), ignored);
}

int32_t AsioServer::NextPid() {
  do {
    last_pid_ = last_pid_ == INT32_MAX ? 1 : last_pid_ + 1;
  } while (shared_.connections.contains(last_pid_));
  return last_pid_;
}

void AsioServer::EndAll() {
  shared_.stopping = true;
  error_code ignored;  // closing cannot fail in a way that matters
  tcp_.close(ignored);
  unix_.close(ignored);
  pause_tcp_.cancel();
  pause_unix_.cancel();
  const auto connections = shared_.connections;  // End may remove one
  for (const auto& [pid, connection] : connections) connection->End(ShuttingDown());
}

// Polled on the network thread: it is the owner of the list.
bool AsioServer::WaitForConnections(std::chrono::seconds patience) {
  constexpr std::chrono::milliseconds kLook{5};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::promise<bool> empty;
    asio::post(shared_.io, [&] { empty.set_value(shared_.connections.empty()); });
    if (empty.get_future().get()) return true;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(kLook);
  }
}

void AsioServer::Stop() {
  std::lock_guard lock(stop_mutex_);
  if (std::exchange(stopped_, true) || !network_.joinable()) return;
  asio::post(shared_.io, [this] { EndAll(); });
  if (!WaitForConnections(kStopPatience)) {
    asio::post(shared_.io, [this] {
      const auto connections = shared_.connections;
      for (const auto& [pid, connection] : connections) connection->Abandon();
    });
    while (!WaitForConnections(kStopPatience))  // their statements are cancelled and end
      base::Log(base::Level::kWarning, "pgwire", "waiting for running statements to end");
  }
  shared_.threads.Stop();
  work_.reset();
  network_.join();
  if (!unix_path_.empty()) {
    std::error_code ignored;  // a leftover is replaced at the next start
    std::filesystem::remove(unix_path_, ignored);
  }
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                    query::Engine* engine,
                                                    catalog::CatalogHolder* catalog) {
  try {
    auto server = std::make_unique<AsioServer>(options, engine, catalog);
    RETURN_IF_ERROR(server->Listen());
    server->Run();
    return std::unique_ptr<Server>(std::move(server));
  } catch (const std::exception&
               error) {  // Asio and OpenSSL when the system has no more threads or memory
    return base::Unavailable(std::string("the PostgreSQL listener cannot start: ") + error.what());
  }
}

}  // namespace pgwire
