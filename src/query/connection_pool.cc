#include "query/connection_pool.h"

namespace query {

base::Result<std::shared_ptr<store::Connection>> ConnectionPool::Take() {
  std::unique_ptr<store::Connection> connection;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    ASSIGN_OR_RETURN(connection, store_->Connect());
  }
  auto pool = shared_from_this();
  return std::shared_ptr<store::Connection>(
      connection.release(), [pool](store::Connection* returned) {
        pool->Return(std::unique_ptr<store::Connection>(returned));
      });
}

void ConnectionPool::Return(std::unique_ptr<store::Connection> connection) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < keep_) idle_.push_back(std::move(connection));
}

}  // namespace query
