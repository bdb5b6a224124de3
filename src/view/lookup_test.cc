// Joins with tables as of processing time, as text; that they give the right rows is tested in
// test/slt/tables.

#include "view/lookup.h"

#include <gtest/gtest.h>

#include "sql/parser.h"
#include "sql/statements.h"
#include "view/explain.h"

namespace view {
namespace {

class Relations : public sql::RelationLookup {
 public:
  Relations() {
    relations_ = {
        {"public",
         "orders",
         {{"product", model::kInt8}, {"region", model::kText}, {"at", model::kTimestampTz}},
         "at"},
        {"public",
         "products",
         {{"id", model::kInt8}, {"category", model::kText}, {"price", model::kInt8}},
         ""},
        {"public", "regions", {{"region", model::kText}, {"name", model::kText}}, ""}};
  }
  const sql::RelationInfo* Find(std::string_view, std::string_view name) const override {
    for (const auto& relation : relations_)
      if (relation.name == name) return &relation;
    return nullptr;
  }
  std::vector<std::string_view> Names() const override { return {}; }
  std::vector<LookupTable> Tables() const {
    return {{"products", relations_[1].fields, {0}, "(rows of products)"},
            {"regions", relations_[2].fields, {0}, "(rows of regions)"}};
  }

 private:
  std::vector<sql::RelationInfo> relations_;
};

base::Result<Plan> CompileView(const std::string& select) {
  static const Relations relations;
  ASSIGN_OR_RETURN(auto statements,
                   sql::ParseStatements("CREATE MATERIALIZED VIEW v AS " + select));
  auto& view = std::get<sql::CreateView>(statements[0].body);
  auto bound = sql::BindSelect(view.select.get(), relations, {});
  if (!bound.ok()) return bound.TakeStatus();
  return Compile(*view.select, *relations.Find("", "orders"), "", nullptr, relations.Tables());
}

Plan Compiled(const std::string& select) {
  auto plan = CompileView(select);
  EXPECT_TRUE(plan.ok()) << plan.status().ToString();
  return plan.ok() ? plan.Take() : Plan();
}

std::string Refused(const std::string& select) {
  auto plan = CompileView(select);
  EXPECT_FALSE(plan.ok()) << select;
  return plan.ok() ? "" : plan.status().message();
}

TEST(Lookups, AsOfProcessingTimeIsAJoinOfTheInput) {
  const Plan plan = Compiled(
      "SELECT p.category, sum(p.price) AS worth FROM orders o JOIN products FOR SYSTEM_TIME AS OF "
      "PROCTIME() AS p "
      "ON o.product = p.id WHERE p.price > 1 GROUP BY p.category");
  EXPECT_TRUE(plan.lookups.empty());
  EXPECT_EQ(plan.looked_up, std::vector<std::string>{"products"});
  EXPECT_EQ(plan.used_columns, std::vector<int>{0});
  const std::string delta = plan.Delta("lane_1_rows()");
  EXPECT_NE(delta.find("(SELECT * FROM lane_1_rows() AS records JOIN (SELECT "), std::string::npos)
      << delta;
  EXPECT_NE(delta.find("FROM (rows of products)) AS lookup0 ON ("), std::string::npos) << delta;
  EXPECT_EQ(plan.Finalize("partials_1").find("products"), std::string::npos);
  const auto lines = Explain(plan, "v", "partials_1", "rows");
  const auto named = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("Join products: as of processing time") != std::string::npos;
  });
  EXPECT_NE(named, lines.end());
}

TEST(Lookups, BothKindsStandInOneView) {
  const Plan plan = Compiled(
      "SELECT o.region, p.category, r.name, count(*) FROM orders o "
      "LEFT JOIN products FOR SYSTEM_TIME AS OF PROCTIME() p ON p.id = o.product "
      "JOIN regions r ON r.region = o.region GROUP BY 1, 2, 3");
  EXPECT_EQ(plan.looked_up, std::vector<std::string>{"products"});
  ASSERT_EQ(plan.lookups.size(), 1u);
  EXPECT_EQ(plan.lookups[0].table, "regions");
  EXPECT_NE(plan.Delta("rows").find(" LEFT JOIN (SELECT "), std::string::npos);
  EXPECT_NE(plan.Finalize("partials_1").find(" JOIN (SELECT "), std::string::npos);
}

TEST(Lookups, WhatIsNoLookupIsRefused) {
  EXPECT_EQ(Refused("SELECT p.category, count(*) FROM orders o JOIN products FOR SYSTEM_TIME AS OF "
                    "PROCTIME() p "
                    "ON p.price = o.product GROUP BY 1"),
            "the JOIN with table \"products\" is not over its primary key");
  EXPECT_EQ(Refused("SELECT p.category, count(*) FROM orders o JOIN products FOR SYSTEM_TIME AS OF "
                    "PROCTIME() p "
                    "ON p.id = o.product GROUP BY o.region"),
            "column \"p.category\" must appear in the GROUP BY clause or be used in an aggregate "
            "function");
}

}  // namespace
}  // namespace view
