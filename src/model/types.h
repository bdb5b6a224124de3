#pragma once
// SQL types and the strong identifiers of the domain. Values only. Threads: values.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace model {

// A number of one kind cannot be mistaken for another: Offset + PartitionId does not compile.
template <typename Tag, typename Number>
struct Strong {
  Number value{};
  constexpr Strong() = default;
  constexpr explicit Strong(Number v) : value(v) {}
  auto operator<=>(const Strong&) const = default;
};

using Offset = Strong<struct OffsetTag, int64_t>;            // of a record in its partition
using PartitionId = Strong<struct PartitionTag, int32_t>;    // of a topic
using Incarnation = Strong<struct IncarnationTag, int32_t>;  // 0, and one more each time a topic was made anew
using CommitNumber = Strong<struct CommitTag, int64_t>;      // per lane, rising by one
using LaneId = Strong<struct LaneTag, int32_t>;              // unique in a store
using ObjectId = Strong<struct ObjectTag, int64_t>;          // of a source, view, role ...; never used again
using EventTime = Strong<struct EventTimeTag, int64_t>;      // microseconds since 1970-01-01 UTC

// PostgreSQL's types as far as Freshet speaks them. Inside, kTimestampTz is UTC microseconds (DuckDB TIMESTAMP).
enum class TypeId : uint8_t {
  kUnknown,  // an untyped literal or parameter
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kNumeric,  // with precision and scale, or without (both 0: any)
  kFloat4,
  kFloat8,
  kText,
  kBytea,
  kDate,
  kTime,
  kTimestamp,
  kTimestampTz,
  kInterval,
  kUuid,
  kJson,
  kJsonb,
  kOid,
  kName,
  kRegclass,
  kChar,    // "char", one byte
  kRecord,
};

struct Type {
  TypeId id = TypeId::kUnknown;
  uint8_t precision = 0;  // kNumeric: 1..38, 0 = unconstrained
  uint8_t scale = 0;
  bool array = false;     // an array of it
  bool operator==(const Type&) const = default;

  bool IsInteger() const { return !array && id >= TypeId::kInt2 && id <= TypeId::kInt8; }
  bool IsNumber() const { return !array && id >= TypeId::kInt2 && id <= TypeId::kFloat8; }
  bool IsFloat() const { return !array && (id == TypeId::kFloat4 || id == TypeId::kFloat8); }
  bool IsTime() const { return !array && (id == TypeId::kTimestamp || id == TypeId::kTimestampTz || id == TypeId::kDate); }
  bool IsText() const { return !array && (id == TypeId::kText || id == TypeId::kName || id == TypeId::kChar); }
};

// "bigint", "numeric(12,2)", "timestamp with time zone", "text[]": PostgreSQL's format_type.
std::string NameOf(Type type);

constexpr Type kBool{TypeId::kBool};
constexpr Type kInt4{TypeId::kInt4};
constexpr Type kInt8{TypeId::kInt8};
constexpr Type kFloat8{TypeId::kFloat8};
constexpr Type kNumeric{TypeId::kNumeric};
constexpr Type kText{TypeId::kText};
constexpr Type kTimestampTz{TypeId::kTimestampTz};

}  // namespace model

template <typename Tag, typename Number>
struct std::hash<model::Strong<Tag, Number>> {
  size_t operator()(const model::Strong<Tag, Number>& v) const { return std::hash<Number>()(v.value); }
};
