#pragma once
// freshet_pgwire_*: what the wire does, for /metrics. Threads: any.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/metrics.h"

namespace pgwire {

class PgwireMetrics {
 public:
  static PgwireMetrics& Get();

  base::Gauge& connections;
  base::Counter& connections_total;
  base::Counter& refused_total;          // connections ended before they were signed in
  base::Counter& statements_total;
  base::Histogram& statement_seconds;
  base::Counter& received_bytes_total;
  base::Counter& sent_bytes_total;

  void StatementDone(std::chrono::nanoseconds took);
  void Error(std::string_view sqlstate);  // counted by its class, the first two characters

 private:
  PgwireMetrics();
  std::mutex mutex_;
  std::map<std::string, base::Counter*, std::less<>> errors_;
};

}  // namespace pgwire
