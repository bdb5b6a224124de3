#include "pgwire/session.h"

#include <utility>

#include "base/log.h"
#include "pgwire/messages.h"
#include "pgwire/pgwire_metrics.h"

namespace pgwire {
namespace {

constexpr size_t kOldKeyBytes = 4;   // of a cancel key before protocol 3.2

// What every PostgreSQL reports at the start of a session, in its order.
constexpr const char* kReported[] = {
    "application_name", "client_encoding",   "DateStyle",    "default_transaction_read_only", "in_hot_standby",
    "integer_datetimes", "IntervalStyle",    "is_superuser", "server_encoding",               "server_version",
    "session_authorization", "standard_conforming_strings", "TimeZone"};

}  // namespace

Session::Session(SessionOptions options, Host* host)
    : options_(std::move(options)), host_(host), sign_in_(options_.sign_in) {}

Session::~Session() { CHECK(!session_); }   // Release was called

Wants Session::Process(Lane lane) {
  while (!closing_ && !proved_) {
    const Wants wants = SignInStep();
    if (wants == Wants::kInput && !proved_ && !closing_) return wants;
    if (wants == Wants::kTls) return wants;
  }
  if (closing_) return Wants::kClose;
  if (lane == Lane::kNetwork) return !session_ || frames_.HasMessage(options_.max_message_bytes) || commands_->pending() ? Wants::kLight : Wants::kInput;
  if (!session_) Connect();
  while (!closing_) {
    if (commands_->pending()) {
      const Wants wants = commands_->Continue(lane);
      if (wants == Wants::kHeavy || wants == Wants::kDrain) return wants;
      closing_ |= commands_->ended();
      continue;
    }
    if (out_.size() > options_.flush_bytes) return Wants::kDrain;
    const auto frame = frames_.NextMessage(options_.max_message_bytes);
    if (!frame.ok()) {
      Refuse(frame.status());
      break;
    }
    if (!*frame) return Wants::kInput;
    if (base::Status status = commands_->Handle(**frame); !status.ok()) Refuse(status);
    closing_ |= commands_->ended();
  }
  return Wants::kClose;
}

// One packet of sign-in; kInput also when a step was done (the caller looks at proved_ and closing_).
Wants Session::SignInStep() {
  const bool startup = sign_in_.expects_startup();
  if (!startup && frames_.unread() > 0 && frames_.first() != 'p' && frames_.first() != 'X') {
    // Not even its length is read: it may be a startup packet, which has no type.
    Refuse(base::Invalid("expected SASL response, got message type " + std::to_string(static_cast<unsigned char>(frames_.first())))
               .WithSqlstate("08P01"));
    return Wants::kClose;
  }
  const auto frame = startup ? frames_.NextStartup() : frames_.NextMessage(kMaxStartupBytes);
  if (!frame.ok()) {
    Refuse(frame.status());
    return Wants::kClose;
  }
  if (!*frame) return Wants::kInput;
  if (!startup && (*frame)->type == 'X') {
    closing_ = true;
    return Wants::kClose;
  }
  const auto next = startup ? sign_in_.Startup((*frame)->body, &out_) : sign_in_.Message(**frame, &out_);
  if (!next.ok()) {
    wrong_password_ = next.status().sqlstate() == "28P01";
    Refuse(next.status());
    return Wants::kClose;
  }
  return AfterSignIn(*next);
}

Wants Session::AfterSignIn(SignIn::Next next) {
  switch (next) {
    case SignIn::Next::kInput: return frames_.unread() > 0 ? Wants::kLight : Wants::kInput;
    case SignIn::Next::kTls:
      if (frames_.unread() == 0) return Wants::kTls;
      // Bytes from before the handshake could be anybody's.
      out_.Clear();
      Refuse(base::Invalid("received unencrypted data after SSL request").WithSqlstate("08P01"));
      return Wants::kClose;
    case SignIn::Next::kCancel:
      host_->Cancel(sign_in_.packet().pid, sign_in_.packet().key);
      closing_ = true;
      return Wants::kClose;
    case SignIn::Next::kDone:
      if (base::Status status = host_->Admit(*sign_in_.role()); !status.ok()) {
        Refuse(status);
        return Wants::kClose;
      }
      proved_ = true;
      return Wants::kLight;
  }
  return Wants::kInput;
}

void Session::Connect() {
  query::SessionInfo info;
  info.role = sign_in_.role()->name;
  info.database = sign_in_.packet().database;
  info.client_address = options_.client_address;
  info.pid = options_.pid;
  info.startup_settings = sign_in_.packet().settings;
  for (const auto& [name, value] : info.startup_settings)
    if (name == "application_name") info.application_name = value;
  info.terminate = [host = host_](base::Status reason) { host->Terminate(std::move(reason)); };
  auto session = options_.engine->Connect(info);
  if (!session.ok()) {
    Refuse(session.status());
    return;
  }
  session_ = session.Take();
  commands_.emplace(session_.get(), options_.flush_bytes, &out_);
  Greet();
}

void Session::Greet() {
  session_->TakeChangedSettings();   // all of them are reported here
  for (const char* name : kReported) WriteParameterStatus(name, session_->Setting(name), &out_);
  WriteBackendKeyData(options_.pid, std::string_view(options_.cancel_key).substr(0, cancel_key_bytes()), &out_);
  WriteReadyForQuery(session_->TransactionState(), &out_);
}

size_t Session::cancel_key_bytes() const { return sign_in_.minor() >= 2 ? options_.cancel_key.size() : kOldKeyBytes; }

void Session::CancelPending() {
  if (commands_) commands_->CancelPending();
}

void Session::End(const base::Status& reason) {
  if (closing_) return;
  Refuse(reason);
}

void Session::Refuse(const base::Status& status) {
  WriteErrorResponse(status, Severity::kFatal, &out_);
  PgwireMetrics::Get().Error(status.sqlstate());
  closing_ = true;
}

void Session::Release() {
  closing_ = true;
  commands_.reset();
  session_.reset();
}

}  // namespace pgwire
