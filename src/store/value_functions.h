#pragma once
// The states of pairs (corr, covar, regr) and of counted values (histogram, approx_top_k) as
// functions of DuckDB: aggregates that make and merge them, scalars that read them.
//
// Threads: any. Errors: kInternal when the engine refuses one.

#include "base/status.h"
#include "duckdb.h"

namespace store {

base::Status RegisterValueStates(duckdb_connection connection);

}  // namespace store
