#include "pgwire/pgwire_metrics.h"

namespace pgwire {

PgwireMetrics& PgwireMetrics::Get() {
  static PgwireMetrics metrics;
  return metrics;
}

PgwireMetrics::PgwireMetrics()
    : connections(base::Metrics().GetGauge("freshet_pgwire_connections", "open connections, signing in included")),
      connections_total(base::Metrics().GetCounter("freshet_pgwire_connections_total", "connections accepted")),
      refused_total(base::Metrics().GetCounter("freshet_pgwire_refused_total", "connections that ended before they were signed in")),
      statements_total(base::Metrics().GetCounter("freshet_pgwire_statements_total", "statements executed")),
      statement_seconds(base::Metrics().GetHistogram("freshet_pgwire_statement_seconds",
                                                     "from the start of a statement to its last byte in the send buffer")),
      received_bytes_total(base::Metrics().GetCounter("freshet_pgwire_received_bytes_total", "bytes read from clients")),
      sent_bytes_total(base::Metrics().GetCounter("freshet_pgwire_sent_bytes_total", "bytes written to clients")) {}

void PgwireMetrics::StatementDone(std::chrono::nanoseconds took) {
  statements_total.Add();
  statement_seconds.Observe(std::chrono::duration<double>(took).count());
}

void PgwireMetrics::Error(std::string_view sqlstate) {
  const std::string_view sql_class = sqlstate.substr(0, 2);
  std::lock_guard lock(mutex_);
  auto found = errors_.find(sql_class);
  if (found == errors_.end()) {
    auto& counter = base::Metrics().GetCounter("freshet_pgwire_errors_total", "errors sent, by SQLSTATE class",
                                               {{"class", std::string(sql_class)}});
    found = errors_.emplace(sql_class, &counter).first;
  }
  found->second->Add();
}

}  // namespace pgwire
