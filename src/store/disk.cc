#include "store/disk.h"

#include <sys/statvfs.h>

#include <filesystem>
#include <limits>
#include <system_error>

namespace store {
namespace {

size_t SizeOf(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<size_t>(size);
}

}  // namespace

size_t FileBytes(const Engine& engine) {
  return engine.in_memory() ? 0 : SizeOf(engine.DatabasePath());
}

size_t WalBytes(const Engine& engine) {
  if (engine.in_memory()) return 0;
  size_t total = 0;
  for (const char* suffix : {".wal", ".wal.checkpoint", ".wal.recovery"})
    total += SizeOf(engine.DatabasePath().string() + suffix);
  return total;
}

size_t FreeDiskBytes(const StoreOptions& options) {
  if (options.data_dir.empty()) return std::numeric_limits<size_t>::max();
  struct statvfs info;
  if (statvfs(options.data_dir.c_str(), &info) != 0) return 0;
  return static_cast<size_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace store
