#pragma once
// BrokerConnection: one connection to one broker, from the name to the answers: lookup, TCP, TLS, ApiVersions, SASL, then
// requests and their responses in order. Never blocks; whoever owns it polls its socket and calls Step.
//
// A connection that broke waits its back-off and begins anew by itself; requests that were under way are then lost, which
// generation() tells. A sign-in with an end (KIP-368) is renewed by a new connection while nothing is under way.
//
// Threads: one owner. Owns: the socket. Borrows: settings and TLS context, for its life.
// Errors: trouble() while it is not ready. Limits: FrameBuffer::kMaxBytes a response, kMaxInFlight requests.

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "source/address_lookup.h"
#include "source/direct_settings.h"
#include "source/frame_buffer.h"
#include "source/messages.h"
#include "source/sasl.h"
#include "source/stream.h"
#include "source/trouble.h"

namespace source {

class BrokerConnection {
 public:
  static constexpr size_t kMaxInFlight = 8;
  using Time = base::MonotonicTime;

  BrokerConnection(const DirectSettings* settings, TlsContext* tls, HostPort address);
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  // Goes on as far as it can. Call when the socket is ready, and at the latest at deadline().
  void Step(Time now);
  int socket() const { return socket_; }             // -1: none
  short events() const;                              // what to poll for
  bool HasBuffered() const { return stream_ && !whole_ && stream_->HasBuffered(); }
  Time deadline() const { return deadline_; }

  const HostPort& address() const { return address_; }
  bool ready() const { return state_ == State::kReady; }
  bool CanSend(Time now) const { return ready() && in_flight_.size() < kMaxInFlight && now >= throttled_until_ && !ending_; }
  size_t in_flight() const { return in_flight_.size(); }
  int generation() const { return generation_; }     // one more each time the connection broke
  const std::optional<Trouble>& trouble() const { return trouble_; }
  // The newest version of `api` up to `most` that both sides speak; nullopt when there is none. Only when ready.
  std::optional<int16_t> VersionOf(Api api, int16_t most = INT16_MAX) const;

  // The header for a request that is sent next.
  RequestHeader NextHeader(Api api, int16_t version);
  // Sends a frame made with NextHeader; its response is expected within the request timeout and `patience`.
  void Send(const RequestHeader& header, std::string frame, std::chrono::milliseconds patience, Time now);
  // The next response with its request's header, in the order of the requests. The frame's memory is the caller's; give some
  // back with Recycle.
  struct Response {
    RequestHeader header;
    FrameBuffer frame;
  };
  std::optional<Response> TakeResponse();
  void Recycle(FrameBuffer frame) { spare_ = std::move(frame); }

  void Throttle(std::chrono::milliseconds time, Time now) { throttled_until_ = std::max(throttled_until_, now + time); }
  // Ends the connection because of what the broker sent.
  void Break(TroubleKind kind, const std::string& why, Time now);

 private:
  enum class State { kWaiting, kLookup, kConnecting, kHandshake, kVersions, kSaslHandshake, kSasl, kReady };
  struct Request {
    RequestHeader header;
    Time deadline;
  };

  void Restart();
  void Begin(Time now);
  void ConnectNext(Time now);
  bool Advance(Time now);                            // false: must wait
  bool FinishConnect(Time now);
  bool FinishHandshake(Time now);
  bool Transfer(Time now);                           // writes what waits, reads at most one response
  bool WriteSome(Time now);
  bool ReadSome(Time now);
  bool BeginFrame(Time now);
  bool Took(const IoResult& result, Time now);       // false: nothing was transferred
  void SetupSend(Api api, int16_t version, const std::function<std::string(const RequestHeader&)>& encode, Time now);
  void SetupResponse(Time now);
  void TakeVersions(std::string_view frame, const RequestHeader& header, Time now);
  void StartSasl(Time now);
  void TakeSaslHandshake(std::string_view frame, const RequestHeader& header, Time now);
  void TakeSasl(std::string_view frame, const RequestHeader& header, Time now);
  void SendSasl(std::string_view bytes, Time now);
  void BecomeReady(Time now);
  void CloseSocket();
  void SetDeadline(Time now);

  const DirectSettings* const settings_;
  TlsContext* const tls_;
  const HostPort address_;
  State state_ = State::kWaiting;
  int socket_ = -1;
  int generation_ = 0;
  std::optional<AddressLookup> lookup_;
  std::vector<SocketAddress> addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<Stream> stream_;
  bool wants_write_ = false;                         // the stream, whatever we want ourselves
  std::unique_ptr<SaslMechanism> sasl_;
  std::vector<ApiVersion> versions_;
  int32_t correlation_ = 0;
  std::string outgoing_;
  size_t sent_ = 0;
  std::deque<Request> in_flight_;
  std::array<char, 4> length_{};                     // of the frame that begins
  size_t length_filled_ = 0;
  FrameBuffer frame_, spare_;
  bool whole_ = false;                               // frame_ is a whole response, not yet taken
  std::chrono::milliseconds backoff_{0};
  Time setup_deadline_{}, retry_at_{}, throttled_until_{}, deadline_{};
  std::optional<Time> renew_at_;
  bool ending_ = false;                              // to be renewed; nothing more is sent
  std::optional<Trouble> trouble_;
};

}  // namespace source
