#include "server/system_relations.h"

#include <gtest/gtest.h>

#include "store/store.h"

namespace server {
namespace {

class SystemRelationsTest : public testing::Test {
 protected:
  SystemRelationsTest()
      : store_(store::Store::Open({}).Take()), connection_(store_->Connect().Take()) {
    state_.catalog = &catalog_;
    state_.pipeline = &pipeline_;
    state_.stage_two = &stage_two_;
  }

  // Runs each relation that lives in the store and is not about a view's table.
  void ExpectStoredRelationsAnswer() {
    int ran = 0;
    for (const auto& relation : MakeSystemRelations(&state_)) {
      if (!relation.sql) continue;
      const auto fields = connection_->Describe(relation.sql());
      ASSERT_TRUE(fields.ok()) << relation.name << ": " << fields.status().ToString();
      ASSERT_EQ(fields->size(), relation.fields.size()) << relation.name;
      for (size_t i = 0; i < fields->size(); ++i)
        EXPECT_EQ((*fields)[i].name, relation.fields[i].name);
      ++ran;
    }
    EXPECT_EQ(ran, 5);
  }

  catalog::CatalogHolder catalog_;
  SystemState state_{};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Connection> connection_;
  pipeline::Pipeline pipeline_{{}};
  pipeline::StageTwo stage_two_{{}};
};

TEST_F(SystemRelationsTest, AnswerBeforeAnythingIsDefined) { ExpectStoredRelationsAnswer(); }

TEST_F(SystemRelationsTest, AnswerWithNamesThatNeedQuotes) {
  auto next = std::make_shared<catalog::Catalog>();
  for (const char* name : {"orders", "it's"}) {
    auto source = std::make_shared<catalog::Source>();
    source->name = name;
    source->id = model::ObjectId(static_cast<int64_t>(next->sources.size()) + 1);
    next->sources[name] = source;
  }
  catalog_.Set(next);
  ExpectStoredRelationsAnswer();
}

}  // namespace
}  // namespace server
