#pragma once
// JsonCursor: walks the tokens of one document by its StructuralIndex and checks the whole grammar of RFC 8259 on the way,
// of what is skipped as well as of what is read. So whether a record is good JSON never depends on which of its fields are
// used.
//
// Start checks that the last token is '}': with it every scan of a number, literal or string ends inside the document.
// The document may be read model::kPadding bytes past its end.
//
// Threads: one owner. Borrows: document and index. Limits: kMaxDepth levels.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace decode {

enum class Walk : uint8_t { kOk, kMalformed, kTooDeep };

// Bytes that may follow a number or literal.
inline constexpr auto kEndsScalar = [] {
  std::array<bool, 256> table{};
  for (unsigned char c : {' ', '\t', '\n', '\r', ',', ']', '}'}) table[c] = true;
  return table;
}();
inline bool EndsScalar(char c) { return kEndsScalar[static_cast<unsigned char>(c)]; }

// The first backslash of [begin, end), or end. May read 16 bytes past end.
const char* FindBackslash(const char* begin, const char* end);

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
  Walk SkipValue(int depth);
  // Goes past a key and its colon. Key() is what lies between the quotes, escapes and all.
  Walk SkipKey();

 private:
  Walk SkipString();
  Walk SkipObject(int depth);
  Walk SkipArray(int depth);

  const char* text_ = nullptr;
  const uint32_t* at_ = nullptr;
  const uint32_t* end_ = nullptr;
};

// Whether `text` begins with the literal and something that may follow it.
bool IsLiteral(const char* text, std::string_view literal);
// Whether every escape of [begin, end) is one of JSON's.
bool HasGoodEscapes(const char* begin, const char* end);

enum class Unescaped : uint8_t { kOk, kBadEscape, kHalfCharacter, kNul };
// The characters that [begin, end) stands for, into `out` (cleared first). kNul: all is written, a NUL is among it.
Unescaped Unescape(const char* begin, const char* end, std::string* out);

}  // namespace decode
