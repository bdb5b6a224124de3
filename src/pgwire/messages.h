#pragma once
// The messages that a server sends, each written whole into a WriteBuffer. Threads: the buffer's owner.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "model/schema.h"
#include "pgwire/codec.h"
#include "pgwire/encode.h"

namespace pgwire {

enum class Severity : uint8_t { kError, kFatal };

// What ends a connection when a statement fails with it, by SQLSTATE: shutdown, termination, an idle transaction.
bool IsFatal(const base::Status& status);

void WriteErrorResponse(const base::Status& status, Severity severity, WriteBuffer* out);
void WriteNoticeResponse(std::string_view severity, std::string_view text, WriteBuffer* out);

void WriteAuthenticationOk(WriteBuffer* out);
void WriteAuthenticationSasl(std::span<const std::string_view> mechanisms, WriteBuffer* out);
void WriteAuthenticationSaslContinue(std::string_view data, WriteBuffer* out);
void WriteAuthenticationSaslFinal(std::string_view data, WriteBuffer* out);
void WriteNegotiateProtocolVersion(uint32_t version, std::span<const std::string_view> unknown_options, WriteBuffer* out);
void WriteParameterStatus(std::string_view name, std::string_view value, WriteBuffer* out);
void WriteBackendKeyData(int32_t pid, std::string_view key, WriteBuffer* out);
void WriteReadyForQuery(char transaction_state, WriteBuffer* out);

void WriteRowDescription(const model::Fields& fields, std::span<const Format> formats, WriteBuffer* out);
void WriteParameterDescription(std::span<const uint32_t> oids, WriteBuffer* out);
void WriteCommandComplete(std::string_view tag, WriteBuffer* out);

// ParseComplete '1', BindComplete '2', CloseComplete '3', NoData 'n', EmptyQueryResponse 'I', PortalSuspended 's'.
void WriteBare(char type, WriteBuffer* out);

}  // namespace pgwire
