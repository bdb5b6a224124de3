// Invariants:
// 1. A column has its cell of this row exactly when it is one longer than the batch (row_decoder.h). So "seen", "missing"
//    and "again" need no other bookkeeping.
// 2. Of a key that an object has twice the last value counts, as in PostgreSQL's jsonb.

#include <algorithm>

#include "base/check.h"
#include "decode/cell.h"
#include "decode/decoder.h"
#include "decode/json_index.h"
#include "decode/json_plan.h"
#include "decode/row_decoder.h"

namespace decode {
namespace {

using model::Reason;

class JsonDecoder final : public RowDecoder {
 public:
  JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used);

 protected:
  bool ReadValue(const model::RecordView& record) override;

 private:
  bool ReadDocument(std::string_view document);
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
  bool FailBelow(int node);
  uint32_t ColumnBelow(int node) const;

  std::vector<CellForm> forms_;  // by schema column
  std::vector<ObjectNode> nodes_;
  StructuralIndex index_;
  JsonCursor cursor_;
  std::string key_;  // an unescaped key
};

JsonDecoder::JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used)
    : RowDecoder(schema, used), forms_(schema.columns.size()) {
  for (const uint32_t i : value_columns()) forms_[i] = *FormOf(schema.columns[i].type);
  nodes_ = PlanOf(schema, value_columns());
}

bool JsonDecoder::ReadValue(const model::RecordView& record) {
  if (ReadDocument(record.Value())) return true;
  if (!cells().IsExplained())
    cells().Explain("malformed JSON at byte " + std::to_string(cursor_.position()));
  return false;
}

bool JsonDecoder::ReadDocument(std::string_view document) {
  if (!StartDocument(document) || !ReadObject(0, 1)) return false;
  return cursor_.AtEnd() || FailWalk(Walk::kMalformed);
}

bool JsonDecoder::StartDocument(std::string_view document) {
  if (document.starts_with("\xEF\xBB\xBF")) document.remove_prefix(3);  // a byte order mark
  if (const Indexed outcome = index_.Build(document); outcome != Indexed::kOk) return FailDocument(document, outcome);
  const bool whole = cursor_.Start(document.data(), index_.begin(), index_.count());
  switch (cursor_.Kind()) {
    case '{':
      if (whole) return true;
      return cells().Fail(Reason::kMalformedJson, "malformed JSON: the object does not end");
    case '[': return cells().Fail(Reason::kTypeMismatch, "the value is an array, not an object");
    case '"': return cells().Fail(Reason::kTypeMismatch, "the value is a string, not an object");
    default: return cells().Fail(Reason::kMalformedJson, "malformed JSON: the value is no object");
  }
}

bool JsonDecoder::FailDocument(std::string_view document, Indexed outcome) {
  switch (outcome) {
    case Indexed::kInvalidUtf8: return cells().Fail(Reason::kInvalidUtf8, "the value is not valid UTF-8");
    case Indexed::kEmpty: return cells().Fail(Reason::kMalformedJson, "malformed JSON: the value is empty");
    case Indexed::kControlCharacter:
      return cells().Fail(Reason::kMalformedJson, "malformed JSON: a string holds a control character that is not escaped");
    case Indexed::kTooLarge:
      return cells().Fail(Reason::kTooLarge, "the value has " + std::to_string(document.size()) + " bytes; the limit is " +
                                                std::to_string(StructuralIndex::kMaxBytes));
    default: return cells().Fail(Reason::kMalformedJson, "malformed JSON: a string does not end");
  }
}

bool JsonDecoder::FailWalk(Walk walk) {
  if (walk == Walk::kTooDeep)
    return cells().Fail(Reason::kTooDeep, "nested over " + std::to_string(JsonCursor::kMaxDepth) + " levels");
  return cells().Fail(Reason::kMalformedJson, "malformed JSON at byte " + std::to_string(cursor_.position()));
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
  model::Column& column = rows()->columns()[index];
  if (column.size() > rows()->rows()) column.Truncate(rows()->rows());
  if (cursor_.Kind() == 'n') {
    if (!IsLiteral(cursor_.Here(), "null")) return FailWalk(Walk::kMalformed);
    column.AppendNull();
    return true;
  }
  return cells().WriteScalar(index, forms_[index], cursor_, rows());
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
    if (form != CellForm::kJson && form != CellForm::kJsonb) return cells().FailType(column, begin);
    if (!cells().WriteJson(column, form, text, rows())) return false;
  }
  return true;
}

void JsonDecoder::Forget(const KeyTarget& target) {
  for (const uint32_t index : target.columns) {
    model::Column& column = rows()->columns()[index];
    if (column.size() > rows()->rows()) column.Truncate(rows()->rows());
  }
  if (target.node >= 0) ForgetBelow(target.node);
}

void JsonDecoder::ForgetBelow(int node) {
  for (const KeyTarget& target : nodes_[static_cast<size_t>(node)].targets()) Forget(target);
}

bool JsonDecoder::FailBelow(int node) {
  return cells().FailColumn(ColumnBelow(node), Reason::kTypeMismatch, "is a field of an object, but the value there is none");
}

// Some column whose path goes through the node.
uint32_t JsonDecoder::ColumnBelow(int node) const {
  const KeyTarget& first = nodes_[static_cast<size_t>(node)].targets().front();
  return first.columns.empty() ? ColumnBelow(first.node) : first.columns.front();
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const model::SourceSchema& schema, DecoderOptions options) {
  RETURN_IF_ERROR(CheckColumns(schema, options, "JSON"));
  return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(schema, options.used));
}

}  // namespace decode
