#pragma once
// The reader of joined rows: the log that a Joiner writes, as the one partition of a source. An
// offset is a pair's number, a record its columns as JSON.
//
// Threads: reader.h. Borrows: the store. Errors: those of the engine. Limits: max_poll_records and
// max_bytes of ReaderOptions; it looks again after 20 to 100 ms when there is nothing.

#include <memory>

#include "base/status.h"
#include "source/reader.h"
#include "store/store.h"

namespace pipeline {

// `options.topic` is the table of the log.
base::Result<std::unique_ptr<source::Reader>> MakeJoinReader(store::Store* store,
                                                             const source::ReaderOptions& options);
std::unique_ptr<source::TopicAdmin> MakeJoinAdmin();

}  // namespace pipeline
