#include "decode/json_cursor.h"

namespace decode {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The code unit of \uXXXX at `at` (the four digits); -1 when they are none.
int CodeUnit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(at[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

char SimpleEscape(char c) {
  switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

void AppendUtf8(uint32_t point, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// The character of a \u escape whose digits begin at *at; moves *at past it (and past a second half).
Unescaped ReadUnicode(const char** at, const char* end, uint32_t* point) {
  const int first = CodeUnit(*at, end);
  if (first < 0) return Unescaped::kBadEscape;
  *at += 4;
  *point = static_cast<uint32_t>(first);
  if (first < 0xD800 || first > 0xDFFF) return Unescaped::kOk;
  if (first > 0xDBFF || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u') return Unescaped::kHalfCharacter;
  const int second = CodeUnit(*at + 2, end);
  if (second < 0) return Unescaped::kBadEscape;
  if (second < 0xDC00 || second > 0xDFFF) return Unescaped::kHalfCharacter;
  *at += 6;
  *point = 0x10000 + ((*point - 0xD800) << 10) + (static_cast<uint32_t>(second) - 0xDC00);
  return Unescaped::kOk;
}

}  // namespace

bool EscapesAreGood(const char* begin, const char* end) {
  for (const char* at = begin; at < end; at = FindBackslash(at, end)) {
    if (end - at < 2) return false;
    const char kind = at[1];
    at += 2;
    if (kind == 'u') {
      if (CodeUnit(at, end) < 0) return false;
      at += 4;
    } else if (SimpleEscape(kind) == 0) {
      return false;
    }
  }
  return true;
}

Unescaped Unescape(const char* begin, const char* end, std::string* out) {
  out->clear();
  bool nul = false;
  for (const char* at = begin; at < end;) {
    const char* escape = FindBackslash(at, end);
    out->append(at, escape);
    if (escape == end) break;
    if (end - escape < 2) return Unescaped::kBadEscape;
    at = escape + 2;
    if (escape[1] == 'u') {
      uint32_t point = 0;
      if (const Unescaped read = ReadUnicode(&at, end, &point); read != Unescaped::kOk) return read;
      nul |= point == 0;
      AppendUtf8(point, out);
    } else {
      const char c = SimpleEscape(escape[1]);
      if (c == 0) return Unescaped::kBadEscape;
      out->push_back(c);
    }
  }
  return nul ? Unescaped::kNul : Unescaped::kOk;
}

Walk JsonCursor::SkipKey() {
  if (Kind() != '"') return Walk::kMalformed;
  if (const Walk walk = SkipString(); walk != Walk::kOk) return walk;
  if (Kind() != ':') return Walk::kMalformed;
  Advance();
  return Walk::kOk;
}

Walk JsonCursor::SkipObject(int depth) {
  if (depth > kMaxDepth) return Walk::kTooDeep;
  Advance();
  if (Kind() == '}') {
    Advance();
    return Walk::kOk;
  }
  while (true) {
    if (const Walk walk = SkipKey(); walk != Walk::kOk) return walk;
    if (const Walk walk = SkipValue(depth); walk != Walk::kOk) return walk;
    const Next next = AfterValue('}');
    if (next != Next::kMore) return next == Next::kDone ? Walk::kOk : Walk::kMalformed;
  }
}

Walk JsonCursor::SkipArray(int depth) {
  if (depth > kMaxDepth) return Walk::kTooDeep;
  Advance();
  if (Kind() == ']') {
    Advance();
    return Walk::kOk;
  }
  while (true) {
    if (const Walk walk = SkipValue(depth); walk != Walk::kOk) return walk;
    const Next next = AfterValue(']');
    if (next != Next::kMore) return next == Next::kDone ? Walk::kOk : Walk::kMalformed;
  }
}

}  // namespace decode
