#pragma once
// PostgreSQL's numbers for the types of model/types.h, as in every PostgreSQL since 9.4.
// Threads: any.

#include <cstdint>
#include <optional>

#include "model/types.h"

namespace pgwire {

struct TypeOid {
  uint32_t oid = 0;
  int16_t length = -1;       // typlen: bytes, or -1 for variable
  int32_t modifier = -1;     // atttypmod: numeric(p,s)
};

TypeOid OidOf(model::Type type);

// The type that a parameter of this oid has; 0 and 705 (unknown) are kUnknown. nullopt = a type that Freshet does not have.
std::optional<model::Type> TypeOf(uint32_t oid);

}  // namespace pgwire
