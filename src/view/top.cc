#include "view/top.h"

#include <algorithm>

namespace view {
namespace {

// The index of an output column.
base::Result<size_t> Find(const std::string& option, const std::string& column, const Plan& plan) {
  std::vector<std::string_view> names;
  for (const auto& field : plan.fields) names.push_back(field.name);
  const auto found = std::find(names.begin(), names.end(), column);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  auto error = base::NotFound("column \"" + column + "\" of option \"" + option +
                              "\" is not in the SELECT list")
                   .WithSqlstate("42703");
  if (const auto near = base::NearestName(column, names))
    return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
  return error;
}

// The index of the key that an output column is; -1 = it is none.
int KeyOf(const sql::Expr& output, const Plan& plan) {
  for (size_t i = 0; i < plan.keys.size(); ++i)
    if (output.kind == sql::ExprKind::kColumn && output.name[0] == plan.keys[i].column)
      return static_cast<int>(i);
  return -1;
}

bool IsTime(int key, const Plan& plan) {
  return key == plan.window_key || (plan.time && plan.time->key == key);
}

base::Result<int> KeyToCut(const std::string& of, const Plan& plan) {
  if (!of.empty()) {
    ASSIGN_OR_RETURN(const size_t column, Find("top_of", of, plan));
    const int key = KeyOf(*plan.output_exprs[column], plan);
    if (key >= 0 && !IsTime(key, plan)) return key;
    return base::Invalid("column \"" + of + "\" of option \"top_of\" is no group key")
        .WithHint("Name a column that GROUP BY names too, and that is not the window.");
  }
  int found = -1, several = 0;
  for (int i = 0; i < static_cast<int>(plan.keys.size()); ++i)
    if (!IsTime(i, plan)) found = i, ++several;
  if (several == 1) return found;
  return base::Invalid("option \"top\" needs \"top_of\": the view has " +
                       std::to_string(several) + " group keys beside its window")
      .WithHint("top_of = 'column' says whose values are ranked.");
}

base::Status CheckPlan(const Plan& plan) {
  const auto refused = [](const char* what, const char* hint) {
    return base::Unsupported(std::string("option \"top\" of a view with ") + what +
                             " is not supported")
        .WithHint(hint);
  };
  if (plan.HasSessions()) return refused("sessions", "Rank the sessions in the queries that read it.");
  if (!plan.having.empty())
    return refused("HAVING", "Leave HAVING out; the groups that it removes are at the end anyway.");
  if (!plan.lookups.empty())
    return refused("joined tables", "Join the tables in the queries that read it.");
  return {};
}

}  // namespace

base::Status SetTop(const TopOptions& options, Plan* plan) {
  if (options.count < 1 || options.count > TopOptions::kMaxCount)
    return base::Invalid("option \"top\" is " + std::to_string(options.count) +
                         ", outside 1 to " + std::to_string(TopOptions::kMaxCount));
  RETURN_IF_ERROR(CheckPlan(*plan));
  if (options.by.empty())
    return base::Invalid("option \"top\" needs \"top_by\"")
        .WithHint("top_by = 'column' names the aggregate whose largest values are shown.");
  ASSIGN_OR_RETURN(const size_t by, Find("top_by", options.by, *plan));
  if (KeyOf(*plan->output_exprs[by], *plan) >= 0)
    return base::Invalid("column \"" + options.by + "\" of option \"top_by\" is a group key")
        .WithHint("Name an aggregate, such as count(*) AS n.");
  ASSIGN_OR_RETURN(const int key, KeyToCut(options.of, *plan));
  if (options.other && !plan->keys[static_cast<size_t>(key)].type.IsText())
    return base::Invalid("option \"other\" needs a key of type text, not " +
                         model::NameOf(plan->keys[static_cast<size_t>(key)].type))
        .WithHint("Cast the key to text in SELECT and GROUP BY, or leave \"other\" out.");
  plan->top = Top{key, options.count, plan->outputs[by], options.by, options.other};
  return {};
}

}  // namespace view
