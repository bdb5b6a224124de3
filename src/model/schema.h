#pragma once
// What the rows of a source, view or result look like. Threads: values.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/types.h"

namespace model {

struct Field {
  std::string name;
  Type type;
  bool operator==(const Field&) const = default;
};

using Fields = std::vector<Field>;

// Where a column of a source gets its value from.
enum class Origin : uint8_t {
  kValue,      // a field of the record's value (JSON path `path`)
  kGenerated,  // an expression over the other columns (`expression`)
  kKey,
  kPartition,
  kOffset,
  kTimestamp,
  kHeader,   // INCLUDE ...; kHeader uses `path[0]` as the header's name
  kDeleted,  // of a table: whether the record deletes the row of its key
};

struct SourceColumn {
  std::string name;
  Type type;
  bool not_null = false;
  Origin origin = Origin::kValue;
  std::vector<std::string> path;  // kValue: keys from the root object; by default {name}
  std::string expression;         // kGenerated: SQL of our dialect
};

// kMilliseconds unless the source says otherwise (WITH timestamp.unit = ...): the unit of numbers
// read into TIMESTAMPTZ.
enum class TimeUnit : uint8_t { kSeconds, kMilliseconds, kMicroseconds, kNanoseconds };

struct SourceSchema {
  std::vector<SourceColumn> columns;
  int event_time =
      -1;  // index of the watermark column; -1 = none (then the Kafka timestamp is not used either)
  int64_t watermark_delay_us = 0;  // WATERMARK FOR ts AS ts - INTERVAL ...
  int64_t max_future_us =
      86'400'000'000;  // an event time further ahead of the Kafka timestamp is a dead letter
  TimeUnit timestamp_unit = TimeUnit::kMilliseconds;
  bool tombstone_is_dead_letter = true;  // FORMAT PLAIN; false = on_tombstone 'skip'
  // Of a table: its columns of the primary key. A record without a value is then a deletion, and
  // has them in its key.
  std::vector<int> primary_key;

  bool NeedsHeaders() const {
    return std::any_of(columns.begin(), columns.end(),
                       [](const auto& c) { return c.origin == Origin::kHeader; });
  }
  std::optional<int> Find(std::string_view name) const {
    for (size_t i = 0; i < columns.size(); ++i)
      if (columns[i].name == name) return static_cast<int>(i);
    return std::nullopt;
  }
};

}  // namespace model
