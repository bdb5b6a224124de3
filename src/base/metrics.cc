#include "base/metrics.h"

#include <fmt/format.h>

#include "base/check.h"

namespace base {
namespace {

constexpr size_t kMaxSeries = 10'000;
constexpr const char* kOverflow = "overflow=\"true\"";

std::string Escape(const std::string& value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') out += "\\n";
    else out.push_back(c);
  }
  return out;
}

std::string Render(const Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels)
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", key, Escape(value));
  return out;
}

std::string Braced(const std::string& rendered) {
  return rendered.empty() ? "" : "{" + rendered + "}";
}

void ExposeHistogram(const std::string& name, const std::string& labels, const Histogram& histogram,
                     std::string* out) {
  const std::string comma = labels.empty() ? "" : labels + ",";
  uint64_t cumulative = 0;
  for (size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    cumulative += histogram.bucket(i);
    *out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, comma, Histogram::kBounds[i],
                        cumulative);
  }
  cumulative += histogram.bucket(Histogram::kBounds.size());
  *out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, comma, cumulative);
  *out += fmt::format("{}_sum{} {}\n", name, Braced(labels), histogram.sum());
  *out += fmt::format("{}_count{} {}\n", name, Braced(labels), cumulative);
}

}  // namespace

void Histogram::Observe(double seconds) {
  size_t i = 0;
  while (i < kBounds.size() && seconds > kBounds[i]) ++i;
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(seconds, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

MetricsRegistry::Family& MetricsRegistry::FamilyOf(const std::string& name, const char* type,
                                                   const std::string& help) {
  Family& family = families_[name];
  if (family.type.empty()) {
    family.type = type;
    family.help = help;
  }
  CHECK(family.type == type);
  return family;
}

template <typename T>
T& MetricsRegistry::Find(Series<T>* series, const Labels& labels) {
  const std::string key = Render(labels);
  auto found = series->find(key);
  if (found != series->end()) return *found->second;
  const bool room = series_ < kMaxSeries;
  std::unique_ptr<T>& slot = (*series)[room ? key : kOverflow];
  if (!slot) slot = std::make_unique<T>();
  if (room) ++series_;
  return *slot;
}

Counter& MetricsRegistry::GetCounter(const std::string& name, const std::string& help,
                                     const Labels& labels) {
  std::lock_guard lock(mutex_);
  return Find(&FamilyOf(name, "counter", help).counters, labels);
}

Gauge& MetricsRegistry::GetGauge(const std::string& name, const std::string& help,
                                 const Labels& labels) {
  std::lock_guard lock(mutex_);
  return Find(&FamilyOf(name, "gauge", help).gauges, labels);
}

Histogram& MetricsRegistry::GetHistogram(const std::string& name, const std::string& help,
                                         const Labels& labels) {
  std::lock_guard lock(mutex_);
  return Find(&FamilyOf(name, "histogram", help).histograms, labels);
}

void MetricsRegistry::ForgetGauges(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  Series<Gauge>& gauges = family->second.gauges;
  series_ -= gauges.size() - gauges.count(kOverflow);  // the overflow series was not counted
  gauges.clear();
}

std::string MetricsRegistry::Expose() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, counter] : family.counters)
      out += fmt::format("{}{} {}\n", name, Braced(labels), counter->value());
    for (const auto& [labels, gauge] : family.gauges)
      out += fmt::format("{}{} {}\n", name, Braced(labels), gauge->value());
    for (const auto& [labels, histogram] : family.histograms)
      ExposeHistogram(name, labels, *histogram, &out);
  }
  return out;
}

std::vector<MetricsRegistry::Description> MetricsRegistry::Describe() const {
  std::lock_guard lock(mutex_);
  std::vector<Description> out;
  for (const auto& [name, family] : families_) out.push_back({name, family.type, family.help});
  return out;
}

MetricsRegistry& Metrics() {
  static MetricsRegistry registry;
  return registry;
}

}  // namespace base
