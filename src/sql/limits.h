#pragma once
// How deep the parse tree of a token sequence can get, without parsing. The parser's own stack is
// on the heap, but what walks its tree recurses, about 2.5 kB of stack for each operator, so a text
// is judged before a tree exists.
//
// Threads: any. Errors: 54001.

#include <span>

#include "sql/tokens.h"

namespace sql {

base::Status CheckDepth(std::string_view text, std::span<const Token> tokens,
                        const ParseLimits& limits);

}  // namespace sql
