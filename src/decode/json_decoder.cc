// Invariants:
// 1. A column has its cell of this row exactly when it is one longer than the batch
// (row_decoder.h). So "seen", "missing"
//    and "again" need no other bookkeeping.
// 2. Of a key that an object has twice the last value counts, as in PostgreSQL's jsonb.
// 3. The straight way takes only what the general one takes, and writes the same cells.

#include <algorithm>

#include "base/check.h"
#include "base/json_text.h"
#include "decode/cell.h"
#include "decode/decoder.h"
#include "decode/json_index.h"
#include "decode/json_plan.h"
#include "decode/json_straight.h"
#include "decode/row_decoder.h"

namespace decode {
namespace {

using model::Reason;

class JsonDecoder final : public RowDecoder {
 public:
  JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used, bool debezium);

 protected:
  Outcome ReadValue(const model::RecordView& record) override;
  Outcome ReadRecordKey(const model::RecordView& record) override;

 private:
  const char* ReadStraight(int node, const char* at, const char* end);
  const char* ReadStraightValue(const KeyTarget* target, const char* at, const char* end);
  bool IsStraight(const KeyTarget& target) const;
  const char* ReadStraightLiteral(const std::vector<uint32_t>& columns, const char* at);
  Outcome ReadDocument(std::string_view document);
  Outcome ReadRoot();
  Outcome ReadEnvelope();
  Outcome ReadBefore();
  std::string_view KeyObject(std::string_view key);
  bool FindOperation(int depth, std::string_view* operation);
  bool ReadMember(std::string_view key, int depth, std::string_view* operation);
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

  const bool debezium_;
  std::vector<CellForm> forms_;  // by schema column
  std::vector<ObjectNode> nodes_;
  StraightChance straight_;
  StructuralIndex index_;
  JsonCursor cursor_;
  std::string key_;  // an unescaped key
  // Of a table: where a record's key, and a Debezium event of a deletion, has the primary key.
  std::vector<ObjectNode> key_nodes_, before_nodes_;
  std::string key_document_;
};

// Debezium's row is the object "after", of the record or, with a converter that adds schemas, of
// its "payload".
JsonDecoder::JsonDecoder(const model::SourceSchema& schema, const std::vector<bool>& used,
                         bool debezium)
    : RowDecoder(schema, used), debezium_(debezium), forms_(schema.columns.size()) {
  for (const uint32_t i : value_columns()) forms_[i] = *FormOf(schema.columns[i].type);
  nodes_ = debezium ? PlanOf(schema, value_columns(), {{"after"}, {"payload", "after"}})
                    : PlanOf(schema, value_columns(), {{}});
  if (key_columns().empty()) return;
  key_nodes_ = debezium ? PlanOf(schema, key_columns(), {{}, {"payload"}})
                        : PlanOf(schema, key_columns(), {{}});
  if (debezium) before_nodes_ = PlanOf(schema, key_columns(), {{"before"}, {"payload", "before"}});
}

RowDecoder::Outcome JsonDecoder::ReadValue(const model::RecordView& record) {
  const std::string_view document = record.Value();
  const bool may_be_straight = !debezium_ && straight_.IsWorthIt();
  if (may_be_straight && document.size() > 1 && document.front() == '{' && document.back() == '}') {
    const char* end = document.data() + document.size();
    const bool read = ReadStraight(0, document.data() + 1, end) == end;
    straight_.Note(read);
    if (read) return Outcome::kRow;
    rows()->TruncateToRows();
  }
  const Outcome outcome = ReadDocument(document);
  if (outcome == Outcome::kFailed && !cells().IsExplained())
    cells().Explain("malformed JSON at byte " + std::to_string(cursor_.position()));
  return outcome;
}

// The object whose first key begins at `at`, when its keys are the expected ones. Where it ends, or
// nullptr.
const char* JsonDecoder::ReadStraight(int node, const char* at, const char* end) {
  ObjectNode& keys = nodes_[static_cast<size_t>(node)];
  keys.Begin();
  while (true) {
    const int target = keys.Expect(at, end);
    if (target == ObjectNode::kNotExpected) return nullptr;
    at += keys.ExpectedBytes();
    if (*at != ':') return nullptr;
    at = ReadStraightValue(target == ObjectNode::kUnknown ? nullptr : &keys.target(target), at + 1,
                           end);
    if (at == nullptr || at >= end) return nullptr;
    if (*at == '}') return at + 1;
    if (*at++ != ',') return nullptr;
  }
}

// The value at `at` into the target's columns. Where it ends, or nullptr when the general way must
// see to it.
const char* JsonDecoder::ReadStraightValue(const KeyTarget* target, const char* at,
                                           const char* end) {
  static const KeyTarget kNone;
  if (target == nullptr) target = &kNone;
  if (!IsStraight(*target)) return nullptr;
  if (target->node >= 0) return *at == '{' ? ReadStraight(target->node, at + 1, end) : nullptr;
  const std::vector<uint32_t>& columns = target->columns;
  if (*at == '"') {
    const char* quote = PlainStringEnd(at + 1, end);
    if (quote == nullptr) return nullptr;
    const std::string_view text(at + 1, static_cast<size_t>(quote - at - 1));
    for (const uint32_t column : columns)
      if (!cells().WriteCharacters(column, forms_[column], text, rows())) return nullptr;
    return quote + 1;
  }
  if (IsDigit(*at) || *at == '-') {
    Number number;
    if (!ScanNumber(at, &number)) return nullptr;
    for (const uint32_t column : columns)
      if (!cells().WriteNumber(column, forms_[column], number, &rows()->columns()[column]))
        return nullptr;
    return number.end;
  }
  return ReadStraightLiteral(columns, at);
}

// Nothing of it was read yet in this record, and it is either columns or an object, and no json.
bool JsonDecoder::IsStraight(const KeyTarget& target) const {
  for (const uint32_t column : target.columns)
    if (rows()->columns()[column].size() > rows()->rows() || forms_[column] >= CellForm::kJson ||
        target.node >= 0)
      return false;
  if (target.node < 0) return true;
  const auto& below = nodes_[static_cast<size_t>(target.node)].targets();
  return std::all_of(below.begin(), below.end(), [&](const KeyTarget& t) { return IsStraight(t); });
}

// null, true or false.
const char* JsonDecoder::ReadStraightLiteral(const std::vector<uint32_t>& columns, const char* at) {
  const std::string_view literal = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
  if (!IsLiteral(at, literal)) return nullptr;
  for (const uint32_t column : columns) {
    if (*at == 'n') rows()->columns()[column].AppendNull();
    else if (forms_[column] != CellForm::kBool) return nullptr;
    else rows()->columns()[column].Append<uint8_t>(*at == 't');
  }
  return at + literal.size();
}

RowDecoder::Outcome JsonDecoder::ReadDocument(std::string_view document) {
  if (!StartDocument(document)) return Outcome::kFailed;
  if (debezium_) return ReadEnvelope();
  return ReadRoot();
}

RowDecoder::Outcome JsonDecoder::ReadRoot() {
  return RowIf(ReadObject(0, 1) && (cursor_.AtEnd() || FailWalk(Walk::kMalformed)));
}

// The object, or one column's JSON string or plain text, that a key without a value is.
RowDecoder::Outcome JsonDecoder::ReadRecordKey(const model::RecordView& record) {
  const std::string_view key = record.Key();
  const bool quoted = key.starts_with('"') && key_columns().size() == 1;
  if (!key.starts_with('{') && !quoted) return ReadTextKey(key);
  const std::string_view document = quoted ? KeyObject(key) : key;
  std::swap(nodes_, key_nodes_);
  const Outcome outcome = StartDocument(document) ? ReadRoot() : Outcome::kFailed;
  std::swap(nodes_, key_nodes_);
  if (outcome == Outcome::kFailed && !cells().IsExplained())
    cells().Explain("malformed JSON in the record's key");
  return outcome;
}

// A JSON object that has `key` where the column of the primary key has its path.
std::string_view JsonDecoder::KeyObject(std::string_view key) {
  key_document_.clear();
  const auto& path = schema().columns[key_columns()[0]].path;
  for (const std::string& name : path) {
    key_document_ += '{';
    base::AppendJsonText(name, &key_document_);
    key_document_ += ':';
  }
  key_document_.append(key).append(path.size(), '}');
  const size_t bytes = key_document_.size();
  key_document_.append(model::kPadding, ' ');
  return std::string_view(key_document_).substr(0, bytes);
}

// What kind of change it is: c (insert), r (read by a snapshot) and u (update) leave a row behind;
// d (delete), t (truncate) and m (message) leave none. In a table d deletes the row of `before`.
RowDecoder::Outcome JsonDecoder::ReadEnvelope() {
  const JsonCursor begin = cursor_;
  std::string_view operation;
  if (!FindOperation(1, &operation)) return Outcome::kFailed;
  cursor_ = begin;
  if (operation == "c" || operation == "r" || operation == "u") return ReadRoot();
  if (operation == "d" && !key_columns().empty()) return ReadBefore();
  if (operation == "t" && !key_columns().empty())
    return RowIf(
        cells().Fail(Reason::kNoEnvelope, "\"op\" is t: a table cannot be emptied by an event"));
  if (operation == "d" || operation == "t" || operation == "m") return Outcome::kNoRow;
  return RowIf(cells().Fail(
      Reason::kNoEnvelope,
      "the value is no change event of Debezium: its \"op\" is none of c, r, u, d, t, m"));
}

RowDecoder::Outcome JsonDecoder::ReadBefore() {
  SetDeleted();
  std::swap(nodes_, before_nodes_);
  const Outcome outcome = ReadRoot();
  std::swap(nodes_, before_nodes_);
  return outcome;
}

bool JsonDecoder::FindOperation(int depth, std::string_view* operation) {
  cursor_.Advance();
  if (cursor_.Kind() == '}') {
    cursor_.Advance();
    return true;
  }
  while (true) {
    if (cursor_.Kind() != '"') return FailWalk(Walk::kMalformed);
    const char* begin = cursor_.Here() + 1;
    const std::string_view key(begin, static_cast<size_t>(cursor_.StringEnd() - begin));
    cursor_.Advance();
    if (cursor_.Kind() != ':') return FailWalk(Walk::kMalformed);
    cursor_.Advance();
    if (!ReadMember(key, depth, operation)) return false;
    const auto next = cursor_.AfterValue('}');
    if (next == JsonCursor::Next::kDone) return true;
    if (next == JsonCursor::Next::kMalformed) return FailWalk(Walk::kMalformed);
  }
}

bool JsonDecoder::ReadMember(std::string_view key, int depth, std::string_view* operation) {
  if (depth == 1 && key == "payload" && cursor_.Kind() == '{') return FindOperation(2, operation);
  if (key == "op" && cursor_.Kind() == '"') {
    const char* begin = cursor_.Here() + 1;
    *operation = {begin, static_cast<size_t>(cursor_.StringEnd() - begin)};
  }
  const Walk walk = cursor_.SkipValue(depth);
  return walk == Walk::kOk || FailWalk(walk);
}

bool JsonDecoder::StartDocument(std::string_view document) {
  if (document.starts_with("\xEF\xBB\xBF")) document.remove_prefix(3);  // a byte order mark
  if (const Indexed outcome = index_.Build(document); outcome != Indexed::kOk)
    return FailDocument(document, outcome);
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
    case Indexed::kInvalidUtf8:
      return cells().Fail(Reason::kInvalidUtf8, "the value is not valid UTF-8");
    case Indexed::kEmpty:
      return cells().Fail(Reason::kMalformedJson, "malformed JSON: the value is empty");
    case Indexed::kControlCharacter:
      return cells().Fail(Reason::kMalformedJson,
                          "malformed JSON: a string holds a control character that is not escaped");
    case Indexed::kTooLarge:
      return cells().Fail(Reason::kTooLarge, "the value has " + std::to_string(document.size()) +
                                                 " bytes; the limit is " +
                                                 std::to_string(StructuralIndex::kMaxBytes));
    default: return cells().Fail(Reason::kMalformedJson, "malformed JSON: a string does not end");
  }
}

bool JsonDecoder::FailWalk(Walk walk) {
  if (walk == Walk::kTooDeep)
    return cells().Fail(Reason::kTooDeep,
                        "nested over " + std::to_string(JsonCursor::kMaxDepth) + " levels");
  return cells().Fail(Reason::kMalformedJson,
                      "malformed JSON at byte " + std::to_string(cursor_.position()));
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
      *target =
          node->Find(raw, outcome == Unescaped::kOk ? std::string_view(key_) : std::string_view());
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
  return cells().FailColumn(ColumnBelow(node), Reason::kTypeMismatch,
                            "is a field of an object, but the value there is none");
}

// Some column whose path goes through the node.
uint32_t JsonDecoder::ColumnBelow(int node) const {
  const KeyTarget& first = nodes_[static_cast<size_t>(node)].targets().front();
  return first.columns.empty() ? ColumnBelow(first.node) : first.columns.front();
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const model::SourceSchema& schema,
                                                       DecoderOptions options, bool debezium) {
  RETURN_IF_ERROR(CheckColumns(schema, options, "JSON"));
  return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(schema, options.used, debezium));
}

}  // namespace decode
