#pragma once
// Server: the PostgreSQL protocol over TCP (with TLS) and a Unix socket. Sessions are sans-I/O
// machines (session.h); this file's part is sockets, timers and the query threads.
//
// Threads: one network thread (`pgwire-net`) and options.query_threads (`pgwire-query-N`).
// Start/Stop: Stop is idempotent, closes listeners, cancels what runs and waits for it. Errors:
// kUnavailable for a busy port (names it). Limits: ServerOptions.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/status.h"
#include "catalog/catalog.h"
#include "query/engine.h"

namespace pgwire {

struct ServerOptions {
  std::string listen = "127.0.0.1:7432";
  std::filesystem::path
      unix_socket_dir;  // the data directory; socket .s.PGSQL.<port>; empty = none
  std::filesystem::path tls_certificate,
      tls_key;               // empty = no TLS (then only loopback may be listened on)
  bool require_tls = false;  // of connections over TCP; always beyond loopback
  int max_connections = 500;
  int query_threads = 4;
  std::chrono::milliseconds authentication_timeout{10'000};
  size_t max_message_bytes = size_t{16} << 20;  // after authentication; 64 KiB before
  size_t max_send_buffer_bytes = size_t{1}
                                 << 20;  // a slow reader holds its own query back, nobody else's
};

class Server {
 public:
  virtual ~Server() = default;
  static base::Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                     query::Engine* engine,
                                                     catalog::CatalogHolder* catalog);
  virtual void Stop() = 0;
  virtual int port() const = 0;  // as bound (listen port 0 = any)
};

// pg_catalog and information_schema built from the registry, in an in-memory DuckDB of its own that
// the first statement makes.
std::unique_ptr<query::SystemCatalog> MakeSystemCatalog(catalog::CatalogHolder* catalog,
                                                        const query::EngineOptions& options);

}  // namespace pgwire
