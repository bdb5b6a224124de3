#pragma once
// KeptRows: rows of a result copied into memory, so that they outlive the snapshot and the
// connection they were read on: scrolling and WITH HOLD cursors, portals that were left half read.
// All of the engine's share one budget.
//
// Threads: KeptBudget any; KeptRows one writer, then any reader. Owns: the copies. Errors:
// kExhausted 53200 over the budget. Limits: EngineOptions::max_kept_bytes.

#include <atomic>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "query/cells.h"

namespace query {

class KeptBudget {
 public:
  explicit KeptBudget(size_t limit);
  bool Take(size_t bytes);
  void Give(size_t bytes);
  size_t limit() const { return limit_; }

 private:
  const size_t limit_;
  std::atomic<size_t> used_{0};
  base::Gauge& gauge_;
};

class KeptRows {
 public:
  explicit KeptRows(std::shared_ptr<KeptBudget> budget) : budget_(std::move(budget)) {}
  ~KeptRows() { budget_->Give(bytes_); }
  KeptRows(const KeptRows&) = delete;
  KeptRows& operator=(const KeptRows&) = delete;

  base::Status Add(const model::ChunkView& chunk);
  size_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }
  // Rows from `row` on, at most `most` and at most to the end of the chunk they lie in. Valid until
  // the slicer's next use.
  model::ChunkView Read(size_t row, size_t most, Slicer* slicer) const;

 private:
  std::shared_ptr<KeptBudget> budget_;
  std::vector<ChunkCopy> chunks_;
  std::vector<size_t> first_;  // row of each chunk
  size_t rows_ = 0, bytes_ = 0;
};

}  // namespace query
