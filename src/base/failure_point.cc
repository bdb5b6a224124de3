#include "base/failure_point.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>

namespace base {
namespace {

using Points = std::map<std::string_view, std::unique_ptr<std::atomic<int>>>;  // passes left, by name

[[noreturn]] void RefuseVariable(std::string_view text) {
  std::fprintf(stderr, "freshet: FRESHET_FAILURE_POINTS must be NAME=PASSES, not \"%.*s\"\n", static_cast<int>(text.size()), text.data());
  std::_Exit(1);
}

Points ReadVariable() {
  Points points;
  const char* variable = std::getenv("FRESHET_FAILURE_POINTS");
  std::string_view rest = variable ? variable : "";
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view entry = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const size_t equals = entry.find('=');
    int passes = 0;
    const char* end = entry.data() + entry.size();
    const bool readable = equals != std::string_view::npos && equals > 0 &&
                          std::from_chars(entry.data() + equals + 1, end, passes).ptr == end && passes > 0;
    if (!readable) RefuseVariable(entry);
    points[entry.substr(0, equals)] = std::make_unique<std::atomic<int>>(passes);
  }
  return points;
}

}  // namespace

void FailurePoint(const char* name) {
  static const Points points = ReadVariable();
  if (points.empty()) return;
  const auto point = points.find(name);
  if (point != points.end() && point->second->fetch_sub(1) == 1) std::raise(SIGKILL);
}

}  // namespace base
