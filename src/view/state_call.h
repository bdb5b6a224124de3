#pragma once
// StateBuilder::Call: one aggregate call of a view, printed, as the states are made from it.
// Threads: one owner.

#include <string>

#include "sql/ast.h"
#include "view/states.h"

namespace view {

struct StateBuilder::Call {
  const sql::Expr& expr;
  std::string name;
  const sql::Expr* argument = nullptr;  // nullptr for count(*)
  std::string text;                     // of the argument
  std::string condition;                // of FILTER, empty = none

  // " FILTER (WHERE ...)" of the condition and `also`; empty when there is neither.
  std::string Filter(const std::string& also = "") const {
    if (condition.empty() && also.empty()) return "";
    if (condition.empty() || also.empty()) return " FILTER (WHERE " + condition + also + ")";
    return " FILTER (WHERE (" + condition + ") AND " + also + ")";
  }
};

// The status with the call's place in the view's text.
base::Status AtCall(base::Status status, const sql::Expr& expr);

}  // namespace view
