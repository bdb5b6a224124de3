// HyperLogLog: error within three standard errors, merging in any order, hostile bytes.

#include "store/hyperloglog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "store/sketch_memory.h"

namespace store {
namespace {

using Outcome = HyperLogLog::Outcome;

std::string BytesOf(int from, int to) {
  HyperLogLog sketch;
  for (int i = from; i < to; ++i) EXPECT_EQ(sketch.Add("user-" + std::to_string(i)), Outcome::kOk);
  std::string bytes;
  EXPECT_EQ(sketch.AppendTo(&bytes), Outcome::kOk);
  return bytes;
}

std::string Merged(const std::vector<std::string>& parts) {
  HyperLogLog sketch;
  for (const std::string& part : parts) EXPECT_EQ(sketch.MergeBytes(part), Outcome::kOk);
  std::string bytes;
  EXPECT_EQ(sketch.AppendTo(&bytes), Outcome::kOk);
  return bytes;
}

int64_t Estimate(const std::string& bytes) {
  int64_t estimate = -1;
  EXPECT_EQ(HyperLogLog::Estimate(bytes, &estimate), Outcome::kOk);
  return estimate;
}

TEST(HyperLogLogTest, SmallCountsAreAllButExact) {
  for (int n : {1, 2, 8, 9, 100, 300})
    EXPECT_NEAR(Estimate(BytesOf(0, n)), n, n * 0.002 + 0.5) << n;
}

TEST(HyperLogLogTest, LargeCountsAreWithinThreeStandardErrors) {
  for (int n : {1'000, 10'000, 200'000}) {
    EXPECT_NEAR(Estimate(BytesOf(0, n)), n, n * 3 * 0.0163) << n;
    EXPECT_NEAR(Estimate(Merged({BytesOf(0, n / 2), BytesOf(n / 3, n)})), n, n * 3 * 0.0163) << n;
  }
}

TEST(HyperLogLogTest, MergesInAnyOrderToTheSameEstimate) {
  for (int n : {3, 200, 5'000}) {
    const std::string a = BytesOf(0, n), b = BytesOf(n / 2, 2 * n), c = BytesOf(n, 3 * n),
                      once = Merged({BytesOf(0, 3 * n)});
    EXPECT_EQ(Estimate(Merged({a, b, c})), Estimate(Merged({c, a, b})));
    EXPECT_EQ(Estimate(Merged({Merged({a, b}), c})), Estimate(Merged({a, Merged({b, c})})));
    EXPECT_EQ(Estimate(Merged({a, b, c})), Estimate(once));
    EXPECT_EQ(Estimate(Merged({a, a, a})), Estimate(Merged({a})));
  }
}

TEST(HyperLogLogTest, StatesMergeLikeBytes) {
  HyperLogLog left, right;
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_EQ(left.Add("user-" + std::to_string(i)), Outcome::kOk);
    ASSERT_EQ(right.Add("user-" + std::to_string(i + 2'000)), Outcome::kOk);
  }
  ASSERT_EQ(left.Merge(right), Outcome::kOk);
  std::string bytes;
  ASSERT_EQ(left.AppendTo(&bytes), Outcome::kOk);
  EXPECT_EQ(Estimate(bytes), Estimate(Merged({BytesOf(0, 3'000), BytesOf(2'000, 5'000)})));
}

TEST(HyperLogLogTest, HostileBytesNeverHarm) {
  std::mt19937_64 random(23);
  const std::string sounds[] = {BytesOf(0, 5), BytesOf(0, 100), BytesOf(0, 20'000)};
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sounds[round % 3];
    switch (random() % 3) {
      case 0: bytes.resize(random() % bytes.size()); break;
      case 1:
        bytes[random() % std::min<size_t>(bytes.size(), 48)] = static_cast<char>(random());
        break;
      default:
        for (int i = 0; i < 8; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    HyperLogLog sketch;
    int64_t estimate = 0;
    if (HyperLogLog::Estimate(bytes, &estimate) != Outcome::kOk) ++refused;
    if (sketch.MergeBytes(bytes) != Outcome::kOk) continue;
    std::string again;
    EXPECT_EQ(sketch.AppendTo(&again), Outcome::kOk);
    EXPECT_EQ(HyperLogLog::Estimate(again, &estimate), Outcome::kOk);
  }
  EXPECT_EQ(HyperLogLog().MergeBytes(std::string("\1\3\1\7\14\222\10\0\11\0\0\0\0", 13)),
            Outcome::kDamaged)
      << "a set of nothing";
  EXPECT_GT(refused, 10'000u);
  EXPECT_EQ(HyperLogLog().MergeBytes(""), Outcome::kDamaged);
}

TEST(HyperLogLogTest, GivesItsMemoryBackAndStopsAtTheLimit) {
  const size_t before = SketchMemory::used(), limit = SketchMemory::limit();
  BytesOf(0, 10'000);
  EXPECT_EQ(SketchMemory::used(), before);
  SketchMemory::SetLimit(before + 100'000);
  std::vector<std::unique_ptr<HyperLogLog>> many;
  Outcome outcome = Outcome::kOk;
  while (outcome == Outcome::kOk && many.size() < 1'000) {
    many.push_back(std::make_unique<HyperLogLog>());
    for (int i = 0; i < 1'000 && outcome == Outcome::kOk; ++i)
      outcome = many.back()->Add(std::to_string(i));
  }
  EXPECT_EQ(outcome, Outcome::kNoMemory);
  many.clear();
  SketchMemory::SetLimit(limit);
  EXPECT_LE(SketchMemory::used(),
            before + 128);  // DataSketches loses an object whose constructor has no memory
}

}  // namespace
}  // namespace store
