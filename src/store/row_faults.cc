#include "store/row_faults.h"

#include <algorithm>
#include <utility>

namespace store {
namespace {

using base::Result;
using base::Status;

class Bisection {
 public:
  explicit Bisection(const BisectRequest& request) : request_(request) {}

  Result<std::vector<RowFault>> Run() {
    for (const RowRange& range : RangesWithout(request_.batch->rows(), request_.excluded))
      RETURN_IF_ERROR(Search(range));
    return std::move(faults_);
  }

 private:
  // Looks for faults in `range`; a range that succeeds has none.
  Status Search(RowRange range) {
    Status status = Try(range);
    if (status.ok()) return {};
    if (!IsRowScope(status)) return status;
    return Split(range, std::move(status));
  }

  // `range` is known to fail. When the left half succeeds, the right one usually fails, so it is
  // looked at once only.
  Status Split(RowRange range, Status error) {
    if (range.end - range.begin == 1) {
      faults_.push_back({range.begin, std::move(error)});
      return {};
    }
    const size_t middle = range.begin + (range.end - range.begin) / 2;
    RETURN_IF_ERROR(Search({range.begin, middle}));
    return Search({middle, range.end});
  }

  Status Try(RowRange range) {
    request_.rows->Show(request_.batch, {range});
    return request_.run();
  }

  const BisectRequest& request_;
  std::vector<RowFault> faults_;
};

}  // namespace

bool IsStoreScope(const Status& status) {
  switch (status.code()) {
    case base::Code::kUnavailable:
    case base::Code::kCancelled: return true;
    case base::Code::kExhausted: return status.sqlstate() == "53100";
    default: return false;
  }
}

Result<std::vector<RowFault>> FindFaults(const BisectRequest& request) {
  return Bisection(request).Run();
}

model::DeadLetter DeadLetterOf(const model::ColumnBatch& batch, size_t row, std::string code,
                               std::string reason) {
  model::DeadLetter letter;
  letter.partition = model::PartitionId(batch.partition().Get<int32_t>(row));
  letter.offset = model::Offset(batch.offset().Get<int64_t>(row));
  if (!batch.kafka_time().IsNull(row))
    letter.timestamp_ms = batch.kafka_time().Get<int64_t>(row) / 1000;
  letter.reason_code = std::move(code);
  letter.reason = std::move(reason);
  return letter;
}

std::vector<size_t> RowsBelow(const model::ColumnBatch& batch, int event_time, int64_t floor_us,
                              int64_t object, std::vector<LateRows>* late) {
  const model::Column& times = batch.columns()[static_cast<size_t>(event_time)];
  std::vector<size_t> rows;
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (times.Get<int64_t>(row) >= floor_us || times.IsNull(row)) continue;
    rows.push_back(row);
    const model::PartitionId partition(batch.partition().Get<int32_t>(row));
    const int64_t offset = batch.offset().Get<int64_t>(row);
    auto found = std::find_if(late->begin(), late->end(),
                              [&](const LateRows& l) { return l.partition == partition; });
    if (found == late->end()) {
      late->push_back({object, partition, offset, offset, 1});
      continue;
    }
    found->first_offset = std::min(found->first_offset, offset);
    found->last_offset = std::max(found->last_offset, offset);
    ++found->rows;
  }
  return rows;
}

}  // namespace store
