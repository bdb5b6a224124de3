#pragma once
// Retention: raises the floors of tables with the watermark and deletes what lies below; bounds
// dead letters and late rows by size and age.
//
// What lies wholly below a floor is deleted: for a bucket of length b that is one that begins at or
// before floor - b, so that a row at the floor never falls into a deleted bucket, wherever buckets
// begin.
//
// Threads: the maintenance thread. Errors: those of the engine; the pass is repeated.
// Limits: a raw table's floor rises in steps of a 64th of its retention, between a second and an
// hour.

#include <map>
#include <vector>

#include "store/maintenance.h"

namespace store {

class Retention {
 public:
  explicit Retention(StoreState* state) : state_(state), session_(state->engine.get()) {}

  base::Status LoadFloors();
  base::Status Run(const std::vector<Store::Maintained>& tables,
                   const Maintenance::Watermark& watermark);
  base::Status BoundDeadLetters();

 private:
  base::Status Apply(const Store::Maintained& table, int64_t watermark_us);
  base::Status Delete(const Store::Maintained& table, int64_t floor_us);

  StoreState* state_;
  Session session_;
  std::map<int64_t, int64_t> deleted_;  // floors whose rows are gone, by object
};

}  // namespace store
