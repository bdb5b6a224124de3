#include "decode/avro_schema.h"

#include <map>
#include <optional>

#include <simdjson.h>

namespace decode {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr int kMaxDepth = 64;
constexpr size_t kMaxNodes = 100'000;

const std::map<std::string_view, AvroType> kPrimitives{
    {"null", AvroType::kNull},     {"boolean", AvroType::kBoolean}, {"int", AvroType::kInt},
    {"long", AvroType::kLong},     {"float", AvroType::kFloat},     {"double", AvroType::kDouble},
    {"bytes", AvroType::kBytes},   {"string", AvroType::kString}};

base::Status Wrong(const std::string& what) { return base::Invalid("the Avro schema " + what); }

std::string_view Text(const object& from, const char* name) {
  std::string_view text;
  return from[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

class SchemaReader {
 public:
  base::Result<int> Read(const std::string& text) {
    simdjson::dom::parser parser;
    element root;
    // A reference may be a bare type name, which is no JSON document of its own to some writers.
    if (parser.parse(text).get(root) != simdjson::SUCCESS) return Wrong("is not JSON");
    return ReadType(root, "", 0);
  }

  std::vector<AvroNode> TakeNodes() { return std::move(nodes_); }

 private:
  base::Result<int> Add(AvroType type) {
    if (nodes_.size() >= kMaxNodes) return Wrong("has over 100000 types");
    nodes_.push_back({});
    nodes_.back().type = type;
    return static_cast<int>(nodes_.size() - 1);
  }
  AvroNode& At(int node) { return nodes_[static_cast<size_t>(node)]; }

  base::Result<int> ReadType(const element& type, const std::string& space, int depth) {
    if (depth > kMaxDepth) return Wrong("is nested over 64 levels");
    std::string_view name;
    if (type.get(name) == simdjson::SUCCESS) return ReadName(name, space);
    simdjson::dom::array branches;
    if (type.get(branches) == simdjson::SUCCESS) return ReadUnion(branches, space, depth);
    object definition;
    if (type.get(definition) == simdjson::SUCCESS) return ReadObject(definition, space, depth);
    return Wrong("has a type that is no name, list or object");
  }

  base::Result<int> ReadName(std::string_view name, const std::string& space) {
    if (const auto it = kPrimitives.find(name); it != kPrimitives.end()) return Add(it->second);
    const std::string full = FullName(name, space);
    if (const auto it = named_.find(full); it != named_.end()) return it->second;
    return Wrong("names the type \"" + full + "\", which it does not define");
  }

  static std::string FullName(std::string_view name, const std::string& space) {
    if (name.find('.') != std::string_view::npos || space.empty()) return std::string(name);
    return space + "." + std::string(name);
  }

  base::Result<int> ReadUnion(const simdjson::dom::array& branches, const std::string& space,
                              int depth) {
    ASSIGN_OR_RETURN(const int node, Add(AvroType::kUnion));
    for (const auto branch : branches) {
      ASSIGN_OR_RETURN(const int read, ReadType(branch, space, depth + 1));
      At(node).branches.push_back(read);
    }
    if (At(node).branches.empty()) return Wrong("has an empty union");
    return node;
  }

  base::Result<int> ReadObject(const object& definition, const std::string& space, int depth) {
    element type;
    if (definition["type"].get(type) != simdjson::SUCCESS) return Wrong("has an object without type");
    std::string_view word;
    if (type.get(word) != simdjson::SUCCESS) return ReadType(type, space, depth + 1);
    if (word == "record" || word == "error") return ReadRecord(definition, space, depth);
    if (word == "enum") return ReadEnum(definition, space);
    if (word == "fixed") return ReadFixed(definition, space);
    if (word == "array" || word == "map") return ReadItems(definition, word == "map", space, depth);
    ASSIGN_OR_RETURN(const int node, ReadName(word, space));
    if (kPrimitives.contains(word)) RETURN_IF_ERROR(SetLogical(definition, node));
    return node;
  }

  // The namespace of a named type's inside; the type is known by its full name from here on.
  base::Result<std::string> Name(const object& definition, const std::string& space, int node) {
    const std::string_view name = Text(definition, "name");
    if (name.empty()) return Wrong("has a named type without name");
    const std::string_view own = Text(definition, "namespace");
    const std::string full = FullName(name, own.empty() ? space : std::string(own));
    if (!named_.emplace(full, node).second) return Wrong("defines \"" + full + "\" twice");
    const size_t dot = full.rfind('.');
    return dot == std::string::npos ? std::string() : full.substr(0, dot);
  }

  base::Result<int> ReadRecord(const object& definition, const std::string& space, int depth) {
    ASSIGN_OR_RETURN(const int node, Add(AvroType::kRecord));
    ASSIGN_OR_RETURN(const std::string inner, Name(definition, space, node));
    simdjson::dom::array fields;
    if (definition["fields"].get(fields) != simdjson::SUCCESS) return Wrong("has a record without fields");
    for (const auto field : fields) {
      object read;
      element type;
      if (field.get(read) != simdjson::SUCCESS || read["type"].get(type) != simdjson::SUCCESS ||
          Text(read, "name").empty())
        return Wrong("has a field without name or type");
      ASSIGN_OR_RETURN(const int of_field, ReadType(type, inner, depth + 1));
      At(node).fields.push_back({std::string(Text(read, "name")), of_field});
    }
    return node;
  }

  base::Result<int> ReadEnum(const object& definition, const std::string& space) {
    ASSIGN_OR_RETURN(const int node, Add(AvroType::kEnum));
    RETURN_IF_ERROR(Name(definition, space, node).status());
    simdjson::dom::array symbols;
    if (definition["symbols"].get(symbols) != simdjson::SUCCESS) return Wrong("has an enum without symbols");
    for (const auto symbol : symbols) {
      std::string_view text;
      if (symbol.get(text) != simdjson::SUCCESS) return Wrong("has an enum symbol that is no text");
      At(node).symbols.emplace_back(text);
    }
    return node;
  }

  base::Result<int> ReadFixed(const object& definition, const std::string& space) {
    ASSIGN_OR_RETURN(const int node, Add(AvroType::kFixed));
    RETURN_IF_ERROR(Name(definition, space, node).status());
    uint64_t size = 0;
    if (definition["size"].get(size) != simdjson::SUCCESS || size > (size_t{16} << 20))
      return Wrong("has a fixed type without a size");
    At(node).size = size;
    RETURN_IF_ERROR(SetLogical(definition, node));
    return node;
  }

  base::Result<int> ReadItems(const object& definition, bool map, const std::string& space, int depth) {
    ASSIGN_OR_RETURN(const int node, Add(map ? AvroType::kMap : AvroType::kArray));
    element items;
    if (definition[map ? "values" : "items"].get(items) != simdjson::SUCCESS)
      return Wrong(map ? "has a map without values" : "has an array without items");
    ASSIGN_OR_RETURN(const int read, ReadType(items, space, depth + 1));
    At(node).branches.push_back(read);
    return node;
  }

  // A logical type that is not known, or does not fit its type, counts as none: Avro's own rule.
  base::Status SetLogical(const object& definition, int node) {
    const std::string_view logical = Text(definition, "logicalType");
    const AvroType type = At(node).type;
    using enum AvroLogical;
    AvroLogical found = kNone;
    if (type == AvroType::kInt && logical == "date") found = kDate;
    if (type == AvroType::kLong) {
      if (logical == "timestamp-millis" || logical == "local-timestamp-millis") found = kTimestampMillis;
      if (logical == "timestamp-micros" || logical == "local-timestamp-micros") found = kTimestampMicros;
      if (logical == "timestamp-nanos" || logical == "local-timestamp-nanos") found = kTimestampNanos;
    }
    if (logical == "decimal" && (type == AvroType::kBytes || type == AvroType::kFixed)) {
      int64_t scale = 0;
      if (definition["scale"].get(scale) != simdjson::SUCCESS) scale = 0;
      if (scale < 0 || scale > 1000) return Wrong("has a decimal of scale " + std::to_string(scale));
      At(node).scale = static_cast<int>(scale);
      found = kDecimal;
    }
    At(node).logical = found;
    return {};
  }

  std::vector<AvroNode> nodes_;
  std::map<std::string, int> named_;
};

}  // namespace

base::Result<AvroSchema> ParseAvroSchema(
    const std::string& text, const std::vector<std::pair<std::string, std::string>>& references) {
  SchemaReader reader;
  for (const auto& [name, reference] : references) RETURN_IF_ERROR(reader.Read(reference).status());
  AvroSchema schema;
  ASSIGN_OR_RETURN(schema.root, reader.Read(text));
  schema.nodes = reader.TakeNodes();
  return schema;
}

}  // namespace decode
