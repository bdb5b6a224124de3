#pragma once
// The files of a followed folder, and their names as the store keeps them: bytes that are no
// printable ASCII, and %, as %XX. Threads: any. Errors: kUnavailable when the folder cannot be read
// or holds too many.

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/connector.h"

namespace source {

inline constexpr size_t kMaxFiles = 1'000;  // a source

std::string EscapedFileName(std::string_view name);
std::string FileNameOf(std::string_view escaped);

// Regular files whose name fits the pattern, escaped, by name.
base::Result<std::vector<std::string>> ListFiles(const model::FileFolder& folder);

}  // namespace source
