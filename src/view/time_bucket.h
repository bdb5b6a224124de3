#pragma once
// Windows and time buckets: TUMBLE(...) of FROM, and which group key orders a view in time.
// Threads: any.

#include <optional>
#include <string>

#include "base/status.h"
#include "sql/ast.h"
#include "sql/parser.h"
#include "view/plan.h"

namespace view {

// An INTERVAL constant; nullopt when the expression is not one.
std::optional<sql::Interval> ConstantInterval(const sql::Expr& expr);

// `from` is a kWindow of kind kTumble, bound.
base::Result<Tumble> MakeTumble(const sql::TableRef& from);

// The length of the bucket of `event_time` that `key` computes, 0 when months; nullopt when it is
// no bucket of it.
std::optional<int64_t> BucketOf(const sql::Expr& key, const std::string& event_time,
                                const std::optional<Tumble>& tumble);

}  // namespace view
