#pragma once
// The text of EXPLAIN MATERIALIZED VIEW: what each key and value is, then the four statements.
// Threads: any.

#include <string>
#include <vector>

#include "view/plan.h"

namespace view {

// One string a line. `table` is the view's partials table, `input` what stands for its rows in the
// delta.
std::vector<std::string> Explain(const Plan& plan, const std::string& name,
                                 const std::string& table, const std::string& input);

// What a new plan changes for those who read the view: columns that come, go and change their type;
// then its keys and states. `old` is nullptr for a new view.
std::vector<std::string> ExplainChange(const std::string& name, const Plan* old, const Plan& next);

}  // namespace view
