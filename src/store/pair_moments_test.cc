// PairMoments: merging in any grouping gives what one pass gives, to 1e-9; PostgreSQL's answers where
// they are easy to say, and NULL where it says so.

#include "store/pair_moments.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace store {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

PairMoments Of(const Pairs& pairs) {
  PairMoments moments;
  for (const auto& [x, y] : pairs) moments.Add(x, y);
  return moments;
}

PairMoments Merge(PairMoments a, const PairMoments& b) {
  a.Merge(b);
  return a;
}

void ExpectSame(const PairMoments& a, const PairMoments& b) {
  EXPECT_EQ(a.n, b.n);
  const double scale = std::abs(b.sxx) + std::abs(b.syy) + 1e-300;
  EXPECT_NEAR(a.mean_x, b.mean_x, 1e-12 * std::abs(b.mean_x) + 1e-300);
  EXPECT_NEAR(a.mean_y, b.mean_y, 1e-12 * std::abs(b.mean_y) + 1e-300);
  EXPECT_NEAR(a.sxx, b.sxx, 1e-9 * scale);
  EXPECT_NEAR(a.syy, b.syy, 1e-9 * scale);
  EXPECT_NEAR(a.sxy, b.sxy, 1e-9 * scale);
}

TEST(PairMomentsTest, MergesInAnyOrder) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> x(1e6, 10), noise(0, 3);
  for (int round = 0; round < 200; ++round) {
    Pairs parts[3], all;
    for (Pairs& part : parts)
      for (size_t i = random() % 40; i-- > 0;) {
        const double value = x(random);
        part.emplace_back(value, 2 * value + noise(random));
        all.push_back(part.back());
      }
    const PairMoments a = Of(parts[0]), b = Of(parts[1]), c = Of(parts[2]);
    ExpectSame(Merge(a, b), Merge(b, a));
    ExpectSame(Merge(Merge(a, b), c), Merge(a, Merge(b, c)));
    ExpectSame(Merge(a, PairMoments{}), a);
    ExpectSame(Merge(PairMoments{}, a), a);
    ExpectSame(Merge(Merge(a, b), c), Of(all));
  }
}

TEST(PairMomentsTest, AnswersAsPostgres) {
  const PairMoments line = Of({{1, 3}, {2, 5}, {3, 7}});
  EXPECT_DOUBLE_EQ(*line.Slope(), 2);
  EXPECT_DOUBLE_EQ(*line.Intercept(), 1);
  EXPECT_DOUBLE_EQ(*line.Corr(), 1);
  EXPECT_DOUBLE_EQ(*line.R2(), 1);
  EXPECT_DOUBLE_EQ(*line.CovarSamp(), 2);
  const PairMoments flat = Of({{1, 4}, {2, 4}});
  EXPECT_FALSE(flat.Corr());
  EXPECT_DOUBLE_EQ(*flat.R2(), 1);
  const PairMoments steep = Of({{1, 4}, {1, 5}});
  EXPECT_FALSE(steep.Slope());
  EXPECT_FALSE(steep.R2());
  EXPECT_FALSE(steep.Intercept());
  EXPECT_FALSE(Of({{1, 1}}).CovarSamp());
}

TEST(PairMomentsTest, BytesComeBackAndDamageIsSeen) {
  const PairMoments moments = Of({{1, 3}, {2, 5.5}, {-3, 7}});
  std::string bytes(PairMoments::kBytes, '\0');
  moments.Write(bytes.data());
  PairMoments copy;
  ASSERT_TRUE(copy.Read(bytes));
  ExpectSame(copy, moments);
  EXPECT_FALSE(copy.Read(bytes.substr(1)));
  bytes[0] = 9;
  EXPECT_FALSE(copy.Read(bytes));
}

}  // namespace
}  // namespace store
