#include "pgwire/commands.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "pgwire/messages.h"
#include "pgwire/pgwire_metrics.h"

// Invariants
// 1. While skip_to_sync_ is set, no message but Sync and Terminate has any effect.
// 2. Every simple query and every Sync is answered by exactly one ReadyForQuery.
// 3. Outside a transaction block no portal outlives the Sync (or simple query) after it.
// 4. A query that reads stored rows begins in Lane::kHeavy only; its rows may be read in any lane
// but kNetwork.

namespace pgwire {
namespace {

base::Status Violation(std::string message) {
  return base::Invalid(std::move(message)).WithSqlstate("08P01");
}

bool EndsTransaction(const sql::Statement& statement) {
  const auto* transaction = std::get_if<sql::TransactionStatement>(&statement.body);
  if (!transaction) return false;
  using Kind = sql::TransactionStatement::Kind;
  return transaction->kind == Kind::kCommit || transaction->kind == Kind::kRollback ||
         transaction->kind == Kind::kRollbackTo;
}

// Session commands: answered from memory at once.
template <typename... T>
bool IsOneOf(const sql::StatementBody& body) {
  return (std::holds_alternative<T>(body) || ...);
}
bool IsHeavy(const query::Prepared& prepared) {
  if (prepared.light) return false;
  return !IsOneOf<sql::EmptyStatement, sql::SetStatement, sql::ShowStatement, sql::ResetStatement,
                  sql::TransactionStatement, sql::CloseCursor, sql::PrepareStatement,
                  sql::DeallocateStatement, sql::DiscardStatement, sql::ListenStatement,
                  sql::RefusedStatement>(prepared.statement.body);
}

}  // namespace

Commands::Commands(query::Session* session, size_t flush_bytes, WriteBuffer* out)
    : session_(session), flush_bytes_(flush_bytes), out_(out) {}

Commands::~Commands() = default;

base::Status Commands::Handle(const Frame& frame) {
  CHECK(!pending());
  if (frame.type == 'X') {
    ended_ = true;
    return {};
  }
  if (skip_to_sync_ && frame.type != 'S') return {};
  base::Status status;
  switch (frame.type) {
    case 'Q': Query(frame.body); break;
    case 'S': Sync(); break;
    case 'H': break;  // everything is sent as soon as it is made
    case 'P': status = Parse(frame.body); break;
    case 'B': status = Bind(frame.body); break;
    case 'D': status = Describe(frame.body); break;
    case 'E': status = Execute(frame.body); break;
    case 'C': status = Close(frame.body); break;
    case 'F':
      Fail(base::Unsupported("function calls through the protocol are not supported"));
      Ready();
      break;
    case 'd':
    case 'c':
    case 'f': break;  // left over from a COPY that was refused
    default:
      return Violation("invalid frontend message type " +
                       std::to_string(static_cast<unsigned char>(frame.type)));
  }
  if (!status.ok()) {
    skip_to_sync_ = true;
    Fail(status);
  }
  return {};
}

Wants Commands::Continue(Lane lane) {
  if (work_ == Work::kSimple) return ContinueSimple(lane);
  if (work_ == Work::kExecute) return ContinueExecute(lane);
  return Wants::kInput;
}

void Commands::CancelPending() {
  const base::Status status = base::Cancelled("canceling statement due to user request");
  if (work_ == Work::kSimple) {
    Fail(status);
    FinishSimple();
  } else if (work_ == Work::kExecute) {
    FailExecute(status);
  }
}

// ------------------------------------------------------------------------------------------------
// simple protocol

void Commands::Query(std::string_view body) {
  EraseStatement("");
  portals_.erase("");
  batch_.clear();
  batch_next_ = 0;
  work_ = Work::kSimple;
  MessageReader reader(body);
  const std::string text(reader.Text());
  base::Status status;
  if (!reader.Finished()) status = Violation("malformed query message");
  else if (!IsUtf8(text))
    status = base::DataError("invalid byte sequence for encoding \"UTF8\"").WithSqlstate("22021");
  if (status.ok()) {
    auto statements = session_->Parse(text);
    if (statements.ok()) batch_ = statements.Take();
    else status = statements.TakeStatus();
  }
  if (!status.ok()) {
    Fail(status);
    FinishSimple();
  } else if (batch_.empty()) {
    WriteBare('I', out_);
    FinishSimple();
  }
}

Wants Commands::ContinueSimple(Lane lane) {
  while (work_ == Work::kSimple) {
    if (!simple_portal_ && !NextSimpleStatement()) break;
    const auto progress = RunPortal(simple_portal_.get(), lane);
    if (!progress) return Wants::kHeavy;
    if (!progress->ok()) {
      Fail(progress->status());
      FinishSimple();
      break;
    }
    if (**progress == Portal::Progress::kFull) return Wants::kDrain;
    simple_portal_.reset();
    AfterStatement(nullptr);
  }
  return ended_ ? Wants::kClose : Wants::kInput;
}

// Prepares the next statement of the batch; false when there is none or it failed (then the query
// is finished).
bool Commands::NextSimpleStatement() {
  if (batch_next_ == batch_.size()) {
    FinishSimple();
    return false;
  }
  sql::Statement statement = std::move(batch_[batch_next_++]);
  auto prepared = Prepare(std::move(statement), {});
  base::Status status;
  if (!prepared.ok()) status = prepared.TakeStatus();
  else if (!(*prepared)->parameter_types.empty())
    status = base::NotFound("there is no parameter $1").WithSqlstate("42P02");
  if (!status.ok()) {
    Fail(status);
    FinishSimple();
    return false;
  }
  const auto& fields = (*prepared)->fields;
  std::vector<Format> formats(fields.size(), Format::kText);
  if ((*prepared)->returns_rows) WriteRowDescription(fields, formats, out_);
  simple_portal_ = std::make_unique<Portal>(prepared.Take(), std::vector<query::Parameter>(),
                                            std::move(formats));
  simple_portal_->Begin(0);
  return true;
}

void Commands::FinishSimple() {
  simple_portal_.reset();
  batch_.clear();
  work_ = Work::kNone;
  if (!ended_) Ready();
}

// -------------------------------------------------------------------------------------------------------
// both

base::Result<std::shared_ptr<query::Prepared>> Commands::Prepare(sql::Statement statement,
                                                                 std::vector<model::Type> types) {
  RETURN_IF_ERROR(CheckTransaction(statement));
  return session_->Prepare(std::move(statement), std::move(types));
}

base::Status Commands::CheckTransaction(const sql::Statement& statement) const {
  if (session_->TransactionState() != 'E' || EndsTransaction(statement)) return {};
  if (std::holds_alternative<sql::EmptyStatement>(statement.body)) return {};
  return base::Invalid(
             "current transaction is aborted, commands ignored until end of transaction block")
      .WithSqlstate("25P02");
}

std::optional<base::Result<Portal::Progress>> Commands::RunPortal(Portal* portal, Lane lane) {
  CHECK(lane != Lane::kNetwork);
  const sql::Statement& statement = portal->prepared().statement;
  if (!portal->started()) {
    if (lane != Lane::kHeavy && IsHeavy(portal->prepared())) return std::nullopt;
    if (base::Status status = CheckTransaction(statement); !status.ok())
      return base::Result<Portal::Progress>(std::move(status));
    begun_ = base::Clock::System().Monotonic();
    if (Deallocate(statement)) {
      WriteCommandComplete("DEALLOCATE", out_);
      return base::Result<Portal::Progress>(Portal::Progress::kDone);
    }
  }
  auto style = Style(portal->prepared().fields);
  if (!style.ok()) return base::Result<Portal::Progress>(style.TakeStatus());
  auto progress = portal->Run(session_, *style, flush_bytes_, out_);
  if (!progress.ok() || *progress != Portal::Progress::kFull)
    PgwireMetrics::Get().StatementDone(base::Clock::System().Monotonic() - begun_);
  return progress;
}

// DEALLOCATE of a statement that the protocol prepared; the session knows those of SQL's PREPARE.
bool Commands::Deallocate(const sql::Statement& statement) {
  if (std::holds_alternative<sql::DiscardStatement>(statement.body)) {
    statements_.clear();
    statement_bytes_ = 0;
    return false;
  }
  const auto* deallocate = std::get_if<sql::DeallocateStatement>(&statement.body);
  if (!deallocate) return false;
  if (deallocate->name.empty()) {
    statements_.clear();
    statement_bytes_ = 0;
    return false;
  }
  if (!statements_.contains(deallocate->name)) return false;
  EraseStatement(deallocate->name);
  return true;
}

void Commands::AfterStatement(const Portal* kept) {
  if (session_->TransactionState() != 'I') return;
  std::erase_if(portals_, [&](const auto& entry) { return entry.second.get() != kept; });
}

void Commands::Fail(const base::Status& status) {
  const bool fatal = IsFatal(status);
  WriteErrorResponse(status, fatal ? Severity::kFatal : Severity::kError, out_);
  PgwireMetrics::Get().Error(status.sqlstate());
  if (status.code() == base::Code::kInternal)
    base::Log(base::Level::kError, "pgwire", "statement failed", {{"error", status.ToString()}});
  ended_ |= fatal;
  if (session_->TransactionState() == 'T') session_->Fail();
}

void Commands::Ready() {
  for (const auto& [name, value] : session_->TakeChangedSettings())
    WriteParameterStatus(name, value, out_);
  WriteReadyForQuery(session_->TransactionState(), out_);
}

// What the text of this result depends on. The zone is only looked up for results that show it, so
// that a zone which is not known here cannot keep anybody from setting another.
base::Result<TextStyle> Commands::Style(const model::Fields& fields) {
  const bool shows_zone = std::any_of(fields.begin(), fields.end(), [](const auto& f) {
    return f.type.id == model::TypeId::kTimestampTz;
  });
  std::string zone_name = session_->Setting("TimeZone");
  if (shows_zone && zone_name != zone_name_) {
    ASSIGN_OR_RETURN(style_.time_zone, base::TimeZone::Find(zone_name));
    zone_name_ = std::move(zone_name);
  }
  const std::string digits = session_->Setting("extra_float_digits");
  std::from_chars(digits.data(), digits.data() + digits.size(), style_.extra_float_digits);
  return style_;
}

}  // namespace pgwire
