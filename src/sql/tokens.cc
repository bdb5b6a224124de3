#include "sql/tokens.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <cctype>

#include "sql/limits.h"
#include "sql/position.h"

namespace sql {
namespace {

Token::Kind KindOf(const PgQuery__ScanToken& token, char first) {
  switch (token.token) {
    case PG_QUERY__TOKEN__SCONST:
    case PG_QUERY__TOKEN__USCONST:
    case PG_QUERY__TOKEN__BCONST:
    case PG_QUERY__TOKEN__XCONST: return Token::Kind::kString;
    case PG_QUERY__TOKEN__ICONST:
    case PG_QUERY__TOKEN__FCONST: return Token::Kind::kNumber;
    case PG_QUERY__TOKEN__PARAM: return Token::Kind::kParameter;
    case PG_QUERY__TOKEN__UIDENT: return Token::Kind::kQuotedName;
    case PG_QUERY__TOKEN__IDENT:
      return first == '"' ? Token::Kind::kQuotedName : Token::Kind::kWord;
    default:
      return token.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD ? Token::Kind::kWord
                                                                      : Token::Kind::kPunctuation;
  }
}

base::Status ScanError(const PgQueryError& error) {
  return base::Invalid(error.message)
      .WithSqlstate("42601")
      .WithPosition(error.cursorpos > 0 ? error.cursorpos : 0);
}

base::Status CheckBytes(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_bytes)
    return base::Invalid("statement is too long")
        .WithSqlstate("54000")
        .WithDetail("It has " + std::to_string(text.size()) + " bytes; the limit is " +
                    std::to_string(limits.max_bytes) + ".");
  size_t bad = 0;
  if (!IsCleanUtf8(text, &bad)) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "0x%02x", static_cast<unsigned char>(text[bad]));
    return base::Invalid(std::string("invalid byte sequence for encoding \"UTF8\": ") + digits)
        .WithSqlstate("22021");
  }
  return {};
}

std::vector<Token> Collect(std::string_view text, const PgQuery__ScanResult& scan) {
  std::vector<Token> tokens;
  tokens.reserve(scan.n_tokens);
  for (size_t i = 0; i < scan.n_tokens; ++i) {
    const PgQuery__ScanToken& t = *scan.tokens[i];
    if (t.token == PG_QUERY__TOKEN__SQL_COMMENT || t.token == PG_QUERY__TOKEN__C_COMMENT) continue;
    if (t.start < 0 || t.end <= t.start || static_cast<size_t>(t.end) > text.size()) continue;
    tokens.push_back({KindOf(t, text[t.start]), static_cast<int>(t.token), t.start, t.end,
                      text.substr(t.start, t.end - t.start)});
  }
  return tokens;
}

}  // namespace

bool Token::IsWord(std::string_view upper_case) const {
  if (kind != Kind::kWord || text.size() != upper_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (std::toupper(static_cast<unsigned char>(text[i])) != upper_case[i]) return false;
  return true;
}

base::Result<std::vector<Token>> Scan(std::string_view text, const ParseLimits& limits) {
  RETURN_IF_ERROR(CheckBytes(text, limits));
  PgQueryScanResult raw = pg_query_scan(std::string(text).c_str());
  base::Status status;
  std::vector<Token> tokens;
  if (raw.error != nullptr) {
    status = ScanError(*raw.error);
  } else if (PgQuery__ScanResult* scan = pg_query__scan_result__unpack(
                 nullptr, raw.pbuf.len, reinterpret_cast<const uint8_t*>(raw.pbuf.data));
             scan != nullptr) {
    tokens = Collect(text, *scan);
    pg_query__scan_result__free_unpacked(scan, nullptr);
  } else {
    status = base::Internal("the scanner's answer cannot be read");
  }
  pg_query_free_scan_result(raw);
  RETURN_IF_ERROR(status);
  if (tokens.size() > limits.max_tokens)
    return base::Invalid("statement is too long")
        .WithSqlstate("54000")
        .WithDetail("It has " + std::to_string(tokens.size()) + " words; the limit is " +
                    std::to_string(limits.max_tokens) + ".");
  RETURN_IF_ERROR(CheckDepth(text, tokens, limits));
  return tokens;
}

std::vector<TokenRange> SplitStatements(const std::vector<Token>& tokens) {
  std::vector<TokenRange> ranges;
  size_t first = 0;
  int depth = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].Is("(")) ++depth;
    if (tokens[i].Is(")") && depth > 0) --depth;
    if (!tokens[i].Is(";") || depth > 0) continue;
    if (i > first) ranges.push_back({first, i});
    first = i + 1;
  }
  if (tokens.size() > first) ranges.push_back({first, tokens.size()});
  return ranges;
}

std::string NameOf(const Token& token) {
  std::string name;
  if (token.kind == Token::Kind::kWord) {
    for (char c : token.text) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  } else if (token.kind == Token::Kind::kQuotedName && token.text.size() >= 2 &&
             token.text.front() == '"') {
    for (size_t i = 1; i + 1 < token.text.size(); ++i) {
      name += token.text[i];
      if (token.text[i] == '"') ++i;  // a doubled quote
    }
  }
  return name;
}

}  // namespace sql
