#pragma once
// What a SELECT's WHERE says about window_start and window_end of a view over overlapping windows is
// told to the view's panes, so that a dashboard's last hour does not spread a year of panes over
// windows. The condition itself stays where it is: this only leaves out what it would leave out.
//
// Threads: any; values. Errors: none; what is not understood is not told.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "query/relations.h"
#include "sql/ast.h"

namespace query {

struct PaneBound {
  view::Plan::Bound bound;
  sql::ExprPtr value;  // bound, without columns
};

struct NarrowedView {
  std::shared_ptr<const catalog::View> view;
  std::vector<PaneBound> bounds;
};

// The views of `select` (bound) that can be narrowed, by the names that stand for them in it from now
// on.
std::map<std::string, NarrowedView> NarrowPanes(sql::Select* select, const Relations& relations);

}  // namespace query
