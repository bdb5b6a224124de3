#include "sql/position.h"

namespace sql {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `s`; 0 = none. NUL counts as ill-formed.
size_t SequenceLength(std::string_view s) {
  const auto at = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned c = at(0);
  if (c == 0) return 0;
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (c == 0xE0 && at(1) < 0xA0) return 0;
    if (c == 0xED && at(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (c == 0xF0 && at(1) < 0x90) return 0;
    if (c == 0xF4 && at(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

int CharacterPosition(std::string_view text, int byte) {
  if (byte < 0) return 0;
  int position = 1;
  for (size_t i = 0; i < text.size() && i < static_cast<size_t>(byte); ++i)
    position += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
  // `byte` itself may stand inside a character only if the caller is wrong; then the character's
  // own place is told.
  return position;
}

base::Status At(base::Status status, std::string_view text, int byte) {
  if (status.ok() || status.position() > 0 || byte < 0) return status;
  return std::move(status).WithPosition(CharacterPosition(text, byte));
}

bool IsCleanUtf8(std::string_view text, size_t* bad_byte) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text.substr(i));
    if (length == 0) {
      *bad_byte = i;
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace sql
