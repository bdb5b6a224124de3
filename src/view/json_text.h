#pragma once
// Rows as JSON, printed by the engine: DuckDB text that makes one JSON object of some columns.
// Numbers keep their digits, times are RFC 3339 in UTC, bytes are base64. Threads: any; pure.

#include <string>

#include "model/schema.h"

namespace view {

// Text over columns named as `fields`.
std::string JsonObject(const model::Fields& fields);

}  // namespace view
