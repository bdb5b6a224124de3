#include "pgwire/encode.h"

#include "pgwire/array.h"

namespace pgwire {
namespace {

constexpr size_t kMaxRowBytes = size_t{1} << 30;

base::Status Mismatch(const model::Field& field) {
  return base::Internal("column \"" + field.name + "\" of type " + NameOf(field.type) + " cannot be sent in this form");
}

}  // namespace

RowEncoder::RowEncoder(model::Fields fields, std::vector<Format> formats, const TextStyle& style)
    : fields_(std::move(fields)), formats_(std::move(formats)), context_(style), writers_(fields_.size()) {
  CHECK(formats_.size() == fields_.size());
}

base::Status RowEncoder::Choose(const model::ChunkView& chunk) {
  if (chunk.columns.size() != fields_.size()) return base::Internal("a result has another number of columns than it declared");
  for (size_t i = 0; i < fields_.size(); ++i) {
    const model::ColumnView& column = chunk.columns[i];
    writers_[i] = nullptr;
    if (column.kind == model::CellKind::kNull || column.kind == model::CellKind::kList) continue;
    const bool text = formats_[i] == Format::kText;
    if (!fields_[i].type.array) writers_[i] = text ? TextWriter(fields_[i].type, column) : BinaryWriter(fields_[i].type, column);
    else if (text) writers_[i] = TextWriter(model::kText, column);   // an array that is text already
    if (!writers_[i]) return Mismatch(fields_[i]);
  }
  return {};
}

base::Result<size_t> RowEncoder::Encode(const model::ChunkView& chunk, size_t first, size_t rows, size_t until_bytes,
                                        WriteBuffer* out) {
  RETURN_IF_ERROR(Choose(chunk));
  size_t done = 0;
  while (done < rows && first + done < chunk.rows && out->size() <= until_bytes) {
    RETURN_IF_ERROR(EncodeRow(chunk, first + done, out));
    ++done;
  }
  return done;
}

base::Status RowEncoder::EncodeRow(const model::ChunkView& chunk, size_t row, WriteBuffer* out) {
  const size_t begin = out->size();
  const size_t mark = out->BeginMessage('D');
  out->Int16(static_cast<int16_t>(fields_.size()));
  for (size_t i = 0; i < fields_.size(); ++i) {
    const model::ColumnView& column = chunk.columns[i];
    if (column.IsNull(row)) out->Int32(-1);
    else if (writers_[i]) writers_[i](column, row, &context_, out);
    else WriteArray(fields_[i], formats_[i], column, row, &context_, out);
  }
  if (context_.error.ok() && out->size() - begin > kMaxRowBytes)
    context_.error = base::Exhausted("a row is larger than the protocol allows").WithSqlstate("54000");
  if (!context_.error.ok()) {
    out->Truncate(begin);
    return std::exchange(context_.error, base::Status());
  }
  out->EndMessage(mark);
  return {};
}

}  // namespace pgwire
