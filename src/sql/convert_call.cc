#include <charconv>

#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

base::Result<ExprPtr> Converter::ConvertConstant(const PgQuery__AConst& constant) {
  ExprPtr out = MakeExpr(ExprKind::kLiteral, constant.location);
  Literal& literal = out->literal;
  if (constant.isnull) return out;
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
      literal.kind = Literal::Kind::kInteger;
      literal.integer = constant.ival->ival;
      return out;
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
      literal.kind = Literal::Kind::kBool;
      literal.boolean = constant.boolval->boolval;
      return out;
    case PG_QUERY__A__CONST__VAL_SVAL:
      literal.kind = Literal::Kind::kString;
      literal.text = constant.sval->sval;
      return out;
    case PG_QUERY__A__CONST__VAL_FVAL: {
      literal.kind = Literal::Kind::kDecimal;
      literal.text = constant.fval->fval;
      const char* end = literal.text.data() + literal.text.size();
      int64_t integer = 0;
      if (const auto [stop, error] = std::from_chars(literal.text.data(), end, integer);
          error == std::errc() && stop == end) {
        literal.kind = Literal::Kind::kInteger;
        literal.integer = integer;
        literal.text.clear();
      }
      return out;
    }
    default: return Refuse("a bit string", constant.location);
  }
}

base::Status Converter::FillCall(const PgQuery__FuncCall& call, Expr* out) {
  for (const Node* part : FRESHET_PG_LIST(call, funcname)) out->name.emplace_back(StringOf(part));
  ASSIGN_OR_RETURN(out->args, ConvertList(FRESHET_PG_LIST(call, args)));
  ASSIGN_OR_RETURN(out->order_by, ConvertSort(FRESHET_PG_LIST(call, agg_order)));
  out->distinct = call.agg_distinct;
  out->star = call.agg_star;
  out->within_group = call.agg_within_group;
  out->variadic = call.func_variadic;
  if (call.agg_filter != nullptr) {
    ASSIGN_OR_RETURN(out->filter, ConvertExpr(call.agg_filter));
  }
  if (call.over != nullptr) {
    ASSIGN_OR_RETURN(WindowSpec window, ConvertWindow(*call.over));
    out->over = std::make_unique<WindowSpec>(std::move(window));
  }
  return {};
}

base::Result<ExprPtr> Converter::ConvertCall(const PgQuery__FuncCall& call) {
  if (call.funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX) return ConvertSyntaxCall(call);
  ExprPtr out = MakeExpr(ExprKind::kFunction, call.location);
  RETURN_IF_ERROR(FillCall(call, out.get()));
  return out;
}

// EXTRACT, AT TIME ZONE, TRIM, POSITION ...: the grammar makes them calls of pg_catalog's
// functions.
base::Result<ExprPtr> Converter::ConvertSyntaxCall(const PgQuery__FuncCall& call) {
  ExprPtr out = MakeExpr(ExprKind::kFunction, call.location);
  RETURN_IF_ERROR(FillCall(call, out.get()));
  if (out->name.size() > 1) out->name.erase(out->name.begin());
  if (out->name[0] == "extract" && out->args.size() == 2 &&
      out->args[0]->kind == ExprKind::kLiteral) {
    out->kind = ExprKind::kExtract;
    out->name[0] = out->args[0]->literal.text;
    out->args.erase(out->args.begin());
  } else if (out->name[0] == "timezone" && out->args.size() == 2) {
    out->kind = ExprKind::kAtTimeZone;
    out->name.clear();
    std::swap(out->args[0], out->args[1]);
  }
  return out;
}

base::Result<ExprPtr> Converter::ConvertValueFunction(const PgQuery__SQLValueFunction& function) {
  ExprPtr out = MakeExpr(ExprKind::kDefault, function.location);
  switch (function.op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE: out->name = {"CURRENT_DATE"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
      return Refuse("CURRENT_TIME", function.location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
      out->name = {"CURRENT_TIMESTAMP"};
      break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N: out->name = {"LOCALTIME"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
      out->name = {"LOCALTIMESTAMP"};
      break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE: out->name = {"CURRENT_ROLE"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER: out->name = {"CURRENT_USER"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER: out->name = {"USER"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER: out->name = {"SESSION_USER"}; break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG:
      out->name = {"CURRENT_CATALOG"};
      break;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA:
      out->name = {"CURRENT_SCHEMA"};
      break;
    default: return Refuse("this value function", function.location);
  }
  if (function.typmod >= 0 && function.typmod != 6)
    return Refuse("a precision of " + out->name[0] + " other than 6", function.location);
  return out;
}

}  // namespace sql
