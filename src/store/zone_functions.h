#pragma once
// freshet_to_civil(zone, time) and freshet_from_civil(zone, time): times of DuckDB's TIMESTAMP between
// UTC and the civil time of a zone, by the bounds of the zone's periods (base/time_zone.h) and not by
// ICU, which costs ten times as much a row.
//
// Threads: any. Errors: an unknown zone fails the statement (22023).

#include "base/status.h"
#include "duckdb.h"

namespace store {

base::Status RegisterZones(duckdb_connection connection);

}  // namespace store
