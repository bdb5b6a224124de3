#include "store/view_fill.h"

#include <utility>

#include "base/clock.h"
#include "base/failure_point.h"
#include "model/reason_codes.h"
#include "store/duckdb_connection.h"
#include "store/duckdb_types.h"
#include "store/fixed_tables.h"
#include "store/lane_record.h"
#include "store/row_faults.h"
#include "store/statement.h"

namespace store {

using base::Result;
using base::Status;

RowFill::RowFill(std::shared_ptr<StoreState> state, Fill fill)
    : state_(std::move(state)),
      fill_(std::move(fill)),
      session_(state_->engine.get()),
      connection_(std::make_unique<ReadConnection>(state_)) {}

Result<std::vector<OffsetRange>> RowFill::Ranges() {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(
          &session_,
          R"(SELECT "__incarnation", "__partition", min("__offset"), max("__offset") + 1 FROM )" +
              QuoteName(fill_.raw_table) + " GROUP BY 1, 2 ORDER BY 1, 2"));
  std::vector<OffsetRange> ranges;
  for (size_t i = 0; i < rows.size(); ++i)
    ranges.push_back({model::Incarnation(static_cast<int32_t>(rows.Int64(i, 0))),
                      model::PartitionId(static_cast<int32_t>(rows.Int64(i, 1))), rows.Int64(i, 2),
                      rows.Int64(i, 3)});
  return ranges;
}

Result<size_t> RowFill::Step(const OffsetRange& range) {
  left_out_.clear();
  Status status = CommitStep(range, RowsOf(range));
  if (!status.ok() && IsRowScope(status)) {
    RETURN_IF_ERROR(Split(range, status));
    if (left_out_.empty()) return status;
    status = CommitStep(range, RowsWithoutFaults(range));
  }
  if (!status.ok()) return status;
  return left_out_.size();
}

Status RowFill::CommitStep(const OffsetRange& range, const std::string& rows) {
  const std::vector<Position> positions{
      {fill_.view, range.incarnation, range.partition, model::Offset(range.end), std::nullopt}};
  const model::CommitNumber number = state_->ledger.Next(fill_.lane, positions);
  ASSIGN_OR_RETURN(const Session::Use use, session_.Enter());
  RETURN_IF_ERROR(session_.Run(use, "BEGIN TRANSACTION"));
  Status status =
      session_.Run(use, "INSERT INTO " + QuoteName(fill_.table) + " " + fill_.select(rows));
  if (status.ok())
    status = session_.Run(use, PositionsInsert({{positions.front(), fill_.lane, number}}));
  if (status.ok())
    status = AppendDeadLetters(
        {session_.engine(), use.connection, fill_.source, fill_.lane, number, range.incarnation,
         base::Clock::System().Wall().time_since_epoch().count()},
        {&left_out_});
  base::FailurePoint("store.fill.before");
  if (status.ok()) {
    status = session_.Run(use, "COMMIT");
    // A commit that reports an error may be durable: its number is not used again.
    state_->ledger.Committed(fill_.lane, number, positions);
  }
  // Says that there is none when the engine ended it itself.
  if (!status.ok()) (void)session_.Run(use, "ROLLBACK");
  base::FailurePoint("store.fill.after");
  return status;
}

Status RowFill::Search(const OffsetRange& range) {
  Status status = Try(range);
  if (status.ok()) return {};
  if (!IsRowScope(status)) return status;
  return Split(range, std::move(status));
}

// `range` is known to fail.
Status RowFill::Split(const OffsetRange& range, Status error) {
  if (range.end - range.first <= 1) {
    if (faults_ == kMaxFaults)
      return base::DataError("more than " + std::to_string(kMaxFaults) +
                             " stored rows fail in the view's own expressions")
          .WithDetail("The last one: " + error.message())
          .WithHint("Leave them out with WHERE, or guard the expression with CASE.");
    Blame(range, error);
    return {};
  }
  const int64_t middle = range.first + (range.end - range.first) / 2;
  RETURN_IF_ERROR(Search({range.incarnation, range.partition, range.first, middle}));
  return Search({range.incarnation, range.partition, middle, range.end});
}

Status RowFill::Try(const OffsetRange& range) {
  // States are of types that no client could read.
  return connection_->Run(fill_.select(RowsOf(range)));
}

void RowFill::Blame(const OffsetRange& row, const Status& error) {
  model::DeadLetter letter;
  letter.partition = row.partition;
  letter.offset = model::Offset(row.first);
  letter.reason_code = model::CodeOf(model::Reason::kViewExpression);
  letter.reason = error.message();
  letter.view = fill_.name;
  left_out_.push_back(std::move(letter));
  ++faults_;
}

std::string RowFill::RowsOf(const OffsetRange& range) const {
  return "(SELECT * FROM " + QuoteName(fill_.raw_table) + R"( WHERE "__incarnation" = )" +
         std::to_string(range.incarnation.value) + R"( AND "__partition" = )" +
         std::to_string(range.partition.value) + R"( AND "__offset" >= )" +
         std::to_string(range.first) + R"( AND "__offset" < )" + std::to_string(range.end) + ")";
}

std::string RowFill::RowsWithoutFaults(const OffsetRange& range) const {
  std::string faults;
  for (const model::DeadLetter& letter : left_out_)
    faults += (faults.empty() ? "" : ", ") + std::to_string(letter.offset.value);
  return "(SELECT * FROM " + RowsOf(range) + R"( WHERE "__offset" NOT IN ()" + faults + "))";
}

}  // namespace store
