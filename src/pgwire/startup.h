#pragma once
// The packets that open a connection, as values. Threads: any. Errors: 08P01, 0A000 for a protocol that is not 3.x.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace pgwire {

constexpr uint32_t kNewestMinor = 2;   // of protocol 3

struct StartupPacket {
  enum class Kind : uint8_t { kSsl, kGss, kCancel, kStart } kind = Kind::kStart;
  // kCancel
  int32_t pid = 0;
  std::string key;
  // kStart
  uint32_t minor = 0;
  std::string user, database;                                    // database = user unless given
  std::vector<std::pair<std::string, std::string>> settings;      // the rest, those of `options` last
  std::vector<std::string> protocol_options;                      // _pq_.*: none is known
};

base::Result<StartupPacket> ParseStartup(std::string_view body);

// "-c name=value --other=value" with backslashes before spaces. False when it is not of that form.
bool ParseOptions(std::string_view text, std::vector<std::pair<std::string, std::string>>* settings);

}  // namespace pgwire
