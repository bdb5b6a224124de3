#pragma once
// AddressLookup: a host name's addresses without making the caller wait. Addresses written out are there at once; a name is
// looked up by a thread of its own (`source-dns`), which ends with the answer whether or not somebody still wants it.
//
// Threads: one owner. Errors: Unavailable when the name has no address.

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace source {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

class AddressLookup {
 public:
  // `family` is AF_UNSPEC, AF_INET or AF_INET6.
  AddressLookup(const std::string& host, int port, int family);

  // nullopt while it is under way.
  std::optional<base::Result<std::vector<SocketAddress>>> Poll();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // with the thread
};

}  // namespace source
