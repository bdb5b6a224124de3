#pragma once
// Session: one connection's protocol as a machine without sockets. Bytes are fed, Process does what can be done, output()
// holds what is to be sent, and Wants says what the machine needs next: more input, room in the send buffer, a thread that
// may block, TLS, or the end.
//
// Threads: one at a time (the connection's strand or a query thread). Owns: the query session, made after sign-in.
// Borrows: the engine, the catalog holder, the host. Errors: told to the client; the machine itself never fails.
// Limits: SessionOptions; Commands' and SignIn's.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pgwire/codec.h"
#include "pgwire/commands.h"
#include "pgwire/sign_in.h"
#include "query/engine.h"

namespace pgwire {

// What a session asks of the server around it.
class Host {
 public:
  virtual ~Host() = default;
  // A place among max_connections for a signed-in role, given back when the connection ends. 53300.
  virtual base::Status Admit(const catalog::Role& role) = 0;
  // A CancelRequest: ends what runs in the session that has this number and key, if there is one.
  virtual void Cancel(int32_t pid, std::string_view key) = 0;
  // The engine ends this session. Any thread.
  virtual void Terminate(base::Status reason) = 0;
};

struct SessionOptions {
  SignInOptions sign_in;
  query::Engine* engine = nullptr;
  std::string client_address;              // "[local]" on the Unix socket
  int32_t pid = 0;
  std::string cancel_key;                  // 32 bytes; protocol 3.0 sends the first four
  size_t max_message_bytes = size_t{16} << 20;
  size_t flush_bytes = size_t{256} << 10;  // of output, before Process asks for kDrain
};

class Session {
 public:
  Session(SessionOptions options, Host* host);
  ~Session();

  void Feed(std::string_view bytes) { frames_.Append(bytes); }
  // kLight and kHeavy: call again in that lane. kTls: send the output, start TLS, TlsStarted. kClose: send the output, close.
  Wants Process(Lane lane);
  void TlsStarted() { sign_in_.TlsStarted(); }
  // Tells the client why the connection ends; then Process wants kClose. Not while Process runs.
  void End(const base::Status& reason);
  // The statement that waits for Lane::kHeavy fails with 57014. Not while Process runs.
  void CancelPending();
  // Ends the running statement's rows and the query session. May block: not on the network thread.
  void Release();

  WriteBuffer& output() { return out_; }
  bool signed_in() const { return session_ != nullptr; }
  bool wrong_password() const { return wrong_password_; }
  // How much of SessionOptions::cancel_key the client was given.
  size_t cancel_key_bytes() const;
  // The session to Cancel from another thread; nullptr before sign-in.
  query::Session* query_session() const { return session_.get(); }

 private:
  Wants SignInStep();
  Wants AfterSignIn(SignIn::Next next);
  void Connect();
  void Greet();
  void Refuse(const base::Status& status);

  const SessionOptions options_;
  Host* const host_;
  FrameBuffer frames_;
  WriteBuffer out_;
  SignIn sign_in_;
  bool proved_ = false;    // who the client is; the query session comes next
  bool closing_ = false, wrong_password_ = false;
  std::unique_ptr<query::Session> session_;
  std::optional<Commands> commands_;
};

}  // namespace pgwire
