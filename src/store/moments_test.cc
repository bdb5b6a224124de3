// Moments: merging in any grouping gives what one pass gives, to 1e-9, and exact variance where
// that is easy to say.

#include "store/moments.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace store {
namespace {

Moments Of(const std::vector<double>& values) {
  Moments moments;
  for (double value : values) moments.Add(value);
  return moments;
}

void ExpectSame(const Moments& a, const Moments& b) {
  EXPECT_EQ(a.n, b.n);
  EXPECT_NEAR(a.mean, b.mean, 1e-12 * std::abs(b.mean) + 1e-300);
  EXPECT_NEAR(a.m2, b.m2, 1e-9 * std::abs(b.m2) + 1e-300);
}

Moments Merge(Moments a, const Moments& b) {
  a.Merge(b);
  return a;
}

TEST(MomentsTest, MergesInAnyOrder) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1e6, 10);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> parts[3], all;
    for (auto& part : parts)
      for (size_t i = random() % 40; i-- > 0;) {
        part.push_back(normal(random));
        all.push_back(part.back());
      }
    const Moments a = Of(parts[0]), b = Of(parts[1]), c = Of(parts[2]);
    ExpectSame(Merge(a, b), Merge(b, a));
    ExpectSame(Merge(Merge(a, b), c), Merge(a, Merge(b, c)));
    ExpectSame(Merge(a, Moments{}), a);
    ExpectSame(Merge(Moments{}, a), a);
    const Moments merged = Merge(Merge(a, b), c), once = Of(all);
    EXPECT_EQ(merged.n, once.n);
    if (once.n > 1) {
      EXPECT_NEAR(*merged.VarSamp(), *once.VarSamp(), 1e-9 * *once.VarSamp());
    }
  }
}

TEST(MomentsTest, IsExactForSmallNumbersAndNullForTooFew) {
  const Moments moments = Of({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_DOUBLE_EQ(*moments.Mean(), 5);
  EXPECT_DOUBLE_EQ(*moments.VarPop(), 4);
  EXPECT_DOUBLE_EQ(*moments.StddevPop(), 2);
  EXPECT_DOUBLE_EQ(*moments.VarSamp(), 32.0 / 7);
  EXPECT_FALSE(Of({1}).VarSamp());
  EXPECT_DOUBLE_EQ(*Of({1}).VarPop(), 0);
  EXPECT_FALSE(Moments{}.Mean());
}

TEST(MomentsTest, BytesComeBackAndDamagedOnesAreRefused) {
  const Moments moments = Of({1, 2.5, -3});
  char bytes[Moments::kBytes];
  moments.Write(bytes);
  Moments again;
  ASSERT_TRUE(again.Read({bytes, sizeof bytes}));
  ExpectSame(again, moments);
  EXPECT_FALSE(again.Read({bytes, sizeof bytes - 1}));
  bytes[0] = 9;
  EXPECT_FALSE(again.Read({bytes, sizeof bytes}));
}

}  // namespace
}  // namespace store
