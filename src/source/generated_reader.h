#pragma once
// The connector 'datagen': rows made from a seed, at a rate. A position is the number of rows of
// its partition that were read, so a restart goes on exactly where it was.
//
// Threads, errors, limits: reader.h. A reader wakes when the next row is due.

#include <memory>

#include "base/clock.h"
#include "base/status.h"
#include "source/reader.h"

namespace source {

// `clock` tells which rows are due; borrowed for the reader's life.
base::Result<std::unique_ptr<Reader>> MakeGeneratedReader(
    const ReaderOptions& options, const base::Clock& clock = base::Clock::System());
base::Result<std::unique_ptr<TopicAdmin>> MakeGeneratedAdmin(
    const ReaderOptions& options, const base::Clock& clock = base::Clock::System());

}  // namespace source
