#include "query/set_config.h"

#include <algorithm>

namespace query {
namespace {

const sql::Literal* ConstantOf(const sql::Expr& expr) {
  if (expr.kind == sql::ExprKind::kCast && expr.args.size() == 1) return ConstantOf(*expr.args[0]);
  return expr.kind == sql::ExprKind::kLiteral ? &expr.literal : nullptr;
}

bool IsText(const sql::Expr& expr) {
  const auto* literal = ConstantOf(expr);
  return literal != nullptr && literal->kind == sql::Literal::Kind::kString;
}

bool IsCall(const sql::Expr& expr) {
  if (expr.kind != sql::ExprKind::kFunction || expr.name.back() != "set_config" ||
      expr.args.size() != 3)
    return false;
  const auto* local = ConstantOf(*expr.args[2]);
  const bool is_bool = local != nullptr && (local->kind == sql::Literal::Kind::kBool ||
                                            local->kind == sql::Literal::Kind::kString);
  return IsText(*expr.args[0]) && IsText(*expr.args[1]) && is_bool;
}

}  // namespace

bool IsSetConfig(const sql::Select& select) {
  if (select.items.empty() || !select.from.empty() || select.where || select.having ||
      !select.group_by.empty() || select.distinct || !select.order_by.empty() || select.limit ||
      select.offset || !select.with.empty() || select.set_op != sql::Select::SetOp::kNone)
    return false;
  return std::all_of(select.items.begin(), select.items.end(),
                     [](const auto& item) { return IsCall(*item.expr); });
}

model::Fields SetConfigFields(const sql::Select& select) {
  model::Fields fields;
  for (const auto& item : select.items) fields.push_back({sql::OutputName(item), model::kText});
  return fields;
}

SetConfigCall SetConfigOf(const sql::Expr& call) {
  const auto& local = *ConstantOf(*call.args[2]);
  const bool is_local = local.kind == sql::Literal::Kind::kBool
                            ? local.boolean
                            : !local.text.empty() && (local.text[0] == 't' || local.text[0] == '1');
  return {ConstantOf(*call.args[0])->text, ConstantOf(*call.args[1])->text, is_local};
}

}  // namespace query
