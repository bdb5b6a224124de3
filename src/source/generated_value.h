#pragma once
// One row of a generated source as a JSON object: a function of the seed and the row's number, so
// any row can be made again at any time. Threads: any. Errors: none; the fields are validated by
// the catalog.

#include <cstdint>
#include <string>

#include "model/connector.h"

namespace source {

// When row `number` comes, in microseconds UTC.
int64_t DueTimeOf(const model::GeneratedRows& rows, int64_t number);
// How many rows there are at `now_us`, all partitions together.
int64_t RowsDue(const model::GeneratedRows& rows, int64_t now_us);
// How many of the first `rows` are in the partition.
int64_t RowsInPartition(int64_t rows, int32_t partition, int32_t partitions);

// Appends the object to `out`.
void AppendGeneratedRow(const model::GeneratedRows& rows, int64_t number, std::string* out);

}  // namespace source
