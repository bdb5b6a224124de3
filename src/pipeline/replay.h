#pragma once
// Replay: dead letters of a source, whose bytes are kept, are decoded again under its present
// definition. What succeeds is counted as if it had just been read, what fails is a dead letter
// again with its present reason; the old letters go in the same commit.
//
// Threads: one caller, while the source's lanes stand at a commit boundary. Errors: those of the
// store; what was committed before stays. Limits: kStepBytes of letters a commit. Headers of a
// record are not kept, so INCLUDE HEADER columns are NULL.

#include "pipeline/source_runner.h"

namespace pipeline {

struct ReplayRequest {
  store::Store* store;
  SourceSetup setup;      // with every view that lanes feed
  const ReaderFactory* readers;
  std::string condition;  // DuckDB text over the columns of freshet.dead_letters; empty = all
};

struct ReplayResult {
  size_t tried = 0, failed_again = 0;
};

base::Result<ReplayResult> ReplayDeadLetters(const ReplayRequest& request);

}  // namespace pipeline
