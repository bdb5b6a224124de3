// What is settled as soon as a call is bound: units and formats that are constants, values that the
// session knows.

#include <cstdlib>

#include "sql/bind.h"
#include "sql/convert.h"
#include "sql/interval.h"
#include "sql/print_special.h"
#include "sql/time_format.h"
#include "sql/timestamp.h"
#include "sql/type_names.h"

namespace sql {

using model::Type;
using model::TypeId;

namespace {

ExprPtr ConstantTime(const std::string& text, Type type, int location) {
  ExprPtr literal = MakeExpr(ExprKind::kLiteral, location);
  literal->literal.kind = Literal::Kind::kString;
  literal->literal.text = text;
  literal->type = model::kText;
  ExprPtr cast = MakeExpr(ExprKind::kCast, location);
  cast->cast.type = cast->type = type;
  cast->cast.name = ShortName(type.id);
  cast->args.push_back(std::move(literal));
  return cast;
}

// A unit or field as a constant, in its one spelling, so that 'MINUTE' and 'minute' are the same
// expression.
void Canonicalise(Expr* unit) {
  if (unit->kind != ExprKind::kLiteral || unit->literal.kind != Literal::Kind::kString) return;
  const std::string_view field = CanonicalField(unit->literal.text);
  if (!field.empty()) unit->literal.text = field;
}

}  // namespace

base::Status Binder::FinishCall(ExprPtr* slot) {
  Expr& call = **slot;
  const std::string& name = call.name[0];
  if (name == "date_trunc" || name == "date_part") return CheckUnit(&call);
  if ((name == "to_timestamp" && call.args.size() == 2) || name == "to_date")
    return FoldToTimestamp(slot);
  if (name == "percentile_cont" || name == "percentile_disc" || name == "approx_percentile")
    return CheckFraction(call);
  if (name == "string_agg" && ConstantOf(*call.args[1]) == nullptr &&
      call.args[1]->literal.kind != Literal::Kind::kNull)
    return base::Unsupported("string_agg with a separator that is not a constant is not supported");
  if (name == "date_bin") {
    const std::string* stride = ConstantOf(*call.args[0]);
    if (stride == nullptr) return {};
    ASSIGN_OR_RETURN(const Interval interval, ParseInterval(*stride));
    if (interval.months != 0)
      return base::Unsupported(
          "timestamps cannot be binned into intervals containing months or years");
    if (interval.days <= 0 && interval.microseconds <= 0)
      return base::DataError("stride must be greater than zero").WithSqlstate("22008");
  }
  for (const Signature* signature : SignaturesOf(name, false))
    if (std::string_view(signature->info->duckdb) == "@session") return SessionCall(slot);
  return {};
}

base::Status Binder::CheckUnit(Expr* call) const {
  Expr& unit = *call->args[0];
  const std::string* constant = ConstantOf(unit);
  if (constant == nullptr)
    return Fail(
        base::Unsupported(call->name[0] + " with a unit that is not a constant is not supported"),
        unit.location);
  const Type type = call->args[1]->type;
  base::Result<std::string> text = call->name[0] == "date_trunc"
                                       ? TruncText(*constant, "x", type)
                                       : ExtractText(*constant, "x", type, "UTC");
  if (!text.ok()) return Fail(text.TakeStatus(), unit.location);
  Canonicalise(&unit);
  return {};
}

// TO_TIMESTAMP('2026-11-22 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') is a constant; dashboards
// are full of them.
base::Status Binder::FoldToTimestamp(ExprPtr* slot) {
  Expr& call = **slot;
  const std::string* format = ConstantOf(*call.args[1]);
  if (format == nullptr)
    return base::Unsupported(call.name[0] +
                             " with a format that is not a constant is not supported");
  base::Result<std::vector<FormatPiece>> pieces = ReadTimeFormat(*format);
  if (!pieces.ok()) return Fail(pieces.TakeStatus(), call.args[1]->location);
  const std::string* text = ConstantOf(*call.args[0]);
  if (text == nullptr) {
    base::Result<std::string> strptime = StrptimeFormat(*pieces);
    return strptime.ok() ? base::Status() : Fail(strptime.TakeStatus(), call.args[1]->location);
  }
  base::Result<int64_t> civil = ParseByFormat(*text, *pieces);
  if (!civil.ok()) return Fail(civil.TakeStatus(), call.args[0]->location);
  if (call.name[0] == "to_date") {
    *slot = ConstantTime(DateText(*civil), Type{TypeId::kDate}, call.location);
  } else {
    *slot = ConstantTime(TimestampText(*civil) + (IsUtc(options_.time_zone) ? "+00" : ""),
                         model::kTimestampTz, call.location);
  }
  return {};
}

base::Status Binder::CheckFraction(const Expr& call) const {
  const Expr* fraction = call.args[0].get();
  while (fraction->kind == ExprKind::kCast) fraction = fraction->args[0].get();
  if (fraction->kind != ExprKind::kLiteral)
    return Fail(base::Unsupported("the fraction of " + call.name[0] + " must be a constant"),
                call.args[0]->location);
  double value = 0;
  if (fraction->literal.kind == Literal::Kind::kInteger)
    value = static_cast<double>(fraction->literal.integer);
  if (fraction->literal.kind == Literal::Kind::kDecimal ||
      fraction->literal.kind == Literal::Kind::kString)
    value = std::strtod(fraction->literal.text.c_str(), nullptr);
  if (value >= 0 && value <= 1) return {};
  return Fail(
      base::DataError("percentile value " + PrintPostgres(*fraction) + " is not between 0 and 1")
          .WithSqlstate("22003"),
      call.args[0]->location);
}

base::Status Binder::SessionCall(ExprPtr* slot) {
  Expr& call = **slot;
  if (!options_.session_value)
    return base::Unsupported("function " + call.name[0] + " is not supported here");
  const std::string name = call.name[0];
  std::string value;
  if (name == "current_setting") {
    const std::string* setting = ConstantOf(*call.args[0]);
    if (setting == nullptr)
      return base::Unsupported("current_setting of a name that is not a constant is not supported");
    value = options_.session_value(*setting);
  } else if (name == "version") {
    value = "PostgreSQL " + options_.session_value("server_version");
  } else {
    value = options_.session_value(name);
  }
  ExprPtr literal = MakeExpr(ExprKind::kLiteral, call.location);
  literal->literal.kind = Literal::Kind::kString;
  literal->literal.text = value;
  literal->type = call.type;
  if (call.type.id == TypeId::kInt4) {
    literal->literal.kind = Literal::Kind::kInteger;
    literal->literal.integer = std::atoll(value.c_str());
  }
  *slot = std::move(literal);
  return {};
}

}  // namespace sql
