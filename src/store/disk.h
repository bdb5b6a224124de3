#pragma once
// How large the store is on disk and how much room there is. Threads: any. Errors: 0 bytes for what
// is not there.

#include <cstddef>

#include "store/engine.h"

namespace store {

size_t FileBytes(const Engine& engine);
size_t WalBytes(const Engine& engine);  // with the files a checkpoint moves it to
// Free for this user where the data directory is; the largest number for a store in memory.
size_t FreeDiskBytes(const StoreOptions& options);

}  // namespace store
