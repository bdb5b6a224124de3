#pragma once
// The direct reader: Kafka's Fetch protocol spoken by ourselves, behind the same Reader interface as librdkafka's.
//
// Records are views into what was fetched (or decompressed), never copied. The next fetch is under way while the last is
// worked on. It reads committed records only, checks every batch, notices truncation and recreated topics.
//
// Threads: as reader.h says; it has none of its own but a short one for each host name that is looked up.
// Errors: reader.h; Unsupported from MakeDirectReader for properties that only librdkafka has.
// Limits: half of ReaderOptions::max_bytes for fetched bytes, half for decompressed ones; a single larger batch passes, up to
//   RecordWalker::kMaxBatchBytes.

#include <memory>

#include "base/status.h"
#include "source/reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeDirectReader(const ReaderOptions& options);

}  // namespace source
