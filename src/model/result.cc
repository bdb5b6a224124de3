#include "model/result.h"

namespace model {

TextRows::TextRows(Fields fields, std::vector<std::vector<std::string>> rows)
    : fields_(std::move(fields)), cells_(fields_.size()), rows_(std::move(rows)) {
  for (const auto& row : rows_) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      StringCell cell;
      std::memset(&cell, 0, sizeof cell);
      cell.length = static_cast<uint32_t>(row[i].size());
      std::memcpy(cell.prefix_or_inline, row[i].data(), row[i].size() <= 12 ? row[i].size() : 4);
      if (row[i].size() > 12) cell.pointer = row[i].data();
      cells_[i].push_back(cell);
    }
  }
}

base::Result<ChunkView> TextRows::Next() {
  ChunkView chunk;
  if (done_) return chunk;
  done_ = true;
  chunk.rows = rows_.size();
  for (const auto& column : cells_) {
    ColumnView view;
    view.kind = CellKind::kString;
    view.data = column.data();
    chunk.columns.push_back(view);
  }
  return chunk;
}

}  // namespace model
