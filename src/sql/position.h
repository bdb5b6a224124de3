#pragma once
// Places in a statement, for errors. Trees carry bytes (Expr::location), clients are told
// characters. Threads: any.

#include <string_view>

#include "base/status.h"

namespace sql {

// The 1-based character of a 0-based byte in UTF-8 `text`; 0 when `byte` is negative.
int CharacterPosition(std::string_view text, int byte);

// `status` with the position of `byte`. Without effect when it has a position already or `byte` is
// negative.
base::Status At(base::Status status, std::string_view text, int byte);

// True when `text` is valid UTF-8 without NUL; otherwise `bad_byte` says where not.
bool IsCleanUtf8(std::string_view text, size_t* bad_byte);

}  // namespace sql
