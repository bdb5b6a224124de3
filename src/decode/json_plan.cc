#include "decode/json_plan.h"

namespace decode {

KeyTarget& ObjectNode::At(std::string_view name) {
  const auto [it, made] = by_name_.try_emplace(std::string(name), static_cast<int>(targets_.size()));
  if (made) targets_.emplace_back();
  return targets_[static_cast<size_t>(it->second)];
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
  expected.size = static_cast<uint32_t>(bytes);
  expected.rest.assign(raw.data() - 1 + inside, bytes - inside);
  expected.target = target;
}

namespace {

void AddPath(const std::vector<std::string>& path, uint32_t column, std::vector<ObjectNode>* nodes) {
  size_t at = 0;
  for (size_t depth = 0; depth + 1 < path.size(); ++depth) {
    int& child = (*nodes)[at].At(path[depth]).node;
    if (child < 0) child = static_cast<int>(nodes->size());
    const auto next = static_cast<size_t>(child);
    if (next == nodes->size()) nodes->emplace_back();  // `child` is no longer valid
    at = next;
  }
  (*nodes)[at].At(path.back()).columns.push_back(column);
}

}  // namespace

std::vector<ObjectNode> PlanOf(const model::SourceSchema& schema, const std::vector<uint32_t>& columns,
                               const std::vector<std::vector<std::string>>& prefixes) {
  std::vector<ObjectNode> nodes(1);
  for (const uint32_t index : columns) {
    const auto& column = schema.columns[index];
    for (std::vector<std::string> path : prefixes) {
      if (column.path.empty()) path.push_back(column.name);
      else path.insert(path.end(), column.path.begin(), column.path.end());
      AddPath(path, index, &nodes);
    }
  }
  return nodes;
}

}  // namespace decode
