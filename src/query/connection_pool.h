#pragma once
// Read connections to the store, kept for the next statement. A connection goes back when the last
// share of it is dropped.
//
// Threads: any. Owns: idle connections. Borrows: the store. Errors: the store's.
// Limits: at most `keep` idle ones; those in use are bounded by places and sessions.

#include <memory>
#include <mutex>
#include <vector>

#include "store/store.h"

namespace query {

class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  ConnectionPool(store::Store* store, size_t keep) : store_(store), keep_(keep) {}
  base::Result<std::shared_ptr<store::Connection>> Take();

 private:
  void Return(std::unique_ptr<store::Connection> connection);

  store::Store* store_;
  const size_t keep_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<store::Connection>> idle_;
};

}  // namespace query
