// Invariants:
// 1. Responses come in the order of requests (the protocol's promise): the front of in_flight_ is
// whose frame arrives.
// 2. At most one frame is held; the socket is not read while a whole one waits, so memory is
// bounded by who takes it.
// 3. The trouble's time and text stay from the first failure until the connection is ready again.

#include "source/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/log.h"

namespace source {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookupInterval{10};
constexpr const char* kVersion = "1";

// A fifth more or less, so that lanes do not come back together.
milliseconds Jittered(milliseconds time) {
  static thread_local uint64_t seed = reinterpret_cast<uintptr_t>(&seed);
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return time * static_cast<int>(80 + (seed >> 33) % 41) / 100;
}

}  // namespace

BrokerConnection::BrokerConnection(const DirectSettings* settings, TlsContext* tls,
                                   HostPort address)
    : settings_(settings), tls_(tls), address_(std::move(address)) {}

BrokerConnection::~BrokerConnection() { CloseSocket(); }

void BrokerConnection::CloseSocket() {
  stream_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

short BrokerConnection::events() const {
  if (state_ == State::kConnecting) return POLLOUT;
  short events = whole_ ? 0 : POLLIN;
  if (wants_write_ || sent_ < outgoing_.size()) events |= POLLOUT;
  return events;
}

// Back to the beginning, with nothing under way.
void BrokerConnection::Restart() {
  CloseSocket();
  lookup_.reset();
  sasl_.reset();
  outgoing_.clear();
  in_flight_.clear();
  sent_ = length_filled_ = 0;
  whole_ = wants_write_ = ending_ = false;
  renew_at_.reset();
  state_ = State::kWaiting;
}

void BrokerConnection::Break(TroubleKind kind, const std::string& why, Time now) {
  Restart();
  ++generation_;
  if (!trouble_ || (kind == TroubleKind::kSignIn && trouble_->kind != kind)) {
    base::Log(base::Level::kWarning, "source", "broker lost",
              {{"broker", address_.Text()}, {"error", why}});
    trouble_ = Trouble{kind, address_.Text(), why,
                       trouble_ ? trouble_->since : base::Clock::System().Wall()};
  }
  backoff_ = std::clamp(backoff_ * 2, settings_->first_backoff, settings_->max_backoff);
  retry_at_ = now + Jittered(backoff_);
  SetDeadline(now);
}

void BrokerConnection::SetDeadline(Time now) {
  switch (state_) {
    case State::kWaiting: deadline_ = retry_at_; return;
    case State::kLookup: deadline_ = std::min(setup_deadline_, now + kLookupInterval); return;
    case State::kReady: break;
    default: deadline_ = setup_deadline_; return;
  }
  deadline_ = in_flight_.empty() ? now + std::chrono::hours(1) : in_flight_.front().deadline;
  if (now < throttled_until_) deadline_ = std::min(deadline_, throttled_until_);
  if (renew_at_ && !ending_) deadline_ = std::min(deadline_, std::max(*renew_at_, now));
}

void BrokerConnection::Step(Time now) {
  while (Advance(now)) {
  }
  SetDeadline(now);
}

bool BrokerConnection::Advance(Time now) {
  if (state_ != State::kWaiting && state_ != State::kReady && now >= setup_deadline_) {
    Break(TroubleKind::kUnreachable,
          "no connection within " + std::to_string(settings_->setup_timeout.count()) + " ms", now);
    return false;
  }
  switch (state_) {
    case State::kWaiting:
      if (now < retry_at_) return false;
      Begin(now);
      return true;
    case State::kLookup: {
      auto answer = lookup_->Poll();
      if (!answer) return false;
      if (!answer->ok()) {
        Break(TroubleKind::kUnreachable, answer->status().message(), now);
        return false;
      }
      addresses_ = answer->Take();
      next_address_ = 0;
      ConnectNext(now);
      return state_ == State::kConnecting;
    }
    case State::kConnecting: return FinishConnect(now);
    case State::kHandshake: return FinishHandshake(now);
    default: break;
  }
  if (renew_at_ && now >= *renew_at_) ending_ = true;
  if (ending_ && in_flight_.empty() && !whole_) {
    Restart();
    retry_at_ = now;
    return true;
  }
  if (Transfer(now)) return true;
  if (state_ == State::kReady && !whole_ && !in_flight_.empty() &&
      now >= in_flight_.front().deadline)
    Break(TroubleKind::kUnreachable,
          "no answer within " + std::to_string(settings_->request_timeout.count()) + " ms", now);
  return false;
}

void BrokerConnection::Begin(Time now) {
  setup_deadline_ = now + settings_->setup_timeout;
  lookup_.emplace(address_.host, address_.port, settings_->address_family);
  state_ = State::kLookup;
}

// Tries the name's next address; breaks when none is left.
void BrokerConnection::ConnectNext(Time now) {
  std::string why = "the host name has no address";
  while (next_address_ < addresses_.size()) {
    const SocketAddress& address = addresses_[next_address_++];
    CloseSocket();
    socket_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) {
      why = std::strerror(errno);
      continue;
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (settings_->keepalive) ::setsockopt(socket_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address.storage), address.length) ==
            0 ||
        errno == EINPROGRESS) {
      state_ = State::kConnecting;
      return;
    }
    why = std::strerror(errno);
  }
  Break(TroubleKind::kUnreachable, why, now);
}

bool BrokerConnection::FinishConnect(Time now) {
  pollfd ready{socket_, POLLOUT, 0};
  if (::poll(&ready, 1, 0) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    if (next_address_ < addresses_.size()) ConnectNext(now);
    else Break(TroubleKind::kUnreachable, std::strerror(error), now);
    return state_ == State::kConnecting;
  }
  stream_ = settings_->use_tls ? tls_->Connect(socket_, address_.host) : MakePlainStream(socket_);
  if (!stream_) {
    Break(TroubleKind::kTls, "no memory for a TLS connection", now);
    return false;
  }
  state_ = State::kHandshake;
  return true;
}

bool BrokerConnection::FinishHandshake(Time now) {
  const IoResult result = stream_->Handshake();
  wants_write_ = result.outcome == IoOutcome::kWantWrite;
  switch (result.outcome) {
    case IoOutcome::kDone: break;
    case IoOutcome::kWantRead:
    case IoOutcome::kWantWrite: return false;
    default:
      Break(TroubleKind::kTls,
            result.error.empty() ? "the broker closed the connection; does it speak TLS there?"
                                 : result.error,
            now);
      return false;
  }
  state_ = State::kVersions;
  SetupSend(
      Api::kApiVersions, RowOf(Api::kApiVersions).most,
      [](const auto& header) { return EncodeApiVersions(header, kVersion); }, now);
  return true;
}

// Whether the result moved bytes; waits and breaks as it says.
bool BrokerConnection::Took(const IoResult& result, Time now) {
  switch (result.outcome) {
    case IoOutcome::kDone: return true;
    case IoOutcome::kWantRead: return false;
    case IoOutcome::kWantWrite: wants_write_ = true; return false;
    case IoOutcome::kClosed:
      Break(TroubleKind::kUnreachable,
            state_ == State::kReady      ? "the broker closed the connection"
            : state_ == State::kVersions ? "the broker closed the connection at once; "
                                           "properties.security.protocol may not be the listener's"
                                         : "the broker closed the connection during the sign-in",
            now);
      return false;
    case IoOutcome::kError:
      Break(settings_->use_tls ? TroubleKind::kTls : TroubleKind::kUnreachable, result.error, now);
      return false;
  }
  return false;
}

bool BrokerConnection::Transfer(Time now) {
  wants_write_ = false;
  const bool wrote = WriteSome(now);
  if (!stream_) return false;
  const bool read = !whole_ && ReadSome(now);
  if (!stream_) return false;
  if (whole_ && state_ != State::kReady) {
    SetupResponse(now);
    return stream_ != nullptr;
  }
  return (wrote || read) && !whole_;
}

bool BrokerConnection::WriteSome(Time now) {
  if (sent_ == outgoing_.size()) return false;
  const IoResult result = stream_->Write(outgoing_.data() + sent_, outgoing_.size() - sent_);
  if (!Took(result, now)) return false;
  sent_ += result.bytes;
  if (sent_ < outgoing_.size()) return true;
  outgoing_.clear();
  sent_ = 0;
  return true;
}

bool BrokerConnection::ReadSome(Time now) {
  if (length_filled_ < length_.size()) {
    const IoResult result =
        stream_->Read(length_.data() + length_filled_, length_.size() - length_filled_);
    if (!Took(result, now)) return false;
    length_filled_ += result.bytes;
    return length_filled_ < length_.size() || BeginFrame(now);
  }
  const size_t room = frame_.Room();  // first: it may move the frame
  const IoResult result = stream_->Read(frame_.To(), room);
  if (!Took(result, now)) return false;
  frame_.Filled(result.bytes);
  in_flight_.front().deadline =
      std::max(in_flight_.front().deadline, now + settings_->request_timeout);
  whole_ = frame_.whole();
  return true;
}

bool BrokerConnection::BeginFrame(Time now) {
  uint32_t length = 0;
  std::memcpy(&length, length_.data(), sizeof length);
  length = be32toh(length);
  if (length < 4 || length > FrameBuffer::kMaxBytes || in_flight_.empty()) {
    Break(TroubleKind::kUnreachable,
          "what it sends is not Kafka's protocol (a frame of " + std::to_string(length) + " bytes)",
          now);
    return false;
  }
  if (spare_.capacity() > 0) frame_ = std::exchange(spare_, FrameBuffer());
  frame_.Begin(length);
  return true;
}

RequestHeader BrokerConnection::NextHeader(Api api, int16_t version) {
  return {api, version, ++correlation_, settings_->client_id};
}

void BrokerConnection::Send(const RequestHeader& header, std::string frame, milliseconds patience,
                            Time now) {
  CHECK(stream_ != nullptr);
  if (outgoing_.empty()) outgoing_ = std::move(frame);
  else outgoing_ += frame;
  in_flight_.push_back({header, now + settings_->request_timeout + patience});
  WriteSome(now);
}

std::optional<BrokerConnection::Response> BrokerConnection::TakeResponse() {
  if (!whole_) return std::nullopt;
  Response response{in_flight_.front().header, std::exchange(frame_, FrameBuffer())};
  in_flight_.pop_front();
  whole_ = false;
  length_filled_ = 0;
  return response;
}

std::optional<int16_t> BrokerConnection::VersionOf(Api api, int16_t most) const {
  const ApiRow& ours = RowOf(api);
  for (const ApiVersion& theirs : versions_) {
    if (theirs.api != static_cast<int16_t>(api)) continue;
    const int16_t version = std::min({ours.most, theirs.most, most});
    if (version >= std::max(ours.least, theirs.least)) return version;
  }
  return std::nullopt;
}

void BrokerConnection::SetupSend(Api api, int16_t version,
                                 const std::function<std::string(const RequestHeader&)>& encode,
                                 Time now) {
  const RequestHeader header = NextHeader(api, version);
  Send(header, encode(header), milliseconds(0), now);
}

void BrokerConnection::SetupResponse(Time now) {
  const auto response = TakeResponse();
  const std::string_view frame = response->frame.bytes();
  switch (state_) {
    case State::kVersions: TakeVersions(frame, response->header, now); break;
    case State::kSaslHandshake: TakeSaslHandshake(frame, response->header, now); break;
    case State::kSasl: TakeSasl(frame, response->header, now); break;
    default: CHECK(false);
  }
}

void BrokerConnection::TakeVersions(std::string_view frame, const RequestHeader& header, Time now) {
  ApiVersionsResponse response;
  if (!DecodeApiVersions(frame, header, &response)) {
    Break(TroubleKind::kUnreachable, "what it sends is not Kafka's protocol", now);
    return;
  }
  if (response.error == kUnsupportedVersion &&
      header.version > 0) {  // an older broker; version 0 is in every one
    SetupSend(
        Api::kApiVersions, 0, [](const auto& again) { return EncodeApiVersions(again, kVersion); },
        now);
    return;
  }
  if (response.error != kNoError) {
    Break(TroubleKind::kUnreachable, "ApiVersions: " + NameOfError(response.error), now);
    return;
  }
  versions_ = std::move(response.apis);
  if (settings_->use_sasl) StartSasl(now);
  else BecomeReady(now);
}

void BrokerConnection::StartSasl(Time now) {
  auto mechanism = MakeSaslMechanism(settings_->sasl);
  const auto version = VersionOf(Api::kSaslHandshake);
  if (!mechanism.ok() || !version || !VersionOf(Api::kSaslAuthenticate)) {
    Break(TroubleKind::kSignIn,
          mechanism.ok() ? "it offers no sign-in on this port" : mechanism.status().message(), now);
    return;
  }
  sasl_ = mechanism.Take();
  state_ = State::kSaslHandshake;
  SetupSend(
      Api::kSaslHandshake, *version,
      [&](const auto& header) { return EncodeSaslHandshake(header, settings_->sasl.mechanism); },
      now);
}

void BrokerConnection::TakeSaslHandshake(std::string_view frame, const RequestHeader& header,
                                         Time now) {
  SaslHandshakeResponse response;
  if (!DecodeSaslHandshake(frame, header, &response)) {
    Break(TroubleKind::kUnreachable, "what it sends is not Kafka's protocol", now);
    return;
  }
  if (response.error != kNoError) {
    std::string offered;
    for (const auto& name : response.mechanisms)
      offered += (offered.empty() ? "" : ", ") + name.substr(0, 64);
    Break(TroubleKind::kSignIn,
          NameOfError(response.error) + "; it offers " + (offered.empty() ? "nothing" : offered),
          now);
    return;
  }
  state_ = State::kSasl;
  SendSasl(sasl_->First(), now);
}

void BrokerConnection::SendSasl(std::string_view bytes, Time now) {
  SetupSend(
      Api::kSaslAuthenticate, *VersionOf(Api::kSaslAuthenticate),
      [&](const auto& header) { return EncodeSaslAuthenticate(header, bytes); }, now);
}

void BrokerConnection::TakeSasl(std::string_view frame, const RequestHeader& header, Time now) {
  SaslAuthenticateResponse response;
  if (!DecodeSaslAuthenticate(frame, header, &response)) {
    Break(TroubleKind::kUnreachable, "what it sends is not Kafka's protocol", now);
    return;
  }
  if (response.error != kNoError) {
    Break(TroubleKind::kSignIn,
          response.error_message.empty() ? NameOfError(response.error)
                                         : response.error_message.substr(0, 500),
          now);
    return;
  }
  auto next = sasl_->Next(response.bytes);
  if (!next.ok()) {
    Break(TroubleKind::kSignIn, next.status().message(), now);
    return;
  }
  if (!sasl_->done()) {
    SendSasl(*next, now);
    return;
  }
  if (response.session_lifetime_ms > 0)
    renew_at_ =
        now + milliseconds(std::min<int64_t>(response.session_lifetime_ms, 365ll * 86'400'000) *
                           85 / 100);
  BecomeReady(now);
}

void BrokerConnection::BecomeReady(Time now) {
  sasl_.reset();
  state_ = State::kReady;
  backoff_ = milliseconds(0);
  if (trouble_)
    base::Log(base::Level::kInfo, "source", "broker is back", {{"broker", address_.Text()}});
  trouble_.reset();
  SetDeadline(now);
}

}  // namespace source
