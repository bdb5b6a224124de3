#include "query/cells.h"

#include <gtest/gtest.h>

#include "query/cell_cast.h"
#include "query/kept_rows.h"

namespace query {
namespace {

model::StringCell Cell(const std::string& text) {
  model::StringCell cell;
  std::memset(&cell, 0, sizeof cell);
  cell.length = static_cast<uint32_t>(text.size());
  if (text.size() <= 12) std::memcpy(cell.prefix_or_inline, text.data(), text.size());
  else {
    std::memcpy(cell.prefix_or_inline, text.data(), 4);
    cell.pointer = text.data();
  }
  return cell;
}

// A chunk of int4, text and int4[] with some NULLs; row i holds i.
struct Sample {
  explicit Sample(size_t rows) {
    validity.assign(rows / 64 + 1, ~uint64_t{0});
    texts.reserve(rows);
    for (size_t i = 0; i < rows; ++i) {
      numbers.push_back(static_cast<int32_t>(i));
      texts.push_back(i % 2 ? "s" + std::to_string(i)
                            : "a text that does not fit inline " + std::to_string(i));
      cells.push_back(Cell(texts.back()));
      lists.push_back({elements.size(), i % 3});
      for (size_t k = 0; k < i % 3; ++k) elements.push_back(static_cast<int32_t>(i * 10 + k));
      if (i % 5 == 0) validity[i / 64] &= ~(uint64_t{1} << (i % 64));
    }
    chunk.rows = rows;
    model::ColumnView number, text, list, element;
    number.kind = model::CellKind::kInt32, number.data = numbers.data(),
    number.validity = validity.data();
    text.kind = model::CellKind::kString, text.data = cells.data(), text.validity = validity.data();
    element.kind = model::CellKind::kInt32, element.data = elements.data();
    list.kind = model::CellKind::kList, list.data = lists.data();
    list.child.push_back(element);
    chunk.columns = {number, text, list};
  }
  std::vector<int32_t> numbers, elements;
  std::vector<std::string> texts;
  std::vector<model::StringCell> cells;
  std::vector<model::ListCell> lists;
  std::vector<uint64_t> validity;
  model::ChunkView chunk;
};

void ExpectRow(const model::ChunkView& chunk, size_t row, size_t i) {
  ASSERT_EQ(chunk.columns[0].IsNull(row), i % 5 == 0) << i;
  ASSERT_EQ(chunk.columns[1].IsNull(row), i % 5 == 0) << i;
  if (i % 5 != 0) {
    EXPECT_EQ(chunk.columns[0].Get<int32_t>(row), static_cast<int32_t>(i));
    const auto cell = chunk.columns[1].Get<model::StringCell>(row);
    EXPECT_EQ(cell.View(), i % 2 ? "s" + std::to_string(i)
                                 : "a text that does not fit inline " + std::to_string(i));
  }
  const auto list = chunk.columns[2].Get<model::ListCell>(row);
  ASSERT_EQ(list.length, i % 3);
  for (size_t k = 0; k < list.length; ++k)
    EXPECT_EQ(chunk.columns[2].child[0].Get<int32_t>(list.offset + k),
              static_cast<int32_t>(i * 10 + k));
}

TEST(Cells, ASliceHasTheRowsOfItsRangeWhereverItBegins) {
  const Sample sample(200);
  Slicer slicer;
  for (const auto& [first, rows] : {std::pair<size_t, size_t>{0, 200},
                                    {0, 1},
                                    {1, 64},
                                    {63, 2},
                                    {64, 64},
                                    {65, 135},
                                    {199, 1}}) {
    const auto slice = slicer.Slice(sample.chunk, first, rows);
    ASSERT_EQ(slice.rows, rows);
    for (size_t row = 0; row < rows; ++row) ExpectRow(slice, row, first + row);
  }
}

TEST(Cells, ACopyOutlivesItsChunk) {
  auto sample = std::make_unique<Sample>(150);
  const size_t bytes = BytesOf(sample->chunk);
  ChunkCopy copy(sample->chunk);
  EXPECT_GE(copy.bytes(), bytes);
  for (auto& text : sample->texts) std::fill(text.begin(), text.end(), '#');
  sample.reset();
  for (size_t row = 0; row < 150; ++row) ExpectRow(copy.view(), row, row);
}

TEST(Cells, KeptRowsAreReadFromAnyRowOn) {
  auto budget = std::make_shared<KeptBudget>(1 << 20);
  KeptRows kept(budget);
  Sample sample(130);
  Slicer slicer;
  ASSERT_TRUE(kept.Add(slicer.Slice(sample.chunk, 0, 100)).ok());
  ASSERT_TRUE(kept.Add(slicer.Slice(sample.chunk, 100, 30)).ok());
  for (size_t from = 0; from < 130;) {
    const auto chunk = kept.Read(from, 7, &slicer);
    ASSERT_GT(chunk.rows, 0u);
    for (size_t row = 0; row < chunk.rows; ++row) ExpectRow(chunk, row, from + row);
    from += chunk.rows;
  }
  EXPECT_EQ(kept.Read(130, 7, &slicer).rows, 0u);
}

TEST(Cells, KeptRowsHaveOneBudgetTogether) {
  Sample sample(100);
  auto budget = std::make_shared<KeptBudget>(BytesOf(sample.chunk) * 3 / 2);
  auto first = std::make_unique<KeptRows>(budget);
  KeptRows second(budget);
  ASSERT_TRUE(first->Add(sample.chunk).ok());
  EXPECT_EQ(second.Add(sample.chunk).sqlstate(), "53200");
  first.reset();
  EXPECT_TRUE(second.Add(sample.chunk).ok());
}

template <typename T>
model::ChunkView OneColumn(const std::vector<T>& cells, model::CellKind kind,
                           uint8_t cell_bytes = 0, uint8_t scale = 0) {
  model::ChunkView chunk;
  chunk.rows = cells.size();
  model::ColumnView column;
  column.kind = kind, column.data = cells.data(), column.cell_bytes = cell_bytes,
  column.scale = scale;
  chunk.columns.push_back(column);
  return chunk;
}

TEST(CellCaster, NarrowsToTheDeclaredTypeOrSaysThatItDoesNotFit) {
  CellCaster to_int4({{"x", model::kInt4}});
  const std::vector<int64_t> fits{1, -2147483648LL};
  auto chunk = OneColumn(fits, model::CellKind::kInt64);
  ASSERT_TRUE(to_int4.Cast(&chunk).ok());
  EXPECT_EQ(chunk.columns[0].kind, model::CellKind::kInt32);
  EXPECT_EQ(chunk.columns[0].Get<int32_t>(1), INT32_MIN);
  const std::vector<int64_t> too_large{2147483648LL};
  chunk = OneColumn(too_large, model::CellKind::kInt64);
  EXPECT_EQ(to_int4.Cast(&chunk).sqlstate(), "22003");
}

TEST(CellCaster, RoundsDecimalsHalfAwayFromZero) {
  CellCaster to_int8({{"x", model::kInt8}});
  const std::vector<int64_t> cents{150, -150, 149, -149};
  auto chunk = OneColumn(cents, model::CellKind::kDecimal, 8, 2);
  ASSERT_TRUE(to_int8.Cast(&chunk).ok());
  EXPECT_EQ(chunk.columns[0].Get<int64_t>(0), 2);
  EXPECT_EQ(chunk.columns[0].Get<int64_t>(1), -2);
  EXPECT_EQ(chunk.columns[0].Get<int64_t>(2), 1);
  EXPECT_EQ(chunk.columns[0].Get<int64_t>(3), -1);
}

TEST(CellCaster, DatesAndTimestampsBecomeEachOther) {
  CellCaster to_date({{"x", {model::TypeId::kDate}}});
  const std::vector<int64_t> times{-1, 0, 86'400'000'000};
  auto chunk = OneColumn(times, model::CellKind::kTimestamp);
  ASSERT_TRUE(to_date.Cast(&chunk).ok());
  EXPECT_EQ(chunk.columns[0].Get<int32_t>(0), -1);
  EXPECT_EQ(chunk.columns[0].Get<int32_t>(2), 1);
  CellCaster to_time({{"x", model::kTimestampTz}});
  const std::vector<int32_t> days{-1, 1};
  chunk = OneColumn(days, model::CellKind::kDate);
  ASSERT_TRUE(to_time.Cast(&chunk).ok());
  EXPECT_EQ(chunk.columns[0].Get<int64_t>(0), -86'400'000'000);
}

TEST(CellCaster, NumericTakesAnyNumberAndTextTakesNoNumber) {
  CellCaster caster({{"x", model::kNumeric}});
  const std::vector<double> doubles{1.5};
  auto chunk = OneColumn(doubles, model::CellKind::kDouble);
  ASSERT_TRUE(caster.Cast(&chunk).ok());
  EXPECT_EQ(chunk.columns[0].kind, model::CellKind::kDouble);
  CellCaster text({{"x", model::kText}});
  chunk = OneColumn(doubles, model::CellKind::kDouble);
  EXPECT_EQ(text.Cast(&chunk).code(), base::Code::kInternal);
}

}  // namespace
}  // namespace query
