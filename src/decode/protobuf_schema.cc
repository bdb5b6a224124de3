#include "decode/protobuf_schema.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "decode/base64.h"

namespace decode {
namespace {

namespace pb = google::protobuf;

constexpr int kMaxBraces = 64;

class FirstError final : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber, const std::string& message) override {
    if (text_.empty()) text_ = "line " + std::to_string(line + 1) + ": " + message;
  }
  void AddError(const std::string&, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = element + ": " + message;
  }
  base::Status ToStatus() const {
    return base::Invalid("the Protobuf schema cannot be used: " +
                         (text_.empty() ? "it cannot be read" : text_));
  }

 private:
  std::string text_;
};

// The parser goes down with its input; a text of nothing but braces must not end the stack.
bool IsTooDeep(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[' || c == '<') ++depth;
    if (c == '}' || c == ']' || c == '>') --depth;
    if (depth > kMaxBraces) return true;
  }
  return false;
}

void AddWellKnown(pb::DescriptorPool* pool) {
  for (const pb::FileDescriptor* file :
       {pb::Any::descriptor()->file(), pb::Duration::descriptor()->file(),
        pb::Empty::descriptor()->file(), pb::Struct::descriptor()->file(),
        pb::Timestamp::descriptor()->file(), pb::StringValue::descriptor()->file(),
        pb::FileDescriptorProto::descriptor()->file()}) {
    pb::FileDescriptorProto proto;
    file->CopyTo(&proto);
    pool->BuildFile(proto);
  }
}

}  // namespace

ProtobufSchema::ProtobufSchema() : pool_(std::make_unique<pb::DescriptorPool>()) {
  AddWellKnown(pool_.get());
}
ProtobufSchema::~ProtobufSchema() = default;

base::Status ProtobufSchema::AddFile(const std::string& name, const std::string& text) {
  if (pool_->FindFileByName(name) != nullptr) return {};  // one that is always there
  FirstError errors;
  pb::FileDescriptorProto proto;
  // Some writers register the file as bytes in base64, which no .proto text is.
  std::string bytes;
  if (DecodeBase64(text, &bytes)) {
    if (!proto.ParseFromString(bytes)) return errors.ToStatus();
  } else {
    if (IsTooDeep(text)) return base::Invalid("the Protobuf schema is nested over 64 levels");
    pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer tokenizer(&input, &errors);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    if (!parser.Parse(&tokenizer, &proto)) return errors.ToStatus();
  }
  proto.set_name(name);
  file_ = pool_->BuildFileCollectingErrors(proto, &errors);
  return file_ == nullptr ? errors.ToStatus() : base::Status();
}

base::Result<std::unique_ptr<ProtobufSchema>> ProtobufSchema::Parse(
    const std::string& text, const std::vector<std::pair<std::string, std::string>>& references) {
  static const bool kQuiet = (pb::SetLogHandler(nullptr), true);  // errors are told by ErrorCollector
  (void)kQuiet;
  std::unique_ptr<ProtobufSchema> schema(new ProtobufSchema());
  for (const auto& [name, reference] : references)
    RETURN_IF_ERROR(schema->AddFile(name, reference));
  RETURN_IF_ERROR(schema->AddFile("schema.proto", text));
  return schema;
}

const pb::Descriptor* ProtobufSchema::At(const std::vector<int64_t>& path) const {
  const pb::Descriptor* found = nullptr;
  for (const int64_t index : path) {
    const int count = found == nullptr ? file_->message_type_count() : found->nested_type_count();
    if (index < 0 || index >= count) return nullptr;
    const int at = static_cast<int>(index);
    found = found == nullptr ? file_->message_type(at) : found->nested_type(at);
  }
  return found;
}

const pb::Descriptor* ProtobufSchema::Named(const std::string& name) const {
  if (name.empty()) return file_->message_type_count() == 1 ? file_->message_type(0) : nullptr;
  const pb::Descriptor* found = pool_->FindMessageTypeByName(name);
  return found != nullptr && found->file() == file_ ? found : nullptr;
}

}  // namespace decode
