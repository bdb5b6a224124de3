#include "store/lane_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/failure_point.h"
#include "base/log.h"
#include "model/reason_codes.h"
#include "store/appender.h"
#include "store/duckdb_types.h"

namespace store {
namespace {

using base::Result;
using base::Status;

class EpochScope {
 public:
  explicit EpochScope(LaneEpoch* epoch) : epoch_(epoch) { epoch_->Begin(); }
  ~EpochScope() { epoch_->End(); }

 private:
  LaneEpoch* epoch_;
};

// Nobody but a running commit sees the batch and what views got from it.
class HideScope {
 public:
  HideScope(LaneRows* rows, LaneDeltas* deltas) : rows_(rows), deltas_(deltas) {}
  ~HideScope() {
    rows_->Hide();
    deltas_->Clear();
  }

 private:
  LaneRows* rows_;
  LaneDeltas* deltas_;
};

std::chrono::microseconds Since(base::MonotonicTime start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(base::Clock::System().Monotonic() -
                                                               start);
}

double Seconds(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1e6; }

std::vector<size_t> Merged(std::vector<size_t> rows, const std::vector<size_t>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::string RawInsert(const LaneSetup& setup) {
  std::string columns, hidden = R"("__partition", "__offset")";
  for (size_t i = 0; i < setup.column_names.size(); ++i)
    if (setup.kept.empty() || setup.kept[i]) columns += QuoteName(setup.column_names[i]) + ", ";
  return "INSERT INTO " + QuoteName(setup.raw_table) + "(" + columns + hidden +
         R"(, "__incarnation", "__lane", "__commit") SELECT )" + columns + hidden +
         ", $1::INTEGER, $2::INTEGER, $3::BIGINT FROM " + LaneWriter::RowsFunction(setup.lane);
}

// A delta that reads tables is judged so often: they may change between its run and the search for
// the rows that failed it.
constexpr int kMostBisections = 3;

Status CheckSetup(const LaneSetup& setup) {
  const size_t columns = setup.column_types.size();
  if (setup.column_names.size() != columns || setup.not_null.size() != columns)
    return base::Internal("a lane needs a name, a type and a not-null flag for each column");
  if (setup.event_time >= static_cast<int>(columns))
    return base::Internal("a lane's event time is no column of it");
  for (const auto& [index, expression] : setup.generated)
    if (index < 0 || index >= static_cast<int>(columns))
      return base::Internal("a generated column is no column of its lane");
  return {};
}

}  // namespace

LaneCommitter::LaneCommitter(std::shared_ptr<StoreState> state, LaneFunctions functions,
                             model::LaneId lane)
    : state_(std::move(state)),
      rows_(std::move(functions.rows)),
      lane_(lane),
      positions_(std::move(functions.positions)),
      deltas_(std::move(functions.deltas)),
      session_(state_->engine.get()) {
  session_.on_drop = [this] { DropStatements(); };
  state_->floors.Add(&epoch_);
}

LaneCommitter::~LaneCommitter() {
  state_->floors.Remove(&epoch_);
  session_.Close();
  state_->ReturnLane(lane_);
}

Result<std::unique_ptr<LaneWriter>> LaneCommitter::Make(std::shared_ptr<StoreState> state,
                                                        const LaneSetup& setup) {
  std::optional<LaneFunctions> functions = state->TakeLane(setup.lane);
  if (!functions)
    return base::AlreadyExists("lane " + std::to_string(setup.lane.value) +
                               " has a writer already");
  std::unique_ptr<LaneCommitter> writer(
      new LaneCommitter(std::move(state), *std::move(functions), setup.lane));
  RETURN_IF_ERROR(writer->Prepare(setup));
  return std::unique_ptr<LaneWriter>(std::move(writer));
}

Status LaneCommitter::Prepare(const LaneSetup& setup) {
  if (setup.lane != lane_) return base::Internal("a lane keeps its id");
  RETURN_IF_ERROR(CheckSetup(setup));
  ASSIGN_OR_RETURN(const Session::Use use, session_.Enter());
  setup_ = setup;
  suspended_.assign(setup.deltas.size(), false);
  RETURN_IF_ERROR(rows_->SetColumns(setup.column_names, setup.column_types));
  return PrepareStatements(use);
}

void LaneCommitter::DropStatements() {
  prepared_ = false;
  deltas_->Drop();
  for (Statement* statement : {&raw_insert_, &begin_, &commit_}) statement->Reset();
  generated_.Drop();
  positions_.Drop();
}

Status LaneCommitter::PrepareStatements(const Session::Use& use) {
  DropStatements();
  Engine* engine = state_->engine.get();
  RETURN_IF_ERROR(rows_->Register(use));
  RETURN_IF_ERROR(begin_.Prepare(engine, use.connection, "BEGIN TRANSACTION"));
  RETURN_IF_ERROR(commit_.Prepare(engine, use.connection, "COMMIT"));
  RETURN_IF_ERROR(positions_.Prepare(engine, use));
  RETURN_IF_ERROR(generated_.Prepare(engine, use.connection, setup_));
  RETURN_IF_ERROR(deltas_->Prepare(engine, use, setup_.deltas));
  if (!setup_.raw_table.empty())
    RETURN_IF_ERROR(raw_insert_.Prepare(engine, use.connection, RawInsert(setup_)));
  prepared_ = true;
  return {};
}

Result<LaneCommitResult> LaneCommitter::Commit(LaneCommit* commit) {
  const bool has_rows = commit->rows && commit->rows->rows() > 0;
  if (commit->positions.empty()) {
    if (has_rows || !commit->dead_letters.empty())
      return base::Internal("a commit with rows or dead letters moves no position");
    return LaneCommitResult{};
  }
  const EpochScope epoch(&epoch_);
  const HideScope hide(rows_.get(), deltas_.get());
  Attempt attempt{commit,
                  state_->ledger.Next(lane_, commit->positions),
                  std::vector<ViewPart>(setup_.deltas.size()),
                  {},
                  {}};
  for (size_t view = 0; view < suspended_.size(); ++view)
    attempt.views[view].failed = suspended_[view];
  const base::MonotonicTime start = base::Clock::System().Monotonic();
  std::chrono::microseconds aggregate{}, committed{};
  const std::chrono::microseconds cpu_start = base::ThreadCpuTime();
  std::chrono::microseconds cpu_aggregated{};
  Status status;
  {
    ASSIGN_OR_RETURN(const Session::Use use, session_.Enter());
    status = Write(use, &attempt);
    aggregate = Since(start);
    cpu_aggregated = base::ThreadCpuTime();
    if (!status.ok()) {
      state_->metrics.commit_errors.Add();
      return status;
    }
    const base::MonotonicTime before = base::Clock::System().Monotonic();
    base::FailurePoint("store.commit.before");
    status = commit_.Execute(state_->engine.get()).TakeStatus();
    base::FailurePoint("store.commit.after");
    committed = Since(before);
  }
  if (!status.ok()) RETURN_IF_ERROR(Settle(std::move(status), attempt.number));
  LaneCommitResult result = ResultOf(&attempt);
  result.aggregate_time = aggregate;
  result.commit_time = committed;
  result.aggregate_cpu = cpu_aggregated - cpu_start;
  result.commit_cpu = base::ThreadCpuTime() - cpu_aggregated;
  state_->metrics.aggregate_seconds.Observe(Seconds(aggregate));
  state_->metrics.commit_seconds.Observe(Seconds(committed));
  return result;
}

// Everything up to COMMIT. When it fails, the transaction is rolled back.
Status LaneCommitter::Write(const Session::Use& use, Attempt* attempt) {
  LaneCommit* commit = attempt->commit;
  if (!prepared_) RETURN_IF_ERROR(PrepareStatements(use));
  if (commit->rows && commit->rows->rows() > 0) {
    RETURN_IF_ERROR(generated_.Fill(state_->engine.get(), setup_, rows_.get(), commit));
    LeaveOutLateRows(attempt);
  }
  for (;;) {
    int failed_view = -1;
    Status status = TryTransaction(use, attempt, &failed_view);
    if (status.ok()) return status;
    // Says that there is no transaction when the engine ended it itself.
    (void)session_.Run(use, "ROLLBACK");
    if (failed_view < 0) return status;
    RETURN_IF_ERROR(Judge(use, std::move(status), static_cast<size_t>(failed_view), attempt));
  }
}

Status LaneCommitter::TryTransaction(const Session::Use& use, Attempt* attempt, int* failed_view) {
  RETURN_IF_ERROR(begin_.Execute(state_->engine.get()).TakeStatus());
  if (!attempt->commit->first.empty()) RETURN_IF_ERROR(session_.Run(use, attempt->commit->first));
  if (attempt->commit->rows && attempt->commit->rows->rows() > 0) {
    for (size_t view = 0; view < setup_.deltas.size(); ++view) {
      if (attempt->views[view].failed) continue;
      Status status = RunDelta(view, attempt);
      if (status.ok()) continue;
      *failed_view = static_cast<int>(view);
      return status;
    }
    RETURN_IF_ERROR(RunRaw(attempt));
  }
  return Append(use, *attempt);
}

Status LaneCommitter::RunDelta(size_t view, Attempt* attempt) {
  const model::ColumnBatch* batch = attempt->commit->rows;
  ViewPart& part = attempt->views[view];
  const int parent = setup_.deltas[view].parent;
  const ViewPart* fed_by = parent < 0 ? nullptr : &attempt->views[static_cast<size_t>(parent)];
  if (fed_by && !fed_by->failed && fed_by->excluded == part.excluded) {
    ASSIGN_OR_RETURN(part.partials, deltas_->FromParent(view));
    return {};
  }
  rows_->Show(batch, RangesWithout(batch->rows(), part.excluded));
  ASSIGN_OR_RETURN(part.partials, deltas_->FromRows(view));
  return {};
}

void LaneCommitter::ExcludeBelow(size_t view, const std::vector<size_t>& rows, Attempt* attempt) {
  for (size_t child = view + 1; child < setup_.deltas.size(); ++child) {
    if (setup_.deltas[child].parent != static_cast<int>(view)) continue;
    std::vector<size_t>& excluded = attempt->views[child].excluded;
    excluded = Merged(std::move(excluded), rows);
    ExcludeBelow(child, rows, attempt);
  }
}

Status LaneCommitter::RunRaw(Attempt* attempt) {
  if (!raw_insert_.prepared()) return {};
  const model::ColumnBatch* batch = attempt->commit->rows;
  rows_->Show(batch, RangesWithout(batch->rows(), attempt->raw.excluded));
  raw_insert_.BindInt64(1, attempt->commit->incarnation.value);
  raw_insert_.BindInt64(2, lane_.value);
  raw_insert_.BindInt64(3, attempt->number.value);
  return raw_insert_.Execute(state_->engine.get()).TakeStatus();
}

// A view's delta failed. Decides what its next attempt leaves out: some rows, or the view.
Status LaneCommitter::Judge(const Session::Use& use, Status error, size_t view, Attempt* attempt) {
  if (IsStoreScope(error)) return error;
  ViewPart& part = attempt->views[view];
  const int bisections = setup_.deltas[view].reads_tables ? kMostBisections : 1;
  if (IsRowScope(error) && part.bisections++ < bisections)
    return JudgeRows(use, std::move(error), view, attempt);
  // Somebody else may have held the memory that was short; the view is judged by a second try.
  if (error.code() == base::Code::kExhausted && !std::exchange(part.tried_again, true)) return {};
  if (setup_.whole) return error;
  part.failed = true;
  part.partials = 0;
  part.dead_letters.clear();
  part.late.clear();
  part.failure = std::move(error).WithContext("view \"" + setup_.deltas[view].name + "\"");
  state_->metrics.views_suspended.Add();
  base::Log(base::Level::kError, "store", "a view is left out of commits",
            {{"view", setup_.deltas[view].name}, {"error", part.failure.ToString()}});
  return {};
}

Status LaneCommitter::JudgeRows(const Session::Use& use, Status error, size_t view,
                                Attempt* attempt) {
  const model::ColumnBatch* batch = attempt->commit->rows;
  ViewPart& part = attempt->views[view];
  const Delta& delta = setup_.deltas[view];
  Statement select;
  if (!delta.reads_tables)
    RETURN_IF_ERROR(select.Prepare(state_->engine.get(), use.connection, delta.select));
  const auto run = [&]() -> Status {
    if (delta.reads_tables) return ReadInTransaction(use, delta.select);
    return select.Execute(state_->engine.get()).TakeStatus();
  };
  ASSIGN_OR_RETURN(const std::vector<RowFault> faults,
                   FindFaults({run, rows_.get(), batch, part.excluded}));
  if (faults.empty())
    return delta.reads_tables ? Status() : Judge(use, std::move(error), view, attempt);
  std::vector<size_t> bad;
  for (const RowFault& fault : faults) {
    bad.push_back(fault.row);
    model::DeadLetter letter = DeadLetterOf(
        *batch, fault.row, model::CodeOf(model::Reason::kViewExpression), fault.error.message());
    letter.view = setup_.deltas[view].name;
    part.dead_letters.push_back(std::move(letter));
  }
  part.excluded = Merged(std::move(part.excluded), bad);
  ExcludeBelow(view, bad, attempt);
  return {};
}

// A statement over tables is planned by what they hold, so it is planned anew in the transaction
// that runs it.
Status LaneCommitter::ReadInTransaction(const Session::Use& use, const std::string& sql) {
  RETURN_IF_ERROR(session_.Run(use, "BEGIN TRANSACTION READ ONLY"));
  Statement select;
  Status status = select.Prepare(state_->engine.get(), use.connection, sql);
  if (status.ok()) status = select.Execute(state_->engine.get()).TakeStatus();
  select.Reset();
  // Says that there is none when the engine ended it itself.
  (void)session_.Run(use, "ROLLBACK");
  return status;
}

// Rows below a retention floor never bring back what was dropped: they are counted as late and left
// out.
void LaneCommitter::LeaveOutLateRows(Attempt* attempt) {
  if (setup_.event_time < 0 || state_->floors.empty()) return;
  auto leave_out = [&](int64_t object, ViewPart* part) {
    const std::optional<int64_t> floor = state_->floors.Get(object);
    if (!floor) return;
    part->excluded =
        RowsBelow(*attempt->commit->rows, setup_.event_time, *floor, object, &part->late);
    if (!part->excluded.empty()) attempt->floors[object] = *floor;
  };
  for (size_t view = 0; view < setup_.deltas.size(); ++view)
    if (!attempt->views[view].failed)
      leave_out(setup_.deltas[view].view.value, &attempt->views[view]);
  if (!setup_.raw_table.empty()) leave_out(setup_.source.value, &attempt->raw);
}

Status LaneCommitter::Append(const Session::Use& use, const Attempt& attempt) {
  const LaneRecord record{state_->engine.get(),
                          use.connection,
                          setup_.source,
                          lane_,
                          attempt.number,
                          attempt.commit->incarnation,
                          base::Clock::System().Wall().time_since_epoch().count()};
  std::vector<const std::vector<model::DeadLetter>*> letters;
  if (!setup_.fills) letters.push_back(&attempt.commit->dead_letters);
  std::vector<const std::vector<LateRows>*> late{&attempt.raw.late};
  for (const ViewPart& part : attempt.views) {
    letters.push_back(&part.dead_letters);
    late.push_back(&part.late);
  }
  RETURN_IF_ERROR(AppendDeadLetters(record, letters));
  RETURN_IF_ERROR(AppendLateRows(record, late, attempt.floors));
  std::vector<LeftOut> left_out;
  for (size_t view = 0; view < setup_.deltas.size(); ++view)
    if (attempt.views[view].failed && !suspended_[view])
      left_out.push_back({setup_.deltas[view].view, attempt.views[view].failure.ToString()});
  RETURN_IF_ERROR(AppendLeftOut(record, left_out));
  return positions_.Run(record, attempt.commit->positions);
}

// COMMIT answered with an error: whether it is durable is read from the store.
Status LaneCommitter::Settle(Status error, model::CommitNumber number) {
  (void)session_.Run(
      "ROLLBACK");  // there is none when the COMMIT ended the transaction, which is usual
  Session other(state_->engine.get());
  Result<Rows> rows = Rows::Read(
      &other, "SELECT count(*) FROM freshet_positions WHERE lane = " + std::to_string(lane_.value) +
                  " AND \"commit\" = " + std::to_string(number.value));
  if (!rows.ok()) return rows.TakeStatus();
  if (rows->Int64(0, 0) > 0) return {};
  state_->metrics.commit_errors.Add();
  return error;
}

LaneCommitResult LaneCommitter::ResultOf(Attempt* attempt) {
  LaneCommit* commit = attempt->commit;
  LaneCommitResult result;
  result.commit = attempt->number;
  result.dead_letters = commit->dead_letters.size();
  size_t late = 0;
  for (const LateRows& rows : attempt->raw.late) late += rows.rows;
  for (size_t view = 0; view < setup_.deltas.size(); ++view) {
    ViewPart& part = attempt->views[view];
    if (part.partials > 0) {
      result.changed.push_back(setup_.deltas[view].view);
      state_->load.partials.Add(setup_.deltas[view].view.value, part.partials);
    }
    if (part.failed && !suspended_[view]) {
      suspended_[view] = true;
      result.failed_views.push_back(setup_.deltas[view].view);
      result.failures.push_back(std::move(part.failure));
    }
    result.dead_letters += part.dead_letters.size();
    for (const LateRows& rows : part.late) late += rows.rows;
  }
  // Versions of a table's rows may replace older ones.
  if (!setup_.raw_table.empty() && commit->rows)
    state_->load.partials.Add(setup_.source.value, commit->rows->rows());
  state_->ledger.Committed(lane_, attempt->number, commit->positions);
  state_->load.Committed();
  state_->metrics.commits.Add();
  state_->metrics.rows.Add(commit->rows ? commit->rows->rows() : 0);
  state_->metrics.dead_letters.Add(result.dead_letters);
  state_->metrics.late_rows.Add(late);
  return result;
}

}  // namespace store
