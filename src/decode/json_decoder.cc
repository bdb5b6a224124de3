// Invariants:
// 1. Between records every column that is written has rows->rows() cells; within one, a column has its cell of this row
//    exactly when it is one longer. So "seen", "missing" and "again" need no other bookkeeping.
// 2. Of a key that an object has twice the last value counts, as in PostgreSQL's jsonb.
// 3. A failed record leaves no cell: TruncateToRows takes back what it wrote.

#include <algorithm>

#include "base/check.h"
#include "decode/cell.h"
#include "decode/decoder.h"
#include "decode/instant.h"
#include "decode/json_index.h"
#include "decode/json_plan.h"
#include "decode/record_fields.h"

namespace decode {
namespace {

using model::Origin;
using model::Reason;
using model::TypeId;

// The record's Kafka timestamp in microseconds; none when it has none or one that is no time of this calendar.
std::optional<int64_t> KafkaTime(const model::RecordView& record) {
  if (record.timestamp_ms < 0 || record.timestamp_ms > kLastInstantUs / 1000) return std::nullopt;
  return record.timestamp_ms * 1000;
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used);
  void Decode(const model::RecordBatch& batch, const model::RecordRun& run, model::ColumnBatch* rows,
              std::vector<model::DeadLetter>* dead) override;

 private:
  bool DecodeRecord(const model::RecordView& record);
  bool StartDocument(std::string_view document);
  bool FailDocument(std::string_view document, Indexed outcome);
  bool FailWalk(Walk walk);
  bool ReadObject(int node, int depth);
  bool ReadKey(ObjectNode* node, int* target);
  bool ReadField(const KeyTarget& target, int depth);
  bool ReadContainer(const KeyTarget& target, int depth);
  bool ReadOne(uint32_t column);
  void Forget(const KeyTarget& target);
  void ForgetBelow(int node);
  bool WriteRecordFields(const model::RecordView& record);
  bool WriteRecordField(uint32_t index, const model::RecordView& record);
  bool FinishCells();
  bool CheckEventTime(const model::RecordView& record);
  bool FailBelow(int node);
  uint32_t ColumnBelow(int node) const;
  model::DeadLetter LetterOf(const model::RecordView& record);

  const model::SourceSchema& schema_;
  std::vector<uint32_t> value_columns_, record_columns_, written_;  // indexes into the schema
  std::vector<CellForm> forms_;                                     // by schema column
  std::vector<ObjectNode> nodes_;
  bool check_event_time_ = false;
  StructuralIndex index_;
  JsonCursor cursor_;
  CellWriter cells_;
  std::string key_;  // an unescaped key
  model::PartitionId partition_;  // of the run at work
  model::ColumnBatch* rows_ = nullptr;
};

JsonDecoder::JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used)
    : schema_(schema), forms_(schema.columns.size()), cells_(schema) {
  for (uint32_t i = 0; i < schema.columns.size(); ++i) {
    const auto& column = schema.columns[i];
    const bool event_time = schema.event_time == static_cast<int>(i);
    if (column.origin == Origin::kGenerated) continue;
    if (!used.empty() && !used[i] && !column.not_null && !event_time) continue;
    written_.push_back(i);
    (column.origin == Origin::kValue ? value_columns_ : record_columns_).push_back(i);
    if (column.origin == Origin::kValue) forms_[i] = *FormOf(column.type);
    if (event_time) check_event_time_ = true;
  }
  nodes_ = PlanOf(schema, value_columns_);
}

void JsonDecoder::Decode(const model::RecordBatch& batch, const model::RecordRun& run, model::ColumnBatch* rows,
                         std::vector<model::DeadLetter>* dead) {
  rows_ = rows;
  partition_ = run.partition;
  for (uint32_t i = run.begin; i < run.end; ++i) {
    const model::RecordView& record = batch.records[i];
    if (record.value == nullptr && !schema_.tombstone_is_dead_letter) continue;
    if (!DecodeRecord(record)) {
      rows->TruncateToRows();
      dead->push_back(LetterOf(record));
      continue;
    }
    rows->partition().Append<int32_t>(run.partition.value);
    rows->offset().Append<int64_t>(record.offset);
    if (const auto time = KafkaTime(record)) rows->kafka_time().Append(*time);
    else rows->kafka_time().AppendNull();
    rows->FinishRow();
  }
}

bool JsonDecoder::DecodeRecord(const model::RecordView& record) {
  if (record.value == nullptr) return cells_.Fail(Reason::kTombstone, "the record has no value");
  if (!StartDocument(record.Value())) return false;
  if (!ReadObject(0, 1)) return false;
  if (!cursor_.AtEnd()) return FailWalk(Walk::kMalformed);
  if (!record_columns_.empty() && !WriteRecordFields(record)) return false;
  return FinishCells() && (!check_event_time_ || CheckEventTime(record));
}

bool JsonDecoder::StartDocument(std::string_view document) {
  if (document.starts_with("\xEF\xBB\xBF")) document.remove_prefix(3);  // a byte order mark
  if (const Indexed outcome = index_.Build(document); outcome != Indexed::kOk) return FailDocument(document, outcome);
  const bool whole = cursor_.Start(document.data(), index_.begin(), index_.count());
  switch (cursor_.Kind()) {
    case '{':
      if (whole) return true;
      return cells_.Fail(Reason::kMalformedJson, "malformed JSON: the object does not end");
    case '[': return cells_.Fail(Reason::kTypeMismatch, "the value is an array, not an object");
    case '"': return cells_.Fail(Reason::kTypeMismatch, "the value is a string, not an object");
    default: return cells_.Fail(Reason::kMalformedJson, "malformed JSON: the value is no object");
  }
}

bool JsonDecoder::FailDocument(std::string_view document, Indexed outcome) {
  switch (outcome) {
    case Indexed::kInvalidUtf8: return cells_.Fail(Reason::kInvalidUtf8, "the value is not valid UTF-8");
    case Indexed::kEmpty: return cells_.Fail(Reason::kMalformedJson, "malformed JSON: the value is empty");
    case Indexed::kControlCharacter:
      return cells_.Fail(Reason::kMalformedJson, "malformed JSON: a string holds a control character that is not escaped");
    case Indexed::kTooLarge:
      return cells_.Fail(Reason::kTooLarge, "the value has " + std::to_string(document.size()) + " bytes; the limit is " +
                                                std::to_string(StructuralIndex::kMaxBytes));
    default: return cells_.Fail(Reason::kMalformedJson, "malformed JSON: a string does not end");
  }
}

bool JsonDecoder::FailWalk(Walk walk) {
  if (walk == Walk::kTooDeep)
    return cells_.Fail(Reason::kTooDeep, "nested over " + std::to_string(JsonCursor::kMaxDepth) + " levels");
  return cells_.Fail(Reason::kMalformedJson, "malformed JSON at byte " + std::to_string(cursor_.position()));
}

// The object that begins at the cursor.
bool JsonDecoder::ReadObject(int node, int depth) {
  if (depth > JsonCursor::kMaxDepth) return FailWalk(Walk::kTooDeep);
  ObjectNode* keys = &nodes_[static_cast<size_t>(node)];
  keys->Begin();
  cursor_.Advance();
  if (cursor_.Kind() == '}') {
    cursor_.Advance();
    return true;
  }
  while (true) {
    int target = 0;
    if (!ReadKey(keys, &target)) return false;
    if (target == ObjectNode::kUnknown) {
      if (const Walk walk = cursor_.SkipValue(depth); walk != Walk::kOk) return FailWalk(walk);
    } else if (!ReadField(keys->target(target), depth)) {
      return false;
    }
    const auto next = cursor_.AfterValue('}');
    if (next == JsonCursor::Next::kDone) return true;
    if (next == JsonCursor::Next::kMalformed) return FailWalk(Walk::kMalformed);
  }
}

// The key and colon at the cursor.
bool JsonDecoder::ReadKey(ObjectNode* node, int* target) {
  if (cursor_.Kind() != '"') return FailWalk(Walk::kMalformed);
  const char* quote = cursor_.Here();
  *target = node->Expect(quote, cursor_.End());
  if (*target != ObjectNode::kNotExpected) {
    cursor_.Advance();
  } else {
    const char* end = cursor_.StringEnd();
    const std::string_view raw(quote + 1, static_cast<size_t>(end - quote - 1));
    if (FindBackslash(quote + 1, end) == end) {
      *target = node->Find(raw, raw);
    } else {
      const Unescaped outcome = Unescape(quote + 1, end, &key_);
      if (outcome == Unescaped::kBadEscape) return FailWalk(Walk::kMalformed);
      // A key that is no text of ours is the name of no column.
      *target = node->Find(raw, outcome == Unescaped::kOk ? std::string_view(key_) : std::string_view());
    }
    cursor_.Advance();
  }
  if (cursor_.Kind() != ':') return FailWalk(Walk::kMalformed);
  cursor_.Advance();
  return true;
}

bool JsonDecoder::ReadField(const KeyTarget& target, int depth) {
  const char kind = cursor_.Kind();
  if (target.node >= 0 || kind == '{' || kind == '[') return ReadContainer(target, depth);
  for (const uint32_t column : target.columns)
    if (!ReadOne(column)) return false;
  cursor_.Advance();
  return true;
}

// The scalar at the cursor into one column; the cursor stays.
bool JsonDecoder::ReadOne(uint32_t index) {
  model::Column& column = rows_->columns()[index];
  if (column.size() > rows_->rows()) column.Truncate(rows_->rows());
  if (cursor_.Kind() == 'n') {
    if (!IsLiteral(cursor_.Here(), "null")) return FailWalk(Walk::kMalformed);
    column.AppendNull();
    return true;
  }
  return cells_.WriteScalar(index, forms_[index], cursor_, rows_);
}

// A value that is an object or array, or whose key has paths that go on below it.
bool JsonDecoder::ReadContainer(const KeyTarget& target, int depth) {
  Forget(target);
  const char* begin = cursor_.Here();
  const char kind = *begin;
  const bool container = kind == '{' || kind == '[';
  if (!container) {
    for (const uint32_t column : target.columns)
      if (!ReadOne(column)) return false;
  }
  if (target.node >= 0 && kind != '{' && kind != 'n') return FailBelow(target.node);
  if (target.node >= 0 && kind == '{') {
    if (!ReadObject(target.node, depth + 1)) return false;
  } else if (const Walk walk = cursor_.SkipValue(depth); walk != Walk::kOk) {
    return FailWalk(walk);
  }
  if (!container) return true;
  const std::string_view text(begin, static_cast<size_t>(cursor_.Before() + 1 - begin));
  for (const uint32_t column : target.columns) {
    const CellForm form = forms_[column];
    if (form != CellForm::kJson && form != CellForm::kJsonb) return cells_.FailType(column, begin);
    if (!cells_.WriteJson(column, form, text, rows_)) return false;
  }
  return true;
}

void JsonDecoder::Forget(const KeyTarget& target) {
  for (const uint32_t index : target.columns) {
    model::Column& column = rows_->columns()[index];
    if (column.size() > rows_->rows()) column.Truncate(rows_->rows());
  }
  if (target.node >= 0) ForgetBelow(target.node);
}

void JsonDecoder::ForgetBelow(int node) {
  for (const KeyTarget& target : nodes_[static_cast<size_t>(node)].targets()) Forget(target);
}

bool JsonDecoder::WriteRecordFields(const model::RecordView& record) {
  return std::all_of(record_columns_.begin(), record_columns_.end(),
                     [&](uint32_t index) { return WriteRecordField(index, record); });
}

bool JsonDecoder::WriteRecordField(uint32_t index, const model::RecordView& record) {
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
    case Origin::kHeader: {
      const auto value = HeaderValue(record, declared.path[0]);
      return !value || cells_.WriteBytes(index, *value, rows_);
    }
    default: return true;
  }
}

bool JsonDecoder::FailBelow(int node) {
  return cells_.FailColumn(ColumnBelow(node), Reason::kTypeMismatch, "is a field of an object, but the value there is none");
}

// Some column whose path goes through the node.
uint32_t JsonDecoder::ColumnBelow(int node) const {
  const KeyTarget& first = nodes_[static_cast<size_t>(node)].targets().front();
  return first.columns.empty() ? ColumnBelow(first.node) : first.columns.front();
}

// Columns that the record said nothing of are NULL.
bool JsonDecoder::FinishCells() {
  const size_t row = rows_->rows();
  for (const uint32_t index : written_) {
    model::Column& column = rows_->columns()[index];
    if (column.size() == row) column.AppendNull();
    if (schema_.columns[index].not_null && column.IsNull(row))
      return cells_.FailColumn(index, Reason::kNotNull, "is NOT NULL, but the record has no value for it");
  }
  return true;
}

bool JsonDecoder::CheckEventTime(const model::RecordView& record) {
  const auto index = static_cast<uint32_t>(schema_.event_time);
  const model::Column& column = rows_->columns()[index];
  if (column.IsNull(rows_->rows())) return cells_.FailColumn(index, Reason::kEventTimeNull, "is the event time, but is NULL");
  const auto kafka_time = KafkaTime(record);
  if (!kafka_time) return true;
  const int64_t ahead = column.Get<int64_t>(rows_->rows()) - *kafka_time;
  if (ahead <= schema_.max_future_us) return true;
  return cells_.FailColumn(index, Reason::kEventTimeFuture,
                           "is " + std::to_string(ahead / 1'000'000) + " s ahead of the record's Kafka timestamp; max_future is " +
                               std::to_string(schema_.max_future_us / 1'000'000) + " s");
}

model::DeadLetter JsonDecoder::LetterOf(const model::RecordView& record) {
  Failure failure = cells_.TakeFailure();
  if (failure.text.empty()) failure.text = "malformed JSON at byte " + std::to_string(cursor_.position());
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

// Types that an INCLUDE column may have.
bool TakesRecordField(const model::SourceColumn& column) {
  const TypeId id = column.type.id;
  if (column.type.array) return false;
  switch (column.origin) {
    case Origin::kKey: return id == TypeId::kText || id == TypeId::kBytea;
    case Origin::kHeader: return (id == TypeId::kText || id == TypeId::kBytea) && !column.path.empty();
    case Origin::kPartition: return id == TypeId::kInt4 || id == TypeId::kInt8;
    case Origin::kOffset: return id == TypeId::kInt8;
    case Origin::kTimestamp: return id == TypeId::kTimestamp || id == TypeId::kTimestampTz;
    default: return false;
  }
}

base::Status CheckColumn(const model::SourceColumn& column) {
  if (column.origin == Origin::kGenerated) return {};
  if (column.origin == Origin::kValue) {
    if (FormOf(column.type)) return {};
    return base::Unsupported("column \"" + column.name + "\" of type " + model::NameOf(column.type) + " cannot be read from JSON");
  }
  if (TakesRecordField(column)) return {};
  return base::Invalid("INCLUDE column \"" + column.name + "\" cannot have type " + model::NameOf(column.type));
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const model::SourceSchema& schema, DecoderOptions options) {
  for (const auto& column : schema.columns) RETURN_IF_ERROR(CheckColumn(column));
  CHECK(options.used.empty() || options.used.size() == schema.columns.size());
  if (schema.event_time >= 0) {
    const auto& column = schema.columns[static_cast<size_t>(schema.event_time)];
    if (column.type.id != TypeId::kTimestamp && column.type.id != TypeId::kTimestampTz)
      return base::Invalid("event time column \"" + column.name + "\" must be timestamptz");
  }
  return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(schema, options.used));
}

}  // namespace decode
