#pragma once
// Where a source's records come from when that is no Kafka topic: a folder of files, or rows made
// from a seed. Validated by the catalog, used by the source room. Threads: values.

#include <cstdint>
#include <string>
#include <vector>

#include "model/types.h"

namespace model {

// A folder whose files are followed as they grow; every file is a partition, an offset is a byte.
struct FileFolder {
  enum class Framing : uint8_t { kLines, kCsv };  // what ends a record: a line, a row of CSV
  std::string path;
  std::string pattern = "*";  // of file names, as a shell has it
  Framing framing = Framing::kLines;
  char delimiter = ',';  // kCsv
  char quote = '"';      // kCsv: line ends inside a quoted field belong to it
  bool header = false;   // kCsv: a file's first record names its fields
};

// How the values of one column are made. Numbers are in units of the column's scale: 1.50 in
// numeric(8,2) is 150.
struct GeneratedField {
  enum class Kind : uint8_t { kSequence, kRandom, kTime, kValues };
  std::string name;
  Type type;
  Kind kind = Kind::kRandom;
  int64_t first = 0, last = 0;      // kSequence, kRandom of integers, numeric and text (its number)
  double low = 0, high = 1;         // kRandom of real and double precision
  std::vector<std::string> values;  // kValues
  int64_t start_us = -1;            // kTime: of row 0; -1 = when the source was created
  int64_t interval_us = 0;          // kTime: from row to row; 0 = as the rows come
  int64_t jitter_us = 0;            // kTime: a row is up to so much earlier
  double nulls = 0;                 // share of rows that have none, 0 to 1
};

// Rows that are a function of the seed and their number alone. Row n comes n / rate after the
// source was created, so what a stopped server missed is there when it starts again, as in a topic.
struct GeneratedRows {
  uint64_t seed = 0;
  int64_t rows_per_second = 100;  // 0 = all at once, which needs a limit
  int64_t limit = -1;             // rows in all; -1 = none
  int32_t partitions = 1;         // row n is in partition n mod partitions
  int64_t created_us = 0;         // UTC
  std::vector<GeneratedField> fields;
};

}  // namespace model
