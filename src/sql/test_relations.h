#pragma once
// The relations that the tests of this room bind against. Threads: constant after construction.

#include <string>
#include <vector>

#include "sql/binder.h"

namespace sql {

class TestRelations : public RelationLookup {
 public:
  TestRelations() {
    using model::TypeId;
    const model::Type money{TypeId::kNumeric, 12, 2};
    relations_.push_back({"public",
                          "orders",
                          {{"order_id", model::kInt8},
                           {"ordered_at", model::kTimestampTz},
                           {"region", model::kText},
                           {"product", model::kText},
                           {"customer_id", model::kInt4},
                           {"status", model::kText},
                           {"quantity", model::kInt4},
                           {"amount", money},
                           {"latency_ms", model::kFloat8}},
                          "ordered_at"});
    relations_.push_back({"public",
                          "orders_per_minute",
                          {{"window_start", model::kTimestampTz},
                           {"region", model::kText},
                           {"orders", model::kInt8},
                           {"revenue", money},
                           {"p95", model::kFloat8}},
                          ""});
    relations_.push_back({"public",
                          "t",
                          {{"i2", {TypeId::kInt2}},
                           {"i4", model::kInt4},
                           {"i8", model::kInt8},
                           {"n", {TypeId::kNumeric, 10, 3}},
                           {"f4", {TypeId::kFloat4}},
                           {"f8", model::kFloat8},
                           {"b", model::kBool},
                           {"s", model::kText},
                           {"d", {TypeId::kDate}},
                           {"tm", {TypeId::kTime}},
                           {"ts", {TypeId::kTimestamp}},
                           {"tz", model::kTimestampTz},
                           {"iv", {TypeId::kInterval}},
                           {"u", {TypeId::kUuid}},
                           {"by", {TypeId::kBytea}},
                           {"j", {TypeId::kJsonb}},
                           {"ia", {TypeId::kInt4, 0, 0, true}},
                           {"sa", {TypeId::kText, 0, 0, true}}},
                          "tz"});
    relations_.push_back({"freshet", "views", {{"name", model::kText}}, ""});
  }

  const RelationInfo* Find(std::string_view schema, std::string_view name) const override {
    for (const RelationInfo& relation : relations_)
      if (relation.name == name &&
          (schema == relation.schema || (schema.empty() && relation.schema == "public")))
        return &relation;
    return nullptr;
  }
  std::vector<std::string_view> Names() const override {
    std::vector<std::string_view> names;
    for (const RelationInfo& relation : relations_) names.push_back(relation.name);
    return names;
  }

 private:
  std::vector<RelationInfo> relations_;
};

}  // namespace sql
