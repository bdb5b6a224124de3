#include "source/generated_reader.h"

#include <set>

#include <gtest/gtest.h>

#include "source/generated_value.h"

namespace source {
namespace {

using Kind = model::GeneratedField::Kind;
using std::chrono::milliseconds;

constexpr int64_t kSecondUs = 1'000'000;

model::GeneratedField Field(const char* name, model::Type type, Kind kind, int64_t first = 0,
                            int64_t last = 999) {
  model::GeneratedField field;
  field.name = name;
  field.type = type;
  field.kind = kind;
  field.first = first;
  field.last = last;
  return field;
}

model::GeneratedRows Orders() {
  model::GeneratedRows rows;
  rows.seed = 7;
  rows.rows_per_second = 10;
  rows.partitions = 2;
  rows.created_us = 1'700'000'000 * kSecondUs;
  rows.fields = {Field("id", model::kInt8, Kind::kSequence, 1, INT64_MAX),
                 Field("n", model::kInt4, Kind::kRandom, -5, 5),
                 Field("amount", {model::TypeId::kNumeric, 12, 2}, Kind::kRandom, 0, 99'999),
                 Field("region", model::kText, Kind::kRandom, 0, 3),
                 Field("at", model::kTimestampTz, Kind::kTime)};
  return rows;
}

std::string RowText(const model::GeneratedRows& rows, int64_t number) {
  std::string text;
  AppendGeneratedRow(rows, number, &text);
  return text;
}

std::vector<std::string> Drain(Reader* reader) {
  std::vector<std::string> values;
  model::RecordBatch batch;
  while (reader->Poll(milliseconds(0), &batch).ok() && !batch.runs.empty())
    for (const auto& run : batch.runs)
      for (uint32_t i = run.begin; i < run.end; ++i) values.emplace_back(batch.records[i].Value());
  return values;
}

ReaderOptions Options(model::GeneratedRows rows) {
  ReaderOptions options;
  options.connector = "datagen";
  options.generated = std::make_shared<model::GeneratedRows>(std::move(rows));
  return options;
}

TEST(GeneratedValueTest, ARowIsAFunctionOfSeedAndNumber) {
  const auto rows = Orders();
  EXPECT_EQ(RowText(rows, 12), RowText(rows, 12));
  auto other = rows;
  other.seed = 8;
  EXPECT_NE(RowText(rows, 12), RowText(other, 12));
  EXPECT_TRUE(RowText(rows, 12).starts_with("{\"id\":13,\"n\":")) << RowText(rows, 12);
  EXPECT_TRUE(RowText(rows, 12).ends_with("\"at\":\"2023-11-14T22:13:21.200000Z\"}"))
      << RowText(rows, 12);
}

TEST(GeneratedValueTest, ValuesCoverTheirRangeEvenly) {
  model::GeneratedRows rows;
  rows.fields = {Field("n", model::kInt4, Kind::kRandom, -1, 2)};
  std::map<std::string, int> seen;
  for (int i = 0; i < 4000; ++i) ++seen[RowText(rows, i)];
  ASSERT_EQ(seen.size(), 4u);
  for (const auto& [text, count] : seen) EXPECT_NEAR(count, 1000, 150) << text;
}

TEST(GeneratedValueTest, NullsValuesAndDecimals) {
  model::GeneratedRows rows;
  rows.fields = {Field("d", {model::TypeId::kNumeric, 6, 3}, Kind::kSequence, -5, 5)};
  EXPECT_EQ(RowText(rows, 0), "{\"d\":-0.005}");
  EXPECT_EQ(RowText(rows, 11), "{\"d\":-0.005}");
  rows.fields = {Field("t", model::kText, Kind::kValues)};
  rows.fields[0].values = {"a\"b"};
  EXPECT_EQ(RowText(rows, 0), "{\"t\":\"a\\\"b\"}");
  rows.fields[0].nulls = 1;
  EXPECT_EQ(RowText(rows, 0), "{}");
  rows.fields[0].nulls = 0.25;
  int missing = 0;
  for (int i = 0; i < 1000; ++i) missing += RowText(rows, i) == "{}";
  EXPECT_NEAR(missing, 250, 60);
}

TEST(GeneratedValueTest, RowsAreDueWhenTheirTimeCame) {
  for (const int64_t rate : {1, 3, 7, 1000, 999'999}) {
    auto rows = Orders();
    rows.rows_per_second = rate;
    for (int64_t n = 0; n < 2000; n += 13) {
      const int64_t due = DueTimeOf(rows, n);
      EXPECT_GT(RowsDue(rows, due), n) << rate;
      if (DueTimeOf(rows, n + 1) > due) {
        EXPECT_EQ(RowsDue(rows, due), n + 1) << rate;
      }
    }
    EXPECT_EQ(RowsDue(rows, rows.created_us - 1), 0);
  }
  EXPECT_EQ(RowsInPartition(0, 0, 2), 0);
  EXPECT_EQ(RowsInPartition(1, 0, 2), 1);
  EXPECT_EQ(RowsInPartition(1, 1, 2), 0);
  EXPECT_EQ(RowsInPartition(5, 0, 2) + RowsInPartition(5, 1, 2), 5);
}

TEST(GeneratedReaderTest, HandsOutWhatIsDueAndGoesOnAtAnyPosition) {
  auto rows = Orders();
  base::ManualClock clock{base::WallTime(std::chrono::microseconds(rows.created_us))};
  clock.Advance(std::chrono::milliseconds(1'050));  // rows 0 to 10
  auto reader = MakeGeneratedReader(Options(rows), clock).Take();
  ASSERT_TRUE(reader
                  ->Assign({{model::PartitionId(0), model::Offset(0)},
                            {model::PartitionId(1), model::Offset(3)}})
                  .ok());
  const auto values = Drain(reader.get());
  const std::set<std::string> found(values.begin(), values.end());
  std::set<std::string> expected;
  for (const int n : {0, 2, 4, 6, 8, 10, 7, 9}) expected.insert(RowText(rows, n));
  EXPECT_EQ(found, expected);
  EXPECT_EQ(values.size(), expected.size());
  clock.Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(Drain(reader.get()), std::vector<std::string>{RowText(rows, 11)});
  EXPECT_EQ(reader->States()[1].high_watermark_offset, 6);
}

TEST(GeneratedReaderTest, ALimitEndsIt) {
  auto rows = Orders();
  rows.rows_per_second = 0;
  rows.limit = 50'001;
  base::ManualClock clock{base::WallTime(std::chrono::microseconds(rows.created_us))};
  auto reader = MakeGeneratedReader(Options(rows), clock).Take();
  ASSERT_TRUE(reader
                  ->Assign({{model::PartitionId(0), model::Offset(0)},
                            {model::PartitionId(1), model::Offset(0)}})
                  .ok());
  EXPECT_EQ(Drain(reader.get()).size(), 50'001u);
  EXPECT_EQ(reader->States()[0].high_watermark_offset, 25'001);
}

}  // namespace
}  // namespace source
