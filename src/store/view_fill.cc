#include "store/view_fill.h"

#include <utility>

#include "model/reason_codes.h"
#include "store/duckdb_connection.h"
#include "store/duckdb_types.h"
#include "store/row_faults.h"
#include "store/statement.h"

namespace store {

using base::Result;
using base::Status;

ViewFiller::ViewFiller(std::shared_ptr<StoreState> state, const Fill& fill)
    : fill_(fill), connection_(std::make_unique<ReadConnection>(std::move(state))) {}

Result<std::vector<LeftOut>> ViewFiller::Run(Session* session) {
  const std::string insert = "INSERT INTO " + QuoteName(fill_.table) + " ";
  Status status = session->Run(insert + fill_.select(QuoteName(fill_.raw_table)));
  if (status.ok()) return std::vector<LeftOut>{};
  if (!IsRowScope(status)) return status;
  ASSIGN_OR_RETURN(const std::vector<Range> ranges, Ranges(session));
  for (const Range& range : ranges) RETURN_IF_ERROR(Search(range));
  if (left_out_.empty()) return status;
  RETURN_IF_ERROR(session->Run(insert + fill_.select(RowsWithoutFaults())));
  return std::move(left_out_);
}

Result<std::vector<ViewFiller::Range>> ViewFiller::Ranges(Session* session) const {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(session, R"(SELECT "__incarnation", "__partition", min("__offset"), max("__offset") FROM )" +
                              QuoteName(fill_.raw_table) + " GROUP BY 1, 2 ORDER BY 1, 2"));
  std::vector<Range> ranges;
  for (size_t i = 0; i < rows.size(); ++i)
    ranges.push_back({static_cast<int32_t>(rows.Int64(i, 0)), static_cast<int32_t>(rows.Int64(i, 1)),
                      rows.Int64(i, 2), rows.Int64(i, 3)});
  return ranges;
}

Status ViewFiller::Search(const Range& range) {
  Status status = Try(range);
  if (status.ok()) return {};
  if (!IsRowScope(status)) return status;
  return Split(range, std::move(status));
}

// `range` is known to fail.
Status ViewFiller::Split(const Range& range, Status error) {
  if (range.first == range.last) {
    if (faults_ == kMaxFaults)
      return base::DataError("more than " + std::to_string(kMaxFaults) +
                             " stored rows fail in the view's own expressions")
          .WithDetail("The last one: " + error.message())
          .WithHint("Leave them out with WHERE, or guard the expression with CASE.");
    Blame(range, error);
    return {};
  }
  const int64_t middle = range.first + (range.last - range.first) / 2;
  RETURN_IF_ERROR(Search({range.incarnation, range.partition, range.first, middle}));
  return Search({range.incarnation, range.partition, middle + 1, range.last});
}

Status ViewFiller::Try(const Range& range) {
  const std::string rows = "(SELECT * FROM " + QuoteName(fill_.raw_table) +
                           R"( WHERE "__incarnation" = )" + std::to_string(range.incarnation) +
                           R"( AND "__partition" = )" + std::to_string(range.partition) +
                           R"( AND "__offset" BETWEEN )" + std::to_string(range.first) + " AND " +
                           std::to_string(range.last) + ")";
  return connection_->Run(fill_.select(rows));  // states are of types that no client could read
}

void ViewFiller::Blame(const Range& row, const Status& error) {
  if (left_out_.empty() || left_out_.back().incarnation.value != row.incarnation)
    left_out_.push_back({fill_.source, model::Incarnation(row.incarnation), {}});
  model::DeadLetter letter;
  letter.partition = model::PartitionId(row.partition);
  letter.offset = model::Offset(row.first);
  letter.reason_code = model::CodeOf(model::Reason::kViewExpression);
  letter.reason = error.message();
  letter.view = fill_.view;
  left_out_.back().letters.push_back(std::move(letter));
  ++faults_;
}

std::string ViewFiller::RowsWithoutFaults() const {
  std::string faults;
  for (const LeftOut& group : left_out_)
    for (const model::DeadLetter& letter : group.letters)
      faults += (faults.empty() ? "(" : ", (") + std::to_string(group.incarnation.value) + ", " +
                std::to_string(letter.partition.value) + ", " +
                std::to_string(letter.offset.value) + ")";
  return "(SELECT * FROM " + QuoteName(fill_.raw_table) +
         R"( WHERE ("__incarnation", "__partition", "__offset") NOT IN (VALUES )" + faults + "))";
}

}  // namespace store
