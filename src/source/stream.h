#pragma once
// A connected byte stream over a non-blocking socket, plain or TLS. Threads: one owner. Borrows: the socket.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace source {

enum class IoOutcome : uint8_t { kDone, kWantRead, kWantWrite, kClosed, kError };
struct IoResult {
  IoOutcome outcome = IoOutcome::kDone;
  size_t bytes = 0;
  std::string error;  // kError
};

class Stream {
 public:
  virtual ~Stream() = default;
  // Once, before anything else; called again until it is done.
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(char* to, size_t count) = 0;
  virtual IoResult Write(const char* from, size_t count) = 0;
  // Whether a Read may give bytes although the socket has none.
  virtual bool HasBuffered() const = 0;
};

std::unique_ptr<Stream> MakePlainStream(int socket);

struct TlsSettings {
  std::string ca_pem, certificate_pem, key_pem, key_password;  // empty CA: the system's
  bool verify_certificate = true, verify_host = true;
};

// What all TLS connections of a reader share.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  virtual std::unique_ptr<Stream> Connect(int socket, const std::string& host) = 0;
};
// Invalid for PEM texts that cannot be read or a key that does not fit.
base::Result<std::unique_ptr<TlsContext>> MakeTlsContext(const TlsSettings& settings);

}  // namespace source
