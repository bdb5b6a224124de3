#pragma once
// Moments: count, mean and the sum of squared distances from the mean, by Welford's rule for a
// value and Chan's for a merge. Bytes: version 1, then the three numbers as they lie in memory
// (little endian), 25 bytes.
//
// Threads: one owner. Errors: Parse says false at damaged bytes. NaN and infinity make the result
// NaN, as in PostgreSQL.

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace store {

struct Moments {
  uint64_t n = 0;
  double mean = 0, m2 = 0;

  static constexpr size_t kBytes = 25;
  static constexpr char kVersion = 1;
  static_assert(std::endian::native == std::endian::little);

  void Add(double value) {
    ++n;
    const double distance = value - mean;
    mean += distance / static_cast<double>(n);
    m2 += distance * (value - mean);
  }
  void Merge(const Moments& other) {
    if (other.n == 0) return;
    if (n == 0) {
      *this = other;
      return;
    }
    const double mine = static_cast<double>(n), theirs = static_cast<double>(other.n),
                 all = mine + theirs;
    const double distance = other.mean - mean;
    mean = (mine * mean + theirs * other.mean) / all;
    m2 += other.m2 + distance * distance * (mine * theirs / all);
    n += other.n;
  }

  void Write(char* to) const {
    to[0] = kVersion;
    std::memcpy(to + 1, &n, 8);
    std::memcpy(to + 9, &mean, 8);
    std::memcpy(to + 17, &m2, 8);
  }
  bool Read(std::string_view bytes) {
    if (bytes.size() != kBytes || bytes[0] != kVersion) return false;
    std::memcpy(&n, bytes.data() + 1, 8);
    std::memcpy(&mean, bytes.data() + 9, 8);
    std::memcpy(&m2, bytes.data() + 17, 8);
    return n > 0 && n < uint64_t{1} << 62 && !(m2 < 0);
  }

  std::optional<double> VarPop() const {
    return n == 0 ? std::nullopt : std::optional(m2 / static_cast<double>(n));
  }
  std::optional<double> VarSamp() const {
    return n < 2 ? std::nullopt : std::optional(m2 / static_cast<double>(n - 1));
  }
  std::optional<double> StddevPop() const { return Root(VarPop()); }
  std::optional<double> StddevSamp() const { return Root(VarSamp()); }
  std::optional<double> Mean() const { return n == 0 ? std::nullopt : std::optional(mean); }

 private:
  static std::optional<double> Root(std::optional<double> value) {
    return value ? std::optional(std::sqrt(*value)) : value;
  }
};

}  // namespace store
