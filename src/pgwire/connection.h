#pragma once
// Connection: a socket (TCP, TLS or Unix) and its session. Reads what comes, posts the session to
// the query threads, sends what it made, and holds the query back when the client reads slowly.
//
// Threads: the network thread, but for Terminate; while busy_ the session belongs to a query thread
// and nothing here touches it, except its query session's Cancel. Owns: the socket, the session.
// Borrows: Shared. Errors: a broken socket ends the session and cancels what it runs. Limits: 8 KiB
// read at a time, 64 KiB read ahead while a statement runs, max_send_buffer_bytes unsent.

// Asio's headers come before query's: its traits look for a function `query`, and a namespace of
// that name hides it.
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "pgwire/query_threads.h"
#include "pgwire/server.h"
#include "pgwire/session.h"
#include "pgwire/sign_in_delays.h"
#include "pgwire/tls.h"

namespace pgwire {

class Connection;

// What the connections of a server share. Network thread only, but for `io` and `threads`.
struct Shared {
  Shared(const ServerOptions& o, query::Engine* e, catalog::CatalogHolder* c)
      : options(o), engine(e), catalog(c), require_tls(o.require_tls), threads(o.query_threads) {}

  const ServerOptions options;
  query::Engine* const engine;
  catalog::CatalogHolder* const catalog;
  bool require_tls;  // set before the first connection
  boost::asio::io_context io{1};
  QueryThreads threads;
  std::unique_ptr<TlsContext> tls;
  std::string mock_secret;
  SignInDelays delays;
  std::map<int32_t, std::shared_ptr<Connection>> connections;  // by the pid that clients see
  int admitted = 0;
  int signing_in = 0;  // over TCP, not yet admitted
  bool stopping = false;
};

struct Peer {
  bool unix_socket = false;
  bool same_system_user = false;
  std::string address;  // without port; "[local]" for the Unix socket
};

class Connection : public Host, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(Shared* shared, Socket socket, Peer peer, int32_t pid);
  ~Connection() override;

  void Start();
  // Ends it with a reason for the client. Network thread.
  void End(const base::Status& reason);
  // Gives up on telling the client anything.
  void Abandon();

  // Host.
  base::Status Admit(const catalog::Role& role) override;
  void Cancel(int32_t pid, std::string_view key) override;
  void Terminate(base::Status reason) override;

 private:
  // Sign-in over TLS that begins at once.
  void Peek();
  void StartTls(bool direct);
  void OnTls(bool direct, const boost::system::error_code& error);

  void Read();
  void OnRead(const boost::system::error_code& error, size_t count);
  void Advance(Lane lane);
  void OnWants(Wants wants);
  void PostJob(Lane lane);
  void OnJobDone(Wants wants);

  void TakeOutput();
  void Write();
  void OnWritten(const boost::system::error_code& error, size_t count);
  size_t unsent() const { return sending_.size() + pending_.size(); }

  void CancelStatement();
  void OnDeadline();
  void Close();  // after what is unsent
  void FinishClose();
  void CloseSoon();  // held back after a wrong password
  void CloseSocket();
  void ReleaseSession();
  void OnReleased();

  Shared* const shared_;
  Socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;  // around socket_, once it was agreed on
  const Peer peer_;
  const int32_t pid_;
  const std::string key_;
  Session session_;
  boost::asio::steady_timer timer_;  // sign-in, a held-back answer, the last bytes

  query::Session* query_session_ = nullptr;  // once signed in; for Cancel
  bool handshaking_ = false;
  bool busy_ = false;  // the session is with a query thread
  bool reading_ = false, writing_ = false;
  bool wants_drain_ = false, wants_tls_ = false;
  bool counted_ = false, admitted_ = false;
  bool peer_gone_ = false;  // nothing can be sent or received any more
  bool closing_ = false, closed_ = false, releasing_ = false;
  base::Status end_reason_;  // while busy: what the client is told afterwards

  std::unique_ptr<char[]> read_buffer_;
  std::string inbox_;  // read while busy
  WriteBuffer sending_, pending_;
};

}  // namespace pgwire
