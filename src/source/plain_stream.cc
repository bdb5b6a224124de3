#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "source/stream.h"

namespace source {
namespace {

IoResult Outcome(ssize_t count, IoOutcome wait) {
  if (count > 0) return {IoOutcome::kDone, static_cast<size_t>(count), {}};
  if (count == 0) return {IoOutcome::kClosed, 0, {}};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {wait, 0, {}};
  return {IoOutcome::kError, 0, std::strerror(errno)};
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int socket) : socket_(socket) {}
  IoResult Handshake() override { return {}; }
  IoResult Read(char* to, size_t count) override { return Outcome(::recv(socket_, to, count, 0), IoOutcome::kWantRead); }
  IoResult Write(const char* from, size_t count) override {
    return Outcome(::send(socket_, from, count, MSG_NOSIGNAL), IoOutcome::kWantWrite);
  }
  bool HasBuffered() const override { return false; }

 private:
  const int socket_;
};

}  // namespace

std::unique_ptr<Stream> MakePlainStream(int socket) { return std::make_unique<PlainStream>(socket); }

}  // namespace source
