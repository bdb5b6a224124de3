#pragma once
// TLS of the listener: certificate and key, TLS 1.2 or newer, ALPN "postgresql" for connections that begin with TLS.
//
// Threads: a context is used by the network thread. Errors: kInvalid names the file and OpenSSL's reason.

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/status.h"

namespace pgwire {

struct TlsContext {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  std::string endpoint_hash;   // tls-server-end-point channel binding; empty when the certificate's signature has no hash
};

base::Result<std::unique_ptr<TlsContext>> MakeTlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key);

// True when the client and we agreed on ALPN "postgresql".
bool AgreedOnPostgres(const SSL* ssl);

}  // namespace pgwire
