#pragma once
// PartitionNames: which name stands behind a partition's number, for connectors whose partitions
// have names (files). The source's runner adds them, stored before anything is read; readers look
// them up.
//
// Threads: any.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "model/types.h"

namespace source {

class PartitionNames {
 public:
  void Add(model::PartitionId partition, std::string name) {
    std::lock_guard lock(mutex_);
    names_[partition] = std::move(name);
  }
  std::optional<std::string> Find(model::PartitionId partition) const {
    std::lock_guard lock(mutex_);
    const auto it = names_.find(partition);
    if (it == names_.end()) return std::nullopt;
    return it->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<model::PartitionId, std::string> names_;
};

}  // namespace source
