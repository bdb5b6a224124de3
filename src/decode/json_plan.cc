#include "decode/json_plan.h"

#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace decode {
namespace {

// One bit for each of 32 bytes that is equal.
uint32_t EqualBytes(const char* a, const char* b, uint32_t wanted) {
#ifdef __SSE2__
  const auto load = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  auto equal = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b))));
  if (wanted >> 16 != 0) equal |= static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a + 16), load(b + 16)))) << 16;
  return equal;
#else
  uint32_t equal = 0;
  for (int i = 0; i < 32 && (wanted >> i) != 0; ++i) equal |= uint32_t{a[i] == b[i]} << i;
  return equal;
#endif
}

}  // namespace

KeyTarget& ObjectNode::At(std::string_view name) {
  const auto [it, made] = by_name_.try_emplace(std::string(name), static_cast<int>(targets_.size()));
  if (made) targets_.emplace_back();
  return targets_[static_cast<size_t>(it->second)];
}

bool ObjectNode::Expected::Matches(const char* key) const {
  if ((EqualBytes(key, bytes, mask) & mask) != mask) return false;
  return rest.empty() || std::memcmp(key + kInlineBytes, rest.data(), rest.size()) == 0;
}

int ObjectNode::Find(std::string_view raw, std::string_view name) {
  const auto it = by_name_.find(name);
  const int target = it == by_name_.end() ? kUnknown : it->second;
  if (raw.size() <= kMaxKeyBytes) Remember(raw, target);
  return target;
}

void ObjectNode::Remember(std::string_view raw, int target) {
  if (next_ >= kMaxExpected) return;
  if (next_ >= expected_.size()) expected_.resize(next_ + 1);
  Expected& expected = expected_[next_++];
  const size_t bytes = raw.size() + 2;
  const size_t inside = bytes < kInlineBytes ? bytes : kInlineBytes;
  std::memcpy(expected.bytes, raw.data() - 1, inside);  // with both quotes, which stand around it
  expected.mask = inside == 32 ? ~uint32_t{0} : (uint32_t{1} << inside) - 1;
  expected.rest.assign(raw.data() - 1 + inside, bytes - inside);
  expected.target = target;
}

std::vector<ObjectNode> PlanOf(const model::SourceSchema& schema, const std::vector<uint32_t>& columns) {
  std::vector<ObjectNode> nodes(1);
  for (const uint32_t index : columns) {
    const auto& column = schema.columns[index];
    const std::vector<std::string> whole{column.name};
    const auto& path = column.path.empty() ? whole : column.path;
    size_t at = 0;
    for (size_t depth = 0; depth + 1 < path.size(); ++depth) {
      int& child = nodes[at].At(path[depth]).node;
      if (child < 0) child = static_cast<int>(nodes.size());
      const auto next = static_cast<size_t>(child);
      if (next == nodes.size()) nodes.emplace_back();  // `child` is no longer valid
      at = next;
    }
    nodes[at].At(path.back()).columns.push_back(index);
  }
  return nodes;
}

}  // namespace decode
