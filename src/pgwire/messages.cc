#include "pgwire/messages.h"

#include <array>
#include <string>

#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

enum : int32_t { kAuthOk = 0, kAuthSasl = 10, kAuthSaslContinue = 11, kAuthSaslFinal = 12 };

void Field(char name, std::string_view text, WriteBuffer* out) {
  if (text.empty()) return;
  out->Byte(name);
  out->Text(text.substr(0, text.find('\0')));
}

void Authentication(int32_t kind, std::string_view data, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('R');
  out->Int32(kind);
  out->Bytes(data);
  out->EndMessage(mark);
}

std::string_view NoticeSqlstate(std::string_view severity) { return severity == "WARNING" ? "01000" : "00000"; }

}  // namespace

bool IsFatal(const base::Status& status) {
  constexpr std::array kFatal{"57P01", "57P02", "57P03", "57P05", "25P03"};
  for (std::string_view sqlstate : kFatal)
    if (status.sqlstate() == sqlstate) return true;
  return false;
}

void WriteErrorResponse(const base::Status& status, Severity severity, WriteBuffer* out) {
  const std::string_view word = severity == Severity::kFatal ? "FATAL" : "ERROR";
  const size_t mark = out->BeginMessage('E');
  Field('S', word, out);
  Field('V', word, out);
  Field('C', status.sqlstate(), out);
  Field('M', status.message().empty() ? "unknown error" : status.message(), out);
  Field('D', status.detail(), out);
  Field('H', status.hint(), out);
  if (status.position() > 0) Field('P', std::to_string(status.position()), out);
  out->Byte('\0');
  out->EndMessage(mark);
}

void WriteNoticeResponse(std::string_view severity, std::string_view text, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('N');
  Field('S', severity, out);
  Field('V', severity, out);
  Field('C', NoticeSqlstate(severity), out);
  Field('M', text, out);
  out->Byte('\0');
  out->EndMessage(mark);
}

void WriteAuthenticationOk(WriteBuffer* out) { Authentication(kAuthOk, {}, out); }

void WriteAuthenticationSasl(std::span<const std::string_view> mechanisms, WriteBuffer* out) {
  std::string list;
  for (std::string_view mechanism : mechanisms) {
    list += mechanism;
    list += '\0';
  }
  Authentication(kAuthSasl, list + '\0', out);
}

void WriteAuthenticationSaslContinue(std::string_view data, WriteBuffer* out) { Authentication(kAuthSaslContinue, data, out); }
void WriteAuthenticationSaslFinal(std::string_view data, WriteBuffer* out) { Authentication(kAuthSaslFinal, data, out); }

void WriteNegotiateProtocolVersion(uint32_t version, std::span<const std::string_view> unknown_options, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('v');
  out->Int32(static_cast<int32_t>(version));
  out->Int32(static_cast<int32_t>(unknown_options.size()));
  for (std::string_view option : unknown_options) out->Text(option);
  out->EndMessage(mark);
}

void WriteParameterStatus(std::string_view name, std::string_view value, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('S');
  out->Text(name);
  out->Text(value);
  out->EndMessage(mark);
}

void WriteBackendKeyData(int32_t pid, std::string_view key, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('K');
  out->Int32(pid);
  out->Bytes(key);
  out->EndMessage(mark);
}

void WriteReadyForQuery(char transaction_state, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('Z');
  out->Byte(transaction_state);
  out->EndMessage(mark);
}

void WriteRowDescription(const model::Fields& fields, std::span<const Format> formats, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('T');
  out->Int16(static_cast<int16_t>(fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) {
    const TypeOid type = OidOf(fields[i].type);
    out->Text(fields[i].name);
    out->Int32(0);   // oid of the table: results are computed
    out->Int16(0);   // and its column
    out->Int32(static_cast<int32_t>(type.oid));
    out->Int16(type.length);
    out->Int32(type.modifier);
    out->Int16(formats.empty() ? 0 : static_cast<int16_t>(formats[i]));
  }
  out->EndMessage(mark);
}

void WriteParameterDescription(std::span<const uint32_t> oids, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('t');
  out->Int16(static_cast<int16_t>(oids.size()));
  for (uint32_t oid : oids) out->Int32(static_cast<int32_t>(oid));
  out->EndMessage(mark);
}

void WriteCommandComplete(std::string_view tag, WriteBuffer* out) {
  const size_t mark = out->BeginMessage('C');
  out->Text(tag);
  out->EndMessage(mark);
}

void WriteBare(char type, WriteBuffer* out) { out->EndMessage(out->BeginMessage(type)); }

}  // namespace pgwire
