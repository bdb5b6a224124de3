#pragma once
// For tests of decoders: one record in, its row as text out, or why there is none. Threads: any.

#include <cstring>
#include <memory>
#include <string>

#include "decode/decoder.h"

namespace decode {

inline std::string CellText(const model::Column& column, size_t row) {
  if (column.IsNull(row)) return "NULL";
  switch (column.type().id) {
    case model::TypeId::kText:
    case model::TypeId::kBytea:
    case model::TypeId::kJson:
    case model::TypeId::kJsonb: return std::string(column.Get<model::StringCell>(row).View());
    case model::TypeId::kFloat4: return std::to_string(column.Get<float>(row));
    case model::TypeId::kFloat8: return std::to_string(column.Get<double>(row));
    default: break;
  }
  switch (column.width()) {
    case 1: return std::to_string(column.Get<int8_t>(row));
    case 2: return std::to_string(column.Get<int16_t>(row));
    case 4: return std::to_string(column.Get<int32_t>(row));
    default: return std::to_string(column.Get<int64_t>(row));  // of 16 bytes the lower half
  }
}

// Of a batch of one record: cells separated by |, numbers of numeric columns unscaled; or
// "reason_code: reason"; or "" when the record was passed over.
inline std::string DecodeBatch(Decoder* decoder, const model::SourceSchema& schema,
                               const model::RecordBatch& batch) {
  std::vector<model::Type> types;
  for (const auto& column : schema.columns) types.push_back(column.type);
  model::ColumnBatch rows(types);
  std::vector<model::DeadLetter> dead;
  decoder->Decode(batch, batch.runs[0], &rows, &dead);
  if (!dead.empty()) return dead[0].reason_code + ": " + dead[0].reason;
  std::string out;
  for (size_t row = 0; row < rows.rows(); ++row)
    for (const auto& column : rows.columns())
      out += (&column == &rows.columns().front() ? "" : "|") + CellText(column, row);
  return out;
}

// The value gets memory of its own size, so that a sanitizer sees what reads beyond.
inline std::string DecodeOne(Decoder* decoder, const model::SourceSchema& schema,
                             const std::string& value, const std::string& preamble = "") {
  const auto memory = std::make_unique<char[]>(value.size() + model::kPadding);
  std::memcpy(memory.get(), value.data(), value.size());
  model::RecordBatch batch;
  batch.records.emplace_back();
  batch.records[0].value = memory.get();
  batch.records[0].value_bytes = static_cast<uint32_t>(value.size());
  batch.runs.push_back({model::PartitionId(0), 0, 1, model::Offset(1), preamble});
  return DecodeBatch(decoder, schema, batch);
}

inline std::string DecodeOne(const model::SourceSchema& schema, const model::RecordFormat& format,
                             const std::string& value, const std::string& preamble = "") {
  auto decoder = MakeDecoder(schema, format, {});
  return decoder.ok() ? DecodeOne(decoder->get(), schema, value, preamble)
                      : decoder.status().ToString();
}

}  // namespace decode
