#include "view/rename.h"

#include <algorithm>
#include <cctype>

namespace view {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool IsState(const std::string& word) {
  return word.size() > 1 && word[0] == 's' &&
         std::all_of(word.begin() + 1, word.end(), [](unsigned char c) { return std::isdigit(c); });
}

}  // namespace

std::string RenameStates(const std::string& text,
                         const std::function<std::string(const std::string&)>& name) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '\'' || text[at] == '"') {
      end = std::min(text.find(text[at], at + 1), text.size() - 1) + 1;
    } else if (IsWord(text[at])) {
      while (end < text.size() && IsWord(text[end])) ++end;
    }
    const std::string part = text.substr(at, end - at);
    out += IsState(part) ? name(part) : part;
    at = end;
  }
  return out;
}

std::set<std::string> StatesIn(const std::string& text) {
  std::set<std::string> states;
  RenameStates(text, [&](const std::string& state) {
    states.insert(state);
    return state;
  });
  return states;
}

}  // namespace view
