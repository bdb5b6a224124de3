#pragma once
// Which type becomes which: PostgreSQL's implicit casts, type categories and the choice of one type
// for several values. Precision and scale play no part in the choice; NumericWithin() carries them
// along.
//
// Threads: any; pure.

#include <span>
#include <string>

#include "model/types.h"

namespace sql {

// PostgreSQL's typcategory.
enum class Category : char {
  kBool = 'B',
  kNumber = 'N',
  kText = 'S',
  kTime = 'D',
  kSpan = 'T',
  kUser = 'U',
  kArray = 'A',
  kUnknown = 'X',
  kRecord = 'P'
};

Category CategoryOf(model::Type type);
bool IsPreferred(model::Type type);  // float8, oid, text, timestamptz, interval, bool

bool SameType(model::Type a, model::Type b);  // without precision
// Without a written cast; true for the same type. An unknown literal becomes anything.
bool ImplicitlyBecomes(model::Type from, model::Type to);
// With CAST. Unknown literals aside.
bool ExplicitlyBecomes(model::Type from, model::Type to);

// PostgreSQL's select_common_type: of CASE, UNION, VALUES, COALESCE, ARRAY, IN. `culprit` is the
// index of the first type that does not fit; -1 = all fit. All unknown gives text.
model::Type CommonType(std::span<const model::Type> types, int* culprit);

// The numeric that holds every value of integer or numeric types `a` and `b`; without precision
// when one has none.
model::Type WiderNumeric(model::Type a, model::Type b);
// A number as numeric: int4 is numeric(10,0); floats have no precision.
model::Type AsNumeric(model::Type type);
// Result of + - * % over numerics as DuckDB computes it; without precision means that it is
// computed in doubles.
model::Type NumericResult(std::string_view op, model::Type a, model::Type b);

}  // namespace sql
