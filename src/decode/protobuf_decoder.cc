// Protobuf's wire format to columns by a plan made once per schema and message: which field number of
// which message leads to which columns. libprotobuf reads the .proto text; the wire is walked here.
//
// A field that is not on the wire is NULL when its presence is tracked (messages, optional, oneof,
// proto2), else it has its type's zero, as Protobuf has it. Columns of type json take repeated
// fields, maps and messages; these records are parsed by libprotobuf as well.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <cstring>
#include <unordered_map>

#include "decode/protobuf_json.h"
#include "decode/protobuf_schema.h"
#include "decode/schema_decoder.h"
#include "decode/typed_cell.h"

namespace decode {
namespace {

namespace pb = google::protobuf;
using model::Reason;
using pb::FieldDescriptor;

constexpr int kMaxDepth = 64;
constexpr size_t kMaxIndexes = 64;   // levels of nested message types
constexpr size_t kMaxMessages = 64;  // of one schema that records are written in

enum Wire : unsigned { kVarint = 0, kFixed64 = 1, kLength = 2, kGroup = 3, kGroupEnd = 4, kFixed32 = 5 };

struct WireField {
  const FieldDescriptor* descriptor;
  std::vector<uint32_t> columns;
  int message = -1;        // for the paths that go on below
  bool timestamp = false;  // google.protobuf.Timestamp into columns
};

struct WireMessage {
  std::vector<WireField> fields;
  std::unordered_map<uint32_t, size_t> by_number;
};

struct JsonColumn {
  uint32_t column;
  std::vector<const FieldDescriptor*> path;
};

// How one type of message is read.
struct MessagePlan {
  std::vector<WireMessage> messages;  // 0 is the record
  std::vector<JsonColumn> json;
  const pb::Message* prototype = nullptr;  // for json
};

struct ProtobufPlan final : SchemaDecoder::Plan {
  std::unique_ptr<ProtobufSchema> schema;
  std::unique_ptr<pb::DynamicMessageFactory> factory;
  mutable std::map<std::vector<int64_t>, MessagePlan> messages;  // made as records need them
};

class WireBytes {
 public:
  explicit WireBytes(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }
  bool Varint(uint64_t* out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift < 64) value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        *out = value;
        return true;
      }
    }
    return false;
  }
  template <typename Number>
  bool Fixed(Number* out) {
    std::string_view bytes;
    if (!Take(sizeof(Number), &bytes)) return false;
    std::memcpy(out, bytes.data(), sizeof(Number));
    return true;
  }
  bool Length(std::string_view* out) {
    uint64_t count = 0;
    return Varint(&count) && Take(count, out);
  }
  bool Take(uint64_t count, std::string_view* out) {
    if (count > static_cast<uint64_t>(end_ - at_)) return false;
    *out = {at_, count};
    at_ += count;
    return true;
  }
  std::string_view Rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

 private:
  const char* at_;
  const char* end_;
};

int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

Wire WireOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64: return kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32: return kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE: return kLength;
    case FieldDescriptor::TYPE_GROUP: return kGroup;
    default: return kVarint;
  }
}

class ProtobufDecoder final : public SchemaDecoder {
 public:
  ProtobufDecoder(const model::SourceSchema& schema, const std::vector<bool>& used,
                  SchemaRegistry* registry, std::string message)
      : SchemaDecoder(schema, used, registry),
        message_(std::move(message)),
        framed_(registry != nullptr),
        typed_(schema, &cells()) {}

  base::Status UseSchema(const std::string& text) {
    RETURN_IF_ERROR(SetOnlyPlan({"PROTOBUF", text, {}}));
    ASSIGN_OR_RETURN(auto schema, ProtobufSchema::Parse(text, {}));
    if (schema->Named(message_) != nullptr) return {};
    if (!message_.empty())
      return base::Invalid("the Protobuf schema has no message \"" + message_ + "\"");
    return base::Invalid("the Protobuf schema has several messages").WithHint("Name one with message = '...'.");
  }

 protected:
  base::Result<std::unique_ptr<Plan>> MakePlan(const RegisteredSchema& schema) override;
  bool ReadDatum(const Plan& plan, std::string_view datum) override;

 private:
  bool Malformed() {
    return cells().Fail(Reason::kMalformedProtobuf, "the value is no message of its schema");
  }
  MessagePlan Compile(const pb::Descriptor& message, pb::DynamicMessageFactory* factory);
  int PlanMessage(MessagePlan* plan, const pb::Descriptor& message,
                  const std::vector<uint32_t>& columns, std::vector<const FieldDescriptor*> above);
  bool IsJson(uint32_t column) const {
    return typed_.form(column) == CellForm::kJson || typed_.form(column) == CellForm::kJsonb;
  }
  bool ReadIndexes(WireBytes* bytes, std::vector<int64_t>* path);
  bool ReadMessage(int message, std::string_view bytes, int depth);
  bool ReadField(const WireField& field, unsigned wire, WireBytes* bytes, int depth);
  bool ReadTimestamp(const WireField& field, std::string_view bytes);
  bool WriteVarint(const FieldDescriptor& field, uint32_t column, uint64_t value);
  bool WriteEnum(const FieldDescriptor& field, uint32_t column, int32_t number);
  bool WriteZeros(const WireMessage& message);
  bool SkipField(unsigned wire, uint64_t number, WireBytes* bytes, int depth);
  bool WriteJsonColumns(std::string_view datum);
  void Open(uint32_t column) {  // the last value of a field counts
    model::Column& cell = rows()->columns()[column];
    if (cell.size() > rows()->rows()) cell.Truncate(rows()->rows());
  }

  const std::string message_;  // without a registry
  const bool framed_;
  TypedCells typed_;
  const MessagePlan* plan_ = nullptr;  // of the record at work
  std::string json_;
};

base::Result<std::unique_ptr<SchemaDecoder::Plan>> ProtobufDecoder::MakePlan(const RegisteredSchema& schema) {
  if (schema.type != "PROTOBUF") return base::Invalid("it is of type " + schema.type + ", not PROTOBUF");
  auto plan = std::make_unique<ProtobufPlan>();
  ASSIGN_OR_RETURN(plan->schema, ProtobufSchema::Parse(schema.text, schema.references));
  plan->factory = std::make_unique<pb::DynamicMessageFactory>();
  return std::unique_ptr<Plan>(std::move(plan));
}

MessagePlan ProtobufDecoder::Compile(const pb::Descriptor& message, pb::DynamicMessageFactory* factory) {
  MessagePlan plan;
  PlanMessage(&plan, message, value_columns(), {});
  if (!plan.json.empty()) plan.prototype = factory->GetPrototype(&message);
  return plan;
}

bool IsWrapper(const pb::Descriptor& message) {
  return message.file()->name() == "google/protobuf/wrappers.proto";
}

int ProtobufDecoder::PlanMessage(MessagePlan* plan, const pb::Descriptor& message,
                                 const std::vector<uint32_t>& columns,
                                 std::vector<const FieldDescriptor*> above) {
  const size_t index = plan->messages.size(), level = above.size();
  plan->messages.emplace_back();
  WireMessage out;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& descriptor = *message.field(i);
    WireField field{&descriptor, {}, -1, false};
    std::vector<uint32_t> below;
    auto path = above;
    path.push_back(&descriptor);
    for (const uint32_t column : columns) {
      const auto& names = schema().columns[column].path;
      if (names[level] != descriptor.name()) continue;
      if (names.size() > level + 1) below.push_back(column);
      else if (IsJson(column)) plan->json.push_back({column, path});
      else field.columns.push_back(column);
    }
    const pb::Descriptor* type = descriptor.message_type();
    if (type != nullptr && !descriptor.is_repeated()) {
      field.timestamp = !field.columns.empty() && type->full_name() == "google.protobuf.Timestamp";
      if (!below.empty()) field.message = PlanMessage(plan, *type, below, path);
      else if (!field.columns.empty() && IsWrapper(*type)) {
        field.message = static_cast<int>(plan->messages.size());
        WireMessage wrapped;
        wrapped.fields.push_back({type->field(0), std::move(field.columns), -1, false});
        wrapped.by_number[1] = 0;
        plan->messages.push_back(std::move(wrapped));
        field.columns.clear();
      }
    } else {
      // A path into something that is no message: its columns get the value and say so.
      field.columns.insert(field.columns.end(), below.begin(), below.end());
    }
    if (field.columns.empty() && field.message < 0) continue;
    out.by_number[static_cast<uint32_t>(descriptor.number())] = out.fields.size();
    out.fields.push_back(std::move(field));
  }
  plan->messages[index] = std::move(out);
  return static_cast<int>(index);
}

// Which message of the schema it is: a count and so many places, or a single 0 for the first.
bool ProtobufDecoder::ReadIndexes(WireBytes* bytes, std::vector<int64_t>* path) {
  uint64_t count = 0;
  if (!bytes->Varint(&count)) return false;
  if (count == 0) {
    *path = {0};
    return true;
  }
  const int64_t levels = Unzigzag(count);
  if (levels < 1 || levels > static_cast<int64_t>(kMaxIndexes)) return false;
  for (int64_t i = 0; i < levels; ++i) {
    uint64_t index = 0;
    if (!bytes->Varint(&index)) return false;
    path->push_back(Unzigzag(index));
  }
  return true;
}

bool ProtobufDecoder::ReadDatum(const Plan& plan, std::string_view datum) {
  const auto& of_schema = static_cast<const ProtobufPlan&>(plan);
  WireBytes bytes(datum);
  std::vector<int64_t> path;
  if (framed_ && !ReadIndexes(&bytes, &path)) return Malformed();
  auto known = of_schema.messages.find(path);
  if (known == of_schema.messages.end()) {
    const auto* message = framed_ ? of_schema.schema->At(path) : of_schema.schema->Named(message_);
    if (message == nullptr || of_schema.messages.size() >= kMaxMessages) return Malformed();
    known = of_schema.messages.emplace(path, Compile(*message, of_schema.factory.get())).first;
  }
  plan_ = &known->second;
  if (!ReadMessage(0, bytes.Rest(), 1)) return false;
  return plan_->json.empty() || WriteJsonColumns(bytes.Rest());
}

bool ProtobufDecoder::ReadMessage(int message, std::string_view text, int depth) {
  if (depth > kMaxDepth) return cells().Fail(Reason::kTooDeep, "nested over 64 levels");
  const WireMessage& plan = plan_->messages[static_cast<size_t>(message)];
  for (WireBytes bytes(text); !bytes.AtEnd();) {
    uint64_t tag = 0;
    if (!bytes.Varint(&tag) || tag >> 3 == 0 || tag > UINT32_MAX) return Malformed();
    const auto wire = static_cast<unsigned>(tag & 7);
    const auto found = plan.by_number.find(static_cast<uint32_t>(tag >> 3));
    const WireField* field = found == plan.by_number.end() ? nullptr : &plan.fields[found->second];
    if (field != nullptr && field->descriptor->is_repeated())
      return cells().FailColumn(field->columns[0], Reason::kTypeMismatch,
                                "does not take a repeated field; json does");
    const bool wanted = field != nullptr && wire == WireOf(field->descriptor->type()) && wire != kGroup;
    if (wanted ? !ReadField(*field, wire, &bytes, depth) : !SkipField(wire, tag >> 3, &bytes, depth))
      return false;
  }
  return WriteZeros(plan);
}

bool ProtobufDecoder::ReadField(const WireField& field, unsigned wire, WireBytes* bytes, int depth) {
  uint64_t number = 0;
  uint32_t small = 0;
  std::string_view text;
  const bool read = wire == kVarint    ? bytes->Varint(&number)
                    : wire == kFixed64 ? bytes->Fixed(&number)
                    : wire == kFixed32 ? bytes->Fixed(&small)
                                       : bytes->Length(&text);
  if (!read) return Malformed();
  for (const uint32_t column : field.columns) Open(column);
  if (field.message >= 0 && !ReadMessage(field.message, text, depth + 1)) return false;
  if (field.timestamp) return ReadTimestamp(field, text);
  for (const uint32_t column : field.columns) {
    bool good = false;
    switch (field.descriptor->type()) {
      case FieldDescriptor::TYPE_STRING: good = typed_.Text(column, text, rows()); break;
      case FieldDescriptor::TYPE_BYTES: good = typed_.Bytes(column, text, rows()); break;
      case FieldDescriptor::TYPE_MESSAGE:
        good = cells().FailColumn(column, Reason::kTypeMismatch, "does not take a message; json does");
        break;
      case FieldDescriptor::TYPE_DOUBLE: {
        double value = 0;
        std::memcpy(&value, &number, sizeof value);
        good = typed_.Double(column, value, rows());
        break;
      }
      case FieldDescriptor::TYPE_FLOAT: {
        float value = 0;
        std::memcpy(&value, &small, sizeof value);
        good = typed_.Float(column, value, rows());
        break;
      }
      default:
        good = WriteVarint(*field.descriptor, column, wire == kFixed32 ? small : number);
    }
    if (!good) return false;
  }
  return true;
}

bool ProtobufDecoder::WriteVarint(const FieldDescriptor& field, uint32_t column, uint64_t value) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL: return typed_.Bool(column, value != 0, rows());
    case FieldDescriptor::TYPE_ENUM: return WriteEnum(field, column, static_cast<int32_t>(value));
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64: return typed_.Unsigned(column, value, rows());
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return typed_.Integer(column, static_cast<int64_t>(static_cast<uint32_t>(value)), rows());
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64: return typed_.Integer(column, Unzigzag(value), rows());
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return typed_.Integer(column, static_cast<int32_t>(value), rows());
    default: return typed_.Integer(column, static_cast<int64_t>(value), rows());
  }
}

bool ProtobufDecoder::WriteEnum(const FieldDescriptor& field, uint32_t column, int32_t number) {
  if (typed_.form(column) != CellForm::kText) return typed_.Integer(column, number, rows());
  const auto* value = field.enum_type()->FindValueByNumber(number);
  return typed_.Text(column, value != nullptr ? value->name() : std::to_string(number), rows());
}

bool ProtobufDecoder::ReadTimestamp(const WireField& field, std::string_view text) {
  uint64_t seconds = 0, nanoseconds = 0;
  for (WireBytes bytes(text); !bytes.AtEnd();) {
    uint64_t tag = 0;
    if (!bytes.Varint(&tag)) return Malformed();
    if (tag == (1 << 3 | kVarint) || tag == (2 << 3 | kVarint)) {
      if (!bytes.Varint(tag == (1 << 3 | kVarint) ? &seconds : &nanoseconds)) return Malformed();
    } else if (!SkipField(static_cast<unsigned>(tag & 7), tag >> 3, &bytes, kMaxDepth - 1)) {
      return false;
    }
  }
  const auto nanos = static_cast<int32_t>(nanoseconds);
  int64_t microseconds = 0;
  if (nanos < 0 || nanos > 999'999'999 ||
      __builtin_mul_overflow(static_cast<int64_t>(seconds), int64_t{1'000'000}, &microseconds) ||
      __builtin_add_overflow(microseconds, int64_t{nanos / 1000}, &microseconds))
    microseconds = INT64_MAX;  // out of range
  for (const uint32_t column : field.columns)
    if (!typed_.Instant(column, microseconds, rows())) return false;
  return true;
}

// Fields that are not on the wire and whose absence means zero.
bool ProtobufDecoder::WriteZeros(const WireMessage& message) {
  for (const WireField& field : message.fields) {
    if (field.descriptor->has_presence() || field.descriptor->is_repeated()) continue;
    for (const uint32_t column : field.columns) {
      if (rows()->columns()[column].size() > rows()->rows()) continue;
      bool good = false;
      switch (field.descriptor->type()) {
        case FieldDescriptor::TYPE_STRING: good = typed_.Text(column, "", rows()); break;
        case FieldDescriptor::TYPE_BYTES: good = typed_.Bytes(column, "", rows()); break;
        case FieldDescriptor::TYPE_DOUBLE:
        case FieldDescriptor::TYPE_FLOAT: good = typed_.Float(column, 0, rows()); break;
        default: good = WriteVarint(*field.descriptor, column, 0);
      }
      if (!good) return false;
    }
  }
  return true;
}

bool ProtobufDecoder::SkipField(unsigned wire, uint64_t number, WireBytes* bytes, int depth) {
  uint64_t ignored = 0;
  uint32_t small = 0;
  std::string_view text;
  switch (wire) {
    case kVarint: return bytes->Varint(&ignored) || Malformed();
    case kFixed64: return bytes->Fixed(&ignored) || Malformed();
    case kFixed32: return bytes->Fixed(&small) || Malformed();
    case kLength: return bytes->Length(&text) || Malformed();
    case kGroup: break;
    default: return Malformed();
  }
  if (depth > kMaxDepth) return cells().Fail(Reason::kTooDeep, "nested over 64 levels");
  while (true) {
    uint64_t tag = 0;
    if (!bytes->Varint(&tag)) return Malformed();
    if ((tag & 7) == kGroupEnd) return tag >> 3 == number || Malformed();
    if (!SkipField(static_cast<unsigned>(tag & 7), tag >> 3, bytes, depth + 1)) return false;
  }
}

bool ProtobufDecoder::WriteJsonColumns(std::string_view datum) {
  const std::unique_ptr<pb::Message> message(plan_->prototype->New());
  if (!message->ParsePartialFromArray(datum.data(), static_cast<int>(datum.size()))) return Malformed();
  for (const JsonColumn& json : plan_->json) {
    const pb::Message* at = message.get();
    for (size_t i = 0; at != nullptr && i + 1 < json.path.size(); ++i) {
      const auto& reflection = *at->GetReflection();
      const FieldDescriptor* step = json.path[i];
      at = reflection.HasField(*at, step) ? &reflection.GetMessage(*at, step) : nullptr;
    }
    json_.clear();
    if (at == nullptr || !AppendProtobufJson(*at, *json.path.back(), &json_)) continue;
    if (!typed_.Json(json.column, json_, rows())) return false;
  }
  return true;
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeProtobufDecoder(const model::SourceSchema& schema,
                                                           const model::RecordFormat& format,
                                                           DecoderOptions options) {
  RETURN_IF_ERROR(CheckColumns(schema, options, "Protobuf"));
  auto decoder = std::make_unique<ProtobufDecoder>(schema, options.used, options.registry, format.message);
  if (options.registry == nullptr) RETURN_IF_ERROR(decoder->UseSchema(format.schema));
  return std::unique_ptr<Decoder>(std::move(decoder));
}

}  // namespace decode
