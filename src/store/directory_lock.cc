#include "store/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace store {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

std::string ReadHolder(int fd) {
  char text[32] = {0};
  const ssize_t bytes = pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, bytes > 0 ? static_cast<size_t>(bytes) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "unknown" : pid;
}

base::Status WriteHolder(int fd) {
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return base::Unavailable("could not write the lock file: " + Reason(errno));
  return {};
}

}  // namespace

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) close(fd_);
}

base::Result<DirectoryLock> DirectoryLock::Take(const std::filesystem::path& data_dir) {
  std::error_code error;
  const bool created = std::filesystem::create_directories(data_dir, error);
  if (error) {
    return base::Unavailable("could not create data directory \"" + data_dir.string() +
                             "\": " + error.message())
        .WithSqlstate("58030");
  }
  if (created) std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, error);
  const std::string path = data_dir / "freshet.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return base::Unavailable("could not open lock file \"" + path + "\": " + Reason(errno))
        .WithSqlstate("58030");
  }
  DirectoryLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return base::Unavailable("data directory \"" + data_dir.string() +
                             "\" is in use by another server (pid " + ReadHolder(fd) + ")")
        .WithSqlstate("55006")
        .WithHint("Stop that server first, or give this one a data directory of its own.");
  }
  RETURN_IF_ERROR(WriteHolder(fd));
  return lock;
}

}  // namespace store
