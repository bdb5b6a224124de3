#pragma once
// PostgreSQL's type names and ours. Threads: any.

#include <optional>
#include <string_view>

#include "model/types.h"

namespace sql {

// The type behind a name as the grammar leaves it ("int4", "timestamptz", "varchar"); nullopt when
// it is not one of ours.
std::optional<model::Type> TypeByName(std::string_view name);

// The short name of a type ("int4"), the inverse of TypeByName.
std::string_view ShortName(model::TypeId id);

}  // namespace sql
