#include "source/record_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/record_batch.h"

namespace source {
namespace {

TEST(RecordBuffer, WhatIsCopiedStaysAndHasPadding) {
  RecordBuffer buffer(64 << 20);
  for (int round = 0; round < 3; ++round) {
    buffer.Clear();
    std::vector<std::pair<const char*, std::string>> copies;
    size_t total = 0;
    for (size_t i = 0; i < 2000; ++i) {
      std::string value(i * 37 % 5000 + (i % 500 == 0 ? 3 << 20 : 0), static_cast<char>('a' + i % 26));
      total += value.size();
      copies.emplace_back(buffer.Copy(value), value);
    }
    EXPECT_EQ(buffer.bytes(), total);
    char sum = 0;
    for (const auto& [at, value] : copies) {
      ASSERT_EQ(std::string_view(at, value.size()), value);
      sum = static_cast<char>(sum + at[value.size() + model::kPadding - 1]);
    }
    (void)sum;
  }
}

TEST(RecordBuffer, ClearKeepsItsMemoryUpToTheBound) {
  RecordBuffer buffer(4 << 20);
  for (int i = 0; i < 3; ++i) buffer.Copy(std::string(900 << 10, 'x'));
  const size_t small = buffer.capacity();
  buffer.Clear();
  EXPECT_EQ(buffer.capacity(), small);
  buffer.Copy(std::string(20 << 20, 'x'));
  EXPECT_GT(buffer.capacity(), size_t{20} << 20);
  buffer.Clear();
  EXPECT_LE(buffer.capacity(), size_t{4} << 20);
  EXPECT_NE(buffer.Copy(""), nullptr);
}

}  // namespace
}  // namespace source
