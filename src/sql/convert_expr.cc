#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

ExprPtr MakeExpr(ExprKind kind, int location) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->location = location;
  return expr;
}

base::Status Converter::Refuse(const std::string& what, int location) const {
  return At(base::Unsupported(what + " is not supported"), text_, location);
}

base::Result<std::vector<ExprPtr>> Converter::ConvertList(pg::NodeList list) {
  std::vector<ExprPtr> out;
  out.reserve(list.size());
  for (const Node* node : list) {
    ASSIGN_OR_RETURN(ExprPtr expr, ConvertExpr(node));
    out.push_back(std::move(expr));
  }
  return out;
}

base::Result<ExprPtr> Converter::ConvertExpr(const Node* node) {
  if (node == nullptr) return base::Internal("an expression is missing in the parse tree");
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST: return ConvertConstant(*node->a_const);
    case PG_QUERY__NODE__NODE_COLUMN_REF: return ConvertColumn(*node->column_ref);
    case PG_QUERY__NODE__NODE_A_EXPR: return ConvertOperator(*node->a_expr);
    case PG_QUERY__NODE__NODE_BOOL_EXPR: return ConvertBool(*node->bool_expr);
    case PG_QUERY__NODE__NODE_FUNC_CALL: return ConvertCall(*node->func_call);
    case PG_QUERY__NODE__NODE_TYPE_CAST: return ConvertCast(*node->type_cast);
    case PG_QUERY__NODE__NODE_SUB_LINK: return ConvertSubLink(*node->sub_link);
    case PG_QUERY__NODE__NODE_CASE_EXPR: return ConvertCase(*node->case_expr);
    case PG_QUERY__NODE__NODE_A_INDIRECTION: return ConvertIndirection(*node->a_indirection);
    case PG_QUERY__NODE__NODE_NULL_TEST:
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return ConvertTest(node);
    case PG_QUERY__NODE__NODE_GROUPING_SET: return ConvertGrouping(*node->grouping_set);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
      return ConvertValueFunction(*node->sqlvalue_function);
    default: return ConvertRare(node);
  }
}

base::Result<ExprPtr> Converter::ConvertRare(const Node* node) {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_PARAM_REF: {
      auto expr = MakeExpr(ExprKind::kParameter, node->param_ref->location);
      expr->parameter = node->param_ref->number;
      if (expr->parameter < 1 || expr->parameter > 65535)
        return At(base::Invalid("there is no parameter $" + std::to_string(expr->parameter))
                      .WithSqlstate("42P02"),
                  text_, expr->location);
      return expr;
    }
    case PG_QUERY__NODE__NODE_COALESCE_EXPR: {
      auto expr = MakeExpr(ExprKind::kCoalesce, node->coalesce_expr->location);
      expr->name = {"COALESCE"};
      ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(*node->coalesce_expr, args)));
      return expr;
    }
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: {
      auto expr = MakeExpr(ExprKind::kCoalesce, node->min_max_expr->location);
      expr->name = {node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "GREATEST"
                                                                                : "LEAST"};
      ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(*node->min_max_expr, args)));
      return expr;
    }
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: {
      auto expr = MakeExpr(ExprKind::kArray, node->a_array_expr->location);
      ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(*node->a_array_expr, elements)));
      return expr;
    }
    case PG_QUERY__NODE__NODE_ROW_EXPR: {
      auto expr = MakeExpr(ExprKind::kRow, node->row_expr->location);
      ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(*node->row_expr, args)));
      return expr;
    }
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: {
      auto expr = MakeExpr(ExprKind::kCollate, node->collate_clause->location);
      for (const Node* part : FRESHET_PG_LIST(*node->collate_clause, collname))
        expr->name.emplace_back(StringOf(part));
      ASSIGN_OR_RETURN(ExprPtr arg, ConvertExpr(node->collate_clause->arg));
      expr->args.push_back(std::move(arg));
      return expr;
    }
    case PG_QUERY__NODE__NODE_GROUPING_FUNC: {
      auto expr = MakeExpr(ExprKind::kFunction, node->grouping_func->location);
      expr->name = {"grouping"};
      ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(*node->grouping_func, args)));
      return expr;
    }
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      return Refuse("calling a function with named arguments", node->named_arg_expr->location);
    case PG_QUERY__NODE__NODE_XML_EXPR: return Refuse("XML", node->xml_expr->location);
    case PG_QUERY__NODE__NODE_XML_SERIALIZE: return Refuse("XML", node->xml_serialize->location);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
      return At(base::Invalid("DEFAULT is not allowed in this context").WithSqlstate("42601"),
                text_, node->set_to_default->location);
    default: return base::Unsupported("an expression of this kind is not supported");
  }
}

base::Result<ExprPtr> Converter::ConvertColumn(const PgQuery__ColumnRef& column) {
  auto expr = MakeExpr(ExprKind::kColumn, column.location);
  for (const Node* field : FRESHET_PG_LIST(column, fields)) {
    if (Is(field, PG_QUERY__NODE__NODE_A_STAR)) expr->kind = ExprKind::kStar;
    else expr->name.emplace_back(StringOf(field));
  }
  return expr;
}

base::Result<ExprPtr> Converter::ConvertBool(const PgQuery__BoolExpr& bool_expr) {
  auto expr = MakeExpr(ExprKind::kOperator, bool_expr.location);
  switch (bool_expr.boolop) {
    case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR: expr->name = {"AND"}; break;
    case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR: expr->name = {"OR"}; break;
    default: expr->name = {"NOT"}; break;
  }
  ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(bool_expr, args)));
  return expr;
}

base::Result<ExprPtr> Converter::ConvertSubLink(const PgQuery__SubLink& link) {
  if (!Is(link.subselect, PG_QUERY__NODE__NODE_SELECT_STMT))
    return Refuse("this kind of subquery", link.location);
  ExprPtr expr;
  switch (link.sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
      expr = MakeExpr(ExprKind::kExists, link.location);
      break;
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
      expr = MakeExpr(ExprKind::kSubquery, link.location);
      break;
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
      expr = MakeExpr(ExprKind::kArray, link.location);
      break;
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK: {
      if (link.n_oper_name == 0) {
        expr = MakeExpr(ExprKind::kIn, link.location);
      } else {
        expr = MakeExpr(ExprKind::kAnyAll, link.location);
        ASSIGN_OR_RETURN(std::string op,
                         OperatorName(FRESHET_PG_LIST(link, oper_name), link.location));
        expr->name = {op,
                      link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK ? "ANY" : "ALL"};
      }
      ASSIGN_OR_RETURN(ExprPtr test, ConvertExpr(link.testexpr));
      expr->args.push_back(std::move(test));
      break;
    }
    default: return Refuse("this kind of subquery", link.location);
  }
  ASSIGN_OR_RETURN(expr->subquery, ConvertSelect(*link.subselect->select_stmt));
  return expr;
}

base::Result<ExprPtr> Converter::ConvertCase(const PgQuery__CaseExpr& case_expr) {
  auto expr = MakeExpr(ExprKind::kCase, case_expr.location);
  const auto add = [&](const Node* node) -> base::Status {
    ASSIGN_OR_RETURN(ExprPtr part, ConvertExpr(node));
    expr->args.push_back(std::move(part));
    return {};
  };
  expr->has_operand = case_expr.arg != nullptr;
  if (expr->has_operand) RETURN_IF_ERROR(add(case_expr.arg));
  for (const Node* when : FRESHET_PG_LIST(case_expr, args)) {
    if (!Is(when, PG_QUERY__NODE__NODE_CASE_WHEN))
      return base::Internal("CASE without WHEN in the parse tree");
    RETURN_IF_ERROR(add(when->case_when->expr));
    RETURN_IF_ERROR(add(when->case_when->result));
  }
  expr->has_else = case_expr.defresult != nullptr;
  if (expr->has_else) RETURN_IF_ERROR(add(case_expr.defresult));
  return expr;
}

base::Result<ExprPtr> Converter::ConvertIndirection(const PgQuery__AIndirection& indirection) {
  ASSIGN_OR_RETURN(ExprPtr base, ConvertExpr(indirection.arg));
  for (const Node* step : FRESHET_PG_LIST(indirection, indirection)) {
    ExprPtr outer;
    if (Is(step, PG_QUERY__NODE__NODE_STRING)) {
      outer = MakeExpr(ExprKind::kField, base->location);
      outer->name.emplace_back(StringOf(step));
      outer->args.push_back(std::move(base));
    } else if (Is(step, PG_QUERY__NODE__NODE_A_STAR)) {
      return Refuse("(expression).*", base->location);
    } else if (Is(step, PG_QUERY__NODE__NODE_A_INDICES)) {
      const PgQuery__AIndices& indices = *step->a_indices;
      if (indices.is_slice && (indices.lidx == nullptr || indices.uidx == nullptr))
        return Refuse("an array slice with an open end", base->location);
      outer = MakeExpr(ExprKind::kSubscript, base->location);
      outer->args.push_back(std::move(base));
      if (indices.is_slice) {
        ASSIGN_OR_RETURN(ExprPtr low, ConvertExpr(indices.lidx));
        outer->args.push_back(std::move(low));
      }
      ASSIGN_OR_RETURN(ExprPtr high, ConvertExpr(indices.uidx));
      outer->args.push_back(std::move(high));
    } else {
      return Refuse("this kind of indirection", base->location);
    }
    base = std::move(outer);
  }
  return base;
}

base::Result<ExprPtr> Converter::ConvertTest(const Node* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_NULL_TEST) {
    auto expr = MakeExpr(ExprKind::kIsNull, node->null_test->location);
    expr->negated = node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    ASSIGN_OR_RETURN(ExprPtr arg, ConvertExpr(node->null_test->arg));
    expr->args.push_back(std::move(arg));
    return expr;
  }
  auto expr = MakeExpr(ExprKind::kIsBool, node->boolean_test->location);
  switch (node->boolean_test->booltesttype) {
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: expr->negated = true; [[fallthrough]];
    case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE: expr->name = {"TRUE"}; break;
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: expr->negated = true; [[fallthrough]];
    case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE: expr->name = {"FALSE"}; break;
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN: expr->negated = true; [[fallthrough]];
    default: expr->name = {"UNKNOWN"}; break;
  }
  ASSIGN_OR_RETURN(ExprPtr arg, ConvertExpr(node->boolean_test->arg));
  expr->args.push_back(std::move(arg));
  return expr;
}

base::Result<ExprPtr> Converter::ConvertGrouping(const PgQuery__GroupingSet& set) {
  auto expr = MakeExpr(ExprKind::kGroupingSet, set.location);
  switch (set.kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_EMPTY: expr->name = {"EMPTY"}; break;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP: expr->name = {"ROLLUP"}; break;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE: expr->name = {"CUBE"}; break;
    default: expr->name = {"SETS"}; break;
  }
  ASSIGN_OR_RETURN(expr->args, ConvertList(FRESHET_PG_LIST(set, content)));
  return expr;
}

}  // namespace sql
