#pragma once
// Small files that only their owner may read, and random passwords for them. Threads: any.

#include <filesystem>
#include <string>

#include "base/status.h"

namespace base {

// 24 characters of [a-z0-9] from the system's random source: 124 bits.
std::string RandomPassword();

// Writes atomically (temporary file, rename) with mode 0600. Errors: kUnavailable with the system's text.
Status WritePrivateFile(const std::filesystem::path& file, const std::string& content);

}  // namespace base
