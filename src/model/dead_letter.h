#pragma once
// A record, or a row of one view, that could not be used, and why. Threads: values.

#include <string>

#include "model/types.h"

namespace model {

struct DeadLetter {
  PartitionId partition;
  Offset offset;
  int64_t timestamp_ms = -1;
  std::string key, value;    // raw bytes; at most kMaxBytes each, cut beyond
  bool key_null = true, value_null = true;
  std::string reason_code;   // CodeOf(Reason), model/reason_codes.h: malformed_json, type_mismatch ...
  std::string reason;        // text for people, names column and value
  std::string view;          // empty: the source; else only this view excludes the row

  static constexpr size_t kMaxBytes = 1 << 20;
};

}  // namespace model
