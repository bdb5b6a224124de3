#pragma once
// The types that clients see of a SELECT over the system catalog: DuckDB knows that relname is text and oid a number, this
// knows that they are name and oid. Where it cannot tell, DuckDB's word stands.
//
// Threads: any.

#include <vector>

#include "model/schema.h"
#include "sql/ast.h"

namespace pgwire {

// `described` is what DuckDB says of the rewritten select; `select` is the statement as written.
model::Fields ShownFields(const sql::Select& select, model::Fields described);

// Types of $1..: as declared, else by what stands around them, else text.
std::vector<model::Type> ParameterTypesOf(const sql::Select& select, std::vector<model::Type> declared);

}  // namespace pgwire
