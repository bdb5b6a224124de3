#pragma once
// The client's side of the protocol for tests: messages to send, and what the server sent as one line a message.
// Threads: values.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/scram.h"
#include "pgwire/codec.h"

namespace pgwire::wire {

inline std::string Message(char type, std::string_view body) {
  WriteBuffer out;
  const size_t mark = out.BeginMessage(type);
  out.Bytes(body);
  out.EndMessage(mark);
  return std::string(out.view());
}

inline std::string Int16(int v) {
  WriteBuffer out;
  out.Int16(static_cast<int16_t>(v));
  return std::string(out.view());
}
inline std::string Int32(int64_t v) {
  WriteBuffer out;
  out.Int32(static_cast<int32_t>(v));
  return std::string(out.view());
}
inline std::string Z(std::string_view text) { return std::string(text) + '\0'; }

inline std::string SslRequest() { return Message(0, Int32(80'877'103)); }
inline std::string GssRequest() { return Message(0, Int32(80'877'104)); }
inline std::string CancelRequest(int pid, std::string_view key) { return Message(0, Int32(80'877'102) + Int32(pid) + std::string(key)); }
inline std::string Startup(std::string_view user, std::string_view database = "freshet", std::string_view more = "", int minor = 0) {
  std::string body = Int32(3 << 16 | minor) + Z("user") + Z(user) + Z("database") + Z(database) + std::string(more);
  return Message(0, body + '\0');
}
inline std::string Query(std::string_view text) { return Message('Q', Z(text)); }
inline std::string Parse(std::string_view name, std::string_view text, std::vector<int64_t> oids = {}) {
  std::string body = Z(name) + Z(text) + Int16(static_cast<int>(oids.size()));
  for (int64_t oid : oids) body += Int32(oid);
  return Message('P', body);
}
struct BindParts {
  std::string portal, statement;
  std::vector<int> parameter_formats;
  std::vector<std::string> values;
  std::vector<int> result_formats;
};
inline std::string Bind(const BindParts& parts) {
  std::string body = Z(parts.portal) + Z(parts.statement) + Int16(static_cast<int>(parts.parameter_formats.size()));
  for (int format : parts.parameter_formats) body += Int16(format);
  body += Int16(static_cast<int>(parts.values.size()));
  for (const auto& value : parts.values) body += value == "<NULL>" ? Int32(-1) : Int32(static_cast<int64_t>(value.size())) + value;
  body += Int16(static_cast<int>(parts.result_formats.size()));
  for (int format : parts.result_formats) body += Int16(format);
  return Message('B', body);
}
inline std::string Describe(char kind, std::string_view name) { return Message('D', kind + Z(name)); }
inline std::string Execute(std::string_view portal, int max_rows = 0) { return Message('E', Z(portal) + Int32(max_rows)); }
inline std::string Close(char kind, std::string_view name) { return Message('C', kind + Z(name)); }
inline std::string Sync() { return Message('S', ""); }
inline std::string SaslFirst(std::string_view mechanism, std::string_view data) {
  return Message('p', Z(mechanism) + Int32(static_cast<int64_t>(data.size())) + std::string(data));
}

// client-final-message for a password, given both first messages (bare client first, server first).
inline std::string ScramFinal(std::string_view password, const std::string& client_bare, const std::string& server_first) {
  const size_t salt_at = server_first.find(",s=") + 3, iterations_at = server_first.find(",i=") + 3;
  const std::string nonce = server_first.substr(2, server_first.find(",s=") - 2);
  const std::string salt = base::Base64Decode(server_first.substr(salt_at, iterations_at - 3 - salt_at)).value_or("");
  const int iterations = std::stoi(server_first.substr(iterations_at));
  const std::string first = salt + std::string("\0\0\0\1", 4);
  base::Digest u = base::HmacSha256(password, first), salted = u;
  for (int i = 1; i < iterations; ++i) {
    u = base::HmacSha256(password, base::AsText(u));
    for (size_t j = 0; j < u.size(); ++j) salted[j] ^= u[j];
  }
  const std::string without = "c=biws,r=" + nonce;
  base::Digest key = base::HmacSha256(base::AsText(salted), "Client Key");
  const base::Digest signature =
      base::HmacSha256(base::AsText(base::Sha256(base::AsText(key))), client_bare + "," + server_first + "," + without);
  for (size_t i = 0; i < key.size(); ++i) key[i] ^= signature[i];
  return without + ",p=" + base::Base64Encode(base::AsText(key));
}

namespace internal {
inline std::string Fields(MessageReader* reader) {   // of ErrorResponse and NoticeResponse
  std::string line;
  while (const char field = static_cast<char>(reader->Byte())) {
    const std::string text(reader->Text());
    if (field == 'S' || field == 'C') line += " " + text;
    if (field == 'M') line += " " + text;
    if (field == 'P') line += " @" + text;
  }
  return line;
}
inline std::string Row(MessageReader* reader) {
  std::string line;
  const int columns = reader->Int16();
  for (int i = 0; i < columns && reader->ok(); ++i) {
    const int32_t length = reader->Int32();
    line += length < 0 ? " NULL" : " " + std::string(reader->Bytes(static_cast<size_t>(length)));
  }
  return line;
}
inline std::string Columns(MessageReader* reader) {
  std::string line;
  const int columns = reader->Int16();
  for (int i = 0; i < columns && reader->ok(); ++i) {
    line += " " + std::string(reader->Text());
    reader->Bytes(6);
    line += ":" + std::to_string(reader->Uint32());
    reader->Bytes(6);
    line += reader->Int16() ? ":binary" : "";
  }
  return line;
}
inline std::string Line(char type, std::string_view body) {
  MessageReader reader(body);
  std::string line(1, type);
  switch (type) {
    case 'E':
    case 'N': line += Fields(&reader); break;
    case 'Z': line += " " + std::string(reader.Rest()); break;
    case 'C': line += " " + std::string(reader.Text()); break;
    case 'S':
      line += " " + std::string(reader.Text());
      line += "=" + std::string(reader.Text());
      break;
    case 'D': line += Row(&reader); break;
    case 'T': line += Columns(&reader); break;
    case 't':
      for (int i = reader.Int16(); i > 0; --i) line += " " + std::to_string(reader.Uint32());
      break;
    case 'R': line += " " + std::to_string(reader.Int32()); break;
    case 'K':
      line += " " + std::to_string(reader.Int32());
      line += " key of " + std::to_string(reader.left());
      break;
    case 'v':
      line += " 3." + std::to_string(reader.Int32() & 0xffff);
      for (int i = reader.Int32(); i > 0; --i) line += " " + std::string(reader.Text());
      break;
    default: break;
  }
  return line;
}
}  // namespace internal

// What a server sent, a line a message. Single bytes 'S' and 'N' that answer negotiation are given by `bare`.
inline std::vector<std::string> Lines(std::string_view bytes, size_t bare = 0) {
  std::vector<std::string> lines;
  for (; bare > 0 && !bytes.empty(); --bare, bytes.remove_prefix(1)) lines.push_back(std::string("negotiation ") + bytes[0]);
  while (!bytes.empty()) {
    MessageReader reader(bytes);
    const char type = static_cast<char>(reader.Byte());
    const uint32_t length = reader.Uint32();
    if (!reader.ok() || length < 4 || reader.left() < length - 4) return lines.push_back("garbage"), lines;
    lines.push_back(internal::Line(type, reader.Bytes(length - 4)));
    bytes.remove_prefix(1 + length);
  }
  return lines;
}

// A line is as expected, or begins with it when that ends in '*'.
inline bool Matches(const std::string& line, std::string_view expected) {
  if (expected.ends_with('*')) return line.starts_with(expected.substr(0, expected.size() - 1));
  return line == expected;
}
inline bool MatchLines(const std::vector<std::string>& lines, const std::vector<std::string>& expected) {
  return std::equal(lines.begin(), lines.end(), expected.begin(), expected.end(), Matches);
}
#define ASSERT_LINES(lines, ...) ASSERT_PRED2(::pgwire::wire::MatchLines, (lines), (std::vector<std::string>{__VA_ARGS__}))
#define EXPECT_LINES(lines, ...) EXPECT_PRED2(::pgwire::wire::MatchLines, (lines), (std::vector<std::string>{__VA_ARGS__}))

}  // namespace pgwire::wire
