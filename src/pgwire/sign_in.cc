#include "pgwire/sign_in.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pgwire/messages.h"

namespace pgwire {
namespace {

base::Status Violation(std::string message) { return base::Invalid(std::move(message)).WithSqlstate("08P01"); }

base::Status Refused(std::string message) { return base::Denied(std::move(message)).WithSqlstate("28000"); }

}  // namespace

void SignIn::TlsStarted() {
  tls_ = true;
  ssl_asked_ = gss_asked_ = true;   // nothing is negotiated inside TLS, whichever way it began
}

base::Result<SignIn::Next> SignIn::Startup(std::string_view body, WriteBuffer* out) {
  CHECK(phase_ == Phase::kStartup);
  ASSIGN_OR_RETURN(packet_, ParseStartup(body));
  switch (packet_.kind) {
    case StartupPacket::Kind::kSsl: return Ssl(out);
    case StartupPacket::Kind::kGss: return Gss(out);
    case StartupPacket::Kind::kCancel: phase_ = Phase::kOver; return Next::kCancel;
    case StartupPacket::Kind::kStart: return Start(out);
  }
  return Next::kInput;
}

base::Result<SignIn::Next> SignIn::Ssl(WriteBuffer* out) {
  if (std::exchange(ssl_asked_, true)) return Violation("unsupported frontend protocol 1234.5679: TLS was asked for before");
  if (!options_.tls_offered || options_.unix_socket) {
    out->Byte('N');
    return Next::kInput;
  }
  out->Byte('S');
  return Next::kTls;
}

base::Result<SignIn::Next> SignIn::Gss(WriteBuffer* out) {
  if (std::exchange(gss_asked_, true)) return Violation("unsupported frontend protocol 1234.5680: GSSAPI was asked for before");
  out->Byte('N');
  return Next::kInput;
}

base::Result<SignIn::Next> SignIn::Start(WriteBuffer* out) {
  phase_ = Phase::kOver;
  if (packet_.minor > kNewestMinor || !packet_.protocol_options.empty()) {
    const std::vector<std::string_view> unknown(packet_.protocol_options.begin(), packet_.protocol_options.end());
    WriteNegotiateProtocolVersion(3u << 16 | minor(), unknown, out);
  }
  if (options_.require_tls && !tls_ && !options_.unix_socket)
    return Refused("connections over TCP must use TLS").WithHint("Connect with sslmode=require.");
  const catalog::CatalogPtr catalog = options_.catalog->Get();
  const auto found = catalog->roles.find(packet_.user);
  if (found != catalog->roles.end()) role_ = found->second;
  if (options_.unix_socket && options_.same_system_user && packet_.user == kAdministrator && role_) return Finish(out);
  OfferSasl(out);
  return Next::kInput;
}

void SignIn::OfferSasl(WriteBuffer* out) {
  ScramOptions scram;
  auto verifier = role_ ? base::ParseScramVerifier(role_->scram_verifier) : std::nullopt;
  scram.user_exists = verifier.has_value();
  scram.verifier = verifier ? *std::move(verifier) : MockVerifier(packet_.user, options_.mock_secret);
  if (tls_) scram.channel_binding = options_.channel_binding;
  constexpr size_t kNonceBytes = 18;
  scram.server_nonce = base::Base64Encode(base::RandomBytes(kNonceBytes));
  std::vector<std::string_view> mechanisms;
  if (!scram.channel_binding.empty()) mechanisms.push_back(kScramPlus);
  mechanisms.push_back(kScram);
  scram_.emplace(std::move(scram));
  WriteAuthenticationSasl(mechanisms, out);
  phase_ = Phase::kSaslFirst;
}

base::Result<SignIn::Next> SignIn::Message(const Frame& frame, WriteBuffer* out) {
  CHECK(frame.type == 'p');   // the session looked
  const Phase phase = std::exchange(phase_, Phase::kOver);
  if (phase == Phase::kSaslFirst) return SaslFirst(frame.body, out);
  if (phase == Phase::kSaslFinal) return SaslFinal(frame.body, out);
  return Violation("sign-in is over");
}

base::Result<SignIn::Next> SignIn::SaslFirst(std::string_view body, WriteBuffer* out) {
  MessageReader reader(body);
  const std::string_view mechanism = reader.Text();
  const int32_t length = reader.Int32();
  const std::string_view message = reader.Rest();
  if (!reader.ok() || length < 0 || message.size() != static_cast<size_t>(length)) return Violation("malformed SASL initial response");
  ASSIGN_OR_RETURN(const std::string challenge, scram_->First(mechanism, message));
  WriteAuthenticationSaslContinue(challenge, out);
  phase_ = Phase::kSaslFinal;
  return Next::kInput;
}

base::Result<SignIn::Next> SignIn::SaslFinal(std::string_view body, WriteBuffer* out) {
  auto signature = scram_->Final(body);
  if (!signature.ok()) {
    if (signature.status().sqlstate() != "28P01") return signature.TakeStatus();
    return base::Denied("password authentication failed for user \"" + packet_.user + "\"").WithSqlstate("28P01");
  }
  WriteAuthenticationSaslFinal(*signature, out);
  return Finish(out);
}

base::Result<SignIn::Next> SignIn::Finish(WriteBuffer* out) {
  CHECK(role_);
  if (!role_->login) return Refused("role \"" + role_->name + "\" is not permitted to log in");
  WriteAuthenticationOk(out);
  return Next::kDone;
}

}  // namespace pgwire
