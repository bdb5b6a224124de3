#pragma once
// Work on chunks of a result that leaves their meaning alone: size, a range of rows, a copy that
// outlives its producer.
//
// Threads: values of one owner.

#include <cstdint>
#include <memory>
#include <vector>

#include "model/result.h"

namespace query {

size_t CellWidth(const model::ColumnView& column);

// Bytes of the cells and of strings outside them.
size_t BytesOf(const model::ChunkView& chunk);

// A range of rows of a chunk. The view is valid as long as the chunk is and until the next Slice.
class Slicer {
 public:
  model::ChunkView Slice(const model::ChunkView& chunk, size_t first, size_t rows);

 private:
  std::vector<std::vector<uint64_t>> validity_;  // shifted bits, a column each
};

// A deep copy of a chunk.
class ChunkCopy {
 public:
  explicit ChunkCopy(const model::ChunkView& from);
  ChunkCopy(ChunkCopy&&) = default;
  ChunkCopy& operator=(ChunkCopy&&) = default;
  const model::ChunkView& view() const { return view_; }
  size_t bytes() const { return bytes_; }

 private:
  model::ColumnView CopyColumn(const model::ColumnView& from, size_t rows);
  void* Keep(const void* data, size_t bytes);

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t bytes_ = 0;
  model::ChunkView view_;
};

}  // namespace query
