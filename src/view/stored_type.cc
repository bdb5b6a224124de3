#include "view/stored_type.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "sql/printer.h"

namespace view {
namespace {

constexpr int kUnknownScale = 16;  // of a quotient, a root ...: PostgreSQL shows at least 16 significant digits
constexpr int kMaxScale = 30;      // leaves eight digits before the point

int ScaleOf(const sql::Expr& expr);

int ScaleOfDigits(std::string_view digits) {
  const size_t exponent = digits.find_first_of("eE");
  if (exponent != std::string_view::npos) return kUnknownScale;
  const size_t point = digits.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(digits.size() - point - 1);
}

int LargestScale(const sql::Expr& expr, size_t first, size_t step) {
  int scale = 0;
  for (size_t i = first; i < expr.args.size(); i += step) scale = std::max(scale, ScaleOf(*expr.args[i]));
  return scale;
}

int ScaleOfOperator(const sql::Expr& expr) {
  const std::string& name = expr.name.back();
  if (expr.args.size() == 1) return ScaleOf(*expr.args[0]);
  if (name == "*") return ScaleOf(*expr.args[0]) + ScaleOf(*expr.args[1]);
  if (name == "+" || name == "-" || name == "%") return LargestScale(expr, 0, 1);
  return kUnknownScale;
}

int ScaleOfFunction(const sql::Expr& expr) {
  const std::string& name = expr.name.back();
  if (name == "abs" || name == "sign" || name == "min" || name == "max" || name == "sum")
    return expr.args.empty() ? kUnknownScale : ScaleOf(*expr.args[0]);
  if (name == "floor" || name == "ceil" || name == "ceiling") return 0;
  if (name == "round" || name == "trunc") {
    if (expr.args.size() < 2) return 0;
    const sql::Expr& digits = *expr.args[1];
    if (digits.kind == sql::ExprKind::kLiteral && digits.literal.kind == sql::Literal::Kind::kInteger)
      return static_cast<int>(std::clamp<int64_t>(digits.literal.integer, 0, kMaxScale));
  }
  return kUnknownScale;
}

int ScaleOfCase(const sql::Expr& expr) {  // [operand], when, then, when, then ..., [else]
  int scale = LargestScale(expr, expr.has_operand ? 2 : 1, 2);
  if (expr.has_else) scale = std::max(scale, ScaleOf(*expr.args.back()));
  return scale;
}

int ScaleOf(const sql::Expr& expr) {
  if (expr.type.id == model::TypeId::kNumeric && expr.type.precision > 0) return expr.type.scale;
  if (expr.type.IsInteger()) return 0;
  switch (expr.kind) {
    case sql::ExprKind::kLiteral:
      if (expr.literal.kind == sql::Literal::Kind::kDecimal || expr.literal.kind == sql::Literal::Kind::kString)
        return ScaleOfDigits(expr.literal.text);
      return 0;
    case sql::ExprKind::kCast: return expr.args[0]->type.IsFloat() ? kUnknownScale : ScaleOf(*expr.args[0]);
    case sql::ExprKind::kOperator: return ScaleOfOperator(expr);
    case sql::ExprKind::kFunction: return ScaleOfFunction(expr);
    case sql::ExprKind::kCase: return ScaleOfCase(expr);
    case sql::ExprKind::kCoalesce: return LargestScale(expr, 0, 1);
    default: return kUnknownScale;
  }
}

std::string Decimal38(const sql::Expr& expr) {
  return "DECIMAL(38," + std::to_string(std::clamp(ScaleOf(expr), 0, kMaxScale)) + ")";
}

}  // namespace

std::string StoredType(const sql::Expr& expr) {
  const bool any_numeric = expr.type.id == model::TypeId::kNumeric && expr.type.precision == 0 && !expr.type.array;
  if (any_numeric) return Decimal38(expr);
  return sql::DuckDbType(expr.type.id == model::TypeId::kUnknown ? model::kText : expr.type);
}

std::string SumType(const sql::Expr& expr) { return Decimal38(expr); }

}  // namespace view
