#include "source/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace source {
namespace {

TEST(Crc32c, KnownSums) {  // RFC 3720, B.4, and the usual check value
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, TheInstructionAndTheTableAgreeOnEveryLength) {
  std::string text;
  for (uint32_t i = 0; i < 20'000; ++i) text.push_back(static_cast<char>(i * 2654435761u >> 24));
  for (size_t length = 0; length < text.size(); length += 1 + length / 13)
    for (size_t start : {0, 1, 7})
      ASSERT_EQ(Crc32c(std::string_view(text).substr(start, length)), Crc32cByTable(std::string_view(text).substr(start, length)))
          << start << " " << length;
}

}  // namespace
}  // namespace source
