#pragma once
// JsonCursor: walks the tokens of one document by its StructuralIndex and checks the whole grammar of RFC 8259 on the way,
// of what is skipped as well as of what is read. So whether a record is good JSON never depends on which of its fields are
// used.
//
// Start checks that the last token is '}': with it every scan of a number, literal or string ends inside the document.
// The document may be read model::kPadding bytes past its end.
//
// Threads: one owner. Borrows: document and index. Limits: kMaxDepth levels.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "decode/json_number.h"

namespace decode {

enum class Walk : uint8_t { kOk, kMalformed, kTooDeep };

// The first backslash of [begin, end), or end. May read 8 bytes past end.
inline const char* FindBackslash(const char* begin, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  for (const char* at = begin; at < end; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    const uint64_t difference = word ^ (kOnes * '\\');
    const uint64_t hit = (difference - kOnes) & ~difference & kHigh;
    if (hit == 0) continue;
    const char* found = at + std::countr_zero(hit) / 8;  // the lowest hit is exact
    return found < end ? found : end;
  }
  return end;
}

// Whether `text` begins with the literal and something that may follow it.
inline bool IsLiteral(const char* text, std::string_view literal) {
  return std::memcmp(text, literal.data(), literal.size()) == 0 && EndsScalar(text[literal.size()]);
}

// Whether every escape of [begin, end) is one of JSON's; begin is at the first of them.
bool EscapesAreGood(const char* begin, const char* end);
inline bool HasGoodEscapes(const char* begin, const char* end) {
  const char* first = FindBackslash(begin, end);
  return first == end || EscapesAreGood(first, end);
}

class JsonCursor {
 public:
  static constexpr int kMaxDepth = 64;

  // False when the document does not end in '}'.
  bool Start(const char* text, const uint32_t* index, size_t count) {
    text_ = text;
    at_ = index;
    end_ = index + count;
    return count > 0 && text[index[count - 1]] == '}';
  }

  bool AtEnd() const { return at_ >= end_; }
  char Kind() const { return text_[*at_]; }
  const char* Here() const { return text_ + *at_; }
  const char* Before() const { return text_ + at_[-1]; }  // the token that was passed last
  const char* End() const { return text_ + end_[-1] + 1; }  // of the document, after its '}'
  void Advance() { ++at_; }
  size_t position() const { return *at_; }

  // Of the string that begins Here: its closing quote.
  const char* StringEnd() const {
    const char* at = text_ + at_[1] - 1;
    while (*at != '"') --at;  // only white space lies between a string and the next token
    return at;
  }

  // Reads one after a value of an object: kMore, kDone or kMalformed.
  enum class Next : uint8_t { kMore, kDone, kMalformed };
  Next AfterValue(char close) {
    if (AtEnd()) return Next::kMalformed;
    const char c = Kind();
    if (c != ',' && c != close) return Next::kMalformed;
    Advance();
    return c == ',' ? Next::kMore : Next::kDone;
  }

  // Goes past the value that begins Here, which stands `depth` levels deep, and checks all of it.
  Walk SkipValue(int depth) {
    switch (Kind()) {
      case '"': return SkipString();
      case '{': return SkipObject(depth + 1);
      case '[': return SkipArray(depth + 1);
      case 't': if (!IsLiteral(Here(), "true")) return Walk::kMalformed; break;
      case 'f': if (!IsLiteral(Here(), "false")) return Walk::kMalformed; break;
      case 'n': if (!IsLiteral(Here(), "null")) return Walk::kMalformed; break;
      default:
        if (!IsNumber(Here())) return Walk::kMalformed;
    }
    Advance();
    return Walk::kOk;
  }
  // Goes past a key and its colon. Key() is what lies between the quotes, escapes and all.
  Walk SkipKey();

 private:
  Walk SkipString() {
    if (!HasGoodEscapes(Here() + 1, StringEnd())) return Walk::kMalformed;
    Advance();
    return Walk::kOk;
  }
  Walk SkipObject(int depth);
  Walk SkipArray(int depth);

  const char* text_ = nullptr;
  const uint32_t* at_ = nullptr;
  const uint32_t* end_ = nullptr;
};


enum class Unescaped : uint8_t { kOk, kBadEscape, kHalfCharacter, kNul };
// The characters that [begin, end) stands for, into `out` (cleared first). kNul: all is written, a NUL is among it.
Unescaped Unescape(const char* begin, const char* end, std::string* out);

}  // namespace decode
