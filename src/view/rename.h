#pragma once
// The state columns (s0, s1 ...) that a DuckDB text names. Texts in single or double quotes are
// passed over. Threads: any.

#include <functional>
#include <set>
#include <string>

namespace view {

std::set<std::string> StatesIn(const std::string& text);
std::string RenameStates(const std::string& text,
                         const std::function<std::string(const std::string&)>& name);

}  // namespace view
