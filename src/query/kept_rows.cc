#include "query/kept_rows.h"

#include <algorithm>

namespace query {

KeptBudget::KeptBudget(size_t limit)
    : limit_(limit),
      gauge_(base::Metrics().GetGauge("freshet_query_kept_bytes",
                                      "memory of results kept for cursors and portals")) {}

bool KeptBudget::Take(size_t bytes) {
  size_t used = used_.load();
  do {
    if (bytes > limit_ - std::min(used, limit_)) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  gauge_.Set(static_cast<double>(used + bytes));
  return true;
}

void KeptBudget::Give(size_t bytes) {
  gauge_.Set(static_cast<double>(used_.fetch_sub(bytes) - bytes));
}

base::Status KeptRows::Add(const model::ChunkView& chunk) {
  const size_t needed = BytesOf(chunk);
  if (!budget_->Take(needed))
    return base::Exhausted("too much memory for results that are kept for cursors and portals")
        .WithDetail("At most " + std::to_string(budget_->limit() >> 20) +
                    " MiB are kept for all sessions together.")
        .WithHint("Read the result to its end before the next statement, or add LIMIT.");
  bytes_ += needed;
  first_.push_back(rows_);
  chunks_.emplace_back(chunk);
  rows_ += chunk.rows;
  return {};
}

model::ChunkView KeptRows::Read(size_t row, size_t most, Slicer* slicer) const {
  if (row >= rows_ || most == 0) return {};
  const size_t at =
      static_cast<size_t>(std::upper_bound(first_.begin(), first_.end(), row) - first_.begin()) - 1;
  const model::ChunkView& chunk = chunks_[at].view();
  const size_t from = row - first_[at];
  return slicer->Slice(chunk, from, std::min(most, chunk.rows - from));
}

}  // namespace query
