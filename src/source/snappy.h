#pragma once
// Snappy, as Kafka's record batches carry it: one block, or blocks in the frames of the xerial library. Threads: any.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace source {

enum class Decoded : uint8_t { kDone, kFull, kBad };  // kFull: `capacity` is too small

// Writes at most `capacity` bytes.
Decoded DecodeSnappy(std::string_view in, char* out, size_t capacity, size_t* written);

}  // namespace source
