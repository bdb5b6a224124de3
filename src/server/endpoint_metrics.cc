#include "base/clock.h"
#include "base/metrics.h"
#include "server/endpoints.h"

namespace server {

HttpAnswer AnswerMetrics(const catalog::Catalog& catalog, const pipeline::Pipeline& pipeline,
                         const pipeline::StageTwo& stage_two, const store::Store& store) {
  auto& metrics = base::Metrics();
  const auto now = base::Clock::System().Wall().time_since_epoch().count();
  // A source that was dropped must not go on being told as running.
  for (const char* name :
       {"freshet_source_lag_records", "freshet_source_running", "freshet_source_freshness_seconds",
        "freshet_join_waiting_rows", "freshet_join_kept_rows"})
    metrics.ForgetGauges(name);
  for (const auto& progress : pipeline.Progress()) {
    const std::string name = catalog.SourceName(progress.source);
    metrics
        .GetGauge("freshet_source_lag_records", "records in Kafka that are not committed yet",
                  {{"source", name}})
        .Set(static_cast<double>(progress.lag()));
    metrics.GetGauge("freshet_source_running", "1 while the source reads", {{"source", name}})
        .Set(progress.state == pipeline::SourceState::kRunning ? 1 : 0);
    if (progress.newest_event)
      metrics
          .GetGauge("freshet_source_freshness_seconds", "now minus the newest visible event time",
                    {{"source", name}})
          .Set(static_cast<double>(now - progress.newest_event->value) / 1e6);
  }
  for (const auto& [rows, progress] : stage_two.Joins())
    if (const auto* source = catalog.FindSource(rows); source != nullptr && source->join)
      for (size_t side : {0, 1}) {
        const base::Labels labels{{"view", source->join->owner},
                                  {"side", source->join->plan.sides[side].alias}};
        metrics.GetGauge("freshet_join_waiting_rows", "rows that are not joined yet", labels)
            .Set(static_cast<double>(progress.sides[side].waiting));
        metrics.GetGauge("freshet_join_kept_rows", "rows that may still find a match", labels)
            .Set(static_cast<double>(progress.sides[side].kept));
      }
  metrics.GetGauge("freshet_store_file_bytes", "size of the store's file")
      .Set(static_cast<double>(store.FileBytes()));
  metrics.GetGauge("freshet_store_wal_bytes", "size of the store's write-ahead log")
      .Set(static_cast<double>(store.WalBytes()));
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.Expose()};
}

}  // namespace server
