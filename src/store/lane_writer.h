#pragma once
// LaneCommitter: store::LaneWriter over one Session. A commit is one transaction: BEGIN, every
// view's delta, raw rows, dead letters, late rows, positions, COMMIT.
//
// Invariants:
// 1. COMMIT is only sent when every statement of the transaction succeeded (DuckDB answers success
// to the COMMIT of an
//    aborted transaction and drops the work).
// 2. After a failed COMMIT nobody knows; the newest commit number of this lane, read on another
// connection, decides.
// 3. The batch changes only by generated columns being filled and by source-scope dead letters
// leaving it, so that the same
//    call can be repeated. What one view cannot take is found again by each attempt.
// 4. A view that a commit left out has a gap there, so it gets nothing more until Prepare says what
// becomes of it.
//
// Threads: one owner. Errors: as store.h says.

#include <memory>
#include <vector>

#include "store/generated_columns.h"
#include "store/lane_record.h"
#include "store/row_faults.h"
#include "store/statement.h"
#include "store/store_state.h"

namespace store {

class LaneCommitter : public LaneWriter {
 public:
  static base::Result<std::unique_ptr<LaneWriter>> Make(std::shared_ptr<StoreState> state,
                                                        const LaneSetup& setup);
  ~LaneCommitter() override;

  base::Result<LaneCommitResult> Commit(LaneCommit* commit) override;
  base::Status Prepare(const LaneSetup& setup) override;

 private:
  // One delta in one attempt: the rows it must not see, and why.
  struct ViewPart {
    std::vector<size_t> excluded;  // sorted: late and faulty rows
    std::vector<LateRows> late;
    std::vector<model::DeadLetter> dead_letters;  // in this view's name
    int bisections = 0;
    bool tried_again = false, failed = false;
    size_t partials = 0;  // rows written
    base::Status failure;
  };
  struct Attempt {
    LaneCommit* commit;
    model::CommitNumber number;
    std::vector<ViewPart> views;  // as setup_.deltas
    ViewPart raw;
    std::map<int64_t, int64_t> floors;  // that left rows out, by object
  };

  LaneCommitter(std::shared_ptr<StoreState> state, LaneFunctions functions, model::LaneId lane);
  base::Status PrepareStatements(const Session::Use& use);
  void DropStatements();
  base::Status Write(const Session::Use& use, Attempt* attempt);
  base::Status TryTransaction(const Session::Use& use, Attempt* attempt, int* failed_view);
  base::Status RunDelta(size_t view, Attempt* attempt);
  // The rows that a view does not get, neither do the views that it feeds.
  void ExcludeBelow(size_t view, const std::vector<size_t>& rows, Attempt* attempt);
  base::Status RunRaw(Attempt* attempt);
  base::Status Judge(const Session::Use& use, base::Status error, size_t view, Attempt* attempt);
  base::Status JudgeRows(const Session::Use& use, base::Status error, size_t view,
                         Attempt* attempt);
  base::Status ReadInTransaction(const Session::Use& use, const std::string& sql);
  void LeaveOutLateRows(Attempt* attempt);
  base::Status Append(const Session::Use& use, const Attempt& attempt);
  base::Status Settle(base::Status error, model::CommitNumber number);
  LaneCommitResult ResultOf(Attempt* attempt);

  std::shared_ptr<StoreState> state_;
  std::shared_ptr<LaneRows> rows_;
  const model::LaneId lane_;
  PositionInsert positions_;
  std::shared_ptr<LaneDeltas> deltas_;
  LaneEpoch epoch_;
  LaneSetup setup_;
  Session session_;
  GeneratedColumns generated_;
  std::vector<bool>
      suspended_;  // the same: views that a commit left out get nothing more until Prepare
  Statement raw_insert_, begin_, commit_;
  bool prepared_ = false;  // all of them, on the session's present connection
};

}  // namespace store
