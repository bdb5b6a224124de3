#pragma once
// CRC-32C (Castagnoli), as Kafka's record batches carry it; by the processor's instruction where it has one. Threads: any.

#include <cstdint>
#include <string_view>

namespace source {

uint32_t Crc32c(std::string_view bytes);

// The same in plain code, for processors without the instruction and for the test.
uint32_t Crc32cByTable(std::string_view bytes);

}  // namespace source
