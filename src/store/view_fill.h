#pragma once
// Fills a new view from the rows that its source keeps. Rows that the view's own expressions cannot
// take are found by bisection over partitions and offsets and left out, as a lane leaves them out
// (semantics 6).
//
// Threads: one caller, while the source's lanes stand at a commit boundary. Errors: those of the
// engine; a data error when no single row is to blame (a state that overflows) or more than
// kMaxFaults rows are. The view's table is then as it was.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/store.h"
#include "store/store_state.h"

namespace store {

class ViewFiller {
 public:
  static constexpr size_t kMaxFaults = 1'000;

  ViewFiller(std::shared_ptr<StoreState> state, const Fill& fill);
  base::Result<std::vector<LeftOut>> Run(Session* session);

 private:
  // Offsets of one partition, both ends included.
  struct Range {
    int32_t incarnation, partition;
    int64_t first, last;
  };
  base::Result<std::vector<Range>> Ranges(Session* session) const;
  base::Status Search(const Range& range);
  base::Status Split(const Range& range, base::Status error);
  base::Status Try(const Range& range);
  void Blame(const Range& row, const base::Status& error);
  std::string RowsWithoutFaults() const;

  const Fill& fill_;
  std::unique_ptr<Connection> connection_;
  std::vector<LeftOut> left_out_;
  size_t faults_ = 0;
};

}  // namespace store
