#pragma once
// StageTwo: one writer for each join of streams, view that emits on window close and sink. They
// read what lanes have committed and commit their output with how far they got.
//
// Threads: Set and Stop one caller at a time (the definer); Progress any. Owns: joiners, emitters
// and deliveries. Borrows: store, pipeline, clock.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "pipeline/delivery.h"
#include "pipeline/emitter.h"
#include "pipeline/joiner.h"
#include "pipeline/pipeline.h"

namespace pipeline {

class StageTwo {
 public:
  struct Environment {
    store::Store* store;
    const Pipeline* pipeline;
    const base::Clock* clock;
    std::function<void(model::ObjectId view, const base::Status& why)> view_failed;
  };
  explicit StageTwo(Environment environment) : env_(std::move(environment)) {}
  ~StageTwo() { Stop(); }

  // Ends what is gone from the catalog. Takes up to two seconds when a sink's brokers are away.
  void EndGone(const catalog::Catalog& catalog);
  // The same, and starts what is new.
  void Set(const catalog::Catalog& catalog);
  // Views of this source changed otherwise than by its lanes' commits.
  void NoteChanged(const std::string& source);
  void Stop();                                               // idempotent
  std::map<model::ObjectId, SinkProgress> Progress() const;  // by sink
  std::map<model::ObjectId, JoinProgress> Joins() const;     // by the joined rows
  // Of joined rows that were committed up to `offset`: no pair to come is earlier.
  std::optional<model::EventTime> JoinWatermark(model::ObjectId rows, int64_t offset) const;

 private:
  void SetJoiners(const catalog::Catalog& catalog);
  void StartNew(const catalog::Catalog& catalog);
  void StartEmitter(const std::shared_ptr<const catalog::View>& view,
                    const catalog::Source& source);
  void StartDelivery(const std::shared_ptr<const catalog::Sink>& sink,
                     const std::shared_ptr<const catalog::View>& view,
                     const catalog::Source& source);
  int64_t DeliveredOf(model::ObjectId view) const;  // by every sink that reads it
  base::WallTime LastCommit(model::ObjectId source) const;

  const Environment env_;
  mutable std::mutex mutex_;
  std::map<model::ObjectId, std::shared_ptr<Joiner>> joiners_;       // by the joined rows
  std::map<model::ObjectId, std::shared_ptr<Emitter>> emitters_;     // by view
  std::map<model::ObjectId, std::shared_ptr<Delivery>> deliveries_;  // by sink
};

}  // namespace pipeline
