#include "source/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

namespace source {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected

constexpr auto kTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}();

#ifdef __x86_64__

// Three independent streams hide the instruction's latency; their sums are joined by moving each over the zeros that stand
// for the bytes after it. kStream is the length of one stream.
constexpr size_t kStream = 1024;

// What a sum becomes when kStream zero bytes follow, byte by byte of the sum.
using Shift = std::array<std::array<uint32_t, 256>, 4>;

Shift MakeShift() {
  const auto over_zeros = [](uint32_t sum) {
    for (size_t i = 0; i < kStream; ++i) sum = sum >> 8 ^ kTable[sum & 0xFF];
    return sum;
  };
  std::array<uint32_t, 32> of_bit{};
  for (uint32_t bit = 0; bit < 32; ++bit) of_bit[bit] = over_zeros(uint32_t{1} << bit);
  Shift shift{};
  for (size_t byte = 0; byte < 4; ++byte)
    for (uint32_t value = 0; value < 256; ++value)
      for (uint32_t bit = 0; bit < 8; ++bit)
        if (value >> bit & 1) shift[byte][value] ^= of_bit[byte * 8 + bit];
  return shift;
}

uint32_t OverStream(uint32_t sum) {
  static const Shift shift = MakeShift();
  return shift[0][sum & 0xFF] ^ shift[1][sum >> 8 & 0xFF] ^ shift[2][sum >> 16 & 0xFF] ^ shift[3][sum >> 24];
}

uint64_t Load(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t ByInstruction(std::string_view bytes) {
  uint64_t sum = ~uint32_t{0};
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kStream; left -= 3 * kStream, at += 3 * kStream) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < kStream; i += 8) {
      sum = _mm_crc32_u64(sum, Load(at + i));
      second = _mm_crc32_u64(second, Load(at + kStream + i));
      third = _mm_crc32_u64(third, Load(at + 2 * kStream + i));
    }
    sum = OverStream(static_cast<uint32_t>(sum)) ^ second;
    sum = OverStream(static_cast<uint32_t>(sum)) ^ third;
  }
  for (; left >= 8; left -= 8, at += 8) sum = _mm_crc32_u64(sum, Load(at));
  auto rest = static_cast<uint32_t>(sum);
  for (; left > 0; --left, ++at) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*at));
  return ~rest;
}

#endif

}  // namespace

uint32_t Crc32cByTable(std::string_view bytes) {
  uint32_t sum = ~uint32_t{0};
  for (const char c : bytes) sum = sum >> 8 ^ kTable[(sum ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~sum;
}

uint32_t Crc32c(std::string_view bytes) {
#ifdef __x86_64__
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ByInstruction(bytes);
#endif
  return Crc32cByTable(bytes);
}

}  // namespace source
