#include "pgwire/listen.h"

#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <charconv>
#include <system_error>

namespace pgwire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

base::Status NotAnAddress(const std::string& listen) {
  return base::Invalid("\"" + listen + "\" is not an address to listen on").WithHint("Write it as host:port, for example 127.0.0.1:7432.");
}

base::Status Busy(const std::string& where, const error_code& error) {
  if (error == asio::error::address_in_use)
    return base::Unavailable("cannot listen on " + where + ": it is in use")
        .WithHint("Another server runs there, perhaps another Freshet. Stop it or choose another port with --listen.");
  return base::Unavailable("cannot listen on " + where + ": " + error.message());
}

bool SomebodyAnswers(const stream_protocol::endpoint& endpoint) {
  asio::io_context io;
  stream_protocol::socket socket(io);
  error_code error;
  socket.connect(endpoint, error);
  return error != asio::error::connection_refused && error != boost::system::errc::no_such_file_or_directory;
}

}  // namespace

base::Result<tcp::endpoint> ParseListen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return NotAnAddress(listen);
  unsigned port = 0;
  const char* end = listen.data() + listen.size();
  const auto [stop, parse_error] = std::from_chars(listen.data() + colon + 1, end, port);
  if (parse_error != std::errc() || stop != end || port > 65'535) return NotAnAddress(listen);
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.empty() || host == "*") host = "::";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return NotAnAddress(listen);
  return tcp::endpoint(address, static_cast<uint16_t>(port));
}

base::Status Open(const tcp::endpoint& endpoint, bool tls, tcp::acceptor* acceptor) {
  const std::string where = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  if (!endpoint.address().is_loopback() && !tls)
    return base::Denied("listening on " + where + " without TLS is refused")
        .WithDetail("Beyond this machine, passwords and rows would travel where others can read them.")
        .WithHint("Set tls_certificate and tls_key, or listen on 127.0.0.1.");
  error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  return error ? Busy(where, error) : base::Status();
}

base::Status Open(const std::filesystem::path& dir, int port, stream_protocol::acceptor* acceptor, std::filesystem::path* path) {
  *path = dir / (".s.PGSQL." + std::to_string(port));
  if (path->native().size() >= sizeof(sockaddr_un::sun_path))
    return base::Invalid("the path of the Unix socket is too long: " + path->string())
        .WithHint("At most 107 bytes; choose a data directory with a shorter path.");
  const stream_protocol::endpoint endpoint(path->string());
  error_code error;
  if (std::error_code ignored; std::filesystem::exists(*path, ignored)) {
    if (SomebodyAnswers(endpoint)) return Busy(path->string(), asio::error::address_in_use);
    std::filesystem::remove(*path, ignored);
  }
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return Busy(path->string(), error);
  // Any user may connect; who comes is asked from the kernel, and others than the server's own user need a password.
  std::error_code mode_error;
  std::filesystem::permissions(*path, std::filesystem::perms::all, mode_error);
  return mode_error ? base::Unavailable("cannot set the mode of " + path->string() + ": " + mode_error.message()) : base::Status();
}

}  // namespace pgwire
