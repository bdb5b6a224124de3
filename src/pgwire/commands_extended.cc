// The extended protocol's half of Commands: Parse, Bind, Describe, Execute, Close, Sync.
#include <utility>

#include "pgwire/commands.h"
#include "pgwire/decode.h"
#include "pgwire/messages.h"
#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

base::Status Violation(std::string message) { return base::Invalid(std::move(message)).WithSqlstate("08P01"); }

base::Status NoStatement(const std::string& name) {
  const std::string text = name.empty() ? "unnamed prepared statement does not exist"
                                        : "prepared statement \"" + name + "\" does not exist";
  return base::NotFound(text).WithSqlstate("26000");
}

base::Status NoPortal(const std::string& name) {
  return base::NotFound("portal \"" + name + "\" does not exist").WithSqlstate("34000");
}

base::Status TooMany(const char* what, size_t limit, const char* hint) {
  return base::Exhausted(std::string("too many ") + what)
      .WithSqlstate("54000")
      .WithDetail("At most " + std::to_string(limit) + " are kept in a session.")
      .WithHint(hint);
}

// The types that the client gave; its numbers are kept for ParameterDescription.
base::Result<std::vector<model::Type>> ReadParameterTypes(MessageReader* reader, std::vector<uint32_t>* oids) {
  const int count = reader->Uint16();
  std::vector<model::Type> types;
  for (int i = 0; i < count && reader->ok(); ++i) {
    const uint32_t oid = reader->Uint32();
    const auto type = TypeOf(oid);
    if (!type)
      return base::Unsupported("parameter $" + std::to_string(i + 1) + " has type " + std::to_string(oid) + ", which is not supported");
    oids->push_back(oid);
    types.push_back(*type);
  }
  return types;
}

struct BindMessage {
  std::string portal, statement;
  std::vector<int16_t> parameter_formats, result_formats;
  std::vector<std::optional<std::string_view>> values;   // views into the message
};

std::vector<int16_t> ReadFormats(MessageReader* reader) {
  const int count = reader->Uint16();
  std::vector<int16_t> formats;
  for (int i = 0; i < count && reader->ok(); ++i) formats.push_back(reader->Int16());
  return formats;
}

base::Result<BindMessage> ReadBind(std::string_view body) {
  MessageReader reader(body);
  BindMessage message;
  message.portal = std::string(reader.Text());
  message.statement = std::string(reader.Text());
  message.parameter_formats = ReadFormats(&reader);
  const int count = reader.Uint16();
  for (int i = 0; i < count && reader.ok(); ++i) {
    const int32_t length = reader.Int32();
    if (length < -1) return Violation("invalid length of a parameter in bind message");
    if (length == -1) message.values.push_back(std::nullopt);
    else message.values.push_back(reader.Bytes(static_cast<size_t>(length)));
  }
  message.result_formats = ReadFormats(&reader);
  if (!reader.Finished()) return Violation("malformed bind message");
  return message;
}

base::Result<std::vector<query::Parameter>> DecodeParameters(const BindMessage& message, const std::vector<model::Type>& types) {
  const size_t count = message.values.size();
  if (message.parameter_formats.size() > 1 && message.parameter_formats.size() != count)
    return Violation("bind message has " + std::to_string(message.parameter_formats.size()) + " parameter formats but " +
                     std::to_string(count) + " parameters");
  if (count != types.size())
    return Violation("bind message supplies " + std::to_string(count) + " parameters, but prepared statement \"" + message.statement +
                     "\" requires " + std::to_string(types.size()));
  std::vector<query::Parameter> parameters(count);
  for (size_t i = 0; i < count; ++i) {
    const auto& formats = message.parameter_formats;
    const int16_t format = formats.empty() ? int16_t{0} : formats.size() == 1 ? formats[0] : formats[i];
    if (format != 0 && format != 1)
      return base::Invalid("unsupported format code: " + std::to_string(format)).WithSqlstate("22023");
    if (!message.values[i]) continue;
    auto text = format == 0 ? DecodeTextParameter(*message.values[i])
                            : DecodeBinaryParameter(*message.values[i], types[i], static_cast<int>(i) + 1);
    if (!text.ok()) return text.TakeStatus();
    parameters[i] = text.Take();
  }
  return parameters;
}

}  // namespace

base::Status Commands::Parse(std::string_view body) {
  MessageReader reader(body);
  const std::string name(reader.Text()), text(reader.Text());
  StatementEntry entry;
  ASSIGN_OR_RETURN(std::vector<model::Type> types, ReadParameterTypes(&reader, &entry.parameter_oids));
  if (!reader.Finished()) return Violation("malformed parse message");
  if (!IsUtf8(name) || !IsUtf8(text)) return base::DataError("invalid byte sequence for encoding \"UTF8\"").WithSqlstate("22021");
  if (name.empty()) EraseStatement("");
  else if (statements_.contains(name))
    return base::AlreadyExists("prepared statement \"" + name + "\" already exists").WithSqlstate("42P05");
  RETURN_IF_ERROR(CheckRoom(name, text.size()));

  ASSIGN_OR_RETURN(std::vector<sql::Statement> statements, session_->Parse(text));
  if (statements.size() > 1)
    return base::Invalid("cannot insert multiple commands into a prepared statement").WithSqlstate("42601");
  sql::Statement statement = statements.empty() ? sql::Statement{} : std::move(statements[0]);
  ASSIGN_OR_RETURN(entry.prepared, Prepare(std::move(statement), std::move(types)));
  entry.parameter_oids.resize(entry.prepared->parameter_types.size());
  for (size_t i = 0; i < entry.parameter_oids.size(); ++i) {
    uint32_t& oid = entry.parameter_oids[i];
    constexpr uint32_t kUnknownOid = 705;
    if (oid == 0 || oid == kUnknownOid) oid = OidOf(entry.prepared->parameter_types[i]).oid;
  }
  entry.text_bytes = text.size();
  statement_bytes_ += text.size();
  statements_[name] = std::move(entry);
  WriteBare('1', out_);
  return {};
}

base::Status Commands::CheckRoom(const std::string& name, size_t text_bytes) const {
  constexpr const char* kHint = "Close or DEALLOCATE the ones that are no longer used.";
  if (!name.empty() && statements_.size() >= kMaxStatements) return TooMany("prepared statements", kMaxStatements, kHint);
  if (statement_bytes_ + text_bytes > kMaxStatementBytes)
    return TooMany("bytes of prepared statements", kMaxStatementBytes, kHint);
  return {};
}

void Commands::EraseStatement(const std::string& name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return;
  statement_bytes_ -= found->second.text_bytes;
  statements_.erase(found);
}

Commands::StatementEntry* Commands::FindStatement(const std::string& name) {
  const auto found = statements_.find(name);
  return found == statements_.end() ? nullptr : &found->second;
}

Portal* Commands::FindPortal(const std::string& name) {
  const auto found = portals_.find(name);
  return found == portals_.end() ? nullptr : found->second.get();
}

base::Status Commands::Bind(std::string_view body) {
  ASSIGN_OR_RETURN(const BindMessage message, ReadBind(body));
  if (!IsUtf8(message.portal)) return base::DataError("invalid byte sequence for encoding \"UTF8\"").WithSqlstate("22021");
  const StatementEntry* entry = FindStatement(message.statement);
  if (!entry) return NoStatement(message.statement);
  RETURN_IF_ERROR(CheckTransaction(entry->prepared->statement));
  if (message.portal.empty()) portals_.erase("");
  else if (portals_.contains(message.portal))
    return base::AlreadyExists("cursor \"" + message.portal + "\" already exists").WithSqlstate("42P03");
  if (portals_.size() >= kMaxPortals) return TooMany("portals", kMaxPortals, "Close the ones that are no longer used.");
  ASSIGN_OR_RETURN(auto parameters, DecodeParameters(message, entry->prepared->parameter_types));
  ASSIGN_OR_RETURN(auto formats, ResultFormats(message.result_formats, entry->prepared->fields.size()));
  portals_[message.portal] = std::make_unique<Portal>(entry->prepared, std::move(parameters), std::move(formats));
  WriteBare('2', out_);
  return {};
}

base::Status Commands::Describe(std::string_view body) {
  MessageReader reader(body);
  const char kind = static_cast<char>(reader.Byte());
  const std::string name(reader.Text());
  if (!reader.Finished()) return Violation("malformed describe message");
  if (kind == 'S') return DescribeStatement(name);
  if (kind == 'P') return DescribePortal(name);
  return Violation("invalid DESCRIBE message subtype " + std::to_string(static_cast<unsigned char>(kind)));
}

base::Status Commands::DescribeStatement(const std::string& name) {
  const StatementEntry* entry = FindStatement(name);
  if (!entry) return NoStatement(name);
  WriteParameterDescription(entry->parameter_oids, out_);
  if (entry->prepared->returns_rows) WriteRowDescription(entry->prepared->fields, {}, out_);
  else WriteBare('n', out_);
  return {};
}

base::Status Commands::DescribePortal(const std::string& name) {
  const Portal* portal = FindPortal(name);
  if (!portal) return NoPortal(name);
  if (portal->prepared().returns_rows) WriteRowDescription(portal->prepared().fields, portal->formats(), out_);
  else WriteBare('n', out_);
  return {};
}

base::Status Commands::Execute(std::string_view body) {
  MessageReader reader(body);
  const std::string name(reader.Text());
  const int32_t max_rows = reader.Int32();
  if (!reader.Finished()) return Violation("malformed execute message");
  Portal* portal = FindPortal(name);
  if (!portal) return NoPortal(name);
  portal->Begin(max_rows > 0 ? max_rows : 0);
  executing_ = name;
  work_ = Work::kExecute;
  return {};
}

Wants Commands::ContinueExecute(Lane lane) {
  Portal* portal = FindPortal(executing_);
  CHECK(portal);
  const auto progress = RunPortal(portal, lane);
  if (!progress) return Wants::kHeavy;
  if (!progress->ok()) {
    FailExecute(progress->status());
    return ended_ ? Wants::kClose : Wants::kInput;
  }
  if (**progress == Portal::Progress::kFull) return Wants::kDrain;
  work_ = Work::kNone;
  AfterStatement(portal);
  return Wants::kInput;
}

void Commands::FailExecute(const base::Status& status) {
  work_ = Work::kNone;
  portals_.erase(executing_);
  skip_to_sync_ = true;
  Fail(status);
}

base::Status Commands::Close(std::string_view body) {
  MessageReader reader(body);
  const char kind = static_cast<char>(reader.Byte());
  const std::string name(reader.Text());
  if (!reader.Finished()) return Violation("malformed close message");
  if (kind != 'S' && kind != 'P') return Violation("invalid CLOSE message subtype " + std::to_string(static_cast<unsigned char>(kind)));
  if (kind == 'S') EraseStatement(name);
  else portals_.erase(name);
  WriteBare('3', out_);
  return {};
}

void Commands::Sync() {
  skip_to_sync_ = false;
  if (session_->TransactionState() == 'I') portals_.clear();
  Ready();
}

}  // namespace pgwire
