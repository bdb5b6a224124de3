#pragma once
// Time buckets: which group key orders a view in time. Threads: any.

#include <optional>
#include <string>

#include "sql/ast.h"
#include "view/plan.h"

namespace view {

// What `key` says about `event_time`; nullopt when it is no bucket of it. `key` of the result is
// not set.
std::optional<TimeKey> TimeKeyOf(const sql::Expr& key, const std::string& event_time,
                                 const std::optional<sql::TimeWindow>& window);

}  // namespace view
