// A lane's commit: one transaction, rows that one view cannot take, views that cannot go on,
// generated columns, repetition.

#include "store/test_lane.h"

namespace store {
namespace {

class LaneWriterTest : public testing::Test {
 protected:
  std::unique_ptr<LaneWriter> Lane(const LaneSetup& setup) {
    auto lane = store_->MakeLane(setup);
    EXPECT_TRUE(lane.ok()) << lane.status().ToString();
    return lane.ok() ? lane.Take() : nullptr;
  }
  void Ddl(const std::vector<std::string>& statements) {
    const base::Status status = store_->RunDdl(statements);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::string All(const std::string& sql) {
    std::string out;
    for (const std::string& row : TextRows(store_.connection(), sql))
      out += (out.empty() ? "" : "; ") + row;
    return out;
  }

  TestStore store_;
  static constexpr const char* kRows = "lane_0_rows()";
};

std::vector<TestRow> Rows(int count) {
  std::vector<TestRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back({i, std::to_string(i), i * int64_t{1'000'000}});
  return rows;
}

TEST_F(LaneWriterTest, CommitsViewsRawRowsAndPositionsTogether) {
  Ddl({"CREATE TABLE partials_5(k0 BIGINT, s0 BIGINT)",
       "CREATE TABLE raw_1(id BIGINT, t VARCHAR, ts TIMESTAMP, __partition INTEGER, __offset "
       "BIGINT, __incarnation INTEGER, "
       "__lane INTEGER, __commit BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.raw_table = "raw_1";
  setup.deltas = {TestDelta(5, "v", "SELECT id % 2, count(*) FROM lane_0_rows() GROUP BY 1")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  std::vector<TestRow> rows = Rows(5'000);
  rows[17].text = std::nullopt;
  rows[18].text = "a text that is longer than twelve bytes, with ünïcode";
  rows[19].ts_us = std::nullopt;
  rows[20].partition = 1;
  auto result = lane->Commit(batch.Make(rows));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->changed, std::vector{model::ObjectId(5)});
  EXPECT_EQ(result->commit.value, 1);
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "5000");
  EXPECT_EQ(All("SELECT t, ts::VARCHAR, __partition::VARCHAR, __offset::VARCHAR, __commit::VARCHAR "
                "FROM raw_1 WHERE id BETWEEN 17 AND 20 ORDER BY id"),
            "-|1970-01-01 00:00:17|0|17|1; a text that is longer than twelve bytes, with "
            "ünïcode|1970-01-01 00:00:18|0|18|1; "
            "19|-|0|19|1; 20|1970-01-01 00:00:20|1|0|1");
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM raw_1 WHERE t = id::VARCHAR OR id IN (17, 18)"),
            "5000");
  ASSERT_TRUE(lane->Commit(batch.Make(Rows(10))).ok());
  auto positions = store_->ReadPositions(kTestSource);
  ASSERT_TRUE(positions.ok());
  ASSERT_EQ(positions->size(), 2u);
  EXPECT_EQ((*positions)[0].next_offset.value, 5'009);
}

TEST_F(LaneWriterTest, PositionsAloneCommitAndRowsWithoutPositionsDoNot) {
  LaneSetup setup = TestSetup();
  auto lane = Lane(setup);
  LaneCommit commit;
  commit.positions = {
      {kTestSource, {}, model::PartitionId(3), model::Offset(77), model::EventTime(5'000'000)}};
  ASSERT_TRUE(lane->Commit(&commit).ok());
  auto positions = store_->ReadPositions(kTestSource);
  ASSERT_TRUE(positions.ok());
  EXPECT_EQ((*positions)[0].next_offset.value, 77);
  EXPECT_EQ((*positions)[0].watermark->value, 5'000'000);
  TestBatch batch(setup);
  batch.Make(Rows(1))->positions.clear();
  EXPECT_EQ(lane->Commit(batch.commit()).status().code(), base::Code::kInternal);
}

TEST_F(LaneWriterTest, RowsThatOneViewCannotTakeLeaveThatViewOnly) {
  Ddl({"CREATE TABLE partials_5(s0 HUGEINT)", "CREATE TABLE partials_6(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "sums", "SELECT sum(CAST(t AS INTEGER)) FROM lane_0_rows()"),
                  TestDelta(6, "counts", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  std::vector<TestRow> rows = Rows(3'000);
  const std::vector<size_t> bad{0, 1, 2'047, 2'048, 2'999};
  int64_t sum = 3'000 * 2'999 / 2;
  for (size_t row : bad) {
    rows[row].text = "x" + std::to_string(row);
    sum -= static_cast<int64_t>(row);
  }
  auto result = lane->Commit(batch.Make(rows));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->dead_letters, bad.size());
  EXPECT_TRUE(result->failed_views.empty());
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), std::to_string(sum));
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_6"), "3000");
  EXPECT_EQ(All("SELECT view, \"offset\"::VARCHAR, reason_code, reason FROM freshet_dead_letters "
                "ORDER BY \"offset\" LIMIT 2"),
            "sums|0|view_expression|invalid input syntax for type integer: \"x0\"; "
            "sums|1|view_expression|invalid input syntax for type integer: \"x1\"");
  EXPECT_EQ(batch.rows().rows(), 3'000u)
      << "the batch itself keeps rows that only one view cannot take";
  EXPECT_TRUE(batch.commit()->dead_letters.empty());
}

TEST_F(LaneWriterTest, RandomBadRowsAreFoundExactly) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT, s1 BIGINT)", "CREATE TABLE partials_6(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "a",
                            "SELECT count(*), sum(CASE WHEN id = 0 THEN error('division by "
                            "zero')::BIGINT ELSE 1000 // id END) "
                            "FROM lane_0_rows()"),
                  TestDelta(6, "b", "SELECT count(CAST(t AS DATE)) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::srand(seed);
    std::vector<TestRow> rows(static_cast<size_t>(1 + std::rand() % 200));
    int64_t zeros = 0, texts = 0;
    for (TestRow& row : rows) {
      row.id = std::rand() % (1 + std::rand() % 30);
      row.text = std::rand() % 7 == 0 ? "no date" : "2024-02-29";
      row.ts_us = 0;
      zeros += row.id == 0;
      texts += row.text == "no date";
    }
    Ddl({"DELETE FROM partials_5", "DELETE FROM partials_6", "DELETE FROM freshet_dead_letters"});
    TestBatch batch(setup);
    auto result = lane->Commit(batch.Make(rows));
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ASSERT_TRUE(result->failures.empty()) << result->failures[0].ToString();
    const int64_t all = static_cast<int64_t>(rows.size());
    EXPECT_EQ(store_.Answer("SELECT coalesce(sum(s0), 0) FROM partials_5"),
              std::to_string(all - zeros))
        << seed;
    EXPECT_EQ(store_.Answer("SELECT coalesce(sum(s0), 0) FROM partials_6"),
              std::to_string(all - texts))
        << seed;
    EXPECT_EQ(store_.Answer("SELECT count(*) FROM freshet_dead_letters WHERE view = 'a' AND reason "
                            "= 'division by zero'"),
              std::to_string(zeros));
    EXPECT_EQ(store_.Answer("SELECT count(*) FROM freshet_dead_letters WHERE view = 'b'"),
              std::to_string(texts));
  }
}

TEST_F(LaneWriterTest, AStateThatOverflowsSuspendsItsViewOnly) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT)", "CREATE TABLE partials_6(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "overflows", "SELECT CAST(sum(id) AS BIGINT) FROM lane_0_rows()"),
                  TestDelta(6, "counts", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  auto result = lane->Commit(batch.Make({{INT64_MAX, "a", 0}, {INT64_MAX, "b", 0}}));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  ASSERT_EQ(result->failed_views, std::vector{model::ObjectId(5)});
  EXPECT_EQ(result->failures[0].sqlstate(), "22003");
  EXPECT_EQ(result->failures[0].message(), "view \"overflows\": bigint out of range");
  EXPECT_EQ(result->changed, std::vector{model::ObjectId(6)});
  EXPECT_EQ(result->dead_letters, 0u);
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM partials_5"), "0");
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_6"), "2");
  const auto left_out = store_->ReadLeftOut();
  ASSERT_TRUE(left_out.ok() && left_out->size() == 1);
  EXPECT_EQ((*left_out)[0].view, model::ObjectId(5));
  EXPECT_EQ((*left_out)[0].reason, result->failures[0].ToString());

  // It has a gap now, so it gets nothing more until somebody decides.
  result = lane->Commit(batch.Make(Rows(3)));
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->failed_views.empty());
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM partials_5"), "0");
  ASSERT_TRUE(store_->KeepLeftOut({model::ObjectId(5), model::ObjectId(9)}).ok());
  EXPECT_EQ(store_->ReadLeftOut()->size(), 1u);
  ASSERT_TRUE(store_->KeepLeftOut({}).ok());
  EXPECT_TRUE(store_->ReadLeftOut()->empty());
  ASSERT_TRUE(lane->Prepare(setup).ok());
  ASSERT_TRUE(lane->Commit(batch.Make(Rows(3))).ok());
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "3");
}

// The rows that a view cannot take are looked for with the tables as they are by then, however the
// engine planned before.
TEST_F(LaneWriterTest, RowsThatFailByWhatATableHoldsLeaveThatViewOnly) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT)", "CREATE TABLE looked_up(id BIGINT, divisor BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "joins",
                            "SELECT sum(CASE WHEN l.divisor = 7 THEN error('seven')::BIGINT ELSE "
                            "1 END)::BIGINT FROM lane_0_rows() AS r LEFT JOIN looked_up AS l ON "
                            "l.id = r.id")};
  setup.deltas[0].reads_tables = true;
  auto lane = Lane(setup);
  TestBatch batch(setup);
  ASSERT_TRUE(lane->Commit(batch.Make(Rows(10))).ok());
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "10");
  ASSERT_TRUE(store_->Connect().Take()->Write("INSERT INTO looked_up VALUES (3, 7), (6, 1)").ok());
  auto result = lane->Commit(batch.Make(Rows(10)));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_TRUE(result->failed_views.empty());
  EXPECT_EQ(result->dead_letters, 1u);
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "19");
}

TEST_F(LaneWriterTest, AViewWhoseTableIsGoneFailsAlone) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT)", "CREATE TABLE partials_6(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "gone", "SELECT count(*) FROM lane_0_rows()"),
                  TestDelta(6, "stays", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  Ddl({"DROP TABLE partials_5"});
  TestBatch batch(setup);
  auto result = lane->Commit(batch.Make(Rows(3)));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->failed_views, std::vector{model::ObjectId(5)});
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_6"), "3");
}

TEST_F(LaneWriterTest, GeneratedColumnsAreFilledAndTheirFailuresLeaveTheSource) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT, s1 VARCHAR, s2 DECIMAL(38,2))"});
  LaneSetup setup = TestSetup();
  setup.column_names = {"id", "t", "ts", "doubled", "label", "price"};
  setup.column_types = {model::kInt8, model::kText, model::kTimestampTz,
                        model::kInt4, model::kText, model::Type{model::TypeId::kNumeric, 6, 2}};
  setup.not_null = {false, false, false, false, true, false};
  setup.generated = {{3, "id * 2"},
                     {4, "CASE WHEN id <> 7 THEN 'a rather long label ' || t END"},
                     {5, "CAST(t AS DECIMAL(6,2))"}};
  setup.deltas = {
      TestDelta(5, "v", "SELECT sum(doubled), max(label), sum(price) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  std::vector<TestRow> rows = Rows(10);
  rows[2].text = "no number";
  rows[3].id = int64_t{1} << 40;
  auto result = lane->Commit(batch.Make(rows));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->dead_letters, 3u);
  EXPECT_EQ(All("SELECT \"offset\"::VARCHAR, view, reason_code, reason FROM freshet_dead_letters "
                "ORDER BY 1"),
            "2||generated_column|invalid input syntax for type numeric: \"no number\"; "
            "3||generated_column|integer out of range; "
            "7||not_null|null value in column \"label\" that is not null");
  EXPECT_EQ(All("SELECT s0::VARCHAR, s1, s2::VARCHAR FROM partials_5"),
            "66|a rather long label 9|33.00");
  EXPECT_EQ(batch.rows().rows(), 7u);
}

TEST_F(LaneWriterTest, AGeneratedEventTimeObeysItsRules) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.column_names.push_back("at");
  setup.column_types.push_back(model::kTimestampTz);
  setup.not_null.push_back(false);
  setup.generated = {
      {3, "CASE WHEN id = 1 THEN NULL WHEN id = 2 THEN ts + INTERVAL 2 DAY ELSE ts END"}};
  setup.event_time = 3;
  setup.max_future_us = 86'400'000'000;
  setup.deltas = {TestDelta(5, "v", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  auto result = lane->Commit(batch.Make(Rows(4)));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(All("SELECT \"offset\"::VARCHAR, reason_code FROM freshet_dead_letters ORDER BY 1"),
            "1|event_time_null; 2|event_time_future");
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_5"), "2");
}

TEST_F(LaneWriterTest, HiddenColumnsAndUnusedColumns) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT, s1 BIGINT, s2 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "v",
                            "SELECT sum(__row), max(__offset), count(__kafka_time) FROM "
                            "lane_0_rows() WHERE __partition = 0")};
  auto lane = Lane(setup);
  TestBatch batch(setup);
  LaneCommit* commit = batch.Make(Rows(5'000));
  batch.rows().columns()[1].Clear();  // a column that the decoder left out
  auto result = lane->Commit(commit);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(All("SELECT s0::VARCHAR, s1::VARCHAR, s2::VARCHAR FROM partials_5"),
            "12497500|4999|5000");

  setup.deltas[0].select = "SELECT count(*), 0, 0 FROM lane_0_rows()";
  ASSERT_TRUE(lane->Prepare(setup).ok());
  commit = batch.Make(Rows(10));
  for (size_t column : {0, 1}) batch.rows().columns()[column].Clear();
  result = lane->Commit(commit);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->failures.empty()) << "rows are counted without any column of theirs";
  EXPECT_EQ(store_.Answer("SELECT max(s0) FROM partials_5 WHERE s1 = 0"), "10");

  setup.deltas[0].select = "SELECT count(t), 0, 0 FROM lane_0_rows()";
  ASSERT_TRUE(lane->Prepare(setup).ok());
  commit = batch.Make(Rows(10));
  batch.rows().columns()[1].Clear();
  result = lane->Commit(commit);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->failures.size(), 1u);
  EXPECT_NE(result->failures[0].message().find("column \"t\" is not filled"), std::string::npos);
}

TEST_F(LaneWriterTest, PrepareAfterDdlTakesNewColumnsAndViews) {
  Ddl({"CREATE TABLE partials_5(s0 BIGINT)"});
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "v", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = Lane(setup);
  Ddl({"CREATE TABLE partials_6(s0 DOUBLE)"});
  setup.column_names.push_back("extra");
  setup.column_types.push_back(model::kFloat8);
  setup.not_null.push_back(false);
  setup.deltas.push_back(TestDelta(6, "w", "SELECT sum(extra) FROM lane_0_rows()"));
  ASSERT_TRUE(lane->Prepare(setup).ok());
  TestBatch batch(setup);
  LaneCommit* commit = batch.Make(Rows(4));
  for (int i = 0; i < 4; ++i) batch.rows().columns()[3].Append(0.5);
  auto result = lane->Commit(commit);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(store_.Answer("SELECT sum(s0) FROM partials_6"), "2.0");
  setup.deltas[0].select = "SELECT nonsense FROM lane_0_rows()";
  EXPECT_EQ(lane->Prepare(setup).message(), "view \"v\": column \"nonsense\" does not exist");
  EXPECT_FALSE(lane->Commit(batch.Make(Rows(1))).ok()) << "never a commit without its views";
  setup.deltas.erase(setup.deltas.begin());
  ASSERT_TRUE(lane->Prepare(setup).ok());
  commit = batch.Make(Rows(1));
  batch.rows().columns()[3].Append(0.5);
  EXPECT_TRUE(lane->Commit(commit).ok());
}

TEST_F(LaneWriterTest, ALaneHasOneWriterAndComesBack) {
  LaneSetup setup = TestSetup(9);
  auto lane = Lane(setup);
  EXPECT_EQ(store_->MakeLane(setup).status().code(), base::Code::kAlreadyExists);
  TestBatch batch(setup);
  ASSERT_TRUE(lane->Commit(batch.Make(Rows(1))).ok());
  lane.reset();
  lane = Lane(setup);
  auto result = lane->Commit(batch.Make(Rows(1)));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->commit.value, 2);
}

TEST_F(LaneWriterTest, APartitionThatChangesLanesKeepsItsNewestPosition) {
  LaneSetup first = TestSetup(0), second = TestSetup(1);
  auto a = Lane(first);
  auto b = Lane(second);
  TestBatch batch(first);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(a->Commit(batch.Make(Rows(10))).ok());
  auto result = b->Commit(batch.Make(Rows(10)));
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->commit.value, 5);
  EXPECT_EQ((*store_->ReadPositions(kTestSource))[0].next_offset.value, 60);
  ASSERT_TRUE(store_
                  ->WritePositions(
                      model::LaneId(0),
                      {{kTestSource, {}, model::PartitionId(0), model::Offset(3), std::nullopt}})
                  .ok());
  EXPECT_EQ((*store_->ReadPositions(kTestSource))[0].next_offset.value, 3)
      << "the newest commit wins, not the largest offset";
}

TEST_F(LaneWriterTest, DeadLettersOfTheSourceAreStoredAsTheyCame) {
  LaneSetup setup = TestSetup();
  auto lane = Lane(setup);
  TestBatch batch(setup);
  LaneCommit* commit = batch.Make(Rows(1));
  model::DeadLetter letter;
  letter.partition = model::PartitionId(2);
  letter.offset = model::Offset(41);
  letter.timestamp_ms = 1'700'000'000'123;
  letter.key_null = true;
  letter.value_null = false;
  letter.value = std::string("{\"a\":\xff\0\x80}", 9);
  letter.reason_code = "malformed_json";
  letter.reason = "bad byte \xff here";
  commit->dead_letters = {letter};
  auto result = lane->Commit(commit);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->dead_letters, 1u);
  EXPECT_EQ(All("SELECT partition::VARCHAR, \"offset\"::VARCHAR, kafka_time::VARCHAR, "
                "key::VARCHAR, hex(value), reason FROM freshet_dead_letters"),
            "2|41|2023-11-14 22:13:20.123|-|7B2261223AFF00807D|bad byte ? here");
}

}  // namespace
}  // namespace store
