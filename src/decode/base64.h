#pragma once
// Base64 as RFC 4648 section 4 writes it (padded), into a buffer that is used again. Threads: any.

#include <string>
#include <string_view>

namespace decode {

// False when `text` is not strict base64.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace decode
