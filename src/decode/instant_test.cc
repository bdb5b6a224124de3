#include "decode/instant.h"

#include <gtest/gtest.h>

namespace decode {
namespace {

constexpr int64_t kBase = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z

TEST(ParseInstant, ZonesFractionsAndSeparators) {
  for (const char* same : {"2026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00", "2026-01-01T00:00:00.0",
                           "2026-01-01T01:00:00+01:00", "2025-12-31T18:30:00-05:30", "2026-01-01T02:00:00+02", "2026-01-01T02:30:00+0230",
                           "2025-12-31T23:59:60Z", "2026-01-01T00:00:00.0000004", "2025-12-31T23:59:59.9999995"})
    EXPECT_EQ(ParseInstant(same), kBase) << same;
  EXPECT_EQ(ParseInstant("2026-01-01T00:00:00.1"), kBase + 100'000);
  EXPECT_EQ(ParseInstant("2026-01-01T00:00:00.123456789Z"), kBase + 123'457);
  EXPECT_EQ(ParseInstant("1969-12-31T23:59:59.5Z"), -500'000);
  EXPECT_EQ(ParseInstant("0001-01-01T00:00:00Z"), kFirstInstantUs);
  EXPECT_EQ(ParseInstant("9999-12-31T23:59:59.999999Z"), kLastInstantUs);
}

TEST(ParseInstant, WhatIsNoTimeIsRefused) {
  for (const char* bad : {"", "2026", "2026-01-01", "2026-01-01T", "2026-01-01T00:00", "2026-01-01T00:00:00.", "2026-01-01T24:00:00Z",
                          "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "0000-01-01T00:00:00Z",
                          "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+01:",
                          "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00 UTC", "2026-01-01T00:00:00Z ", "+2026-01-01T00:00:00Z",
                          "10000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00+00:01", "2026-1-01T00:00:00Z",
                          "2026-01-01_00:00:00", "２０２６-01-01T00:00:00Z"})
    EXPECT_EQ(ParseInstant(bad), std::nullopt) << bad;
  EXPECT_TRUE(ParseInstant("2024-02-29T00:00:00Z"));
}

TEST(DateOf, DaysBeforeTheEpochEndWhereTheNextBegins) {
  EXPECT_EQ(DateOf(0), 0);
  EXPECT_EQ(DateOf(-1), -1);
  EXPECT_EQ(DateOf(-86'400'000'000), -1);
  EXPECT_EQ(DateOf(-86'400'000'001), -2);
  EXPECT_EQ(DateOf(86'399'999'999), 0);
}

}  // namespace
}  // namespace decode
