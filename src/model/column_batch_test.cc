#include "model/column_batch.h"

#include <gtest/gtest.h>

#include <string>

namespace model {
namespace {

TEST(Width, NumericCellsGrowWithPrecisionAsTheEnginesDo) {
  EXPECT_EQ(Width({TypeId::kNumeric, 4, 2}), 2u);
  EXPECT_EQ(Width({TypeId::kNumeric, 5, 2}), 4u);
  EXPECT_EQ(Width({TypeId::kNumeric, 9, 2}), 4u);
  EXPECT_EQ(Width({TypeId::kNumeric, 10, 2}), 8u);
  EXPECT_EQ(Width({TypeId::kNumeric, 18, 2}), 8u);
  EXPECT_EQ(Width({TypeId::kNumeric, 19, 2}), 16u);
  EXPECT_EQ(Width({TypeId::kNumeric, 38, 2}), 16u);
}

TEST(Column, NullsBeforeAcrossAndAfterWordBoundaries) {
  Column column(kInt8);
  for (int64_t row = 0; row < 200; ++row) {
    if (row % 7 == 3 || (row >= 60 && row < 70)) column.AppendNull();
    else column.Append<int64_t>(row);
  }
  for (size_t row = 0; row < 200; ++row) {
    const bool null = row % 7 == 3 || (row >= 60 && row < 70);
    ASSERT_EQ(column.IsNull(row), null) << row;
    ASSERT_EQ(column.Get<int64_t>(row), null ? 0 : static_cast<int64_t>(row));
  }
}

TEST(Column, FirstNullAfterManyValuesLeavesThemValid) {
  for (size_t before : {63, 64, 65, 127, 128}) {
    Column column(kInt4);
    for (size_t row = 0; row < before; ++row) column.Append<int32_t>(1);
    column.AppendNull();
    column.Append<int32_t>(2);
    for (size_t row = 0; row < before; ++row) ASSERT_FALSE(column.IsNull(row)) << before << " " << row;
    EXPECT_TRUE(column.IsNull(before));
    EXPECT_FALSE(column.IsNull(before + 1));
  }
}

TEST(Column, ATruncatedNullDoesNotLeakIntoTheNextValue) {
  for (size_t at : {0, 1, 63, 64, 65, 127, 128}) {
    Column column(kInt4);
    for (size_t row = 0; row < at; ++row) column.Append<int32_t>(1);
    column.AppendNull();
    column.AppendNull();
    column.Truncate(at);
    column.Append<int32_t>(7);
    column.Append<int32_t>(8);
    EXPECT_FALSE(column.IsNull(at)) << at;
    EXPECT_FALSE(column.IsNull(at + 1)) << at;
    EXPECT_EQ(column.Get<int32_t>(at), 7);
  }
}

TEST(ColumnBatch, AFailedRowIsTakenBackWhollyAndTheNextOneTakesItsPlace) {
  ColumnBatch batch({kInt8, kText});
  auto finish = [&](int64_t offset) {
    batch.partition().Append<int32_t>(0);
    batch.offset().Append<int64_t>(offset);
    batch.kafka_time().AppendNull();
    batch.FinishRow();
  };
  batch.columns()[0].Append<int64_t>(1);
  batch.columns()[1].Append(batch.MakeString("one"));
  finish(10);
  batch.columns()[0].Append<int64_t>(2);  // the second column never gets its cell
  batch.TruncateToRows();
  batch.columns()[0].Append<int64_t>(3);
  batch.columns()[1].Append(batch.MakeString("a text of more than twelve bytes"));
  finish(12);
  ASSERT_EQ(batch.rows(), 2u);
  EXPECT_EQ(batch.columns()[0].Get<int64_t>(1), 3);
  EXPECT_EQ(batch.columns()[1].Get<StringCell>(1).View(), "a text of more than twelve bytes");
  EXPECT_EQ(batch.offset().Get<int64_t>(1), 12);
}

TEST(ColumnBatch, StringsOfTwelveBytesLieInTheCellAndLongerOnesShowTheirPrefix) {
  ColumnBatch batch({kText});
  const StringCell inside = batch.MakeString("123456789012");
  EXPECT_EQ(inside.View(), "123456789012");
  EXPECT_EQ(batch.arena().bytes(), 0u);
  const StringCell outside = batch.MakeString("1234567890123");
  EXPECT_EQ(outside.View(), "1234567890123");
  EXPECT_EQ(std::string_view(outside.prefix_or_inline, 4), "1234");
  EXPECT_EQ(batch.arena().bytes(), 13u);
  EXPECT_EQ(batch.MakeString("").View(), "");
}

TEST(ColumnBatch, PaddedStringsAreTheSameCellsWhateverFollowsThem) {
  ColumnBatch batch({kText});
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (size_t bytes = 0; bytes <= 20; ++bytes) {
    const StringCell padded = batch.MakePaddedString(std::string_view(text).substr(0, bytes));
    const StringCell plain = batch.MakeString(std::string_view(text).substr(0, bytes));
    EXPECT_EQ(padded.View(), plain.View());
    if (bytes > 12) continue;  // those differ in where they point
    EXPECT_EQ(std::memcmp(&padded, &plain, sizeof plain), 0) << bytes;
  }
}

TEST(ColumnBatch, FilterKeepsRowsNullsAndHiddenColumnsTogether) {
  ColumnBatch batch({kInt4, {TypeId::kNumeric, 38, 0}});
  std::vector<bool> keep;
  for (int32_t row = 0; row < 150; ++row) {
    if (row % 5 == 0) batch.columns()[0].AppendNull();
    else batch.columns()[0].Append(row);
    batch.columns()[1].Append<__int128>(-row);
    batch.partition().Append<int32_t>(1);
    batch.offset().Append<int64_t>(row);
    batch.kafka_time().Append<int64_t>(row * 1000);
    batch.FinishRow();
    keep.push_back(row % 3 != 0);
  }
  batch.Filter(keep);
  ASSERT_EQ(batch.rows(), 100u);
  for (size_t row = 0; row < 100; ++row) {
    const int64_t was = batch.offset().Get<int64_t>(row);
    ASSERT_NE(was % 3, 0);
    ASSERT_EQ(batch.columns()[0].IsNull(row), was % 5 == 0);
    ASSERT_EQ(static_cast<int64_t>(batch.columns()[1].Get<__int128>(row)), -was);
    ASSERT_EQ(batch.kafka_time().Get<int64_t>(row), was * 1000);
  }
}

TEST(ColumnBatch, ClearKeepsItsMemoryButNoRowsNullsOrBytes) {
  ColumnBatch batch({kText});
  for (int round = 0; round < 3; ++round) {
    batch.columns()[0].AppendNull();
    batch.partition().Append<int32_t>(0);
    batch.offset().Append<int64_t>(0);
    batch.kafka_time().AppendNull();
    batch.FinishRow();
    batch.MakeString(std::string(3 << 20, 'x'));
    EXPECT_GE(batch.bytes(), size_t{3} << 20);
    batch.Clear();
    EXPECT_EQ(batch.rows(), 0u);
    EXPECT_EQ(batch.bytes(), 0u);
    EXPECT_FALSE(batch.columns()[0].has_nulls());
  }
}

}  // namespace
}  // namespace model
