#include <strings.h>

#include <algorithm>
#include <cctype>

#include "catalog/catalog.h"

namespace catalog {
namespace {

// The end of the quoted text, dollar-quoted excepted, that begins at `at`.
size_t EndOfQuoted(std::string_view text, size_t at) {
  const char quote = text[at++];
  while (at < text.size() && text[at] != quote) ++at;
  return std::min(at + 1, text.size());
}

size_t EndOfComment(std::string_view text, size_t at) {
  if (text.substr(at, 2) == "--") {
    const size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end;
  }
  int depth = 0;
  for (; at + 1 < text.size(); ++at) {
    if (text.substr(at, 2) == "/*") ++depth, ++at;
    else if (text.substr(at, 2) == "*/" && --depth == 0) return at + 2;
    else if (text.substr(at, 2) == "*/") ++at;
  }
  return text.size();
}

}  // namespace

std::string Canonical(std::string_view definition) {
  std::string out;
  bool space = false;
  auto put = [&](std::string_view piece) {
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    out.append(piece);
  };
  for (size_t at = 0; at < definition.size();) {
    const std::string_view two = definition.substr(at, 2);
    if (two == "--" || two == "/*") {
      at = EndOfComment(definition, at);
      space = true;
    } else if (std::isspace(static_cast<unsigned char>(definition[at]))) {
      ++at;
      space = true;
    } else if (definition[at] == '\'' || definition[at] == '"') {
      const size_t end = EndOfQuoted(definition, at);
      put(definition.substr(at, end - at));
      at = end;
    } else {
      put(definition.substr(at++, 1));
    }
  }
  return out;
}

bool SameDefinition(std::string_view one, std::string_view other) {
  const auto plain = [](std::string_view text) {
    std::string out = Canonical(text);
    for (const std::string_view words : {" OR REPLACE", " IF NOT EXISTS"}) {
      // Before the name, which is the fourth word at the earliest.
      const size_t end = std::min<size_t>(out.size(), 60);
      for (size_t at = 0; at + words.size() < end; ++at) {
        if (out[at] == '\'' || out[at] == '"') break;
        if (strncasecmp(out.data() + at, words.data(), words.size()) != 0) continue;
        out.erase(at, words.size());
        break;
      }
    }
    return out;
  };
  return plain(one) == plain(other);
}

}  // namespace catalog
