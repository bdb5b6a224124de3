#pragma once
// Counters, gauges and histograms in Prometheus' text exposition format.
//
// A room declares its metrics where it uses them and keeps the references, which live as long as
// the registry:
//   base::Counter& records = registry.GetCounter("freshet_source_records_total", "records read",
//   {{"source", name}});
// The same name and labels give the same object. Threads: any; Add/Set/Observe are lock-free.
// Limits: 10,000 series; beyond that a family's new series are one that all share, labelled
// overflow="true".

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace base {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(double v) { value_.store(v, std::memory_order_relaxed); }
  void Add(double v) { value_.fetch_add(v, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Seconds, in fixed buckets from 100 microseconds to 100 seconds (about 2.15 times apart).
class Histogram {
 public:
  static constexpr std::array<double, 19> kBounds{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                                  0.02,   0.05,   0.1,    0.2,   0.5,   1,     2,
                                                  5,      10,     20,     50,    100};
  void Observe(double seconds);
  uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<double> sum_{0};
};

class MetricsRegistry {
 public:
  Counter& GetCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const Labels& labels = {});
  // Forgets every series of a gauge that is computed anew for each scrape, so that what no longer
  // exists is not told. Only for gauges whose references nobody keeps.
  void ForgetGauges(const std::string& name);
  // The whole registry as text/plain; version=0.0.4.
  std::string Expose() const;
  struct Description {
    std::string name, type, help;
  };
  std::vector<Description> Describe() const;

 private:
  template <typename T>
  using Series = std::map<std::string, std::unique_ptr<T>>;  // by rendered labels
  struct Family {
    std::string type, help;
    Series<Counter> counters;
    Series<Gauge> gauges;
    Series<Histogram> histograms;
  };
  Family& FamilyOf(const std::string& name, const char* type, const std::string& help);
  template <typename T>
  T& Find(Series<T>* series, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
  size_t series_ = 0;
};

// The registry of this process.
MetricsRegistry& Metrics();

}  // namespace base
