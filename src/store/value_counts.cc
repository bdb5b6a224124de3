#include "store/value_counts.h"

#include <algorithm>
#include <functional>

#include "store/sketch_memory.h"
#include "store/varint.h"

namespace store {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kPerText = 96;  // a node of the map, about

size_t MemoryOf(std::string_view text) { return kPerText + text.size(); }

}  // namespace

ValueCounts::~ValueCounts() { SketchMemory::Give(memory_); }

ValueCounts::Outcome ValueCounts::Add(std::string_view text, uint64_t count) {
  const auto found = counts_.find(text);
  if (found != counts_.end()) {
    found->second += count;
    return Outcome::kOk;
  }
  const size_t bytes = MemoryOf(text);
  if (!SketchMemory::Take(bytes)) return Outcome::kNoMemory;
  memory_ += bytes;
  text_bytes_ += text.size();
  counts_.emplace(text, count);
  return Bound();
}

ValueCounts::Outcome ValueCounts::Bound() {
  if (exact_)
    return counts_.size() > kMaxExact || text_bytes_ > kMaxTextBytes ? Outcome::kTooMany
                                                                     : Outcome::kOk;
  if (counts_.size() >= 2 * kKept) TakeOff();
  return text_bytes_ > kMaxTextBytes ? Outcome::kTooMany : Outcome::kOk;
}

// The largest kKept counts stay, each less by the next one.
void ValueCounts::TakeOff() {
  std::vector<uint64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& [text, count] : counts_) counts.push_back(count);
  std::nth_element(counts.begin(), counts.begin() + kKept, counts.end(), std::greater<>());
  const uint64_t less = counts[kKept];
  taken_off_ += less;
  for (auto& [text, count] : counts_) count = count > less ? count - less : 0;
  size_t given = 0;
  std::erase_if(counts_, [&](const auto& entry) {
    if (entry.second > 0) return false;
    given += MemoryOf(entry.first);
    text_bytes_ -= entry.first.size();
    return true;
  });
  memory_ -= given;
  SketchMemory::Give(given);
}

ValueCounts::Outcome ValueCounts::Merge(const ValueCounts& other) {
  taken_off_ += other.taken_off_;
  for (const auto& [text, count] : other.counts_)
    if (const Outcome outcome = Add(text, count); outcome != Outcome::kOk) return outcome;
  return Outcome::kOk;
}

ValueCounts::Outcome ValueCounts::MergeBytes(std::string_view bytes) {
  ByteReader reader(bytes);
  uint8_t version = 0;
  uint64_t taken_off = 0, texts = 0;
  if (!reader.Byte(&version) || version != kVersion || !reader.Varint(&taken_off) ||
      !reader.Varint(&texts) || texts > std::max(kMaxExact, 2 * kKept))
    return Outcome::kDamaged;
  for (uint64_t i = 0; i < texts; ++i) {
    std::string_view text;
    uint64_t length = 0, count = 0;
    if (!reader.Varint(&length) || !reader.Bytes(length, &text) || !reader.Varint(&count) ||
        count == 0 || count >= uint64_t{1} << 62)
      return Outcome::kDamaged;
    if (const Outcome outcome = Add(text, count); outcome != Outcome::kOk) return outcome;
  }
  if (!reader.empty() || taken_off >= uint64_t{1} << 62) return Outcome::kDamaged;
  taken_off_ += taken_off;
  return Outcome::kOk;
}

void ValueCounts::AppendTo(std::string* out) const {
  out->push_back(static_cast<char>(kVersion));
  AppendVarint(taken_off_, out);
  AppendVarint(counts_.size(), out);
  for (const auto& [text, count] : InOrder()) {
    AppendVarint(text.size(), out);
    out->append(text);
    AppendVarint(count, out);
  }
}

std::vector<std::pair<std::string_view, uint64_t>> ValueCounts::InOrder() const {
  std::vector<std::pair<std::string_view, uint64_t>> entries(counts_.begin(), counts_.end());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    if (a.first.size() != b.first.size()) return a.first.size() < b.first.size();
    return a.first < b.first;
  });
  return entries;
}

std::vector<std::pair<std::string_view, uint64_t>> ValueCounts::MostFrequent(size_t most) const {
  std::vector<std::pair<std::string_view, uint64_t>> entries(counts_.begin(), counts_.end());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (entries.size() > most) entries.resize(most);
  return entries;
}

}  // namespace store
