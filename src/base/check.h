#pragma once
// CHECK(condition): a broken invariant ends the process at once. That is safe here because state and positions commit
// together: a restart goes on from the last commit.

namespace base {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace base

#define CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? void() : ::base::CheckFailed(__FILE__, __LINE__, #condition))
