#pragma once
// SHA-256, HMAC, base64, random bytes and comparison in constant time, over OpenSSL: the bricks of sign-in.
//
// Threads: any. Errors: CHECK when OpenSSL itself fails (no memory, no entropy); bad base64 is nullopt.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::string_view data);
Digest HmacSha256(std::string_view key, std::string_view data);
inline std::string_view AsText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string Base64Encode(std::string_view data);
// Strict: the standard alphabet, padded, nothing else.
std::optional<std::string> Base64Decode(std::string_view text);

// From the operating system's generator; fit for keys.
std::string RandomBytes(size_t count);

// Takes the same time wherever the two differ; texts of different length are different at once.
bool SameBytes(std::string_view a, std::string_view b);

}  // namespace base
