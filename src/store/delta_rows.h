#pragma once
// DeltaRows: a table function over the partial rows that one view got from the commit under way:
// lane_N_delta_M(). The views that the view feeds read it in the same transaction, so a level more
// costs what a few partial rows cost and not another look at the batch.
//
// Threads: the lane. DuckDB may call from a worker, but only while the lane waits for its
// statement. Owns: the rows, until Clear. Errors: those of the engine.

#include <duckdb.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/duckdb_types.h"
#include "store/engine.h"

namespace store {

class DeltaRows : public std::enable_shared_from_this<DeltaRows> {
 public:
  explicit DeltaRows(std::string function) : function_(std::move(function)) {}
  ~DeltaRows() { Clear(); }

  // Makes the function known, once per instance of the engine, and takes the columns of `table` for
  // statements that are prepared afterwards.
  base::Status Prepare(Engine* engine, const Session::Use& use, const std::string& table);
  // Takes the rows of an INSERT ... RETURNING *; the result is destroyed. Gives their number.
  size_t Take(duckdb_result* result);
  void Clear();

 private:
  struct Scan {
    std::vector<idx_t> columns;
    size_t next = 0;  // chunk
  };
  static DeltaRows* Self(void* extra) {
    return static_cast<std::shared_ptr<DeltaRows>*>(extra)->get();
  }
  static void Bind(duckdb_bind_info info);
  static void Init(duckdb_init_info info);
  static void Run(duckdb_function_info info, duckdb_data_chunk out);
  base::Status Register(const Session::Use& use);

  const std::string function_;
  uint64_t generation_ = 0;  // of the engine that knows the function
  std::vector<std::string> names_;
  std::vector<LogicalType> types_;
  std::vector<duckdb_data_chunk> chunks_;
};

}  // namespace store
