#pragma once
// AvroSchema: a writer's schema, parsed from its JSON into nodes that name one another by index, so
// a type may hold itself.
//
// Threads: const after ParseAvroSchema. Errors: kInvalid that says what is wrong in it.
// Limits: 100,000 nodes, 64 levels of nesting in the text.

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace decode {

enum class AvroType : uint8_t {
  kNull, kBoolean, kInt, kLong, kFloat, kDouble, kBytes, kString,
  kRecord, kEnum, kArray, kMap, kUnion, kFixed,
};

enum class AvroLogical : uint8_t {
  kNone, kDecimal, kDate,
  kTimestampMillis, kTimestampMicros, kTimestampNanos,
};

struct AvroField {
  std::string name;
  int node;
};

struct AvroNode {
  AvroType type = AvroType::kNull;
  AvroLogical logical = AvroLogical::kNone;
  int scale = 0;                      // kDecimal
  size_t size = 0;                    // kFixed
  std::vector<AvroField> fields;      // kRecord
  std::vector<std::string> symbols;   // kEnum
  std::vector<int> branches;          // kUnion; kArray and kMap: the one of the items
};

struct AvroSchema {
  std::vector<AvroNode> nodes;
  int root = 0;
};

// `references` are schemas whose types the text names, in the order in which they need one another.
base::Result<AvroSchema> ParseAvroSchema(
    const std::string& text, const std::vector<std::pair<std::string, std::string>>& references);

}  // namespace decode
