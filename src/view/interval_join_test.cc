// What ON of a join in event time means; that the right pairs come of it is tested in
// test/slt/joins and test/randomised/joins.py.

#include "view/interval_join.h"

#include <gtest/gtest.h>

#include "sql/parser.h"
#include "sql/statements.h"

namespace view {
namespace {

constexpr int64_t kHourUs = 3'600'000'000, kDayUs = 24 * kHourUs;

class Relations : public sql::RelationLookup {
 public:
  Relations() {
    const model::Fields fields{{"id", model::kInt8},
                               {"region", model::kText},
                               {"ts", model::kTimestampTz},
                               {"n", model::kInt4},
                               {"N", model::kInt4}};
    relations_ = {{"public", "a", fields, "ts"}, {"public", "b", fields, "ts"}};
  }
  const sql::RelationInfo* Find(std::string_view, std::string_view name) const override {
    for (const auto& relation : relations_)
      if (relation.name == name) return &relation;
    return nullptr;
  }
  std::vector<std::string_view> Names() const override { return {}; }

 private:
  std::vector<sql::RelationInfo> relations_;
};

struct Made {
  sql::SelectPtr select;
  base::Result<IntervalJoin> join;
};

Made Make(const std::string& on, const std::vector<std::string>& primary_key = {}) {
  static const Relations relations;
  auto statements = sql::ParseStatements(
      "CREATE MATERIALIZED VIEW v AS SELECT count(*), max(a.n) FROM a JOIN b ON " + on);
  EXPECT_TRUE(statements.ok()) << on;
  auto select = std::move(std::get<sql::CreateView>((*statements)[0].body).select);
  auto bound = sql::BindSelect(select.get(), relations, {});
  EXPECT_TRUE(bound.ok()) << bound.status().ToString();
  const sql::TableRef& table = *select->from[0];
  auto join = IntervalJoin::Make(select.get(), table, *relations.Find("", "a"),
                                 *relations.Find("", "b"), primary_key);
  return {std::move(select), std::move(join)};
}

TEST(IntervalJoins, BoundsAreOfTheRightTimeLessTheLeftOne) {
  const struct {
    const char* on;
    int64_t from, to;
  } cases[] = {
      {"b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR", 0, kHourUs},
      {"a.ts BETWEEN b.ts AND b.ts + INTERVAL '1' HOUR", -kHourUs, 0},
      {"b.ts > a.ts - INTERVAL '2' HOUR AND b.ts <= a.ts + INTERVAL '1' DAY", -2 * kHourUs, kDayUs},
      {"a.ts - INTERVAL '2' HOUR < b.ts AND a.ts >= b.ts - INTERVAL '1' DAY", -2 * kHourUs, kDayUs},
      {"a.ts = b.ts", 0, 0},
      {"b.ts >= a.ts AND b.ts < a.ts + INTERVAL '3' DAY AND b.ts < a.ts + INTERVAL '1' DAY", 0,
       kDayUs},
      // Nobody knows how long a month is, so rows are kept for the longest.
      {"b.ts >= a.ts + INTERVAL '1' MONTH AND b.ts <= a.ts + INTERVAL '1' MONTH", 28 * kDayUs,
       31 * kDayUs},
      {"b.ts >= a.ts - INTERVAL '1' MONTH AND b.ts <= a.ts", -31 * kDayUs, 0},
  };
  for (const auto& one : cases) {
    const auto made = Make(std::string("a.id = b.id AND ") + one.on);
    ASSERT_TRUE(made.join.ok()) << one.on << ": " << made.join.status().ToString();
    EXPECT_EQ(made.join->from_us, one.from) << one.on;
    EXPECT_EQ(made.join->to_us, one.to) << one.on;
    EXPECT_FALSE(made.select->where) << one.on;
  }
}

TEST(IntervalJoins, WhatMayFailIsAFilterOfTheView) {
  const auto made = Make(
      "a.id = b.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR AND 10 / a.n > 1 AND "
      "(a.region = b.region OR a.n = 1)");
  ASSERT_TRUE(made.join.ok());
  EXPECT_EQ(made.join->on.find("k2 / "), std::string::npos);
  ASSERT_TRUE(made.select->where);
  EXPECT_EQ(made.select->where->name[0], "AND");
  EXPECT_EQ(made.join->sides[0].fields.size(), 4u);  // all are used
  EXPECT_EQ(made.join->sides[1].fields.size(), 3u);
}

TEST(IntervalJoins, WithoutBoundsOrEqualityTheyAreRefused) {
  for (const char* on :
       {"a.id = b.id", "a.id = b.id AND b.ts >= a.ts", "a.id = b.id AND b.ts <= a.ts",
        "a.id = b.id AND (b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR OR a.n = 1)",
        "a.id = b.id AND b.ts NOT BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR",
        "b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR",
        "a.id + 1 = b.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR"})
    EXPECT_EQ(Make(on).join.status().sqlstate(), "0A000") << on;
}

TEST(IntervalJoins, ColumnsDifferInMoreThanCase) {
  const char* on = "a.id = b.id AND a.ts = b.ts AND ";
  EXPECT_TRUE(Make(std::string(on) + "b.\"N\" > 1").join.ok());
  EXPECT_EQ(Make(std::string(on) + "a.\"N\" > 1").join.status().sqlstate(), "0A000");  // and a.n
}

TEST(IntervalJoins, AsOfEventTimeTakesTheWholeKeyAlone) {
  EXPECT_TRUE(Make("a.id = b.id AND a.region = b.region", {"id", "region"}).join.ok());
  EXPECT_EQ(Make("a.id = b.id", {"id", "region"}).join.status().sqlstate(), "0A000");
  EXPECT_EQ(Make("a.id = b.id AND b.n > 1", {"id"}).join.status().sqlstate(), "0A000");
  EXPECT_EQ(Make("a.id = b.id AND a.n = b.n", {"id"}).join.status().sqlstate(), "0A000");
}

}  // namespace
}  // namespace view
