// DdSketch: accuracy against exact quantiles, and the laws that make it a state: merging in any
// order, with the same bytes.

#include "store/ddsketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "store/sketch_memory.h"

namespace store {
namespace {

using Values = std::vector<double>;

std::string BytesOf(const Values& values) {
  DdSketch sketch;
  for (double value : values) EXPECT_TRUE(sketch.Add(value));
  std::string bytes;
  sketch.AppendTo(&bytes);
  return bytes;
}

std::string Merged(const std::string& a, const std::string& b) {
  DdSketch sketch;
  EXPECT_EQ(sketch.MergeBytes(a), DdSketch::Parsed::kOk);
  EXPECT_EQ(sketch.MergeBytes(b), DdSketch::Parsed::kOk);
  std::string bytes;
  sketch.AppendTo(&bytes);
  return bytes;
}

double Exact(Values values, double q) {
  std::sort(values.begin(), values.end());
  const double place = std::ceil(q * static_cast<double>(values.size()));
  return values[place < 1 ? 0 : static_cast<size_t>(place) - 1];
}

void ExpectWithinBound(const Values& values, const char* what) {
  DdSketch sketch;
  for (double value : values) ASSERT_TRUE(sketch.Add(value));
  for (double q : {0.0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const double exact = Exact(values, q), got = sketch.Quantile(q);
    EXPECT_LE(std::abs(got - exact), std::abs(exact) * DdSketch::kRelativeError * (1 + 1e-9))
        << what << " q " << q << " exact " << exact;
  }
}

// Values of many shapes; small ones stay in the object, others grow windows.
Values Random(std::mt19937_64* random, size_t size) {
  Values values(size);
  std::lognormal_distribution<double> wide(0, 3);
  std::normal_distribution<double> around(0, 100);
  std::uniform_int_distribution<int> kind(0, 4), small(-3, 3);
  const int shape = kind(*random);
  for (double& value : values) {
    switch (shape) {
      case 0: value = wide(*random); break;
      case 1: value = around(*random); break;
      case 2: value = small(*random); break;
      case 3: value = -wide(*random); break;
      default: value = std::ldexp(around(*random), small(*random) * 100);
    }
  }
  return values;
}

TEST(DdSketchTest, IsWithinOnePercentOfTheExactQuantile) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const size_t size = 1 + random() % (round % 4 == 0 ? 8 : 3000);
    ExpectWithinBound(Random(&random, size), ("round " + std::to_string(round)).c_str());
  }
}

TEST(DdSketchTest, EveryBucketOfTheDoubleRangeIsNarrowEnough) {
  for (double value = std::numeric_limits<double>::min();
       value < std::numeric_limits<double>::max() / 1.007; value *= 1.007) {
    int32_t codes[2];
    const double both[] = {value, -value};
    ASSERT_TRUE(DdSketch::Codes(both, 2, codes));
    ASSERT_LE(std::abs(DdSketch::ValueOf(codes[0]) - value),
              value * DdSketch::kRelativeError * (1 + 1e-9))
        << value;
    ASSERT_EQ(DdSketch::ValueOf(codes[1]), -DdSketch::ValueOf(codes[0]));
  }
  ExpectWithinBound({std::numeric_limits<double>::max(), -std::numeric_limits<double>::max()},
                    "the ends");
}

TEST(DdSketchTest, ZeroAndWhatIsNearestToItCountAsZero) {
  DdSketch sketch;
  for (double value : {0.0, -0.0, std::numeric_limits<double>::denorm_min()})
    ASSERT_TRUE(sketch.Add(value));
  EXPECT_EQ(sketch.Quantile(0.5), 0);
  EXPECT_EQ(sketch.Quantile(1), 0);
}

TEST(DdSketchTest, RefusesInfinityAndNaN) {
  DdSketch sketch;
  EXPECT_FALSE(sketch.Add(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(sketch.Add(-std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(sketch.Add(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(sketch.empty());
}

TEST(DdSketchTest, MergeIsAssociativeCommutativeHasAnIdentityAndEqualsOneShot) {
  std::mt19937_64 random(11);
  const std::string empty = BytesOf({});
  for (int round = 0; round < 300; ++round) {
    Values a = Random(&random, random() % 12), b = Random(&random, random() % 200),
           c = Random(&random, random() % 12);
    const std::string x = BytesOf(a), y = BytesOf(b), z = BytesOf(c);
    EXPECT_EQ(Merged(x, y), Merged(y, x));
    EXPECT_EQ(Merged(Merged(x, y), z), Merged(x, Merged(y, z)));
    EXPECT_EQ(Merged(x, empty), x);
    Values all = a;
    all.insert(all.end(), b.begin(), b.end());
    all.insert(all.end(), c.begin(), c.end());
    std::shuffle(all.begin(), all.end(), random);
    EXPECT_EQ(Merged(Merged(x, y), z), BytesOf(all));
  }
}

TEST(DdSketchTest, StatesMergeLikeBytes) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 100; ++round) {
    Values a = Random(&random, random() % 30), b = Random(&random, random() % 30);
    DdSketch left, right;
    for (double value : a) ASSERT_TRUE(left.Add(value));
    for (double value : b) ASSERT_TRUE(right.Add(value));
    ASSERT_TRUE(left.Merge(right));
    std::string bytes;
    left.AppendTo(&bytes);
    EXPECT_EQ(bytes, Merged(BytesOf(a), BytesOf(b)));
    EXPECT_EQ(left.count(), a.size() + b.size());
  }
}

TEST(DdSketchTest, EightValuesTakeAtMost64Bytes) {
  EXPECT_LE(BytesOf({1e-300, -1e300, 0, 1e300, -1e-300, 1e100, -1e100, 5}).size(), 64u);
  EXPECT_LE(BytesOf({1, 2, 3, 4, 5, 6, 7, 8}).size(), 40u);
  EXPECT_LE(sizeof(DdSketch), 40u);
}

TEST(DdSketchTest, DamagedBytesAreRefused) {
  std::mt19937_64 random(17);
  const std::string sound = BytesOf(Random(&random, 500));
  for (size_t length = 0; length < sound.size(); ++length) {
    DdSketch sketch;
    EXPECT_EQ(sketch.MergeBytes(std::string_view(sound).substr(0, length)),
              DdSketch::Parsed::kDamaged)
        << length;
  }
  DdSketch longer, version;
  EXPECT_EQ(longer.MergeBytes(sound + "x"), DdSketch::Parsed::kDamaged);
  EXPECT_EQ(version.MergeBytes("\2" + sound.substr(1)), DdSketch::Parsed::kDamaged);
}

TEST(DdSketchTest, RandomBytesNeverHarm) {
  std::mt19937_64 random(19);
  const std::string sound = BytesOf(Random(&random, 300));
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sound;
    if (round % 2) {
      bytes.resize(random() % 40);
      for (char& c : bytes) c = static_cast<char>(random());
      if (!bytes.empty()) bytes[0] = 1;
    } else {
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    DdSketch sketch;
    if (sketch.MergeBytes(bytes) != DdSketch::Parsed::kOk || sketch.empty()) continue;
    std::string again;
    sketch.AppendTo(&again);
    (void)sketch.Quantile(0.5);
  }
}

TEST(DdSketchTest, GivesItsMemoryBackAndStopsAtTheLimit) {
  const size_t before = SketchMemory::used(), limit = SketchMemory::limit();
  {
    DdSketch sketch;
    for (int exponent = -1000; exponent < 1000; exponent += 3)
      ASSERT_TRUE(sketch.Add(std::ldexp(1, exponent)));
    EXPECT_GT(SketchMemory::used(), before);
  }
  EXPECT_EQ(SketchMemory::used(), before);
  SketchMemory::SetLimit(before + 10'000);
  {
    DdSketch sketch;
    bool held = true;
    for (int exponent = -1000; exponent < 1000 && held; exponent += 3)
      held = sketch.Add(std::ldexp(1, exponent));
    EXPECT_FALSE(held);
  }
  SketchMemory::SetLimit(limit);
  EXPECT_EQ(SketchMemory::used(), before);
}

}  // namespace
}  // namespace store
