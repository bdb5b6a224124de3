#pragma once
// ProtobufSchema: a .proto text with what it imports, as descriptors; libprotobuf reads it. In
// place of a text the serialized descriptor in base64 is taken, as some producers register it.
//
// Threads: const after Parse. Errors: kInvalid that names the line. Limits: 64 braces deep.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
class FileDescriptor;
}  // namespace google::protobuf

namespace decode {

class ProtobufSchema {
 public:
  // `references` are the imported files by name, in the order in which they need one another;
  // google/protobuf/*.proto are always there.
  static base::Result<std::unique_ptr<ProtobufSchema>> Parse(
      const std::string& text, const std::vector<std::pair<std::string, std::string>>& references);
  ~ProtobufSchema();

  // The message by its place in the file: of the top level, then nested; nullptr = none.
  const google::protobuf::Descriptor* At(const std::vector<int64_t>& path) const;
  // By full name; empty = the only one at the top level. nullptr = none.
  const google::protobuf::Descriptor* Named(const std::string& name) const;

 private:
  ProtobufSchema();
  base::Status AddFile(const std::string& name, const std::string& text);

  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

}  // namespace decode
