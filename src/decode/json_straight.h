#pragma once
// The straight way through a record: without an index of its tokens, value after value, as long as its keys are those of the
// record before it, in the same order, with nothing between the tokens, and every string is plain. Most records of most
// topics are such. Whatever is not gets read by the general way from its beginning, which also says what is wrong.
//
// Threads: values. Limits: the document may be read model::kPadding bytes past its end.

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>

namespace decode {

// The closing quote of the string whose first character is at `at`, when all of it is printable ASCII without escapes and it
// ends before `end`; else nullptr.
inline const char* PlainStringEnd(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  for (; at < end; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Signed: bytes from 0x80 on are below the space, too.
    const __m128i other = _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, backslash));
    const auto hits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(other, _mm_cmpeq_epi8(bytes, quote))));
    if (hits == 0) continue;
    at += std::countr_zero(hits);
    return at < end && *at == '"' ? at : nullptr;
  }
#else
  for (; at < end; ++at) {
    if (*at == '"') return at;
    if (static_cast<signed char>(*at) < 0x20 || *at == '\\') return nullptr;
  }
#endif
  return nullptr;
}

// Whether trying the straight way pays: when over a fifth of the records were not for it, it is left alone for a while.
class StraightChance {
 public:
  bool IsWorthIt() {
    if (pause_ == 0) return true;
    --pause_;
    return false;
  }
  void Note(bool read) {
    if (read) {
      if (misses_ > 0) --misses_;
    } else if ((misses_ += 4) >= 64) {
      misses_ = 0;
      pause_ = 1024;
    }
  }

 private:
  int misses_ = 0, pause_ = 0;
};

}  // namespace decode
