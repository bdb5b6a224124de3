#pragma once
// RecordBatch: records of one poll as views into buffers that the reader owns. No object and no allocation per record.
//
// Layout: `records` holds every record, grouped into runs; a run is consecutive records of one partition in offset order.
// Every value may be read up to kPadding bytes past its end (simdjson needs that); those bytes mean nothing.
// A run says where its partition stands after it: `next_offset` may lie beyond the last record + 1 (compaction,
// transaction markers), and a run may have no records at all.
//
// Threads: one owner. Valid until the reader's next Poll.

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/types.h"

namespace model {

inline constexpr size_t kPadding = 64;

struct RecordView {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;     // Kafka's record timestamp; -1 = none
  const char* key = nullptr;     // nullptr = no key
  const char* value = nullptr;   // nullptr = tombstone
  const char* headers = nullptr; // wire form of a v2 record: varint count, then (varint length, name, varint length, value)
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
  uint32_t headers_bytes = 0;

  std::string_view Key() const { return {key, key_bytes}; }
  std::string_view Value() const { return {value, value_bytes}; }
};

struct RecordRun {
  PartitionId partition;
  uint32_t begin = 0, end = 0;  // into RecordBatch::records
  Offset next_offset;
  std::string_view preamble;  // of a file with a header: its first record
};

struct RecordBatch {
  std::vector<RecordView> records;
  std::vector<RecordRun> runs;
  size_t bytes = 0;  // of keys and values

  void Clear() {
    records.clear();
    runs.clear();
    bytes = 0;
  }
};

}  // namespace model
