#include "decode/row_decoder.h"

#include "base/check.h"
#include "decode/instant.h"
#include "decode/record_fields.h"

namespace decode {

using model::Origin;
using model::Reason;
using model::TypeId;

namespace {

// Types that an INCLUDE column may have.
bool TakesRecordField(const model::SourceColumn& column) {
  const TypeId id = column.type.id;
  if (column.type.array) return false;
  switch (column.origin) {
    case Origin::kKey: return id == TypeId::kText || id == TypeId::kBytea;
    case Origin::kHeader:
      return (id == TypeId::kText || id == TypeId::kBytea) && !column.path.empty();
    case Origin::kPartition: return id == TypeId::kInt4 || id == TypeId::kInt8;
    case Origin::kOffset: return id == TypeId::kInt8;
    case Origin::kTimestamp: return id == TypeId::kTimestamp || id == TypeId::kTimestampTz;
    case Origin::kDeleted: return id == TypeId::kBool;
    default: return false;
  }
}

base::Status CheckColumn(const model::SourceColumn& column, const std::string& format) {
  if (column.origin == Origin::kGenerated) return {};
  if (column.origin == Origin::kValue) {
    if (FormOf(column.type)) return {};
    return base::Unsupported("column \"" + column.name + "\" of type " +
                             model::NameOf(column.type) + " cannot be read from " + format);
  }
  if (TakesRecordField(column)) return {};
  return base::Invalid("INCLUDE column \"" + column.name + "\" cannot have type " +
                       model::NameOf(column.type));
}

}  // namespace

base::Status CheckColumns(const model::SourceSchema& schema, const DecoderOptions& options,
                          const std::string& format) {
  for (const auto& column : schema.columns) RETURN_IF_ERROR(CheckColumn(column, format));
  CHECK(options.used.empty() || options.used.size() == schema.columns.size());
  if (schema.event_time < 0) return {};
  const auto& column = schema.columns[static_cast<size_t>(schema.event_time)];
  if (column.type.id == TypeId::kTimestamp || column.type.id == TypeId::kTimestampTz) return {};
  return base::Invalid("event time column \"" + column.name + "\" must be timestamptz");
}

RowDecoder::RowDecoder(const model::SourceSchema& schema, const std::vector<bool>& used)
    : schema_(schema), cells_(schema) {
  for (uint32_t i = 0; i < schema.columns.size(); ++i) {
    const auto& column = schema.columns[i];
    const bool event_time = schema.event_time == static_cast<int>(i);
    if (column.origin == Origin::kGenerated) continue;
    if (!used.empty() && !used[i] && !column.not_null && !event_time) continue;
    written_.push_back(i);
    (column.origin == Origin::kValue ? value_columns_ : record_columns_).push_back(i);
    if (event_time) check_event_time_ = true;
  }
  in_key_.resize(schema.columns.size());
  for (const int column : schema.primary_key) {
    const auto index = static_cast<size_t>(column);
    in_key_[index] = true;
    if (schema.columns[index].origin == Origin::kValue)
      key_columns_.push_back(static_cast<uint32_t>(column));
  }
  if (!key_columns_.empty()) key_cells_.emplace(schema, &cells_);
}

void RowDecoder::Decode(const model::RecordBatch& batch, const model::RecordRun& run,
                        model::ColumnBatch* rows, std::vector<model::DeadLetter>* dead) {
  rows_ = rows;
  partition_ = run.partition;
  BeginRun(run);
  for (uint32_t i = run.begin; i < run.end; ++i) {
    const model::RecordView& record = batch.records[i];
    if (record.value == nullptr && !schema_.tombstone_is_dead_letter) continue;
    if (const Outcome outcome = DecodeRecord(record); outcome != Outcome::kRow) {
      rows->TruncateToRows();
      if (outcome == Outcome::kFailed) dead->push_back(LetterOf(record));
      continue;
    }
    rows->partition().Append<int32_t>(run.partition.value);
    rows->offset().Append<int64_t>(record.offset);
    if (const auto time = KafkaTime(record)) rows->kafka_time().Append(*time);
    else rows->kafka_time().AppendNull();
    rows->FinishRow();
  }
}

RowDecoder::Outcome RowDecoder::DecodeRecord(const model::RecordView& record) {
  deleted_ = false;
  const Outcome read = record.value == nullptr ? ReadDeletion(record) : ReadValue(record);
  if (read != Outcome::kRow) return read;
  for (const uint32_t index : record_columns_)
    if (!WriteRecordField(index, record)) return Outcome::kFailed;
  return RowIf(FinishCells() && (!check_event_time_ || deleted_ || CheckEventTime(record)));
}

RowDecoder::Outcome RowDecoder::ReadDeletion(const model::RecordView& record) {
  if (schema_.primary_key.empty())
    return RowIf(cells_.Fail(Reason::kTombstone, "the record has no value"));
  SetDeleted();
  if (key_columns_.empty()) return Outcome::kRow;  // the key is an INCLUDE column
  if (record.key == nullptr)
    return RowIf(cells_.Fail(Reason::kTombstone, "the record has neither a key nor a value"));
  return ReadRecordKey(record);
}

RowDecoder::Outcome RowDecoder::ReadTextKey(std::string_view key) {
  if (key_columns_.size() != 1)
    return RowIf(cells_.Fail(Reason::kTypeMismatch,
                             "the key of a record without a value has not the columns of the "
                             "primary key"));
  return RowIf(key_cells_->Parse(key_columns_[0], key, rows_));
}

bool RowDecoder::WriteRecordField(uint32_t index, const model::RecordView& record) {
  const auto& declared = schema_.columns[index];
  model::Column& column = rows_->columns()[index];
  switch (declared.origin) {
    case Origin::kPartition:
      if (declared.type.id == TypeId::kInt8) column.Append<int64_t>(partition_.value);
      else column.Append<int32_t>(partition_.value);
      return true;
    case Origin::kOffset: column.Append<int64_t>(record.offset); return true;
    case Origin::kTimestamp:
      if (const auto time = KafkaTime(record)) column.Append(*time);
      return true;
    case Origin::kKey:
      return record.key == nullptr || cells_.WriteBytes(index, record.Key(), rows_);
    case Origin::kDeleted: column.Append<uint8_t>(deleted_ ? 1 : 0); return true;
    case Origin::kHeader: {
      const auto value = HeaderValue(record, declared.path[0]);
      return !value || cells_.WriteBytes(index, *value, rows_);
    }
    default: return true;
  }
}

// Columns that the record said nothing of are NULL.
bool RowDecoder::FinishCells() {
  const size_t row = rows_->rows();
  for (const uint32_t index : written_) {
    model::Column& column = rows_->columns()[index];
    if (column.size() == row) column.AppendNull();
    if (schema_.columns[index].not_null && column.IsNull(row) && (!deleted_ || in_key_[index]))
      return cells_.FailColumn(index, Reason::kNotNull,
                               "is NOT NULL, but the record has no value for it");
  }
  return true;
}

bool RowDecoder::CheckEventTime(const model::RecordView& record) {
  const auto index = static_cast<uint32_t>(schema_.event_time);
  const model::Column& column = rows_->columns()[index];
  if (column.IsNull(rows_->rows()))
    return cells_.FailColumn(index, Reason::kEventTimeNull, "is the event time, but is NULL");
  const auto kafka_time = KafkaTime(record);
  if (!kafka_time) return true;
  const int64_t ahead = column.Get<int64_t>(rows_->rows()) - *kafka_time;
  if (ahead <= schema_.max_future_us) return true;
  return cells_.FailColumn(index, Reason::kEventTimeFuture,
                           "is " + std::to_string(ahead / 1'000'000) +
                               " s ahead of the record's Kafka timestamp; max_future is " +
                               std::to_string(schema_.max_future_us / 1'000'000) + " s");
}

model::DeadLetter RowDecoder::LetterOf(const model::RecordView& record) {
  Failure failure = cells_.TakeFailure();
  model::DeadLetter letter;
  letter.partition = partition_;
  letter.offset = model::Offset(record.offset);
  letter.timestamp_ms = record.timestamp_ms;
  letter.key_null = record.key == nullptr;
  letter.value_null = record.value == nullptr;
  letter.key = record.Key().substr(0, model::DeadLetter::kMaxBytes);
  letter.value = record.Value().substr(0, model::DeadLetter::kMaxBytes);
  letter.reason_code = model::CodeOf(failure.reason);
  letter.reason = std::move(failure.text);
  return letter;
}

}  // namespace decode
