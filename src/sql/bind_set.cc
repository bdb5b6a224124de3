// UNION, INTERSECT, EXCEPT.

#include <algorithm>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"

namespace sql {

using model::Fields;
using model::Type;

namespace {

const char* SetWord(Select::SetOp op) {
  return op == Select::SetOp::kUnion       ? "UNION"
         : op == Select::SetOp::kIntersect ? "INTERSECT"
                                           : "EXCEPT";
}

int LocationOf(const Select& select, size_t column) {
  if (column < select.items.size()) return select.items[column].expr->location;
  if (!select.values.empty() && column < select.values[0].size())
    return select.values[0][column]->location;
  return select.left != nullptr ? LocationOf(*select.left, column) : -1;
}

}  // namespace

base::Result<Fields> Binder::BindSetOperation(Select* select, Level* level,
                                              const CommonTable* recursive) {
  ASSIGN_OR_RETURN(Fields left, BindSelect(select->left.get(), level->outer, true));
  if (recursive != nullptr) {
    for (size_t i = 0; i < left.size(); ++i)
      if (IsUnknown(left[i].type)) {
        RETURN_IF_ERROR(CoerceOutput(select->left.get(), i, model::kText, level));
        left[i].type = model::kText;
      }
    common_tables_.push_back({recursive->name, RenamedFields(left, recursive->columns)});
  }
  ASSIGN_OR_RETURN(Fields right, BindSelect(select->right.get(), level->outer, true));
  if (recursive != nullptr) common_tables_.pop_back();
  const std::string word = SetWord(select->set_op);
  if (left.size() != right.size())
    return Fail(base::Invalid("each " + word + " query must have the same number of columns")
                    .WithSqlstate("42601"),
                LocationOf(*select->right, 0));
  for (size_t i = 0; i < left.size(); ++i) {
    const Type types[] = {left[i].type, right[i].type};
    int culprit = -1;
    const Type type = CommonType(types, &culprit);
    if (culprit >= 0)
      return Fail(base::Invalid(word + " types " + model::NameOf(left[i].type) + " and " +
                                model::NameOf(right[i].type) + " cannot be matched")
                      .WithSqlstate("42804"),
                  LocationOf(*select->right, i));
    RETURN_IF_ERROR(CoerceOutput(select->left.get(), i, type, level));
    RETURN_IF_ERROR(CoerceOutput(select->right.get(), i, type, level));
    left[i].type = type;
  }
  return left;
}

// Gives one output column of a branch its type, in each of its own branches.
base::Status Binder::CoerceOutput(Select* select, size_t column, Type type, Level* level) {
  if (select->set_op != Select::SetOp::kNone) {
    RETURN_IF_ERROR(CoerceOutput(select->left.get(), column, type, level));
    return CoerceOutput(select->right.get(), column, type, level);
  }
  for (auto& row : select->values) RETURN_IF_ERROR(Coerce(&row[column], type));
  if (column >= select->items.size()) return {};
  SelectItem& item = select->items[column];
  const std::string name = OutputName(item);
  RETURN_IF_ERROR(Coerce(&item.expr, type));
  if (OutputName(item) != name) item.alias = name;
  return {};
}

// ORDER BY of a set operation or of VALUES names output columns.
base::Status Binder::BindSetOrder(Select* select, const Fields& fields, Level*) {
  for (SortKey& key : select->order_by) {
    Expr& expr = *key.expr;
    const auto named = [&](const model::Field& field) {
      return expr.name.size() == 1 && field.name == expr.name[0];
    };
    if (expr.kind == ExprKind::kColumn && expr.name.size() == 1) {
      const auto found = std::find_if(fields.begin(), fields.end(), named);
      if (found == fields.end())
        return Fail(
            base::NotFound("column \"" + expr.name[0] + "\" does not exist").WithSqlstate("42703"),
            expr.location);
      if (std::count_if(fields.begin(), fields.end(), named) > 1)
        return Fail(
            base::Invalid("ORDER BY \"" + expr.name[0] + "\" is ambiguous").WithSqlstate("42702"),
            expr.location);
      expr.type = found->type;
      continue;
    }
    const bool number =
        expr.kind == ExprKind::kLiteral && expr.literal.kind == Literal::Kind::kInteger;
    if (!number) {
      if (!select->values.empty())
        return Fail(base::Unsupported("ORDER BY of VALUES by an expression is not supported"),
                    expr.location);
      return Fail(
          base::Unsupported("invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
              .WithDetail("Only result column names can be used, not expressions or functions.")
              .WithHint("Add the expression/function to every SELECT, or move the UNION into a "
                        "FROM clause."),
          expr.location);
    }
    if (expr.literal.integer < 1 || expr.literal.integer > static_cast<int64_t>(fields.size()))
      return Fail(base::Invalid("ORDER BY position " + std::to_string(expr.literal.integer) +
                                " is not in select list")
                      .WithSqlstate("42P10"),
                  expr.location);
    // It stays a number without a type, which is how the printers know it for one.
  }
  return {};
}

}  // namespace sql
