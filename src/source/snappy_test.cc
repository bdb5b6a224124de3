#include "source/snappy.h"

#include <gtest/gtest.h>

#include <string>

#include "source/batch_builder.h"

namespace source {
namespace {

std::string Decode(std::string_view in, size_t capacity = 1 << 20) {
  std::string out(capacity, '\0');
  size_t written = 0;
  switch (DecodeSnappy(in, out.data(), capacity, &written)) {
    case Decoded::kDone: return out.substr(0, written);
    case Decoded::kFull: return "FULL";
    case Decoded::kBad: return "BAD";
  }
  return "?";
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

TEST(Snappy, LiteralsAndCopiesOfEveryForm) {
  EXPECT_EQ(Decode(Bytes({0})), "");
  EXPECT_EQ(Decode(Bytes({3, 2 << 2, 'a', 'b', 'c'})), "abc");
  EXPECT_EQ(Decode(Bytes({11, 2 << 2, 'a', 'b', 'c', (8 - 4) << 2 | 1, 3})), "abcabcabcab") << "one-byte distance, repeating itself";
  EXPECT_EQ(Decode(Bytes({6, 2 << 2, 'a', 'b', 'c', 2 << 2 | 2, 3, 0})), "abcabc");
  EXPECT_EQ(Decode(Bytes({6, 2 << 2, 'a', 'b', 'c', 2 << 2 | 3, 3, 0, 0, 0})), "abcabc");
  const std::string text(100, 'x');
  EXPECT_EQ(Decode(Bytes({100, 60 << 2, 99}) + text), text) << "length in one more byte";
  EXPECT_EQ(Decode(Bytes({100, 61 << 2, 99, 0}) + text), text);
  EXPECT_EQ(Decode(Bytes({100, 62 << 2, 99, 0, 0}) + text), text);
  EXPECT_EQ(Decode(Bytes({100, 63 << 2, 99, 0, 0, 0}) + text), text);
}

TEST(Snappy, XerialFrames) {
  const std::string header("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
  const auto block = [](const std::string& text) {
    const std::string body = BatchBuilder::SnappyLiterals(text);
    return Bytes({0, 0, static_cast<int>(body.size() >> 8), static_cast<int>(body.size() & 255)}) + body;
  };
  EXPECT_EQ(Decode(header), "");
  EXPECT_EQ(Decode(header + block("hello ") + block("world")), "hello world");
  EXPECT_EQ(Decode(header + block("hello ") + block("world").substr(0, 7)), "BAD");
  EXPECT_EQ(Decode(header + block("hello "), 3), "FULL");
  EXPECT_EQ(Decode(header.substr(0, 12)), "BAD");
}

TEST(Snappy, WhatPointsOutsideIsRefused) {
  EXPECT_EQ(Decode(""), "BAD");
  EXPECT_EQ(Decode(Bytes({0x80})), "BAD");
  EXPECT_EQ(Decode(Bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})), "BAD");
  EXPECT_EQ(Decode(Bytes({0xff, 0xff, 0xff, 0xff, 0x0f, 0, 'a'})), "FULL");
  EXPECT_EQ(Decode(Bytes({3, 2 << 2, 'a', 'b'})), "BAD") << "literal beyond the input";
  EXPECT_EQ(Decode(Bytes({2, 2 << 2, 'a', 'b', 'c'})), "BAD") << "literal beyond the output";
  EXPECT_EQ(Decode(Bytes({6, 2 << 2, 'a', 'b', 'c', 2 << 2 | 2, 4, 0})), "BAD") << "copy from before the start";
  EXPECT_EQ(Decode(Bytes({6, 2 << 2, 'a', 'b', 'c', 2 << 2 | 2, 0, 0})), "BAD") << "copy from nowhere";
  EXPECT_EQ(Decode(Bytes({4, 2 << 2, 'a', 'b', 'c', 2 << 2 | 2, 1, 0})), "BAD") << "copy beyond the output";
  EXPECT_EQ(Decode(Bytes({4, 2 << 2, 'a', 'b', 'c'})), "BAD") << "too little output";
  EXPECT_EQ(Decode(Bytes({6, 2 << 2, 'a', 'b', 'c', 2 << 2 | 3, 3, 0})), "BAD") << "distance cut";
}

}  // namespace
}  // namespace source
