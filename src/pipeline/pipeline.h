#pragma once
// Pipeline: conducts the sources. The server adds and removes them and passes DDL through its
// barrier.
//
// Threads: any for Progress and Watermark; the rest one caller at a time (the definer). Owns: the
// source runners and, with them, the lanes. Borrows: store, clock.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "pipeline/backfill.h"
#include "pipeline/source_runner.h"

namespace pipeline {

class Pipeline {
 public:
  explicit Pipeline(SourceRunner::Environment environment) : env_(std::move(environment)) {}
  ~Pipeline() { Stop(); }

  void Add(const SourceSetup& setup);   // starts it; returns at once
  void Remove(model::ObjectId source);  // commits what is decoded, then ends its lanes
  void Stop();                          // all; idempotent

  // Parks the lanes of `sources` at commit boundaries, runs `ddl`, and goes on with the setups it
  // returns; when it fails, with the old ones. A source in `sources` that is not in the returned
  // setups is removed.
  base::Status WithBarrier(const std::vector<model::ObjectId>& sources,
                           const std::function<base::Result<std::vector<SourceSetup>>()>& ddl);

  // Fills the one view of `setup` from history beside the stream; `done` is called on its thread.
  void StartFill(const SourceSetup& setup, std::function<void(const base::Status&)> done);
  void EndFill(model::ObjectId view);  // stops it when it is still at work; not from `done`
  std::map<model::ObjectId, double> FillProgress() const;  // 0 to 1

  std::vector<SourceProgress> Progress() const;
  std::optional<model::EventTime> Watermark(model::ObjectId source) const;
  bool IsIdle(model::ObjectId source) const;  // all partitions, for its idle_timeout

 private:
  struct Entry {
    SourceSetup setup;
    std::shared_ptr<SourceRunner> runner;
  };

  const SourceRunner::Environment env_;
  mutable std::mutex mutex_;
  std::map<model::ObjectId, Entry> sources_;
  std::map<model::ObjectId, std::shared_ptr<Backfill>> fills_;  // by view
};

}  // namespace pipeline
