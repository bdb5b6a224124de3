#pragma once
// RowFill: fills a view from the rows that its source keeps, a range of offsets in each commit,
// while the stream goes on. Rows that the view's own expressions cannot take are found by bisection
// over offsets and left out, as a lane leaves them out (semantics 6).
//
// Threads: one owner. Errors: those of the engine; a data error when no single row is to blame (a
// state that overflows) or more than kMaxFaults rows are.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/store.h"
#include "store/store_state.h"

namespace store {

class RowFill : public ViewFill {
 public:
  static constexpr size_t kMaxFaults = 1'000;

  RowFill(std::shared_ptr<StoreState> state, Fill fill);
  base::Result<std::vector<OffsetRange>> Ranges() override;
  base::Result<size_t> Step(const OffsetRange& range) override;

 private:
  base::Status Search(const OffsetRange& range);
  base::Status Split(const OffsetRange& range, base::Status error);
  base::Status Try(const OffsetRange& range);
  void Blame(const OffsetRange& row, const base::Status& error);
  std::string RowsOf(const OffsetRange& range) const;
  std::string RowsWithoutFaults(const OffsetRange& range) const;
  // `rows` stands in FROM.
  base::Status CommitStep(const OffsetRange& range, const std::string& rows);

  const std::shared_ptr<StoreState> state_;
  const Fill fill_;
  Session session_;
  std::unique_ptr<Connection> connection_;   // for looking
  std::vector<model::DeadLetter> left_out_;  // of the step
  size_t faults_ = 0;                        // of all steps
};

}  // namespace store
