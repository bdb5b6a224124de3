#pragma once
// PostgreSQL's binary numeric: groups of four decimal digits around the point. Made from, and turned into, plain text.
// Threads: any. Errors: a malformed value is nullopt.

#include <optional>
#include <string>
#include <string_view>

#include "pgwire/codec.h"

namespace pgwire {

// `text` is [-]digits[.digits], NaN, Infinity or -Infinity. Writes the value without its length.
void WriteNumeric(std::string_view text, WriteBuffer* out);

std::optional<std::string> ReadNumeric(std::string_view bytes);

}  // namespace pgwire
