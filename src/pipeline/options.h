#pragma once
// Settings of the pipeline. Units are in the names.

#include <chrono>
#include <cstddef>

namespace pipeline {

struct PipelineOptions {
  int lanes = 2;                                        // at most, per source; a lane owns whole partitions
  std::chrono::milliseconds linger{50};                 // a micro-batch is committed at the latest so long after its first row
  std::chrono::milliseconds backlog_linger{1'500};      // the same while more records are waiting: fewer, larger commits
  size_t max_batch_rows = 122'880;                      // a row group of the store, which is written best as a whole
  size_t max_batch_bytes = size_t{24} << 20;            // decoded rows of one lane
  size_t max_fetch_bytes = size_t{24} << 20;            // fetched and not yet decoded, per lane
  size_t max_dead_letter_bytes = size_t{8} << 20;       // held by a lane before it commits
  std::chrono::milliseconds metadata_interval{30'000};  // how often new partitions and a recreated topic are looked for
  std::chrono::milliseconds balance_interval{500};      // how often lanes are looked at for partitions to move
  std::chrono::milliseconds broker_timeout{5'000};
  std::chrono::milliseconds max_backoff{10'000};
};

}  // namespace pipeline
