#include "catalog/options.h"

#include <algorithm>
#include <charconv>

#include "sql/parser.h"

namespace catalog {

std::optional<std::string> OptionReader::Text(const std::string& name) {
  asked_.insert(name);
  const auto it = options_.find(name);
  if (it == options_.end()) return std::nullopt;
  return it->second;
}

base::Result<std::string> OptionReader::Required(const std::string& name) {
  auto value = Text(name);
  if (value && !value->empty()) return *value;
  return base::Invalid("option \"" + name + "\" is required for this " + what_)
      .WithHint("Add it to the WITH clause: " + name + " = '...'.");
}

base::Status OptionReader::Wrong(const std::string& name, const std::string& value, const std::string& expected) const {
  return base::Invalid("invalid value for option \"" + name + "\": \"" + value + "\"").WithHint("Expected " + expected + ".");
}

base::Result<std::string> OptionReader::OneOf(const std::string& name, const std::vector<std::string_view>& values) {
  const auto value = Text(name);
  if (!value) return std::string(values.front());
  if (std::find(values.begin(), values.end(), *value) != values.end()) return *value;
  std::string expected = "one of";
  for (std::string_view known : values) expected += (known == values.front() ? " '" : ", '") + std::string(known) + "'";
  return Wrong(name, *value, expected);
}

base::Result<std::optional<int64_t>> OptionReader::Duration(const std::string& name) {
  const auto value = Text(name);
  if (!value) return std::optional<int64_t>();
  if (*value == "0") return std::optional<int64_t>(0);
  const auto interval = sql::ParseInterval(*value);
  if (!interval.ok()) return Wrong(name, *value, "a duration such as '30 seconds', '10 minutes' or '7 days'");
  constexpr int64_t kDay = 86'400'000'000;
  const int64_t days = int64_t{interval->months / 12} * 365 + int64_t{interval->months % 12} * 30 + interval->days;
  if (days > 365'000) return Wrong(name, *value, "at most a thousand years");
  const int64_t total = days * kDay + interval->microseconds;
  if (total < 0) return Wrong(name, *value, "a duration that is not negative");
  return std::optional<int64_t>(total);
}

base::Result<std::optional<int64_t>> OptionReader::Integer(const std::string& name) {
  const auto value = Text(name);
  if (!value) return std::optional<int64_t>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size()) return Wrong(name, *value, "an integer");
  return std::optional<int64_t>(number);
}

sql::Options OptionReader::WithPrefix(const std::string& prefix) {
  sql::Options out;
  for (const auto& [name, value] : options_) {
    if (!name.starts_with(prefix)) continue;
    asked_.insert(name);
    out[name.substr(prefix.size())] = value;
  }
  return out;
}

base::Status OptionReader::Finish() const {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  for (const auto& [name, value] : options_) {
    if (asked_.contains(name)) continue;
    auto error = base::Invalid("unknown option \"" + name + "\" for this " + what_);
    if (const auto near = base::NearestName(name, known))
      return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
    std::string list;
    for (std::string_view option : known) list += (list.empty() ? "" : ", ") + std::string(option);
    return std::move(error).WithHint("Known options are: " + list + ".");
  }
  return {};
}

}  // namespace catalog
