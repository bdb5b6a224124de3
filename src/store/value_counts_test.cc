// ValueCounts: exact counts merge to what one pass counts, equal as bytes; frequent ones within their
// bound; damage is seen.

#include "store/value_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "store/sketch_memory.h"

namespace store {
namespace {

using Outcome = ValueCounts::Outcome;
using Texts = std::vector<std::string>;

std::string BytesOf(const ValueCounts& counts) {
  std::string bytes;
  counts.AppendTo(&bytes);
  return bytes;
}

std::string Counted(const Texts& texts, bool exact) {
  ValueCounts counts(exact);
  for (const std::string& text : texts) EXPECT_EQ(counts.Add(text), Outcome::kOk);
  return BytesOf(counts);
}

std::string Merged(const std::vector<std::string>& states, bool exact) {
  ValueCounts counts(exact);
  for (const std::string& state : states) EXPECT_EQ(counts.MergeBytes(state), Outcome::kOk);
  return BytesOf(counts);
}

Texts Random(std::mt19937* random, size_t count, unsigned different) {
  Texts texts;
  for (size_t i = 0; i < count; ++i)
    texts.push_back("v" + std::to_string((*random)() % different * ((*random)() % 3)));
  return texts;
}

TEST(ValueCountsTest, ExactCountsMergeInAnyOrder) {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    Texts parts[3], all;
    for (Texts& part : parts) {
      part = Random(&random, random() % 60, 20);
      all.insert(all.end(), part.begin(), part.end());
    }
    const std::string a = Counted(parts[0], true), b = Counted(parts[1], true),
                      c = Counted(parts[2], true), nothing = Counted({}, true);
    EXPECT_EQ(Merged({a, b}, true), Merged({b, a}, true));
    EXPECT_EQ(Merged({Merged({a, b}, true), c}, true), Merged({a, Merged({b, c}, true)}, true));
    EXPECT_EQ(Merged({a, nothing}, true), a);
    EXPECT_EQ(Merged({nothing, a}, true), a);
    EXPECT_EQ(Merged({a, b, c}, true), Counted(all, true));
  }
}

TEST(ValueCountsTest, FrequentOnesAreExactWhileTheyAreFew) {
  std::mt19937 random(12);
  const Texts texts = Random(&random, 5'000, 300);
  EXPECT_EQ(Counted(texts, false), Counted(texts, true));
}

TEST(ValueCountsTest, FrequentOnesAreWithinTheirBoundInAnyGrouping) {
  std::mt19937 random(13);
  for (int round = 0; round < 5; ++round) {
    std::map<std::string, uint64_t> truth;
    std::vector<std::string> states;
    uint64_t rows = 0;
    for (int part = 0; part < 8; ++part) {
      Texts texts;
      for (int i = 0; i < 20'000; ++i, ++rows) {
        const unsigned pick = random() % 4;
        texts.push_back(pick == 0 ? "hot" + std::to_string(random() % 5)
                                  : "cold" + std::to_string(random() % 200'000));
        ++truth[texts.back()];
      }
      states.push_back(Counted(texts, false));
    }
    std::shuffle(states.begin(), states.end(), random);
    const std::string left = Merged({states.begin(), states.begin() + 3}, false),
                      right = Merged({states.begin() + 3, states.end()}, false);
    ValueCounts counts(false);
    ASSERT_EQ(counts.MergeBytes(left), Outcome::kOk);
    ASSERT_EQ(counts.MergeBytes(right), Outcome::kOk);
    EXPECT_LE(counts.taken_off(), rows / ValueCounts::kKept);
    for (const auto& [text, count] : counts.MostFrequent(5)) {
      EXPECT_TRUE(text.starts_with("hot")) << text;
      EXPECT_LE(count, truth[std::string(text)]);
      EXPECT_GE(count + counts.taken_off(), truth[std::string(text)]);
    }
  }
}

TEST(ValueCountsTest, HasBounds) {
  const size_t before = SketchMemory::used();
  {
    ValueCounts counts(true);
    Outcome outcome = Outcome::kOk;
    size_t added = 0;
    for (; outcome == Outcome::kOk; ++added) outcome = counts.Add(std::to_string(added));
    EXPECT_EQ(outcome, Outcome::kTooMany);
    EXPECT_EQ(added, ValueCounts::kMaxExact + 1);
    ValueCounts large(false);
    EXPECT_EQ(large.Add(std::string(ValueCounts::kMaxTextBytes + 1, 'x')), Outcome::kTooMany);
  }
  EXPECT_EQ(SketchMemory::used(), before);
}

TEST(ValueCountsTest, SeesDamage) {
  const std::string bytes = Counted({"a", "b", "b"}, true);
  for (size_t length = 0; length < bytes.size(); ++length) {
    ValueCounts counts(true);
    EXPECT_EQ(counts.MergeBytes(std::string_view(bytes).substr(0, length)), Outcome::kDamaged);
  }
  ValueCounts counts(true);
  EXPECT_EQ(counts.MergeBytes(bytes + "x"), Outcome::kDamaged);
  ValueCounts other(true);
  EXPECT_EQ(other.MergeBytes("\x02" + bytes.substr(1)), Outcome::kDamaged);
}

}  // namespace
}  // namespace store
