#include "pgwire/startup.h"

#include <algorithm>

#include "pgwire/codec.h"

namespace pgwire {
namespace {

constexpr uint32_t kCancelCode = 80'877'102, kSslCode = 80'877'103, kGssCode = 80'877'104;
constexpr size_t kMaxNameBytes = 63;      // PostgreSQL's names end there
constexpr size_t kMaxKeyBytes = 256;
constexpr size_t kMaxSettings = 200;

base::Status Violation(std::string message) { return base::Invalid(std::move(message)).WithSqlstate("08P01"); }

// At most kMaxNameBytes, never within a character.
void CutName(std::string* name) {
  if (name->size() <= kMaxNameBytes) return;
  size_t end = kMaxNameBytes;
  while (end > 0 && (static_cast<unsigned char>((*name)[end]) & 0xC0) == 0x80) --end;
  name->resize(end);
}

base::Result<StartupPacket> Request(StartupPacket::Kind kind, const MessageReader& reader) {
  if (!reader.Finished()) return Violation("invalid length of startup packet");
  StartupPacket packet;
  packet.kind = kind;
  return packet;
}

base::Result<StartupPacket> Cancel(MessageReader* reader) {
  StartupPacket packet;
  packet.kind = StartupPacket::Kind::kCancel;
  packet.pid = reader->Int32();
  packet.key = std::string(reader->Rest());
  if (!reader->ok() || packet.key.size() < 4 || packet.key.size() > kMaxKeyBytes) return Violation("invalid length of cancel request");
  return packet;
}

base::Status TakeParameter(std::string_view name, std::string_view value, StartupPacket* packet, std::string_view* options) {
  if (!IsUtf8(name) || !IsUtf8(value)) return base::Invalid("startup packet is not UTF-8").WithSqlstate("22021");
  if (name == "user") packet->user = std::string(value);
  else if (name == "database") packet->database = std::string(value);
  else if (name == "options") *options = value;
  else if (name == "replication") {
    if (value != "false" && value != "off" && value != "no" && value != "0")
      return base::Unsupported("replication connections are not supported");
  } else if (name.starts_with("_pq_.")) packet->protocol_options.emplace_back(name);
  else packet->settings.emplace_back(name, value);
  if (packet->settings.size() > kMaxSettings) return Violation("too many parameters in startup packet");
  return {};
}

base::Status ReadParameters(MessageReader* reader, StartupPacket* packet) {
  std::string_view options;
  while (true) {
    const std::string_view name = reader->Text();
    if (name.empty()) break;
    const std::string_view value = reader->Text();
    if (!reader->ok()) break;
    RETURN_IF_ERROR(TakeParameter(name, value, packet, &options));
  }
  if (!reader->Finished()) return Violation("invalid startup packet layout: expected terminator as last byte");
  if (!ParseOptions(options, &packet->settings) || packet->settings.size() > kMaxSettings)
    return base::Invalid("invalid command-line argument for server process: " + std::string(options))
        .WithSqlstate("42601")
        .WithHint("Only \"-c name=value\" and \"--name=value\" are taken.");
  return {};
}

}  // namespace

base::Result<StartupPacket> ParseStartup(std::string_view body) {
  MessageReader reader(body);
  const uint32_t code = reader.Uint32();
  if (code == kSslCode) return Request(StartupPacket::Kind::kSsl, reader);
  if (code == kGssCode) return Request(StartupPacket::Kind::kGss, reader);
  if (code == kCancelCode) return Cancel(&reader);
  if (code >> 16 != 3)
    return base::Unsupported("unsupported frontend protocol " + std::to_string(code >> 16) + "." + std::to_string(code & 0xffff) +
                             ": server supports 3.0 to 3." + std::to_string(kNewestMinor));
  StartupPacket packet;
  packet.minor = code & 0xffff;
  RETURN_IF_ERROR(ReadParameters(&reader, &packet));
  if (packet.user.empty())
    return base::Invalid("no PostgreSQL user name specified in startup packet").WithSqlstate("28000");
  if (packet.database.empty()) packet.database = packet.user;
  CutName(&packet.user);
  CutName(&packet.database);
  return packet;
}

bool ParseOptions(std::string_view text, std::vector<std::pair<std::string, std::string>>* settings) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool space = text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r');
    if (space) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    words.back() += text[i];
  }
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "-c" && i + 1 < words.size()) word = words[++i];
    else if (word.starts_with("-c") || word.starts_with("--")) word.remove_prefix(2);
    else return false;
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    std::string name(word.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    settings->emplace_back(std::move(name), word.substr(equals + 1));
  }
  return true;
}

}  // namespace pgwire
