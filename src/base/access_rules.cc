#include "base/access_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace base {
namespace {

std::string Trimmed(std::string text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && space(text.back())) text.pop_back();
  size_t begin = 0;
  while (begin < text.size() && space(text[begin])) ++begin;
  return text.substr(begin);
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    if (std::string item = Trimmed(list.substr(at, comma - at)); !item.empty())
      out.push_back(std::move(item));
    at = comma + 1;
  }
  return out;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool NameMatches(const std::string& rule, const std::string& host) {
  if (rule == "*" || rule == host) return true;
  return rule.starts_with("*.") && host.size() >= rule.size() && host.ends_with(rule.substr(1));
}

// 4 or 16 bytes of an address; a v4 address in v6 clothes is the v4 one. 0 = neither family.
size_t BytesOf(const sockaddr* address, unsigned char* out, int* family) {
  *family = address->sa_family;
  if (address->sa_family == AF_INET) {
    std::memcpy(out, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return 4;
  }
  if (address->sa_family != AF_INET6) return 0;
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  std::memcpy(out, &v6, 16);
  if (!IN6_IS_ADDR_V4MAPPED(&v6)) return 16;
  std::memmove(out, out + 12, 4);
  *family = AF_INET;
  return 4;
}

bool IsLinkLocal(int family, const unsigned char* bytes) {
  if (family == AF_INET) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
}

Status HostDenied(const std::string& host) {
  return Denied("host \"" + host + "\" is not allowed in definitions")
      .WithHint("The operator allows hosts with the setting allowed_hosts.");
}

}  // namespace

bool AccessRules::ParseNetwork(const std::string& text, Network* out) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  out->family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(out->family, address.c_str(), out->bytes) != 1) return false;
  const int most = out->family == AF_INET ? 32 : 128;
  out->bits = most;
  if (slash == std::string::npos) return true;
  const char* begin = text.data() + slash + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, out->bits);
  return error == std::errc() && stop == end && out->bits >= 0 && out->bits <= most;
}

Result<AccessRules> AccessRules::Parse(const std::string& folders, const std::string& hosts,
                                       const std::string& setting) {
  AccessRules rules;
  rules.setting_ = setting;
  rules.names_.clear();
  for (const auto& folder : Split(folders)) {
    std::error_code error;
    auto path = std::filesystem::canonical(folder, error);
    if (error || !std::filesystem::is_directory(path, error))
      return Invalid("invalid value for setting \"" + setting + "\": \"" + folder +
                     "\" is no folder of this machine");
    rules.folders_.push_back(std::move(path));
  }
  for (const auto& host : Split(hosts)) {
    Network network{};
    if (ParseNetwork(host, &network)) rules.networks_.push_back(network);
    else if (host.find('/') != std::string::npos)
      return Invalid("invalid value for setting \"allowed_hosts\": \"" + host + "\"")
          .WithHint("Expected *, names, *.suffix, addresses or networks such as 10.0.0.0/8.");
    else rules.names_.push_back(Lower(host));
  }
  return rules;
}

Result<std::filesystem::path> AccessRules::CheckFolder(const std::string& path) const {
  const Status denied = Denied("folder \"" + path + "\" is not allowed in definitions")
                            .WithHint("The operator allows folders with the setting " + setting_ + ".");
  if (folders_.empty()) return denied;
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) {
    // Whether it exists outside the allowed folders is nobody's business.
    for (const auto& folder : folders_)
      if (path.starts_with(folder.string() + "/"))
        return NotFound("folder \"" + path + "\" does not exist").WithSqlstate("58P01");
    return denied;
  }
  const bool allowed = std::any_of(folders_.begin(), folders_.end(), [&](const auto& folder) {
    return std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first ==
           folder.end();
  });
  if (!allowed) return denied;
  if (!std::filesystem::is_directory(real, error))
    return Invalid("\"" + path + "\" is no folder").WithSqlstate("42809");
  return real;
}

Result<std::filesystem::path> AccessRules::CheckFile(const std::string& path) const {
  const std::filesystem::path file(path);
  ASSIGN_OR_RETURN(const auto folder, CheckFolder(file.parent_path().string()));
  std::error_code error;
  const auto real = folder / file.filename();
  if (std::filesystem::is_regular_file(std::filesystem::symlink_status(real, error))) return real;
  return NotFound("file \"" + path + "\" does not exist").WithSqlstate("58P01");
}

bool AccessRules::InNetworks(int family, const unsigned char* bytes) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.family != family) return false;
    const auto whole = static_cast<size_t>(network.bits / 8);
    if (std::memcmp(network.bytes, bytes, whole) != 0) return false;
    if (network.bits % 8 == 0) return true;
    const auto mask = static_cast<unsigned char>(0xFF << (8 - network.bits % 8));
    return (network.bytes[whole] & mask) == (bytes[whole] & mask);
  });
}

Status AccessRules::CheckHost(const std::string& host) const {
  const std::string name = Lower(host);
  const bool listed = std::any_of(names_.begin(), names_.end(),
                                  [&](const auto& rule) { return NameMatches(rule, name); });
  unsigned char bytes[16];
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, name.c_str(), bytes) != 1) continue;
    if (InNetworks(family, bytes)) return {};
    return listed && !IsLinkLocal(family, bytes) ? Status() : HostDenied(host);
  }
  return listed ? Status() : HostDenied(host);
}

Status AccessRules::CheckServers(const std::string& servers) const {
  for (std::string server : Split(servers)) {
    if (const size_t scheme = server.find("://"); scheme != std::string::npos)
      server = server.substr(scheme + 3);
    if (server.starts_with("[")) server = server.substr(1, server.find(']') - 1);
    else server = server.substr(0, server.find_first_of(":/"));
    RETURN_IF_ERROR(CheckHost(server));
  }
  return {};
}

bool AccessRules::MayConnect(const sockaddr* address) const {
  unsigned char bytes[16];
  int family = 0;
  if (BytesOf(address, bytes, &family) == 0) return false;
  return InNetworks(family, bytes) || !IsLinkLocal(family, bytes);
}

}  // namespace base
