#pragma once
// AccessRules: which folders of this machine and which hosts of its network a definition may name.
// A definition comes over the wire, so it must not read any file or probe any address that this
// machine reaches.
//
// Folders: a path must lie in one of the allowed ones after symbolic links are resolved; none is
// allowed unless the operator says so. Hosts: `*`, names, `*.suffix`, addresses and networks such
// as 10.0.0.0/8. A name is held against names, an address against all. Link-local addresses, where
// clouds keep credentials, only when an address or network of the list holds them.
//
// Threads: const and for any. Errors: kDenied 42501 that names the setting.

#include <sys/socket.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"

namespace base {

class AccessRules {
 public:
  // `folders` and `hosts` are separated by commas.
  // `setting` is the name of the list of folders, for errors.
  static Result<AccessRules> Parse(const std::string& folders, const std::string& hosts,
                                   const std::string& setting = "file_folders");
  AccessRules() = default;  // no folder, every host but link-local ones

  // The folder with symbolic links resolved.
  Result<std::filesystem::path> CheckFolder(const std::string& path) const;
  // A file in such a folder; no symbolic link itself.
  Result<std::filesystem::path> CheckFile(const std::string& path) const;
  // A host by name or address, as a definition gives it.
  Status CheckHost(const std::string& host) const;
  // The same for every host of "host:port, [v6]:port, ...".
  Status CheckServers(const std::string& servers) const;
  // Whether a connection to `address`, to which an allowed name led, may be made.
  bool MayConnect(const sockaddr* address) const;

 private:
  struct Network {
    int family;
    unsigned char bytes[16];
    int bits;
  };
  static bool ParseNetwork(const std::string& text, Network* out);
  bool InNetworks(int family, const unsigned char* bytes) const;

  std::string setting_ = "file_folders";
  std::vector<std::filesystem::path> folders_;
  std::vector<std::string> names_{"*"};
  std::vector<Network> networks_;
};

}  // namespace base
