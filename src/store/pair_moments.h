#pragma once
// PairMoments: count, means, sums of squared distances and of products of pairs (x, y), by
// Welford's rule for a pair and Chan's for a merge: what corr, covar and regr are made of. Bytes:
// version 1, then the six numbers as they lie in memory (little endian), 49 bytes.
//
// Threads: one owner. Errors: Read says false at damaged bytes. NaN and infinity make results NaN,
// as in PostgreSQL. Results are PostgreSQL's: nothing over no pair, over too few, or where a
// variable does not vary.

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace store {

struct PairMoments {
  uint64_t n = 0;
  double mean_x = 0, mean_y = 0, sxx = 0, syy = 0, sxy = 0;

  static constexpr size_t kBytes = 49;
  static constexpr char kVersion = 1;
  static_assert(std::endian::native == std::endian::little);

  void Add(double x, double y) {
    ++n;
    const double count = static_cast<double>(n), dx = x - mean_x, dy = y - mean_y;
    mean_x += dx / count;
    mean_y += dy / count;
    sxx += dx * (x - mean_x);
    syy += dy * (y - mean_y);
    sxy += dx * (y - mean_y);
  }
  void Merge(const PairMoments& other) {
    if (other.n == 0) return;
    if (n == 0) {
      *this = other;
      return;
    }
    const double mine = static_cast<double>(n), theirs = static_cast<double>(other.n),
                 all = mine + theirs, weight = mine * theirs / all;
    const double dx = other.mean_x - mean_x, dy = other.mean_y - mean_y;
    mean_x = (mine * mean_x + theirs * other.mean_x) / all;
    mean_y = (mine * mean_y + theirs * other.mean_y) / all;
    sxx += other.sxx + dx * dx * weight;
    syy += other.syy + dy * dy * weight;
    sxy += other.sxy + dx * dy * weight;
    n += other.n;
  }

  void Write(char* to) const {
    to[0] = kVersion;
    std::memcpy(to + 1, &n, 8);
    const double* numbers[] = {&mean_x, &mean_y, &sxx, &syy, &sxy};
    for (size_t i = 0; i < 5; ++i) std::memcpy(to + 9 + 8 * i, numbers[i], 8);
  }
  bool Read(std::string_view bytes) {
    if (bytes.size() != kBytes || bytes[0] != kVersion) return false;
    std::memcpy(&n, bytes.data() + 1, 8);
    double* numbers[] = {&mean_x, &mean_y, &sxx, &syy, &sxy};
    for (size_t i = 0; i < 5; ++i) std::memcpy(numbers[i], bytes.data() + 9 + 8 * i, 8);
    return n > 0 && n < uint64_t{1} << 62 && !(sxx < 0) && !(syy < 0);
  }

  using Number = std::optional<double>;
  Number Count() const { return static_cast<double>(n); }
  Number AvgX() const { return mean_x; }
  Number AvgY() const { return mean_y; }
  Number Sxx() const { return sxx; }
  Number Syy() const { return syy; }
  Number Sxy() const { return sxy; }
  Number CovarPop() const { return sxy / static_cast<double>(n); }
  Number CovarSamp() const {
    return n < 2 ? std::nullopt : Number(sxy / static_cast<double>(n - 1));
  }
  Number Corr() const {
    return sxx == 0 || syy == 0 ? std::nullopt : Number(sxy / std::sqrt(sxx * syy));
  }
  Number R2() const {
    if (sxx == 0) return std::nullopt;
    return syy == 0 ? 1 : sxy * sxy / (sxx * syy);
  }
  Number Slope() const { return sxx == 0 ? std::nullopt : Number(sxy / sxx); }
  Number Intercept() const {
    return sxx == 0 ? std::nullopt : Number(mean_y - mean_x * (sxy / sxx));
  }
};

}  // namespace store
