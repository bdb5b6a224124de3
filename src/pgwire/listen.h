#pragma once
// Where the server listens: TCP and the Unix socket. Threads: start only. Errors: kInvalid for an address that is none,
// kDenied for TCP beyond loopback without TLS, kUnavailable for a busy port or socket.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <string>

#include "base/status.h"

namespace pgwire {

// "127.0.0.1:7432", "[::1]:7432", "localhost:0", "*:7432".
base::Result<boost::asio::ip::tcp::endpoint> ParseListen(const std::string& listen);

base::Status Open(const boost::asio::ip::tcp::endpoint& endpoint, bool tls, boost::asio::ip::tcp::acceptor* acceptor);

// DIR/.s.PGSQL.<port>. A socket that nobody answers on is left over from a killed server and is replaced.
base::Status Open(const std::filesystem::path& dir, int port, boost::asio::local::stream_protocol::acceptor* acceptor,
                  std::filesystem::path* path);

}  // namespace pgwire
