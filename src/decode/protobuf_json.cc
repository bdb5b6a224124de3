#include "decode/protobuf_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/json_text.h"
#include "decode/json_index.h"
#include "decode/typed_cell.h"

namespace decode {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

void AppendMessage(const pb::Message& message, std::string* out);

void AppendBytes(const std::string& bytes, std::string* out) {
  constexpr const char* kHex = "0123456789abcdef";
  *out += "\"\\\\x";
  for (const char c : bytes)
    out->append(
        {kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]});
  *out += '"';
}

void AppendText(const FieldDescriptor& field, const std::string& text, std::string* out) {
  if (field.type() == FieldDescriptor::TYPE_STRING && IsUtf8(text)) base::AppendJsonText(text, out);
  else AppendBytes(text, out);
}

void AppendEnum(const FieldDescriptor& field, int number, std::string* out) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  if (value != nullptr) base::AppendJsonText(value->name(), out);
  else *out += std::to_string(number);
}

// Element `index` of a repeated field; the field itself when index < 0.
void AppendValue(const pb::Message& message, const FieldDescriptor& field, int index,
                 std::string* out) {
  const pb::Reflection& at = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      *out += std::to_string(one ? at.GetInt32(message, &field)
                                 : at.GetRepeatedInt32(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      *out += std::to_string(one ? at.GetInt64(message, &field)
                                 : at.GetRepeatedInt64(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      *out += std::to_string(one ? at.GetUInt32(message, &field)
                                 : at.GetRepeatedUInt32(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      *out += std::to_string(one ? at.GetUInt64(message, &field)
                                 : at.GetRepeatedUInt64(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendJsonDouble(
          one ? at.GetDouble(message, &field) : at.GetRepeatedDouble(message, &field, index), out);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendJsonDouble(static_cast<double>(one ? at.GetFloat(message, &field)
                                               : at.GetRepeatedFloat(message, &field, index)),
                       out);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      *out += (one ? at.GetBool(message, &field) : at.GetRepeatedBool(message, &field, index))
                  ? "true"
                  : "false";
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      AppendEnum(
          field,
          one ? at.GetEnumValue(message, &field) : at.GetRepeatedEnumValue(message, &field, index),
          out);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      AppendText(field,
                 one ? at.GetString(message, &field) : at.GetRepeatedString(message, &field, index),
                 out);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      AppendMessage(
          one ? at.GetMessage(message, &field) : at.GetRepeatedMessage(message, &field, index),
          out);
      break;
  }
}

// A map's key, which JSON wants as text.
void AppendKey(const pb::Message& entry, std::string* out) {
  const FieldDescriptor& key = *entry.GetDescriptor()->map_key();
  std::string text;
  AppendValue(entry, key, -1, &text);
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) *out += text;
  else base::AppendJsonText(text, out);
}

void AppendMap(const pb::Message& message, const FieldDescriptor& field, std::string* out) {
  const pb::Reflection& at = *message.GetReflection();
  const int count = at.FieldSize(message, &field);
  *out += '{';
  for (int i = 0; i < count; ++i) {
    const pb::Message& entry = at.GetRepeatedMessage(message, &field, i);
    if (i > 0) *out += ',';
    AppendKey(entry, out);
    *out += ':';
    AppendValue(entry, *entry.GetDescriptor()->map_value(), -1, out);
  }
  *out += '}';
}

void AppendMessage(const pb::Message& message, std::string* out) {
  *out += '{';
  bool first = true;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const size_t before = out->size();
    if (!first) *out += ',';
    base::AppendJsonText(field.name(), out);
    *out += ':';
    if (AppendProtobufJson(message, field, out)) first = false;
    else out->resize(before);
  }
  *out += '}';
}

}  // namespace

bool AppendProtobufJson(const pb::Message& message, const FieldDescriptor& field,
                        std::string* out) {
  const pb::Reflection& at = *message.GetReflection();
  if (field.is_map()) {
    AppendMap(message, field, out);
    return true;
  }
  if (!field.is_repeated()) {
    if (field.has_presence() && !at.HasField(message, &field)) return false;
    AppendValue(message, field, -1, out);
    return true;
  }
  *out += '[';
  const int count = at.FieldSize(message, &field);
  for (int i = 0; i < count; ++i) {
    if (i > 0) *out += ',';
    AppendValue(message, field, i, out);
  }
  *out += ']';
  return true;
}

}  // namespace decode
