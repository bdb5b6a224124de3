#pragma once
// LaneRows: a table function over a column batch of a lane: lane_N_rows() and lane_N_positions().
// Cells go to DuckDB by memcpy of whole arrays, strings as cells that point into the batch; columns
// that a statement does not name cost nothing.
//
// Hidden columns beside the declared ones: "__partition", "__offset", "__kafka_time", "__row"
// (index in the batch). Which rows a statement sees is set before it: all, or ranges (bisection,
// rows excluded from one view).
//
// Threads: the lane. DuckDB may call from a worker, but only while the lane waits for its
// statement. Owns: names and types. Borrows: the batch, from Show to Hide. Errors: a statement
// outside Show .. Hide fails.

#include <duckdb.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/column_batch.h"
#include "store/engine.h"

namespace store {

struct RowRange {
  size_t begin, end;  // half-open
  bool operator==(const RowRange&) const = default;
};

// The ranges of [0, rows) that are left without `excluded` (sorted, unique).
std::vector<RowRange> RangesWithout(size_t rows, const std::vector<size_t>& excluded);

class LaneRows : public std::enable_shared_from_this<LaneRows> {
 public:
  explicit LaneRows(std::string function) : function_(std::move(function)) {}

  const std::string& function() const { return function_; }
  // Once per instance of the engine; later calls do nothing.
  base::Status Register(const Session::Use& use);
  // Takes effect for statements prepared afterwards.
  base::Status SetColumns(std::vector<std::string> names, std::vector<model::Type> types);

  void Show(const model::ColumnBatch* batch, std::vector<RowRange> ranges) {
    batch_ = batch;
    ranges_ = std::move(ranges);
  }
  void ShowAll(const model::ColumnBatch* batch) { Show(batch, {{0, batch->rows()}}); }
  void Hide() { batch_ = nullptr; }

 private:
  struct Scan {
    std::vector<idx_t> columns;  // wanted, as indexes of Bind's columns
    size_t range = 0, at = 0;    // where the next chunk begins
  };
  static LaneRows* Self(void* extra) {
    return static_cast<std::shared_ptr<LaneRows>*>(extra)->get();
  }
  static void Bind(duckdb_bind_info info);
  static void Init(duckdb_init_info info);
  static void Run(duckdb_function_info info, duckdb_data_chunk out);
  const model::Column* ColumnAt(idx_t index) const;  // nullptr: "__row"
  void Fill(Scan* scan, duckdb_data_chunk out) const;

  const std::string function_;
  uint64_t generation_ = 0;  // of the engine that knows the function
  std::vector<std::string> names_;
  std::vector<model::Type> types_;
  const model::ColumnBatch* batch_ = nullptr;
  std::vector<RowRange> ranges_;
};

}  // namespace store
