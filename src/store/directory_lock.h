#pragma once
// DirectoryLock: one server per data directory. Holds DATA_DIR/freshet.lock with flock and writes
// its process id there, so that the refusal can name who has it. The kernel releases the lock when
// the process ends, however it ends.
//
// Threads: one owner. Owns: the lock file's descriptor. Errors: kUnavailable 55006 when another
// process has the directory.

#include <filesystem>
#include <utility>

#include "base/status.h"

namespace store {

class DirectoryLock {
 public:
  DirectoryLock() = default;  // holds nothing
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~DirectoryLock();

  // Creates the directory (mode 0700) when it does not exist.
  static base::Result<DirectoryLock> Take(const std::filesystem::path& data_dir);

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace store
