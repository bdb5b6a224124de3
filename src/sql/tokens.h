#pragma once
// The scanner's tokens: what the statement shells are read from, where statements are split, and
// where a text that would overrun the parser's stack is refused before it is parsed.
//
// Threads: any; values that view the text they were made from. Errors: the scanner's own (an open
// quote ...), and 54000 / 54001 for ParseLimits.

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/parser.h"

namespace sql {

struct Token {
  enum class Kind : uint8_t {
    kWord,        // a name or keyword without quotes
    kQuotedName,  // "name"
    kString,      // any form of string literal
    kNumber,
    kParameter,    // $1
    kPunctuation,  // ( ) , ; . = and operators
  } kind = Kind::kPunctuation;
  int code = 0;            // libpg_query's number of the token
  int begin = 0, end = 0;  // bytes in the scanned text
  std::string_view text;

  bool Is(std::string_view punctuation) const {
    return kind == Kind::kPunctuation && text == punctuation;
  }
  bool IsWord(std::string_view upper_case) const;
};

// Tokens of `text` without comments, checked against `limits`.
base::Result<std::vector<Token>> Scan(std::string_view text, const ParseLimits& limits);

// A range of tokens for each statement: split at semicolons outside parentheses; empty statements
// are left out.
struct TokenRange {
  size_t first = 0, last = 0;  // [first, last)
};
std::vector<TokenRange> SplitStatements(const std::vector<Token>& tokens);

// The name a word or quoted name stands for (folded, or without its quotes), empty for other
// tokens.
std::string NameOf(const Token& token);

}  // namespace sql
