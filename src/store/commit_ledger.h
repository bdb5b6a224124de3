#pragma once
// CommitLedger: the commit numbers of lanes and partitions, in memory, as the store has them.
//
// A lane's numbers rise by one. When a partition came from another lane, the number jumps over the
// last one that the partition has, because of two positions of a partition the one with the higher
// number is the newer.
//
// Threads: any.

#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "store/fixed_tables.h"
#include "store/store.h"

namespace store {

class CommitLedger {
 public:
  void Load(const std::vector<PositionRow>& rows) {
    std::lock_guard lock(mutex_);
    for (const PositionRow& row : rows) Note(row.lane, row.commit, row.position);
  }
  // The number for a commit that moves these partitions.
  model::CommitNumber Next(model::LaneId lane, const std::vector<Position>& positions) {
    std::lock_guard lock(mutex_);
    int64_t last = lanes_[lane.value];
    for (const Position& position : positions) {
      const auto found = partitions_.find(KeyOf(position));
      if (found != partitions_.end()) last = std::max(last, found->second);
    }
    return model::CommitNumber(last + 1);
  }
  void Committed(model::LaneId lane, model::CommitNumber commit,
                 const std::vector<Position>& positions) {
    std::lock_guard lock(mutex_);
    for (const Position& position : positions) Note(lane, commit, position);
  }

 private:
  using Key = std::tuple<int64_t, int32_t, int32_t>;
  static Key KeyOf(const Position& p) {
    return {p.source.value, p.incarnation.value, p.partition.value};
  }
  void Note(model::LaneId lane, model::CommitNumber commit, const Position& position) {
    int64_t& last = lanes_[lane.value];
    last = std::max(last, commit.value);
    int64_t& of_partition = partitions_[KeyOf(position)];
    of_partition = std::max(of_partition, commit.value);
  }

  std::mutex mutex_;
  std::map<int32_t, int64_t> lanes_;
  std::map<Key, int64_t> partitions_;
};

}  // namespace store
