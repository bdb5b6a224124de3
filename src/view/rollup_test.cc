// Views over views as text; that the numbers are right is tested in test/slt/hierarchy.

#include "view/rollup.h"

#include <gtest/gtest.h>

#include "sql/parser.h"
#include "view/explain.h"
#include "view/rename.h"

namespace view {
namespace {

using model::TypeId;

class Lookup : public sql::RelationLookup {
 public:
  explicit Lookup(sql::RelationInfo info) : info_(std::move(info)) {}
  const sql::RelationInfo* Find(std::string_view, std::string_view name) const override {
    return name == info_.name ? &info_ : nullptr;
  }
  std::vector<std::string_view> Names() const override { return {info_.name}; }

 private:
  sql::RelationInfo info_;
};

base::Result<Plan> CompileOver(const sql::RelationInfo& info, const Plan* parent,
                               const std::string& text) {
  ASSIGN_OR_RETURN(auto select, sql::ParseSelect(text));
  const Lookup lookup(info);
  auto bound = sql::BindSelect(select.get(), lookup, {});
  if (!bound.ok()) return bound.TakeStatus();
  return Compile(*select, info, text, parent);
}

class RollupTest : public testing::Test {
 protected:
  const sql::RelationInfo source_{"public",
                                  "orders",
                                  {{"region", model::kText},
                                   {"amount", {TypeId::kNumeric, 12, 2}},
                                   {"order_time", model::kTimestampTz}},
                                  "order_time"};

  void MakeParent(const std::string& text) {
    auto plan = CompileOver(source_, nullptr, text);
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
    parent_ = plan.Take();
    info_ = {"public", "parent", parent_.fields, parent_.TimeColumn()};
  }
  base::Result<Plan> Child(const std::string& text) { return CompileOver(info_, &parent_, text); }

  Plan parent_;
  sql::RelationInfo info_;
};

TEST_F(RollupTest, IsFedByTheParentsPartialRows) {
  MakeParent(
      "SELECT window_start, window_end, region, count(*) AS n, sum(amount) AS s0 FROM "
      "TUMBLE(orders, order_time, INTERVAL '1' MINUTE) GROUP BY 1, 2, 3");
  auto plan = Child(
      "SELECT date_trunc('hour', window_end) AS hour, sum(n) AS n, sum(s0) AS s FROM parent GROUP "
      "BY 1");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_EQ(plan->input, "parent");
  EXPECT_EQ(plan->used_columns, parent_.used_columns);
  const std::string delta = plan->Delta("lane_1_delta_0()");
  EXPECT_NE(delta.find("FROM lane_1_delta_0()"), std::string::npos) << delta;
  EXPECT_NE(delta.find("sum(__s0) AS s0, sum(__s1) AS s1"), std::string::npos) << delta;
  ASSERT_EQ(plan->states.size(), 2u);
  EXPECT_EQ(plan->states[0].duckdb_type, "HUGEINT");
  EXPECT_EQ(plan->states[1].duckdb_type, "DECIMAL(38,2)");
}

TEST_F(RollupTest, StatesNeverHaveTheNameOfAColumn) {
  MakeParent("SELECT region AS __s0, count(*) AS n FROM orders GROUP BY region");
  auto plan = Child("SELECT __s0, sum(n) AS n FROM parent GROUP BY 1");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_EQ(plan->states[0].delta, "sum(__s_0)");
}

TEST_F(RollupTest, AveragesShareTheParentsStates) {
  MakeParent(
      "SELECT region, avg(amount) AS mean, sum(amount) AS total FROM orders GROUP BY region");
  auto plan = Child("SELECT avg(mean) AS mean, sum(total) AS total FROM parent");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_EQ(plan->states.size(), 2u);
}

TEST_F(RollupTest, TimeBucketsAreThoseOfTheChildWhenTheParentsDivideThem) {
  MakeParent(
      "SELECT date_trunc('minute', order_time) AS minute, count(*) AS n FROM orders GROUP BY 1");
  EXPECT_EQ(Child("SELECT date_trunc('hour', minute) AS h, sum(n) AS n FROM parent GROUP BY 1")
                ->time->bucket_us,
            3'600'000'000);
  EXPECT_EQ(Child("SELECT minute, sum(n) AS n FROM parent GROUP BY 1")->time->bucket_us,
            60'000'000);
  MakeParent(
      "SELECT window_start AS w, count(*) AS n FROM TUMBLE(orders, order_time, INTERVAL '7' "
      "MINUTE) GROUP BY 1");
  EXPECT_EQ(Child("SELECT date_trunc('hour', w) AS h, sum(n) AS n FROM parent GROUP BY 1")
                ->time->bucket_us,
            0);
  MakeParent(
      "SELECT window_start AS w, count(*) AS n FROM TUMBLE(orders, order_time, INTERVAL '1' HOUR, "
      "INTERVAL '30' "
      "MINUTE) GROUP BY 1");
  EXPECT_EQ(Child("SELECT date_trunc('day', w) AS d, sum(n) AS n FROM parent GROUP BY 1")
                ->time->bucket_us,
            0);
}

TEST_F(RollupTest, WhatNeedsCompleteGroupsIsRefusedWithItsPlace) {
  MakeParent("SELECT region, max(amount) AS most FROM orders GROUP BY region");
  const auto refused = Child("SELECT region, avg(most) AS x FROM parent GROUP BY region");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().sqlstate(), "0A000");
  EXPECT_EQ(refused.status().position(), 16);
  EXPECT_EQ(refused.status().hint(), "Write max(most).");
}

TEST(Rename, LeavesQuotedTextsAlone) {
  const auto name = [](const std::string& state) { return "x" + state; };
  EXPECT_EQ(RenameStates("sum(s0) + 's1' || \"s2\" || s10a", name),
            "sum(xs0) + 's1' || \"s2\" || s10a");
  EXPECT_EQ(StatesIn("CAST(s3 AS DOUBLE) / s12"), (std::set<std::string>{"s3", "s12"}));
}

}  // namespace
}  // namespace view
