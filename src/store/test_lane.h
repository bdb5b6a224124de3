#pragma once
// For this room's tests: a lane over three columns (id int8, t text, ts timestamptz) and rows to
// commit through it.
//
// Threads: one test. Errors: fail the test.

#include <optional>
#include <string>
#include <vector>

#include "store/test_store.h"

namespace store {

struct TestRow {
  int64_t id;
  std::optional<std::string> text;
  std::optional<int64_t> ts_us;
  int32_t partition = 0;
};

inline constexpr model::ObjectId kTestSource{1};

inline LaneSetup TestSetup(int lane = 0) {
  LaneSetup setup;
  setup.source = kTestSource;
  setup.lane = model::LaneId(lane);
  setup.column_names = {"id", "t", "ts"};
  setup.column_types = {model::kInt8, model::kText, model::kTimestampTz};
  setup.not_null = {false, false, false};
  setup.event_time = 2;
  return setup;
}

inline Delta TestDelta(int64_t id, const std::string& name, const std::string& select) {
  return {model::ObjectId(id), name, "partials_" + std::to_string(id), select};
}

// A batch and its commit; offsets go on from the commit before.
class TestBatch {
 public:
  explicit TestBatch(const LaneSetup& setup) : batch_(setup.column_types), setup_(setup) {
    commit_.rows = &batch_;
  }

  LaneCommit* Make(const std::vector<TestRow>& rows) {
    batch_.Clear();
    commit_.positions.clear();
    commit_.dead_letters.clear();
    for (const TestRow& row : rows) {
      std::vector<model::Column>& columns = batch_.columns();
      columns[0].Append(row.id);
      if (row.text) columns[1].Append(batch_.MakeString(*row.text));
      else columns[1].AppendNull();
      if (row.ts_us) columns[2].Append(*row.ts_us);
      else columns[2].AppendNull();
      batch_.partition().Append(row.partition);
      batch_.offset().Append(next_[static_cast<size_t>(row.partition)]++);
      batch_.kafka_time().Append<int64_t>(row.ts_us.value_or(0));
      batch_.FinishRow();
    }
    for (int32_t p = 0; p < 4; ++p)
      if (next_[static_cast<size_t>(p)] > 0)
        commit_.positions.push_back({setup_.source,
                                     {},
                                     model::PartitionId(p),
                                     model::Offset(next_[static_cast<size_t>(p)]),
                                     std::nullopt});
    return &commit_;
  }
  LaneCommit* commit() { return &commit_; }
  model::ColumnBatch& rows() { return batch_; }

 private:
  model::ColumnBatch batch_;
  LaneCommit commit_;
  LaneSetup setup_;
  int64_t next_[4] = {0, 0, 0, 0};
};

}  // namespace store
