#pragma once
// A Protobuf message's fields as JSON, for columns of type json: by their names in the schema,
// numbers as numbers, bytes as \x and hexadecimal digits, enums by name. Threads: any.

#include <string>

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace decode {

// Appends the field's value; false = the field is not there and has no value without it.
bool AppendProtobufJson(const google::protobuf::Message& message,
                        const google::protobuf::FieldDescriptor& field, std::string* out);

}  // namespace decode
