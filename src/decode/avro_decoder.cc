// Avro's binary encoding to columns by a plan made once per writer schema: which field of which
// record leads to which columns, and what is passed over.
//
// The writer's schema says what the bytes are, our columns say what is wanted of them: fields are
// matched by name, a column whose field the writer does not have is NULL, what fits is taken (int
// into bigint, float into double), what does not is a dead letter.

#include <cstring>

#include "base/json_text.h"
#include "decode/avro_schema.h"
#include "decode/schema_decoder.h"
#include "decode/typed_cell.h"

namespace decode {
namespace {

using model::Reason;

constexpr int kMaxDepth = 64;
constexpr int64_t kMaxSteps = int64_t{16}
                              << 20;  // values of a record that are passed over or become JSON
constexpr size_t kMaxJsonBytes = size_t{16} << 20;

// What a field leads to; as KeyTarget of json_plan.h.
struct AvroTarget {
  std::vector<uint32_t> columns;
  int record = -1;  // index into AvroPlan::records, for the paths that go on below
  bool unwanted() const { return columns.empty() && record < 0; }
};

struct AvroPlan final : SchemaDecoder::Plan {
  AvroSchema schema;
  // Per record node that is looked into, and the path that leads there: targets by field.
  struct Record {
    std::vector<AvroTarget> fields;
  };
  std::vector<Record> records;
  bool of_key = false;  // no record, but the value of the primary key's one column
};

// Reads Avro's primitives; never past the end.
class AvroBytes {
 public:
  explicit AvroBytes(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  bool Long(int64_t* out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        *out = static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
        return true;
      }
    }
    return false;
  }
  bool Bytes(std::string_view* out) {
    int64_t count = 0;
    return Long(&count) && count >= 0 && Fixed(static_cast<uint64_t>(count), out);
  }
  bool Fixed(uint64_t count, std::string_view* out) {
    if (count > left()) return false;
    *out = {at_, count};
    at_ += count;
    return true;
  }
  template <typename Number>
  bool Raw(Number* out) {  // little endian, as this machine
    std::string_view bytes;
    if (!Fixed(sizeof(Number), &bytes)) return false;
    std::memcpy(out, bytes.data(), sizeof(Number));
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

class AvroDecoder final : public SchemaDecoder {
 public:
  AvroDecoder(const model::SourceSchema& schema, const std::vector<bool>& used,
              SchemaRegistry* registry)
      : SchemaDecoder(schema, used, registry), typed_(schema, &cells()) {}

  base::Status UseSchema(const std::string& text) { return SetOnlyPlan({"AVRO", text, {}}); }

 protected:
  base::Result<std::unique_ptr<Plan>> MakePlan(const RegisteredSchema& schema) override;
  bool ReadDatum(const Plan& plan, std::string_view datum) override;

 private:
  bool Malformed() {
    return cells().Fail(Reason::kMalformedAvro, "the value does not fit its schema");
  }
  bool TooMany() {
    return cells().Fail(Reason::kTooLarge,
                        "the record has over " + std::to_string(kMaxSteps) + " values");
  }
  bool TooDeep() { return cells().Fail(Reason::kTooDeep, "nested over 64 levels"); }
  int PlanRecord(AvroPlan* plan, int node, const std::vector<uint32_t>& columns, size_t level);
  bool ReadRecord(const AvroNode& node, const AvroPlan::Record& record, int depth);
  bool ReadField(int node, const AvroTarget& target, int depth);
  bool WriteScalar(const AvroNode& node, uint32_t column);
  bool WriteInteger(const AvroNode& node, uint32_t column);
  bool WriteDecimal(const AvroNode& node, uint32_t column, std::string_view bytes);
  bool WriteColumns(int node, const AvroTarget& target, int depth);
  bool Branch(const AvroNode& node, int* branch);
  bool Skip(int node, int depth);
  bool NextBlock(int64_t* items, int64_t* bytes);
  bool SkipItems(const AvroNode& node, int depth);
  bool ToJson(int node, int depth);
  bool NumberToJson(const AvroNode& node);
  bool TextToJson(const AvroNode& node);
  bool RecordToJson(const AvroNode& node, int depth);
  bool ItemsToJson(const AvroNode& node, int depth);
  const AvroNode& At(int node) const { return plan_->schema.nodes[static_cast<size_t>(node)]; }

  TypedCells typed_;
  const AvroPlan* plan_ = nullptr;  // of the record at work
  AvroBytes bytes_{{}};
  int64_t steps_left_ = 0;
  std::string json_;
};

// The record below a union of it and null, the usual way to say optional.
int RecordBelow(const AvroSchema& schema, int node) {
  const auto& at = schema.nodes[static_cast<size_t>(node)];
  if (at.type == AvroType::kRecord) return node;
  if (at.type != AvroType::kUnion) return -1;
  int found = -1;
  for (const int branch : at.branches) {
    const auto type = schema.nodes[static_cast<size_t>(branch)].type;
    if (type == AvroType::kNull) continue;
    if (type != AvroType::kRecord || found >= 0) return -1;
    found = branch;
  }
  return found;
}

// Targets of a record for those of `columns` whose paths lead through it; -1 = it is no record.
int AvroDecoder::PlanRecord(AvroPlan* plan, int node, const std::vector<uint32_t>& columns,
                            size_t level) {
  const int record = RecordBelow(plan->schema, node);
  if (record < 0) return -1;
  const auto index = plan->records.size();
  plan->records.emplace_back();
  const auto fields = plan->schema.nodes[static_cast<size_t>(record)].fields;
  std::vector<AvroTarget> targets(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    std::vector<uint32_t> below;
    for (const uint32_t column : columns) {
      const auto& path = schema().columns[column].path;
      if (path[level] != fields[i].name) continue;
      if (path.size() == level + 1) targets[i].columns.push_back(column);
      else below.push_back(column);
    }
    if (below.empty()) continue;
    targets[i].record = PlanRecord(plan, fields[i].node, below, level + 1);
    // A path into something that is no record: its columns get the whole value and say so.
    if (targets[i].record < 0)
      targets[i].columns.insert(targets[i].columns.end(), below.begin(), below.end());
  }
  plan->records[index].fields = std::move(targets);
  return static_cast<int>(index);
}

base::Result<std::unique_ptr<SchemaDecoder::Plan>> AvroDecoder::MakePlan(
    const RegisteredSchema& schema) {
  if (schema.type != "AVRO") return base::Invalid("it is of type " + schema.type + ", not AVRO");
  auto plan = std::make_unique<AvroPlan>();
  ASSIGN_OR_RETURN(plan->schema, ParseAvroSchema(schema.text, schema.references));
  if (PlanRecord(plan.get(), plan->schema.root, value_columns(), 0) < 0) {
    if (key_columns().size() != 1) return base::Invalid("the Avro schema is no record");
    plan->of_key = true;
  }
  return std::unique_ptr<Plan>(std::move(plan));
}

bool AvroDecoder::ReadDatum(const Plan& plan, std::string_view datum) {
  plan_ = static_cast<const AvroPlan*>(&plan);
  bytes_ = AvroBytes(datum);
  steps_left_ = kMaxSteps;
  AvroTarget root;
  if (plan_->of_key && !reading_key())
    return cells().Fail(Reason::kUnknownSchema, "the Avro schema of the value is no record");
  if (plan_->of_key) root.columns = key_columns();
  else root.record = 0;
  if (!ReadField(plan_->schema.root, root, 1)) return false;
  return bytes_.AtEnd() || Malformed();
}

bool AvroDecoder::ReadRecord(const AvroNode& node, const AvroPlan::Record& record, int depth) {
  for (size_t i = 0; i < node.fields.size(); ++i)
    if (!ReadField(node.fields[i].node, record.fields[i], depth)) return false;
  return true;
}

bool AvroDecoder::Branch(const AvroNode& node, int* branch) {
  int64_t index = 0;
  if (!bytes_.Long(&index) || index < 0 || index >= static_cast<int64_t>(node.branches.size()))
    return Malformed();
  *branch = node.branches[static_cast<size_t>(index)];
  return true;
}

bool AvroDecoder::ReadField(int node, const AvroTarget& target, int depth) {
  if (depth > kMaxDepth) return TooDeep();
  if (target.unwanted()) return Skip(node, depth);
  const AvroNode* at = &At(node);
  for (int unions = 0; at->type == AvroType::kUnion; ++unions) {
    if (unions > kMaxDepth) return TooDeep();
    if (!Branch(*at, &node)) return false;
    at = &At(node);
  }
  if (at->type == AvroType::kNull) return true;  // NULL
  if (target.record >= 0 && target.columns.empty())
    return ReadRecord(*at, plan_->records[static_cast<size_t>(target.record)], depth + 1);
  return WriteColumns(node, target, depth);
}

// A value that one or more columns take; each reads it from its beginning.
bool AvroDecoder::WriteColumns(int node, const AvroTarget& target, int depth) {
  const AvroNode& at = At(node);
  const AvroBytes begin = bytes_;
  for (const uint32_t column : target.columns) {
    bytes_ = begin;
    const bool container =
        at.type == AvroType::kRecord || at.type == AvroType::kArray || at.type == AvroType::kMap;
    const CellForm form = typed_.form(column);
    if (container || form == CellForm::kJson || form == CellForm::kJsonb) {
      json_.clear();
      if (!ToJson(node, depth) || !typed_.Json(column, json_, rows())) return false;
    } else if (!WriteScalar(at, column)) {
      return false;
    }
  }
  if (target.record < 0) return true;
  bytes_ = begin;
  return ReadRecord(at, plan_->records[static_cast<size_t>(target.record)], depth + 1);
}

bool AvroDecoder::WriteScalar(const AvroNode& node, uint32_t column) {
  std::string_view text;
  switch (node.type) {
    case AvroType::kBoolean: {
      uint8_t value = 0;
      return bytes_.Raw(&value) && value <= 1 ? typed_.Bool(column, value == 1, rows())
                                              : Malformed();
    }
    case AvroType::kInt:
    case AvroType::kLong: return WriteInteger(node, column);
    case AvroType::kFloat: {
      float value = 0;
      return bytes_.Raw(&value) ? typed_.Float(column, value, rows()) : Malformed();
    }
    case AvroType::kDouble: {
      double value = 0;
      return bytes_.Raw(&value) ? typed_.Double(column, value, rows()) : Malformed();
    }
    case AvroType::kString:
      return bytes_.Bytes(&text) ? typed_.Text(column, text, rows()) : Malformed();
    case AvroType::kBytes:
    case AvroType::kFixed:
      if (node.type == AvroType::kBytes ? !bytes_.Bytes(&text) : !bytes_.Fixed(node.size, &text))
        return Malformed();
      if (node.logical == AvroLogical::kDecimal) return WriteDecimal(node, column, text);
      return typed_.Bytes(column, text, rows());
    case AvroType::kEnum: {
      int64_t index = 0;
      if (!bytes_.Long(&index) || index < 0 || index >= static_cast<int64_t>(node.symbols.size()))
        return Malformed();
      return typed_.Text(column, node.symbols[static_cast<size_t>(index)], rows());
    }
    default: return Malformed();
  }
}

bool AvroDecoder::WriteInteger(const AvroNode& node, uint32_t column) {
  int64_t value = 0;
  if (!bytes_.Long(&value)) return Malformed();
  if (node.type == AvroType::kInt && (value < INT32_MIN || value > INT32_MAX)) return Malformed();
  const bool is_time =
      typed_.form(column) == CellForm::kInstant || typed_.form(column) == CellForm::kDate;
  if (node.logical == AvroLogical::kNone || !is_time) return typed_.Integer(column, value, rows());
  if (node.logical == AvroLogical::kDate) return typed_.Day(column, value, rows());
  if (node.logical == AvroLogical::kTimestampNanos) {
    const int64_t floor = value / 1000 - (value % 1000 < 0 ? 1 : 0);
    return typed_.Instant(column, floor, rows());
  }
  const int64_t unit = node.logical == AvroLogical::kTimestampMillis ? 1000 : 1;
  int64_t microseconds = 0;
  if (__builtin_mul_overflow(value, unit, &microseconds)) microseconds = INT64_MAX;  // out of range
  return typed_.Instant(column, microseconds, rows());
}

// Two's complement, big endian.
bool AvroDecoder::WriteDecimal(const AvroNode& node, uint32_t column, std::string_view bytes) {
  Uint128 value = !bytes.empty() && (bytes[0] & 0x80) != 0 ? ~Uint128{0} : 0;
  const unsigned char sign = value == 0 ? 0x00 : 0xFF;
  while (bytes.size() > 16 && static_cast<unsigned char>(bytes[0]) == sign) bytes.remove_prefix(1);
  if (bytes.size() > 16)
    return cells().FailColumn(column, Reason::kOutOfRange,
                              "cannot hold a decimal of over 16 bytes");
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return typed_.Decimal(column, static_cast<Int128>(value), node.scale, rows());
}

// The next block of an array or map; 0 items = its end. `bytes` < 0 = not told.
bool AvroDecoder::NextBlock(int64_t* items, int64_t* bytes) {
  *bytes = -1;
  if (!bytes_.Long(items)) return Malformed();
  if (*items < 0) {
    if (*items == INT64_MIN || !bytes_.Long(bytes) || *bytes < 0) return Malformed();
    *items = -*items;
  }
  return true;
}

bool AvroDecoder::SkipItems(const AvroNode& node, int depth) {
  while (true) {
    int64_t items = 0, bytes = 0;
    if (!NextBlock(&items, &bytes)) return false;
    if (items == 0) return true;
    std::string_view ignored;
    if (bytes >= 0) {
      if (!bytes_.Fixed(static_cast<uint64_t>(bytes), &ignored)) return Malformed();
      continue;
    }
    for (; items > 0; --items) {
      if (node.type == AvroType::kMap && !bytes_.Bytes(&ignored)) return Malformed();
      if (!Skip(node.branches[0], depth + 1)) return false;
    }
  }
}

bool AvroDecoder::Skip(int node, int depth) {
  if (depth > kMaxDepth) return TooDeep();
  if (--steps_left_ < 0) return TooMany();
  const AvroNode& at = At(node);
  std::string_view ignored;
  int64_t number = 0;
  switch (at.type) {
    case AvroType::kNull: return true;
    case AvroType::kBoolean: return bytes_.Fixed(1, &ignored) || Malformed();
    case AvroType::kFloat: return bytes_.Fixed(4, &ignored) || Malformed();
    case AvroType::kDouble: return bytes_.Fixed(8, &ignored) || Malformed();
    case AvroType::kInt:
    case AvroType::kLong: return bytes_.Long(&number) || Malformed();
    case AvroType::kEnum:
      return (bytes_.Long(&number) && number >= 0 &&
              number < static_cast<int64_t>(at.symbols.size())) ||
             Malformed();
    case AvroType::kBytes:
    case AvroType::kString: return bytes_.Bytes(&ignored) || Malformed();
    case AvroType::kFixed: return bytes_.Fixed(at.size, &ignored) || Malformed();
    case AvroType::kUnion: {
      int branch = 0;
      return Branch(at, &branch) && Skip(branch, depth + 1);
    }
    case AvroType::kArray:
    case AvroType::kMap: return SkipItems(at, depth);
    case AvroType::kRecord:
      for (const auto& field : at.fields)
        if (!Skip(field.node, depth + 1)) return false;
      return true;
  }
  return Malformed();
}

bool AvroDecoder::ToJson(int node, int depth) {
  if (depth > kMaxDepth) return TooDeep();
  if (--steps_left_ < 0) return TooMany();
  if (json_.size() > kMaxJsonBytes)
    return cells().Fail(Reason::kTooLarge, "a value has over 16 MiB as JSON");
  const AvroNode& at = At(node);
  switch (at.type) {
    case AvroType::kNull: json_ += "null"; return true;
    case AvroType::kUnion: {
      int branch = 0;
      return Branch(at, &branch) && ToJson(branch, depth + 1);
    }
    case AvroType::kRecord: return RecordToJson(at, depth);
    case AvroType::kArray:
    case AvroType::kMap: return ItemsToJson(at, depth);
    case AvroType::kBytes:
    case AvroType::kString:
    case AvroType::kFixed:
    case AvroType::kEnum: return TextToJson(at);
    default: return NumberToJson(at);
  }
}

bool AvroDecoder::NumberToJson(const AvroNode& node) {
  if (node.type == AvroType::kBoolean) {
    uint8_t value = 0;
    if (!bytes_.Raw(&value) || value > 1) return Malformed();
    json_ += value == 1 ? "true" : "false";
  } else if (node.type == AvroType::kFloat) {
    float value = 0;
    if (!bytes_.Raw(&value)) return Malformed();
    AppendJsonDouble(static_cast<double>(value), &json_);
  } else if (node.type == AvroType::kDouble) {
    double value = 0;
    if (!bytes_.Raw(&value)) return Malformed();
    AppendJsonDouble(value, &json_);
  } else {
    int64_t value = 0;
    if (!bytes_.Long(&value)) return Malformed();
    json_ += std::to_string(value);
  }
  return true;
}

// Bytes are hexadecimal, as PostgreSQL shows them.
bool AvroDecoder::TextToJson(const AvroNode& node) {
  std::string_view text;
  if (node.type == AvroType::kEnum) {
    int64_t index = 0;
    if (!bytes_.Long(&index) || index < 0 || index >= static_cast<int64_t>(node.symbols.size()))
      return Malformed();
    base::AppendJsonText(node.symbols[static_cast<size_t>(index)], &json_);
    return true;
  }
  if (node.type == AvroType::kFixed ? !bytes_.Fixed(node.size, &text) : !bytes_.Bytes(&text))
    return Malformed();
  if (node.type == AvroType::kString) {
    if (!IsUtf8(text)) return cells().Fail(Reason::kInvalidUtf8, "a string is not valid UTF-8");
    base::AppendJsonText(text, &json_);
    return true;
  }
  constexpr const char* kHex = "0123456789abcdef";
  json_ += "\"\\\\x";
  for (const char c : text)
    json_.append(
        {kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]});
  json_ += '"';
  return true;
}

bool AvroDecoder::RecordToJson(const AvroNode& node, int depth) {
  json_ += '{';
  for (size_t i = 0; i < node.fields.size(); ++i) {
    if (i > 0) json_ += ',';
    base::AppendJsonText(node.fields[i].name, &json_);
    json_ += ':';
    if (!ToJson(node.fields[i].node, depth + 1)) return false;
  }
  json_ += '}';
  return true;
}

bool AvroDecoder::ItemsToJson(const AvroNode& node, int depth) {
  const bool map = node.type == AvroType::kMap;
  json_ += map ? '{' : '[';
  bool first = true;
  while (true) {
    int64_t items = 0, bytes = 0;
    if (!NextBlock(&items, &bytes)) return false;
    if (items == 0) break;
    for (; items > 0; --items) {
      if (!first) json_ += ',';
      first = false;
      std::string_view key;
      if (map) {
        if (!bytes_.Bytes(&key) || !IsUtf8(key)) return Malformed();
        base::AppendJsonText(key, &json_);
        json_ += ':';
      }
      if (!ToJson(node.branches[0], depth + 1)) return false;
    }
  }
  json_ += map ? '}' : ']';
  return true;
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeAvroDecoder(const model::SourceSchema& schema,
                                                       const model::RecordFormat& format,
                                                       DecoderOptions options) {
  RETURN_IF_ERROR(CheckColumns(schema, options, "Avro"));
  auto decoder = std::make_unique<AvroDecoder>(schema, options.used, options.registry);
  if (options.registry == nullptr) RETURN_IF_ERROR(decoder->UseSchema(format.schema));
  return std::unique_ptr<Decoder>(std::move(decoder));
}

}  // namespace decode
