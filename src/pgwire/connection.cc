#include "pgwire/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "base/clock.h"
#include "pgwire/messages.h"
#include "pgwire/pgwire_metrics.h"

// Invariants
// 1. At most one job of a connection is posted or running (busy_); only then does another thread
// touch session_.
// 2. At most one read and one write are under way.
// 3. A connection leaves Shared::connections only after its session was released on a query thread.

namespace pgwire {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr size_t kReadBytes = 8 << 10;
constexpr size_t kReadAheadBytes = 64 << 10;
constexpr size_t kKeptSendBytes = 512 << 10;  // a larger send buffer is given back when it is empty
constexpr size_t kFlushBytes = 256 << 10;
constexpr std::chrono::seconds kLastBytes{5};  // for a client to take the end of what was sent
constexpr int kReservedForAdministrators = 3;
constexpr size_t kKeyBytes = 32;
constexpr unsigned char kTlsHandshake = 0x16;

SessionOptions OptionsOf(Shared* shared, const Peer& peer, int32_t pid, const std::string& key) {
  SessionOptions options;
  options.sign_in.catalog = shared->catalog;
  options.sign_in.tls_offered = shared->tls != nullptr;
  options.sign_in.require_tls = shared->require_tls;
  if (shared->tls) options.sign_in.channel_binding = shared->tls->endpoint_hash;
  options.sign_in.mock_secret = shared->mock_secret;
  options.sign_in.unix_socket = peer.unix_socket;
  options.sign_in.same_system_user = peer.same_system_user;
  options.engine = shared->engine;
  options.client_address = peer.address;
  options.pid = pid;
  options.cancel_key = key;
  options.max_message_bytes = shared->options.max_message_bytes;
  options.flush_bytes = std::min(kFlushBytes, shared->options.max_send_buffer_bytes / 2);
  return options;
}

}  // namespace

Connection::Connection(Shared* shared, Socket socket, Peer peer, int32_t pid)
    : shared_(shared),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      pid_(pid),
      key_(base::RandomBytes(kKeyBytes)),
      session_(OptionsOf(shared, peer_, pid, key_), this),
      timer_(shared->io),
      read_buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {}

Connection::~Connection() = default;

void Connection::Start() {
  PgwireMetrics::Get().connections.Add(1);
  PgwireMetrics::Get().connections_total.Add();
  counted_ = !peer_.unix_socket;
  shared_->signing_in += counted_;
  timer_.expires_after(shared_->options.authentication_timeout);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->OnDeadline();
  });
  if (shared_->tls && !peer_.unix_socket) Peek();
  else Read();
}

// A first byte of 0x16 is a TLS handshake without an SSLRequest before it.
void Connection::Peek() {
  socket_.async_wait(asio::socket_base::wait_read,
                     [self = shared_from_this()](const error_code& error) {
                       unsigned char first = 0;
                       if (error || recv(self->socket_.native_handle(), &first, 1, MSG_PEEK) != 1)
                         return self->CloseSocket();
                       if (first == kTlsHandshake) self->StartTls(true);
                       else self->Read();
                     });
}

void Connection::StartTls(bool direct) {
  handshaking_ = true;
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, shared_->tls->context);
  tls_->async_handshake(
      asio::ssl::stream_base::server,
      [self = shared_from_this(), direct](const error_code& error) { self->OnTls(direct, error); });
}

void Connection::OnTls(bool direct, const error_code& error) {
  handshaking_ = false;
  if (closed_) return;
  if (error || (direct && !AgreedOnPostgres(tls_->native_handle()))) return CloseSocket();
  session_.TlsStarted();
  Read();
}

void Connection::Read() {
  if (reading_ || closed_ || closing_ || wants_tls_ || inbox_.size() >= kReadAheadBytes) return;
  reading_ = true;
  const auto buffer = asio::buffer(read_buffer_.get(), kReadBytes);
  auto handler = [self = shared_from_this()](const error_code& error, size_t count) {
    self->OnRead(error, count);
  };
  if (tls_) tls_->async_read_some(buffer, std::move(handler));
  else socket_.async_read_some(buffer, std::move(handler));
}

void Connection::OnRead(const error_code& error, size_t count) {
  reading_ = false;
  if (closed_ || closing_) return;
  if (error) {
    peer_gone_ = true;
    if (busy_) CancelStatement();  // nobody waits for its rows any more
    else CloseSocket();
    return;
  }
  PgwireMetrics::Get().received_bytes_total.Add(count);
  if (busy_ || wants_drain_) {
    inbox_.append(read_buffer_.get(), count);
    Read();
    return;
  }
  session_.Feed({read_buffer_.get(), count});
  Advance(Lane::kNetwork);
}

void Connection::Advance(Lane lane) {
  CHECK(!busy_);
  OnWants(session_.Process(lane));
}

void Connection::PostJob(Lane lane) {
  busy_ = true;
  shared_->threads.Post(lane, this, [self = shared_from_this(), lane]() mutable {
    const Wants wants = self->session_.Process(lane);
    asio::post(self->shared_->io, [self, wants] { self->OnJobDone(wants); });
    self.reset();  // the network thread lets the last one go
  });
  Read();  // to notice a client that goes away
}

void Connection::OnJobDone(Wants wants) {
  busy_ = false;
  if (!query_session_ && session_.signed_in()) {
    query_session_ = session_.query_session();
    shared_->signing_in -= std::exchange(counted_, false);
    timer_.cancel();
  }
  if (closed_) return ReleaseSession();
  if (peer_gone_) return CloseSocket();
  if (!end_reason_.ok()) {
    session_.End(end_reason_);
    wants = Wants::kClose;
  }
  OnWants(wants);
}

void Connection::OnWants(Wants wants) {
  TakeOutput();
  if (closed_) return;
  switch (wants) {
    case Wants::kInput:
      if (!inbox_.empty()) {
        session_.Feed(std::exchange(inbox_, {}));
        return Advance(Lane::kNetwork);
      }
      return Read();
    case Wants::kDrain:
      if (unsent() < shared_->options.max_send_buffer_bytes) return PostJob(Lane::kLight);
      wants_drain_ = true;
      return Read();
    case Wants::kLight: return PostJob(Lane::kLight);
    case Wants::kHeavy: return PostJob(Lane::kHeavy);
    case Wants::kTls:
      wants_tls_ = true;  // the handshake begins when the answer has been sent
      return;
    case Wants::kClose: return session_.wrong_password() ? CloseSoon() : Close();
  }
}

void Connection::TakeOutput() {
  WriteBuffer& output = session_.output();
  if (output.empty()) return;
  if (sending_.empty() && pending_.empty()) {
    std::swap(sending_, output);
  } else {
    pending_.Bytes(output.view());
    output.Clear();
  }
  if (!session_.wrong_password()) Write();
}

void Connection::Write() {
  if (writing_ || closed_ || sending_.empty()) return;
  writing_ = true;
  const auto buffer = asio::buffer(sending_.view().data(), sending_.size());
  auto handler = [self = shared_from_this()](const error_code& error, size_t count) {
    self->OnWritten(error, count);
  };
  if (tls_) asio::async_write(*tls_, buffer, std::move(handler));
  else asio::async_write(socket_, buffer, std::move(handler));
}

void Connection::OnWritten(const error_code& error, size_t count) {
  writing_ = false;
  PgwireMetrics::Get().sent_bytes_total.Add(count);
  if (closed_) return;
  if (error) {
    peer_gone_ = true;
    if (busy_) CancelStatement();
    else CloseSocket();
    return;
  }
  if (sending_.size() > kKeptSendBytes) sending_ = WriteBuffer();
  sending_.Clear();
  std::swap(sending_, pending_);
  if (!sending_.empty()) Write();
  if (wants_tls_ && unsent() == 0) {
    wants_tls_ = false;
    return StartTls(false);
  }
  if (closing_ && unsent() == 0) return FinishClose();
  if (wants_drain_ && unsent() <= shared_->options.max_send_buffer_bytes / 2) {
    wants_drain_ = false;
    PostJob(Lane::kLight);
  }
}

base::Status Connection::Admit(const catalog::Role& role) {
  const int places =
      shared_->options.max_connections - (role.administrator ? 0 : kReservedForAdministrators);
  if (shared_->admitted >= places)
    return base::Exhausted(role.administrator
                               ? "sorry, too many clients already"
                               : "remaining connection slots are reserved for administrators")
        .WithSqlstate("53300")
        .WithHint("Close idle connections, or raise max_connections.");
  admitted_ = true;
  ++shared_->admitted;
  shared_->delays.Succeeded(peer_.address);
  return {};
}

void Connection::Cancel(int32_t pid, std::string_view key) {
  const auto found = shared_->connections.find(pid);
  if (found == shared_->connections.end()) return;
  const std::string_view expected =
      std::string_view(found->second->key_).substr(0, found->second->session_.cancel_key_bytes());
  if (base::SameBytes(expected, key)) found->second->CancelStatement();
}

void Connection::CancelStatement() {
  if (!query_session_) return;
  if (!shared_->threads.Withdraw(this)) return query_session_->Cancel();
  busy_ = false;  // it was still waiting for a thread
  if (peer_gone_) return CloseSocket();
  session_.CancelPending();
  PostJob(Lane::kLight);
}

void Connection::Terminate(base::Status reason) {
  // The session lives until the network thread lets it go, so a weak pointer tells whether there is
  // still somebody to end.
  asio::post(shared_->io, [weak = weak_from_this(), reason = std::move(reason)] {
    if (const auto self = weak.lock()) self->End(reason);
  });
}

void Connection::End(const base::Status& reason) {
  if (closing_ || closed_ || !end_reason_.ok()) return;
  if (busy_) {
    end_reason_ = reason;
    // The engine makes the statement fail with 57P01; an engine that does not know the session just
    // cancels it.
    if (query_session_ && !shared_->engine->CancelBackend(pid_, true)) CancelStatement();
    return;
  }
  if (wants_tls_ || handshaking_) return CloseSocket();  // nothing can be said there
  session_.End(reason);
  OnWants(Wants::kClose);
}

void Connection::OnDeadline() {
  if (closed_) return;
  if (closing_) return CloseSocket();
  if (query_session_ || busy_) return;
  End(base::Cancelled("canceling authentication due to timeout"));
}

void Connection::Close() {
  if (closing_) return;
  closing_ = true;
  if (!query_session_) PgwireMetrics::Get().refused_total.Add();
  if (unsent() == 0) return FinishClose();
  timer_.expires_after(kLastBytes);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->CloseSocket();
  });
  Write();
}

// Everything is sent. A TLS client is told that this is the end, so that it need not suspect
// somebody in between.
void Connection::FinishClose() {
  if (closed_ || !tls_ || peer_gone_) return CloseSocket();
  error_code ignored;
  socket_.cancel(ignored);  // the read that waits
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->CloseSocket();
  });
  tls_->async_shutdown([self = shared_from_this()](const error_code&) { self->CloseSocket(); });
}

void Connection::CloseSoon() {
  timer_.expires_after(shared_->delays.Failed(peer_.address, base::Clock::System().Monotonic()));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->Close();
  });
}

void Connection::Abandon() {
  peer_gone_ = true;
  if (busy_) CancelStatement();
  else CloseSocket();
}

void Connection::CloseSocket() {
  if (closed_) return;
  closed_ = true;
  timer_.cancel();
  error_code ignored;  // it is being thrown away
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  socket_.close(ignored);
  ReleaseSession();
}

void Connection::ReleaseSession() {
  if (busy_ || releasing_) return;
  releasing_ = true;
  shared_->threads.Post(Lane::kLight, this, [self = shared_from_this()]() mutable {
    self->session_.Release();
    asio::post(self->shared_->io, [self] { self->OnReleased(); });
    self.reset();
  });
}

void Connection::OnReleased() {
  PgwireMetrics::Get().connections.Add(-1);
  shared_->admitted -= admitted_;
  shared_->signing_in -= std::exchange(counted_, false);
  shared_->connections.erase(pid_);
}

}  // namespace pgwire
