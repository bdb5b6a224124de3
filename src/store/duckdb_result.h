#pragma once
// ChunkReader: a DuckDB chunk -> model::ChunkView, without copying cells where the layouts agree
// (nearly always).
//
// Threads: one owner. The view is valid until the chunk is destroyed or the next Read. Errors:
// kUnsupported types.

#include <duckdb.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/result.h"
#include "store/duckdb_types.h"

namespace store {

class ChunkReader {
 public:
  // Reads names and types of a result.
  static base::Result<ChunkReader> Make(duckdb_result* result);

  const model::Fields& fields() const { return fields_; }
  void Read(duckdb_data_chunk chunk, model::ChunkView* view);

 private:
  // How one column (or the elements of a list) is read; enum and odd time units are rewritten into
  // `cells`.
  struct Shape {
    duckdb_type id = DUCKDB_TYPE_INVALID;
    model::CellKind kind = model::CellKind::kNull;
    uint8_t cell_bytes = 0, scale = 0;
    idx_t array_size = 0;
    duckdb_type enum_index = DUCKDB_TYPE_INVALID;
    std::vector<std::string> labels;  // of an enum
    std::vector<char> cells;          // rewritten
    std::unique_ptr<Shape> child;
  };
  static base::Result<Shape> ShapeOf(duckdb_logical_type type);
  static void ReadVector(duckdb_vector vector, idx_t rows, Shape* shape, model::ColumnView* view);
  static void RewriteTimes(const int64_t* from, idx_t rows, Shape* shape, model::ColumnView* view);
  static void RewriteEnum(const void* from, idx_t rows, Shape* shape, model::ColumnView* view);
  static void ReadList(duckdb_vector vector, idx_t rows, Shape* shape, model::ColumnView* view);

  model::Fields fields_;
  std::vector<Shape> shapes_;
};

}  // namespace store
