#include "sql/convert.h"
#include "sql/interval.h"
#include "sql/position.h"
#include "sql/type_names.h"

namespace sql {

using model::TypeId;
using pg::Is;
using pg::Node;
using pg::StringOf;

namespace {

base::Status SetNumericModifiers(TypeName* type) {
  const std::vector<int>& modifiers = type->modifiers;
  const int precision = modifiers[0];
  const int scale = modifiers.size() > 1 ? modifiers[1] : 0;
  if (precision < 1 || precision > 38)
    return base::Invalid("NUMERIC precision " + std::to_string(precision) +
                         " must be between 1 and 38")
        .WithSqlstate("22023");
  if (scale < 0 || scale > precision)
    return base::Invalid("NUMERIC scale " + std::to_string(scale) +
                         " must be between 0 and precision " + std::to_string(precision))
        .WithSqlstate("22023");
  type->type.precision = static_cast<uint8_t>(precision);
  type->type.scale = static_cast<uint8_t>(scale);
  return {};
}

}  // namespace

base::Result<TypeName> Converter::ConvertType(const PgQuery__TypeName& type) {
  TypeName out;
  if (type.setof || type.pct_type) return Refuse("SETOF and %TYPE", type.location);
  for (const Node* part : FRESHET_PG_LIST(type, names)) {
    if (StringOf(part) == "pg_catalog" && out.name.empty() && type.n_names > 1) continue;
    if (!out.name.empty()) out.name += ".";
    out.name += StringOf(part);
  }
  for (const Node* modifier : FRESHET_PG_LIST(type, typmods)) {
    if (!Is(modifier, PG_QUERY__NODE__NODE_A_CONST) ||
        modifier->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
      return At(base::Invalid("type modifiers must be simple constants or identifiers")
                    .WithSqlstate("42601"),
                text_, type.location);
    out.modifiers.push_back(modifier->a_const->ival->ival);
  }
  if (const std::optional<model::Type> known = TypeByName(out.name)) out.type = *known;
  if (out.type.id == TypeId::kNumeric && !out.modifiers.empty())
    if (base::Status status = SetNumericModifiers(&out); !status.ok())
      return At(std::move(status), text_, type.location);
  out.type.array = type.n_array_bounds > 0;
  return out;
}

base::Result<ExprPtr> Converter::ConvertCast(const PgQuery__TypeCast& cast) {
  ExprPtr out = MakeExpr(ExprKind::kCast, cast.location);
  if (cast.type_name == nullptr) return base::Internal("a cast without a type in the parse tree");
  ASSIGN_OR_RETURN(out->cast, ConvertType(*cast.type_name));
  ASSIGN_OR_RETURN(ExprPtr arg, ConvertExpr(cast.arg));
  // INTERVAL '5' SECOND: the unit goes into the text, so that no printer needs to know field masks.
  if (out->cast.type.id == TypeId::kInterval && !out->cast.type.array &&
      !out->cast.modifiers.empty()) {
    if (arg->kind != ExprKind::kLiteral || arg->literal.kind != Literal::Kind::kString)
      return Refuse("a cast to interval with fields", cast.location);
    base::Result<Interval> interval =
        ParseIntervalWithFields(arg->literal.text, out->cast.modifiers[0]);
    if (!interval.ok()) return At(interval.TakeStatus(), text_, arg->location);
    arg->literal.text = IntervalText(*interval);
    out->cast.modifiers.clear();
  }
  out->args.push_back(std::move(arg));
  return out;
}

}  // namespace sql
