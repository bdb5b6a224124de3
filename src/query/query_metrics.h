#pragma once
// The room's metrics (freshet_query_*). Threads: any.

#include <chrono>

#include "base/metrics.h"
#include "base/status.h"

namespace query {

// One SELECT has ended. `rows` were handed out.
void CountQuery(std::chrono::nanoseconds took, size_t rows);
// A statement failed; cancelled and timed out ones count too.
void CountError(const base::Status& status);

}  // namespace query
