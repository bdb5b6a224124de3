#pragma once
// Arrays in both formats: '{1,NULL,"a b"}' and PostgreSQL's binary form (dimensions, element type, elements).
// Threads: any. Errors: into CellContext; a ragged nested list is 2202E.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgwire/encode.h"

namespace pgwire {

// Writes length and bytes of the list in `column` at `row`.
void WriteArray(const model::Field& field, Format format, const model::ColumnView& column, size_t row, CellContext* context,
                WriteBuffer* out);

// Appends one element of an array's text, quoted where PostgreSQL quotes; nullopt = NULL.
void AppendArrayElement(std::optional<std::string_view> element, std::string* out);

}  // namespace pgwire
