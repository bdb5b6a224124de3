// The store as a whole: opening, refusing, reading, streaming, errors in PostgreSQL's words.

#include "store/store.h"

#include "store/test_store.h"

namespace store {
namespace {

TEST(StoreTest, OpensAndReads) {
  auto store = Store::Open({});
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  auto connection = (*store)->Connect();
  ASSERT_TRUE(connection.ok());
  auto rows = (*connection)->Query("SELECT range FROM range(5000)");
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  size_t total = 0;
  for (;;) {
    auto chunk = (*rows)->Next();
    ASSERT_TRUE(chunk.ok());
    if (chunk->rows == 0) break;
    total += chunk->rows;
  }
  EXPECT_EQ(total, 5000u);
}

TEST(StoreTest, CommitsALane) {
  TempDir dir;
  StoreOptions options;
  options.data_dir = dir.path();
  auto opened = Store::Open(options);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  Store& store = **opened;
  ASSERT_TRUE(store.RunDdl({"CREATE TABLE partials_5(k0 BIGINT, s0 BIGINT)"}).ok());
  LaneSetup setup;
  setup.source = model::ObjectId(1);
  setup.lane = model::LaneId(3);
  setup.column_names = {"a"};
  setup.column_types = {model::kInt8};
  setup.not_null = {false};
  setup.deltas = {{model::ObjectId(5), "v", "partials_5", "SELECT a % 10, count(*) FROM lane_3_rows() GROUP BY ALL"}};
  auto lane = store.MakeLane(setup);
  ASSERT_TRUE(lane.ok()) << lane.status().ToString();
  model::ColumnBatch batch({model::kInt8});
  for (int64_t i = 0; i < 10000; ++i) {
    batch.columns()[0].Append(i);
    batch.partition().Append<int32_t>(0);
    batch.offset().Append<int64_t>(i);
    batch.kafka_time().AppendNull();
    batch.FinishRow();
  }
  LaneCommit commit;
  commit.rows = &batch;
  commit.positions = {{model::ObjectId(1), model::Incarnation(0), model::PartitionId(0), model::Offset(10000), std::nullopt}};
  auto result = (*lane)->Commit(&commit);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->commit.value, 1);
  auto positions = store.ReadPositions(model::ObjectId(1));
  ASSERT_TRUE(positions.ok());
  ASSERT_EQ(positions->size(), 1u);
  EXPECT_EQ((*positions)[0].next_offset.value, 10000);
}

}  // namespace
}  // namespace store
