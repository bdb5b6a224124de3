#pragma once
// What the administration port answers. Threads: the http thread.

#include "pipeline/stage_two.h"
#include "server/http_server.h"
#include "store/store.h"

namespace server {

// /metrics: Prometheus text, with the gauges that are computed when asked (lag, freshness, file sizes).
HttpAnswer AnswerMetrics(const catalog::Catalog& catalog, const pipeline::Pipeline& pipeline, const pipeline::StageTwo& stage_two,
                         const store::Store& store);

// /healthz: 200 while the store answers a real query (a health check that stays green beside a dead store is worse than none).
HttpAnswer AnswerHealth(store::Store* store);

// /readyz: 200 when the server answers SQL; the body says of each source what it is doing; 503 while the disk is full.
HttpAnswer AnswerReady(const catalog::Catalog& catalog, const pipeline::Pipeline& pipeline, const store::Store& store);

}  // namespace server
