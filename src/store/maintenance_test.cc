// Compaction equals the uncompacted answer, beside commits and with NULL keys; retention and its
// floors; dead letters; checkpoints beside readers.

#include "store/maintenance.h"

#include <atomic>
#include <random>
#include <thread>

#include "store/test_lane.h"

namespace store {
namespace {

constexpr int64_t kMinute = 60'000'000;

class MaintenanceTest : public testing::Test {
 protected:
  void Ddl(const std::vector<std::string>& statements) {
    const base::Status status = store_->RunDdl(statements);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Maintain() {
    const base::Status status = store_->MaintainNow();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // What readers see of view 5 below.
  std::string View() {
    std::string out;
    for (const std::string& row :
         TextRows(store_.connection(),
                  "SELECT k0::VARCHAR, k1, sum(s0)::VARCHAR, sum(s1)::VARCHAR, "
                  "freshet_quantile(freshet_ddsketch_merge(s2), 0.5)::VARCHAR "
                  "FROM partials_5 GROUP BY k0, k1 ORDER BY ALL"))
      out += row + "\n";
    return out;
  }
  static constexpr const char* kTable =
      "CREATE TABLE partials_5(k0 TIMESTAMP, k1 VARCHAR, s0 BIGINT, s1 HUGEINT, s2 BLOB)";
  static constexpr const char* kDelta =
      "SELECT time_bucket(INTERVAL 1 MINUTE, ts), t, count(*), sum(id), freshet_ddsketch(id) FROM "
      "lane_0_rows() GROUP BY 1, 2";
  static constexpr const char* kMerge =
      "SELECT k0, k1, CAST(sum(s0) AS BIGINT) AS s0, sum(s1) AS s1, freshet_ddsketch_merge(s2) AS "
      "s2 FROM \"partials_5\" GROUP BY 1, 2";
  static Store::Maintained Table(const std::string& time = "k0") {
    return {model::ObjectId(5), "partials_5", kMerge, {"k0", "k1"}, time, std::nullopt, kMinute};
  }
  LaneSetup Setup(int lane = 0) {
    LaneSetup setup = TestSetup(lane);
    std::string select = kDelta;
    select.replace(select.find("lane_0"), 6, "lane_" + std::to_string(lane));
    setup.deltas = {TestDelta(5, "v", select)};
    return setup;
  }
  std::vector<TestRow> Random(std::mt19937* random, int rows, int minutes) {
    std::vector<TestRow> out;
    for (int i = 0; i < rows; ++i) {
      const int key = static_cast<int>((*random)() % 6);
      std::optional<int64_t> ts;
      if ((*random)() % 10)
        ts = static_cast<int64_t>((*random)() % static_cast<unsigned>(minutes)) * kMinute + 7;
      out.push_back({static_cast<int64_t>((*random)() % 1000),
                     key ? std::optional("key " + std::to_string(key)) : std::nullopt, ts});
    }
    return out;
  }

  TestStore store_;
};

TEST_F(MaintenanceTest, CompactionKeepsEveryAnswer) {
  for (const char* time : {"k0", ""}) {
    Ddl({"DROP TABLE IF EXISTS partials_5", kTable});
    store_->SetMaintained({Table(time)}, nullptr);
    const LaneSetup setup = Setup();
    auto lane = store_->MakeLane(setup).Take();
    for (unsigned seed = 0; seed < 40; ++seed) {
      std::mt19937 random(seed);
      for (unsigned commit = 0; commit < 1 + seed % 5; ++commit) {
        TestBatch batch(setup);
        ASSERT_TRUE(lane->Commit(batch.Make(Random(&random, 1 + static_cast<int>(seed) % 50,
                                                   1 + static_cast<int>(seed) % 9)))
                        .ok());
      }
      const std::string before = View();
      Maintain();
      ASSERT_EQ(View(), before) << "seed " << seed << " time column " << time;
      ASSERT_EQ(store_.Answer("SELECT count(*) FROM partials_5"),
                store_.Answer("SELECT count(*) FROM (SELECT DISTINCT k0, k1 FROM partials_5)"));
    }
    lane.reset();
  }
}

TEST_F(MaintenanceTest, AViewWithoutKeysKeepsOneRow) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT, s1 VARCHAR)"});
  store_->SetMaintained({{model::ObjectId(5),
                          "partials_5",
                          "SELECT CAST(sum(s0) AS BIGINT) AS s0, max(s1) AS s1 FROM partials_5",
                          {},
                          "",
                          {},
                          0}},
                        nullptr);
  Maintain();
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM partials_5"), "0");
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "v", "SELECT count(*), max(t) FROM lane_0_rows()")};
  auto lane = store_->MakeLane(setup).Take();
  TestBatch batch(setup);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(lane->Commit(batch.Make({{i, std::nullopt, 0}})).ok());
  Maintain();
  EXPECT_EQ(store_.Answer(
                "SELECT count(*) || ' ' || sum(s0) || ' ' || (max(s1) IS NULL) FROM partials_5"),
            "1 7 true");
}

TEST_F(MaintenanceTest, CompactsBesideCommitsAndReaders) {
  Ddl({kTable});
  store_->SetMaintained({Table()}, nullptr);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> committed{0};
  std::vector<std::thread> threads;
  for (int l = 0; l < 2; ++l) {
    threads.emplace_back([&, l] {
      const LaneSetup setup = Setup(l);
      auto lane = store_->MakeLane(setup).Take();
      TestBatch batch(setup);
      std::mt19937 random(static_cast<unsigned>(l));
      while (!stop) {
        std::vector<TestRow> rows = Random(&random, 30, 5);
        for (TestRow& row : rows) row.partition = l;
        const auto result = lane->Commit(batch.Make(rows));
        ASSERT_TRUE(result.ok()) << result.status().ToString();
        committed += 30;
      }
    });
  }
  std::thread reader([&] {
    auto connection = store_->Connect().Take();
    while (!stop) {
      // Each snapshot agrees with its own positions.
      EXPECT_EQ(Answer(connection.get(),
                       "SELECT CAST((SELECT coalesce(sum(s0), 0) FROM partials_5) - (SELECT "
                       "coalesce(sum(n), 0) FROM "
                       "(SELECT max(next_offset) AS n FROM freshet_positions GROUP BY partition)) "
                       "AS VARCHAR)"),
                "0");
    }
  });
  for (int i = 0; i < 25; ++i) {
    Maintain();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  reader.join();
  Maintain();
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), std::to_string(committed.load()));
  EXPECT_LE(std::stoi(store_.Answer("SELECT count(*) FROM freshet_positions")), 4);
}

TEST_F(MaintenanceTest, AStateBeyondItsBoundIsTold) {
  Ddl({"CREATE TABLE partials_5(s0 BLOB)",
       "INSERT INTO partials_5 SELECT freshet_counts(i::VARCHAR) FROM range(9999) r(i)",
       "INSERT INTO partials_5 SELECT freshet_counts('x' || i) FROM range(9999) r(i)"});
  Store::Maintained table{model::ObjectId(5),
                          "partials_5",
                          "SELECT freshet_counts_merge(s0) AS s0 FROM partials_5",
                          {},
                          ""};
  base::Status told;
  table.on_overflow = [&](const base::Status& why) { told = why; };
  store_->SetMaintained({table}, nullptr);
  EXPECT_FALSE(store_->MaintainNow().ok());
  EXPECT_EQ(told.sqlstate(), "54000");
  EXPECT_NE(told.hint().find("approx_top_k"), std::string::npos);
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM partials_5"), "2");
}

TEST_F(MaintenanceTest, TheThreadCompactsAfterAThousandCommits) {
  Ddl({kTable});
  store_->SetMaintained({Table()}, nullptr);
  store_->StartMaintenance();
  store_->StartMaintenance();
  const LaneSetup setup = Setup();
  auto lane = store_->MakeLane(setup).Take();
  TestBatch batch(setup);
  for (int i = 0; i < 1'010; ++i)
    ASSERT_TRUE(lane->Commit(batch.Make({{i, "a", i % 3 * kMinute}})).ok());
  for (int i = 0; i < 100 && std::stoi(store_.Answer("SELECT count(*) FROM partials_5")) > 50; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  store_->StopMaintenance();
  store_->StopMaintenance();
  EXPECT_LE(std::stoi(store_.Answer("SELECT count(*) FROM partials_5")), 50);
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "1010");
}

TEST_F(MaintenanceTest, RetentionDropsBucketsAndLateRowsDoNotBringThemBack) {
  Ddl({kTable,
       "CREATE TABLE raw_1(id BIGINT, t VARCHAR, ts TIMESTAMP, __partition INTEGER, __offset "
       "BIGINT, __incarnation INTEGER, "
       "__lane INTEGER, __commit BIGINT)"});
  Store::Maintained view = Table();
  view.retention_us = 10 * kMinute;
  std::atomic<int64_t> watermark{20 * kMinute + 30'000'000};
  store_->SetMaintained({view, {kTestSource, "raw_1", "", {}, "ts", 15 * kMinute, 0}},
                        [&](model::ObjectId) { return model::EventTime(watermark.load()); });
  LaneSetup setup = Setup();
  setup.raw_table = "raw_1";
  auto lane = store_->MakeLane(setup).Take();
  TestBatch batch(setup);
  std::vector<TestRow> rows;
  for (int i = 0; i <= 20; ++i) rows.push_back({i, "a", i * kMinute + 1});
  ASSERT_TRUE(lane->Commit(batch.Make(rows)).ok());
  Maintain();
  EXPECT_EQ(store_.Answer("SELECT min(k0) || ' ' || count(*) FROM partials_5"),
            "1970-01-01 00:10:00 11");
  EXPECT_EQ(store_.Answer("SELECT min(ts) || ' ' || count(*) FROM raw_1"),
            "1970-01-01 00:06:00.000001 15");
  EXPECT_EQ(store_->Floors().at(model::ObjectId(5)).value, 10 * kMinute);

  // Minute 9 is gone for the view but not for the raw rows; minute 3 is gone for both.
  rows = {{100, "a", 9 * kMinute, 1},
          {101, "a", 10 * kMinute, 1},
          {102, "a", 3 * kMinute, 1},
          {103, "a", std::nullopt, 1}};
  auto result = lane->Commit(batch.Make(rows));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(store_.Answer("SELECT string_agg(k0, ',' ORDER BY k0) FROM partials_5 WHERE s1 >= 100"),
            "1970-01-01 00:10:00");
  EXPECT_EQ(store_.Answer("SELECT string_agg(id, ',' ORDER BY id) FROM raw_1 WHERE id >= 100"),
            "100,101,103");
  EXPECT_EQ(store_.Answer("SELECT string_agg(object || ':' || first_offset || '-' || last_offset "
                          "|| ':' || \"rows\" || reason, ' ' ORDER BY object) "
                          "FROM freshet_late_rows WHERE partition = 1"),
            "1:2-2:1retention 5:0-2:2retention");
  EXPECT_EQ(result->dead_letters, 0u);

  // Floors only rise, and are there after a restart.
  watermark = 5 * kMinute;
  Maintain();
  EXPECT_EQ(store_->Floors().at(model::ObjectId(5)).value, 10 * kMinute);
  lane.reset();
  store_.Open();
  EXPECT_EQ(store_->Floors().at(model::ObjectId(5)).value, 10 * kMinute);
  EXPECT_EQ(store_->Floors().size(), 2u);
}

TEST_F(MaintenanceTest, RetentionBesideCommitsNeverLeavesARowBelowTheFloor) {
  Ddl({kTable});
  Store::Maintained view = Table();
  view.retention_us = 3 * kMinute;
  std::atomic<int64_t> watermark{0};
  store_->SetMaintained({view},
                        [&](model::ObjectId) { return model::EventTime(watermark.load()); });
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const LaneSetup setup = Setup();
    auto lane = store_->MakeLane(setup).Take();
    TestBatch batch(setup);
    std::mt19937 random(5);
    for (int64_t minute = 0; !stop; ++minute) {
      std::vector<TestRow> rows;
      for (int i = 0; i < 20; ++i)
        rows.push_back(
            {i, "a", std::max<int64_t>(0, minute - static_cast<int64_t>(random() % 8)) * kMinute});
      ASSERT_TRUE(lane->Commit(batch.Make(rows)).ok());
      watermark = minute * kMinute;
    }
  });
  for (int i = 0; i < 40; ++i) {
    Maintain();
    const std::string below = store_.Answer(
        "SELECT count(*) FROM partials_5 WHERE k0 < (SELECT max(floor) FROM freshet_floors WHERE "
        "object = 5)");
    EXPECT_EQ(below, "0");
  }
  stop = true;
  writer.join();
}

TEST_F(MaintenanceTest, OldDeadLettersGoFirst) {
  StoreOptions options;
  options.max_dead_letter_bytes = 10'000;
  TestStore store(options);
  const LaneSetup setup = TestSetup();
  auto lane = store->MakeLane(setup).Take();
  TestBatch batch(setup);
  for (int i = 0; i < 20; ++i) {
    LaneCommit* commit = batch.Make({{i, "a", 0}});
    model::DeadLetter letter;
    letter.offset = model::Offset(i);
    letter.value = std::string(900, 'x');
    letter.value_null = false;
    commit->dead_letters.push_back(letter);
    ASSERT_TRUE(lane->Commit(commit).ok());
  }
  ASSERT_TRUE(store->MaintainNow().ok());
  EXPECT_EQ(
      store.Answer("SELECT min(\"offset\") || ' ' || max(\"offset\") FROM freshet_dead_letters"),
      "10 19");
}

TEST_F(MaintenanceTest, CheckpointsBesideAnOpenReader) {
  Ddl({kTable});
  const LaneSetup setup = Setup();
  auto lane = store_->MakeLane(setup).Take();
  auto reader = store_->Connect().Take();
  ASSERT_TRUE(reader->BeginSnapshot().ok());
  EXPECT_EQ(Answer(reader.get(), "SELECT count(*)::VARCHAR FROM partials_5"), "0");
  TestBatch batch(setup);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(lane->Commit(batch.Make({{i, "a", 0}})).ok());
  const size_t before = store_->WalBytes();
  Maintain();
  EXPECT_LT(store_->WalBytes(), before);
  EXPECT_EQ(Answer(reader.get(), "SELECT count(*)::VARCHAR FROM partials_5"), "0");
  reader->EndSnapshot();
  EXPECT_EQ(Answer(reader.get(), "SELECT sum(s0)::VARCHAR FROM partials_5"), "50");
}

}  // namespace
}  // namespace store
