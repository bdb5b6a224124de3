#include <array>

#include "sql/print_special.h"

namespace sql {

using model::TypeId;

const std::string* ConstantOf(const Expr& expr) {
  if (expr.kind == ExprKind::kCast && !expr.args.empty()) return ConstantOf(*expr.args[0]);
  if (expr.kind != ExprKind::kLiteral || expr.literal.kind != Literal::Kind::kString)
    return nullptr;
  return &expr.literal.text;
}

const std::string* SpecialCall::Constant(size_t i) const {
  return i < call.args.size() ? ConstantOf(arg(i)) : nullptr;
}

namespace {

using Text = base::Result<std::string>;

bool IsNonZero(const Expr& expr) {
  if (expr.kind == ExprKind::kCast) return IsNonZero(*expr.args[0]);
  if (expr.kind == ExprKind::kLiteral) {
    if (expr.literal.kind == Literal::Kind::kInteger) return expr.literal.integer != 0;
    return expr.literal.kind == Literal::Kind::kDecimal &&
           expr.literal.text.find_first_of("123456789") != std::string::npos;
  }
  // NULLIF(x, 0) is NULL or not zero.
  return expr.kind == ExprKind::kCoalesce && expr.name[0] == "NULLIF" &&
         expr.args[1]->kind == ExprKind::kLiteral &&
         expr.args[1]->literal.kind == Literal::Kind::kInteger &&
         expr.args[1]->literal.integer == 0;
}

std::string Guarded(const SpecialCall& call, const std::string& text) {
  if (IsNonZero(call.arg(1))) return text;
  const bool never_null =
      call.arg(0).kind == ExprKind::kLiteral && call.arg(0).literal.kind != Literal::Kind::kNull;
  return "CASE WHEN " + call.args[1] + " = 0" +
         (never_null ? "" : " AND " + call.args[0] + " IS NOT NULL") +
         " THEN error('division by zero') ELSE " + text + " END";
}

std::string Double(const std::string& text) { return "CAST(" + text + " AS DOUBLE)"; }

bool IsDecimal(model::Type type) { return type.id == TypeId::kNumeric && type.precision > 0; }

Text Divide(const SpecialCall& call) {
  if (call.arg(0).type.IsInteger())
    return Guarded(call, "(" + call.args[0] + " // " + call.args[1] + ")");
  const auto operand = [&](size_t i) {
    return IsDecimal(call.arg(i).type) ? Double(call.args[i]) : call.args[i];
  };
  return Guarded(call, "(" + operand(0) + " / " + operand(1) + ")");
}

// DuckDB keeps sums and products of decimals of up to 18 digits in 18 digits; PostgreSQL's grow.
Text Arithmetic(const SpecialCall& call) {
  const std::string& left = call.args[0];
  const model::Type a = call.arg(0).type, b = call.arg(1).type;
  if (IsDecimal(a) && IsDecimal(b) && a.precision <= 18 && b.precision <= 18 &&
      call.call.type.precision > 18)
    return "CAST(CAST(" + left + " AS DECIMAL(19," + std::to_string(a.scale) + ")) " +
           call.info.name + " " + call.args[1] + " AS " + DuckDbType(call.call.type) + ")";
  return "(" + left + " " + call.info.name + " " + call.args[1] + ")";
}

Text Modulo(const SpecialCall& call) {
  return Guarded(call, "(" + call.args[0] + " % " + call.args[1] + ")");
}

Text Div(const SpecialCall& call) {
  return Guarded(call, "CAST(trunc(" + Double(call.args[0]) + " / " + Double(call.args[1]) +
                           ") AS DECIMAL(38,0))");
}

std::string Modulus(const SpecialCall& call) {
  return call.arg(0).type.id == TypeId::kInt8 ? "63" : "31";
}

// Shifts count modulo the width, and bits fall off the left end.
Text ShiftLeft(const SpecialCall& call) {
  const bool wide = call.arg(0).type.id == TypeId::kInt8;
  const std::string shifted = "(CAST(" + call.args[0] + " AS HUGEINT) * CAST(pow(2, " +
                              call.args[1] + " & " + Modulus(call) + ") AS HUGEINT))";
  const std::string size = wide ? "18446744073709551616" : "4294967296",
                    half = wide ? "9223372036854775808" : "2147483648";
  const std::string folded = "(((" + shifted + " + " + half + ") % " + size + " + " + size +
                             ") % " + size + " - " + half + ")";
  return "CAST(" + folded + (wide ? " AS BIGINT)" : " AS INTEGER)");
}

Text ShiftRight(const SpecialCall& call) {
  return "(" + call.args[0] + " >> (" + call.args[1] + " & " + Modulus(call) + "))";
}

const int64_t* IntegerArgument(const SpecialCall& call, size_t i) {
  if (i >= call.call.args.size()) return nullptr;
  const Expr* expr = &call.arg(i);
  while (expr->kind == ExprKind::kCast) expr = expr->args[0].get();
  if (expr->kind != ExprKind::kLiteral || expr->literal.kind != Literal::Kind::kInteger)
    return nullptr;
  return &expr->literal.integer;
}

// The type is the one that the binder gave the call: its scale is the number of digits.
Text RoundOrTrunc(const SpecialCall& call, const char* function) {
  const int64_t* digits = IntegerArgument(call, 1);
  const bool decimal = IsDecimal(call.arg(0).type);
  const std::string to = " AS " + DuckDbType(call.call.type) + ")";
  if (call.args.size() == 1) return "CAST(" + std::string(function) + "(" + call.args[0] + ")" + to;
  if (digits != nullptr && call.call.type.precision > 0)
    return "CAST(" + std::string(function) + "(" + call.args[0] + ", " + std::to_string(*digits) +
           ")" + to;
  return std::string(function) + "(" + (decimal ? Double(call.args[0]) : call.args[0]) + ", " +
         call.args[1] + ")";
}

Text Round(const SpecialCall& call) { return RoundOrTrunc(call, "round"); }
Text Trunc(const SpecialCall& call) { return RoundOrTrunc(call, "trunc"); }

Text WidthBucket(const SpecialCall& call) {
  const std::string &x = call.args[0], &low = call.args[1], &high = call.args[2],
                    &count = call.args[3];
  return "CAST(CASE WHEN " + count + " <= 0 THEN error('count must be greater than zero') WHEN " +
         low + " = " + high + " THEN error('lower bound cannot equal upper bound') WHEN " + low +
         " < " + high + " THEN CASE WHEN " + x + " < " + low + " THEN 0 WHEN " + x + " >= " + high +
         " THEN " + count + " + 1 ELSE floor(" + count + " * ((" + x + " - " + low + ") / (" +
         high + " - " + low + "))) + 1 END ELSE CASE WHEN " + x + " > " + low + " THEN 0 WHEN " +
         x + " <= " + high + " THEN " + count + " + 1 ELSE floor(" + count + " * ((" + low + " - " +
         x + ") / (" + low + " - " + high + "))) + 1 END END AS INTEGER)";
}

struct Row {
  std::string_view word;
  SpecialPrinter printer;
};

constexpr std::array kRows{Row{"arithmetic", Arithmetic},
                           Row{"divide", Divide},
                           Row{"modulo", Modulo},
                           Row{"div", Div},
                           Row{"shift_left", ShiftLeft},
                           Row{"shift_right", ShiftRight},
                           Row{"round", Round},
                           Row{"trunc", Trunc},
                           Row{"width_bucket", WidthBucket}};

}  // namespace

SpecialPrinter FindMathPrinter(std::string_view word) {
  for (const Row& row : kRows)
    if (row.word == word) return row.printer;
  return nullptr;
}

}  // namespace sql
