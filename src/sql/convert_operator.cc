#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

bool LikeOperator(std::string_view spelling, std::string* name, bool* negated) {
  *negated = !spelling.empty() && spelling[0] == '!';
  if (*negated) spelling.remove_prefix(1);
  if (spelling != "~~" && spelling != "~~*") return false;
  *name = spelling == "~~" ? "LIKE" : "ILIKE";
  return true;
}

base::Result<std::string> Converter::OperatorName(pg::NodeList name, int location) {
  if (name.empty()) return base::Internal("an operator without a name in the parse tree");
  const std::string op(StringOf(name[name.size() - 1]));
  if (name.size() > 1 && StringOf(name[0]) != "pg_catalog")
    return At(
        base::NotFound("operator does not exist: " + std::string(StringOf(name[0])) + "." + op)
            .WithSqlstate("42883"),
        text_, location);
  return op;
}

base::Result<ExprPtr> Converter::ConvertOperator(const PgQuery__AExpr& expr) {
  switch (expr.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP: return ConvertPlainOperator(expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR: return ConvertLike(expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: return ConvertBetween(expr);
    default: break;
  }
  ExprPtr out = MakeExpr(ExprKind::kIn, expr.location);
  ASSIGN_OR_RETURN(ExprPtr left, ConvertExpr(expr.lexpr));
  out->args.push_back(std::move(left));
  if (expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN) {
    out->negated = expr.n_name > 0 && StringOf(expr.name[0]) == "<>";
    if (!Is(expr.rexpr, PG_QUERY__NODE__NODE_LIST))
      return base::Internal("IN without a list in the parse tree");
    for (const Node* item : FRESHET_PG_LIST(*expr.rexpr->list, items)) {
      ASSIGN_OR_RETURN(ExprPtr value, ConvertExpr(item));
      out->args.push_back(std::move(value));
    }
    return out;
  }
  switch (expr.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL: {
      out->kind = ExprKind::kAnyAll;
      ASSIGN_OR_RETURN(std::string op, OperatorName(FRESHET_PG_LIST(expr, name), expr.location));
      out->name = {op, expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY ? "ANY" : "ALL"};
      break;
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT: out->kind = ExprKind::kIsDistinct; break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      out->kind = ExprKind::kIsDistinct;
      out->negated = true;
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      out->kind = ExprKind::kCoalesce;
      out->name = {"NULLIF"};
      break;
    default: return Refuse("this kind of operator", expr.location);
  }
  ASSIGN_OR_RETURN(ExprPtr right, ConvertExpr(expr.rexpr));
  out->args.push_back(std::move(right));
  return out;
}

base::Result<ExprPtr> Converter::ConvertPlainOperator(const PgQuery__AExpr& expr) {
  ExprPtr out = MakeExpr(ExprKind::kOperator, expr.location);
  ASSIGN_OR_RETURN(std::string op, OperatorName(FRESHET_PG_LIST(expr, name), expr.location));
  if (op == "!=") op = "<>";
  std::string like;
  bool negated = false;
  if (expr.lexpr != nullptr && LikeOperator(op, &like, &negated)) {
    op = like;
    out->negated = negated;
  }
  out->name = {op};
  if (expr.lexpr != nullptr) {
    ASSIGN_OR_RETURN(ExprPtr left, ConvertExpr(expr.lexpr));
    out->args.push_back(std::move(left));
  }
  ASSIGN_OR_RETURN(ExprPtr right, ConvertExpr(expr.rexpr));
  out->args.push_back(std::move(right));
  // The grammar keeps - 5 as an operator unless it folds it; a folded one is easier for everybody.
  Expr& operand = *out->args.back();
  if (out->args.size() == 1 && op == "-" && operand.kind == ExprKind::kLiteral) {
    if (operand.literal.kind == Literal::Kind::kInteger && operand.literal.integer >= 0) {
      operand.literal.integer = -operand.literal.integer;
      operand.location = out->location;
      return std::move(out->args.back());
    }
    if (operand.literal.kind == Literal::Kind::kDecimal && operand.literal.text[0] != '-') {
      operand.literal.text.insert(0, "-");
      operand.location = out->location;
      return std::move(out->args.back());
    }
  }
  return out;
}

base::Result<ExprPtr> Converter::ConvertLike(const PgQuery__AExpr& expr) {
  ExprPtr out = MakeExpr(ExprKind::kOperator, expr.location);
  const std::string_view spelling = expr.n_name > 0 ? StringOf(expr.name[0]) : "";
  out->negated = !spelling.empty() && spelling[0] == '!';
  out->name = {expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_LIKE    ? "LIKE"
               : expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE ? "ILIKE"
                                                                   : "SIMILAR TO"};
  ASSIGN_OR_RETURN(ExprPtr left, ConvertExpr(expr.lexpr));
  out->args.push_back(std::move(left));
  // LIKE p ESCAPE e is like_escape(p, e) in the tree, SIMILAR TO p is similar_to_escape(p [, e]).
  if (Is(expr.rexpr, PG_QUERY__NODE__NODE_FUNC_CALL)) {
    const PgQuery__FuncCall& call = *expr.rexpr->func_call;
    const std::string_view function =
        call.n_funcname > 0 ? StringOf(call.funcname[call.n_funcname - 1]) : "";
    if (call.n_funcname == 2 && (function == "like_escape" || function == "similar_to_escape")) {
      for (const Node* arg : FRESHET_PG_LIST(call, args)) {
        ASSIGN_OR_RETURN(ExprPtr part, ConvertExpr(arg));
        out->args.push_back(std::move(part));
      }
      return out;
    }
  }
  ASSIGN_OR_RETURN(ExprPtr right, ConvertExpr(expr.rexpr));
  out->args.push_back(std::move(right));
  return out;
}

base::Result<ExprPtr> Converter::ConvertBetween(const PgQuery__AExpr& expr) {
  ExprPtr out = MakeExpr(ExprKind::kBetween, expr.location);
  out->negated = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                 expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
  out->star = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
              expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
  ASSIGN_OR_RETURN(ExprPtr value, ConvertExpr(expr.lexpr));
  out->args.push_back(std::move(value));
  if (!Is(expr.rexpr, PG_QUERY__NODE__NODE_LIST) || expr.rexpr->list->n_items != 2)
    return base::Internal("BETWEEN without bounds in the parse tree");
  for (const Node* bound : FRESHET_PG_LIST(*expr.rexpr->list, items)) {
    ASSIGN_OR_RETURN(ExprPtr part, ConvertExpr(bound));
    out->args.push_back(std::move(part));
  }
  return out;
}

}  // namespace sql
