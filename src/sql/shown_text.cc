#include "sql/shown_text.h"

#include <algorithm>

#include "sql/limits.h"
#include "sql/tokens.h"

namespace sql {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool SpeaksOfSecrets(const std::string& lower) {
  return lower.find("password") != std::string::npos || lower.find("key.pem") != std::string::npos;
}

// The option's key that ends before token `at`: words with dots between them, or one string.
std::string KeyBefore(const std::vector<Token>& tokens, size_t at) {
  if (at == 0) return {};
  if (tokens[at - 1].kind == Token::Kind::kString)
    return Lower(tokens[at - 1].text.substr(1, std::max<size_t>(tokens[at - 1].text.size(), 2) - 2));
  std::string key;
  for (size_t i = at; i-- > 0;) {
    const bool word = tokens[i].kind == Token::Kind::kWord || tokens[i].kind == Token::Kind::kQuotedName;
    if (!word && !tokens[i].Is(".")) break;
    key = NameOf(tokens[i]).empty() ? "." + key : Lower(NameOf(tokens[i])) + key;
  }
  return key;
}

bool IsSecret(const std::vector<Token>& tokens, size_t at) {
  if (at == 0) return false;
  if (tokens[at].kind == Token::Kind::kString && tokens[at - 1].IsWord("PASSWORD")) return true;
  return tokens[at - 1].Is("=") && !tokens[at].IsWord("SECRET") &&
         IsSecretOption(KeyBefore(tokens, at - 1));
}

}  // namespace

bool IsSecretOption(std::string_view key) {
  return key == "password" || key.ends_with(".password") || key.ends_with("ssl.key.pem");
}

std::string ShownText(std::string_view text) {
  if (!SpeaksOfSecrets(Lower(text))) return std::string(text);
  const auto tokens = Scan(text, {});
  if (!tokens.ok()) return "(a statement with a password)";
  std::string out;
  size_t shown = 0;
  for (size_t i = 0; i < tokens->size(); ++i) {
    if (!IsSecret(*tokens, i)) continue;
    out += text.substr(shown, static_cast<size_t>((*tokens)[i].begin) - shown);
    out += "'***'";
    shown = static_cast<size_t>((*tokens)[i].end);
  }
  out += text.substr(shown);
  return out;
}

}  // namespace sql
