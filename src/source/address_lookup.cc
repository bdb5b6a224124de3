#include "source/address_lookup.h"

#include <netdb.h>
#include <pthread.h>

#include <cstring>
#include <mutex>
#include <thread>

namespace source {
namespace {

using Answer = base::Result<std::vector<SocketAddress>>;

struct Question {
  std::string host, port;
  int family;
};

Answer Ask(const Question& question, int flags) {
  addrinfo hints{};
  hints.ai_family = question.family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(question.host.c_str(), question.port.c_str(), &hints, &list); error != 0)
    return base::Unavailable("host name \"" + question.host + "\": " + gai_strerror(error));
  std::vector<SocketAddress> out;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    out.push_back(address);
  }
  freeaddrinfo(list);
  if (out.empty()) return base::Unavailable("host name \"" + question.host + "\" has no address");
  return out;
}

}  // namespace

struct AddressLookup::Shared {
  std::mutex mutex;
  std::optional<Answer> answer;  // guarded by mutex
};

AddressLookup::AddressLookup(const std::string& host, int port, int family) : shared_(std::make_shared<Shared>()) {
  Question question{host, std::to_string(port), family};
  if (auto numeric = Ask(question, AI_NUMERICHOST); numeric.ok()) {
    shared_->answer = std::move(numeric);
    return;
  }
  std::thread([shared = shared_, question = std::move(question)] {
    pthread_setname_np(pthread_self(), "source-dns");
    Answer answer = Ask(question, AI_ADDRCONFIG);
    const std::lock_guard lock(shared->mutex);
    shared->answer = std::move(answer);
  }).detach();
}

std::optional<base::Result<std::vector<SocketAddress>>> AddressLookup::Poll() {
  const std::lock_guard lock(shared_->mutex);
  return shared_->answer;
}

}  // namespace source
