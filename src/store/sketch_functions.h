#pragma once
// The sketches as DuckDB functions, registered on every instance:
//   freshet_ddsketch(DOUBLE) -> BLOB            aggregate
//   freshet_ddsketch_merge(BLOB) -> BLOB        aggregate
//   freshet_quantile(BLOB, DOUBLE) -> DOUBLE
//   freshet_hll(VARCHAR) -> BLOB                aggregate
//   freshet_hll_merge(BLOB) -> BLOB             aggregate
//   freshet_hll_estimate(BLOB) -> BIGINT
//   freshet_moments(DOUBLE) -> BLOB             aggregate
//   freshet_moments_merge(BLOB) -> BLOB         aggregate
//   freshet_moments_mean, freshet_var_samp, freshet_var_pop, freshet_stddev_samp,
//   freshet_stddev_pop (BLOB) -> DOUBLE
//
// NULL arguments are skipped; over no value the state is NULL, and a function of a NULL state is
// NULL. An infinite or NaN value is an error for freshet_ddsketch (22003), so that a view excludes
// that row. Bytes that no sketch wrote are an error.
//
// Threads: any. Errors: as status text that engine_error.cc knows.

#include <duckdb.h>

#include "base/status.h"

namespace store {

base::Status RegisterSketches(duckdb_connection connection);

}  // namespace store
