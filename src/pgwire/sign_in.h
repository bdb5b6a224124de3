#pragma once
// SignIn: a connection from its first byte to a proved role, without sockets. A one-way machine: every message has one
// state in which it is allowed, and nothing leads back.
//
// Threads: one owner. Borrows: the catalog holder. Errors: end the connection (FATAL); a wrong password and an unknown or
// passwordless role are the same 28P01. Limits: one SSLRequest and one GSSENCRequest; startup packets 64 KiB.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "catalog/catalog.h"
#include "pgwire/codec.h"
#include "pgwire/scram.h"
#include "pgwire/startup.h"

namespace pgwire {

// The role that the process's own system user is on the Unix socket.
inline constexpr std::string_view kAdministrator = "freshet";

struct SignInOptions {
  catalog::CatalogHolder* catalog = nullptr;
  bool tls_offered = false, require_tls = false;
  std::string channel_binding;      // tls-server-end-point data of the certificate; empty = none
  std::string mock_secret;          // for roles that do not exist
  bool unix_socket = false;
  bool same_system_user = false;    // the peer of the Unix socket is this process's own user
};

class SignIn {
 public:
  enum class Next : uint8_t { kInput, kTls, kCancel, kDone };

  explicit SignIn(SignInOptions options) : options_(std::move(options)) {}

  bool expects_startup() const { return phase_ == Phase::kStartup; }
  base::Result<Next> Startup(std::string_view body, WriteBuffer* out);
  base::Result<Next> Message(const Frame& frame, WriteBuffer* out);
  void TlsStarted();   // the handshake is over

  bool tls() const { return tls_; }
  const StartupPacket& packet() const { return packet_; }           // of kDone and kCancel
  const std::shared_ptr<const catalog::Role>& role() const { return role_; }
  uint32_t minor() const { return std::min(packet_.minor, kNewestMinor); }

 private:
  enum class Phase : uint8_t { kStartup, kSaslFirst, kSaslFinal, kOver };

  base::Result<Next> Ssl(WriteBuffer* out);
  base::Result<Next> Gss(WriteBuffer* out);
  base::Result<Next> Start(WriteBuffer* out);
  void OfferSasl(WriteBuffer* out);
  base::Result<Next> SaslFirst(std::string_view body, WriteBuffer* out);
  base::Result<Next> SaslFinal(std::string_view body, WriteBuffer* out);
  base::Result<Next> Finish(WriteBuffer* out);

  const SignInOptions options_;
  Phase phase_ = Phase::kStartup;
  bool tls_ = false, ssl_asked_ = false, gss_asked_ = false;
  StartupPacket packet_;
  std::shared_ptr<const catalog::Role> role_;   // nullptr until it is known to exist
  std::optional<ScramExchange> scram_;
};

}  // namespace pgwire
