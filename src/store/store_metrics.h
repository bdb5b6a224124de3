#pragma once
// The store's metrics, by name. Threads: any.

#include "base/metrics.h"

namespace store {

struct StoreMetrics {
  base::Counter& commits =
      base::Metrics().GetCounter("freshet_store_commits_total", "Commits of lanes.");
  base::Counter& commit_errors = base::Metrics().GetCounter(
      "freshet_store_commit_errors_total", "Commits of lanes that failed and were rolled back.");
  base::Counter& rows =
      base::Metrics().GetCounter("freshet_store_rows_total", "Rows that lanes committed.");
  base::Counter& dead_letters =
      base::Metrics().GetCounter("freshet_store_dead_letters_total", "Dead letters written.");
  base::Counter& dead_letters_dropped =
      base::Metrics().GetCounter("freshet_store_dead_letters_dropped_total",
                                 "Dead letters dropped for their bound in size or age.");
  base::Counter& late_rows =
      base::Metrics().GetCounter("freshet_store_late_rows_total", "Rows below a retention floor.");
  base::Counter& views_suspended = base::Metrics().GetCounter(
      "freshet_store_views_failed_total",
      "Views that a commit left out because of an error of the whole view.");
  base::Counter& compactions =
      base::Metrics().GetCounter("freshet_store_compactions_total", "Compaction transactions.");
  base::Counter& compaction_errors = base::Metrics().GetCounter(
      "freshet_store_compaction_errors_total",
      "Compactions or retention passes that failed; they are tried again.");
  base::Counter& checkpoints =
      base::Metrics().GetCounter("freshet_store_checkpoints_total", "Checkpoints.");
  base::Counter& checkpoints_refused =
      base::Metrics().GetCounter("freshet_store_checkpoints_refused_total",
                                 "Checkpoint attempts refused while an older transaction was open, "
                                 "or put off because the disk is short of room.");
  base::Histogram& aggregate_seconds = base::Metrics().GetHistogram(
      "freshet_store_aggregate_seconds", "Time to compute and insert what a commit holds.");
  base::Histogram& commit_seconds =
      base::Metrics().GetHistogram("freshet_store_commit_seconds", "Time of COMMIT itself.");
  base::Histogram& compaction_seconds = base::Metrics().GetHistogram(
      "freshet_store_compaction_seconds", "Time of a compaction transaction.");
  base::Histogram& checkpoint_seconds =
      base::Metrics().GetHistogram("freshet_store_checkpoint_seconds", "Time of a checkpoint.");
  base::Gauge& file_bytes =
      base::Metrics().GetGauge("freshet_store_file_bytes", "Size of the database file.");
  base::Gauge& wal_bytes =
      base::Metrics().GetGauge("freshet_store_wal_bytes", "Size of the write-ahead log.");
  base::Gauge& free_disk_bytes = base::Metrics().GetGauge(
      "freshet_store_free_disk_bytes", "Free bytes where the data directory is.");
};

}  // namespace store
