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

}  // namespace view
