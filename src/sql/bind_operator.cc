#include <algorithm>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"

namespace sql {

using model::Type;
using model::TypeId;

namespace {

std::string PlainName(Type type) {
  return IsUnknown(type) ? "unknown" : model::NameOf(Type{type.id, 0, 0, type.array});
}

bool IsComparison(const std::string& op) {
  return op == "=" || op == "<>" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

ExprPtr Junction(const char* word, std::vector<ExprPtr> parts, int location) {
  if (parts.size() == 1) return std::move(parts[0]);
  ExprPtr out = MakeExpr(ExprKind::kOperator, location);
  out->name = {word};
  out->type = model::kBool;
  out->args = std::move(parts);
  return out;
}

ExprPtr Comparison(const std::string& op, const Expr& left, const Expr& right, int location) {
  ExprPtr out = MakeExpr(ExprKind::kOperator, location);
  out->name = {op};
  out->args.push_back(left.Clone());
  out->args.push_back(right.Clone());
  return out;
}

}  // namespace

base::Status Binder::NoOperator(const std::string& op, const std::vector<Type>& types, int location,
                                bool ambiguous) const {
  const std::string text = types.size() == 1
                               ? op + " " + PlainName(types[0])
                               : PlainName(types[0]) + " " + op + " " + PlainName(types[1]);
  if (ambiguous)
    return Fail(base::Invalid("operator is not unique: " + text)
                    .WithSqlstate("42725")
                    .WithHint("Could not choose a best candidate operator. You might need to add "
                              "explicit type casts."),
                location);
  return Fail(
      base::NotFound("operator does not exist: " + text)
          .WithSqlstate("42883")
          .WithHint(std::string("No operator matches the given name and argument type") +
                    (types.size() == 1 ? "" : "s") + ". You might need to add " +
                    (types.size() == 1 ? "an explicit type cast." : "explicit type casts.")),
      location);
}

base::Status Binder::BindOperator(ExprPtr* slot, Level* level) {
  Expr* expr = slot->get();
  const std::string& name = expr->name[0];
  if (name == "AND" || name == "OR" || name == "NOT") return BindJunction(expr, level);
  if (name == "LIKE" || name == "ILIKE" || name == "SIMILAR TO") return BindLike(expr, level);
  if (IsComparison(name) && expr->args.size() == 2 && expr->args[0]->kind == ExprKind::kRow &&
      expr->args[1]->kind == ExprKind::kRow)
    return CompareRows(slot, level);
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  return ResolveOperator(expr);
}

base::Status Binder::ResolveOperator(Expr* expr) {
  std::vector<Type> types;
  for (const ExprPtr& arg : expr->args) types.push_back(arg->type);
  bool ambiguous = false;
  const std::optional<Resolved> resolved = Resolve(expr->name[0], true, types, 0, &ambiguous);
  if (!resolved) return NoOperator(expr->name[0], types, expr->location, ambiguous);
  for (size_t i = 0; i < expr->args.size(); ++i) {
    // An untyped side of "any" is text; the rest has its own type.
    const Type wanted = IsUnknown(resolved->arguments[i]) && IsUnknown(types[i])
                            ? model::kText
                            : resolved->arguments[i];
    RETURN_IF_ERROR(Coerce(&expr->args[i], wanted));
  }
  expr->type = resolved->result;
  if (expr->type.id == TypeId::kNumeric && !expr->type.array) expr->type = NumericResultOf(*expr);
  return {};
}

base::Status Binder::BindJunction(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  for (ExprPtr& arg : expr->args) RETURN_IF_ERROR(CoerceBool(&arg, expr->name[0]));
  expr->type = model::kBool;
  return {};
}

base::Status Binder::BindLike(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  std::vector<Type> types;
  for (const ExprPtr& arg : expr->args) types.push_back(arg->type);
  for (size_t i = 0; i < expr->args.size(); ++i)
    if (!ImplicitlyBecomes(types[i], model::kText)) {
      types.resize(2);
      const std::string op = expr->name[0] == "SIMILAR TO" ? "~"
                             : expr->name[0] == "LIKE"     ? "~~"
                                                           : "~~*";
      return NoOperator(expr->negated ? "!" + op : op, types, expr->location, false);
    }
  for (ExprPtr& arg : expr->args) RETURN_IF_ERROR(Coerce(&arg, model::kText));
  expr->type = model::kBool;
  return {};
}

// Makes two values comparable by `op`, casting what PostgreSQL would cast.
base::Status Binder::Comparable(const std::string& op, ExprPtr* left, ExprPtr* right,
                                int location) {
  const std::vector<Type> types{(*left)->type, (*right)->type};
  bool ambiguous = false;
  const std::optional<Resolved> resolved = Resolve(op, true, types, 0, &ambiguous);
  if (!resolved) return NoOperator(op, types, location, ambiguous);
  RETURN_IF_ERROR(Coerce(left, resolved->arguments[0]));
  return Coerce(right, resolved->arguments[1]);
}

base::Status Binder::BindBetween(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  const std::vector<Type> types{expr->args[0]->type, expr->args[1]->type, expr->args[2]->type};
  int culprit = -1;
  const Type common = CommonType(types, &culprit);
  if (culprit > 0)
    return NoOperator(culprit == 1 ? ">=" : "<=", {types[0], types[static_cast<size_t>(culprit)]},
                      expr->location, false);
  if (culprit == 0) return NoOperator(">=", {types[0], types[1]}, expr->location, false);
  const std::vector<Type> pair{common, common};
  bool ambiguous = false;
  if (!Resolve(">=", true, pair, 0, &ambiguous))
    return NoOperator(">=", pair, expr->location, ambiguous);
  for (ExprPtr& arg : expr->args)
    RETURN_IF_ERROR(Coerce(&arg, common.id == TypeId::kNumeric ? model::kNumeric : common));
  expr->type = model::kBool;
  return {};
}

// (a, b) < (c, d): pair by pair, so that NULL means what it means in PostgreSQL.
base::Status Binder::CompareRows(ExprPtr* slot, Level* level) {
  const Expr& expr = **slot;
  const std::string op = expr.name[0];
  const auto& left = expr.args[0]->args;
  const auto& right = expr.args[1]->args;
  const int location = expr.location;
  if (left.size() != right.size())
    return base::Invalid("unequal number of entries in row expressions").WithSqlstate("42601");
  if (left.empty()) return base::Unsupported("cannot compare rows of zero length");
  if (left.size() > 16)
    return base::Unsupported("a comparison of rows of more than 16 columns is not supported");
  std::vector<ExprPtr> parts;
  if (op == "=" || op == "<>") {
    for (size_t i = 0; i < left.size(); ++i)
      parts.push_back(Comparison(op, *left[i], *right[i], location));
    *slot = Junction(op == "=" ? "AND" : "OR", std::move(parts), location);
  } else {
    const std::string strict = op.substr(0, 1);
    for (size_t i = 0; i < left.size(); ++i) {  // equal before, and less here
      std::vector<ExprPtr> steps;
      for (size_t j = 0; j < i; ++j)
        steps.push_back(Comparison("=", *left[j], *right[j], location));
      steps.push_back(
          Comparison(i + 1 == left.size() ? op : strict, *left[i], *right[i], location));
      parts.push_back(Junction("AND", std::move(steps), location));
    }
    *slot = Junction("OR", std::move(parts), location);
  }
  return Bind(slot, level);
}

base::Status Binder::BindInList(ExprPtr* slot, Level* level) {
  Expr* expr = slot->get();
  const bool rows = expr->args[0]->kind == ExprKind::kRow;
  const bool all_rows = std::all_of(expr->args.begin(), expr->args.end(),
                                    [](const ExprPtr& arg) { return arg->kind == ExprKind::kRow; });
  if (rows && all_rows) {
    std::vector<ExprPtr> parts;
    for (size_t i = 1; i < expr->args.size(); ++i)
      parts.push_back(Comparison("=", *expr->args[0], *expr->args[i], expr->location));
    ExprPtr any = Junction("OR", std::move(parts), expr->location);
    if (expr->negated) {
      std::vector<ExprPtr> inner;
      inner.push_back(std::move(any));
      any = MakeExpr(ExprKind::kOperator, expr->location);
      any->name = {"NOT"};
      any->args = std::move(inner);
    }
    *slot = std::move(any);
    return Bind(slot, level);
  }
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  std::vector<Type> types;
  for (const ExprPtr& arg : expr->args) types.push_back(arg->type);
  int culprit = -1;
  const Type common = CommonType(types, &culprit);
  const size_t other = culprit > 0 ? static_cast<size_t>(culprit) : 1;
  if (culprit >= 0)
    return NoOperator(expr->negated ? "<>" : "=", {types[0], types[other]}, expr->location, false);
  bool ambiguous = false;
  const std::vector<Type> pair{common, common};
  if (!Resolve("=", true, pair, 0, &ambiguous))
    return NoOperator("=", pair, expr->location, ambiguous);
  for (ExprPtr& arg : expr->args)
    RETURN_IF_ERROR(Coerce(&arg, common.id == TypeId::kNumeric ? model::kNumeric : common));
  expr->type = model::kBool;
  return {};
}

base::Status Binder::BindInSubquery(Expr* expr, Level* level) {
  expr->type = model::kBool;
  std::vector<ExprPtr>& left =
      expr->args[0]->kind == ExprKind::kRow ? expr->args[0]->args : expr->args;
  RETURN_IF_ERROR(BindArgs(&left, level));
  ASSIGN_OR_RETURN(model::Fields fields, BindSelect(expr->subquery.get(), level, false));
  if (fields.size() != left.size())
    return base::Invalid(fields.size() > left.size() ? "subquery has too many columns"
                                                     : "subquery has too few columns")
        .WithSqlstate("42601");
  for (size_t i = 0; i < left.size(); ++i) {
    ExprPtr column =
        MakeExpr(ExprKind::kColumn, expr->location);  // stands for the subquery's column
    column->type = fields[i].type;
    RETURN_IF_ERROR(Comparable("=", &left[i], &column, expr->location));
    if (column->kind == ExprKind::kCast)
      RETURN_IF_ERROR(CoerceOutput(expr->subquery.get(), i, column->type, level));
  }
  if (expr->args[0]->kind == ExprKind::kRow) expr->args[0]->type = Type{TypeId::kRecord};
  return {};
}

base::Status Binder::BindAnyAll(Expr* expr, Level* level) {
  expr->type = model::kBool;
  RETURN_IF_ERROR(Bind(&expr->args[0], level));
  ExprPtr element =
      MakeExpr(ExprKind::kColumn, expr->location);  // stands for one value of the right side
  if (expr->subquery != nullptr) {
    ASSIGN_OR_RETURN(model::Fields fields, BindSelect(expr->subquery.get(), level, false));
    if (fields.size() != 1)
      return base::Invalid("subquery has too many columns").WithSqlstate("42601");
    element->type = fields[0].type;
    RETURN_IF_ERROR(Comparable(expr->name[0], &expr->args[0], &element, expr->location));
    return element->kind == ExprKind::kCast
               ? CoerceOutput(expr->subquery.get(), 0, element->type, level)
               : base::Status();
  }
  RETURN_IF_ERROR(Bind(&expr->args[1], level));
  Type array = expr->args[1]->type;
  if (IsUnknown(array)) {
    array = IsUnknown(expr->args[0]->type) ? model::kText : expr->args[0]->type;
    array.array = true;
    RETURN_IF_ERROR(Coerce(&expr->args[1], array));
  }
  if (!array.array)
    return Fail(
        base::Invalid("op ANY/ALL (array) requires array on right side").WithSqlstate("42809"),
        expr->args[1]->location);
  element->type = array;
  element->type.array = false;
  RETURN_IF_ERROR(Comparable(expr->name[0], &expr->args[0], &element, expr->location));
  if (element->kind != ExprKind::kCast) return {};
  Type wanted = element->type;
  wanted.array = true;
  if (expr->args[1]->kind == ExprKind::kArray && expr->args[1]->subquery == nullptr) {
    for (ExprPtr& item : expr->args[1]->args) RETURN_IF_ERROR(Coerce(&item, element->type));
    expr->args[1]->type = wanted;
    return {};
  }
  return Coerce(&expr->args[1], wanted);
}

Type NumericResultOf(const Expr& call) {
  const auto type = [&](size_t i) {
    return i < call.args.size() ? AsNumeric(call.args[i]->type) : model::kNumeric;
  };
  const std::string& name = call.name.back();
  if (call.kind == ExprKind::kOperator)
    return call.args.size() == 1 ? type(0) : NumericResult(name, type(0), type(1));
  if (name == "abs" || name == "min" || name == "max") return type(0);
  if (name == "mod") return NumericResult("%", type(0), type(1));
  if (name == "div") return {TypeId::kNumeric, 38, 0};
  if (name == "sign") return {TypeId::kNumeric, 1, 0};
  if (name == "sum") {
    const Type argument = type(0);
    return argument.precision == 0 ? model::kNumeric : Type{TypeId::kNumeric, 38, argument.scale};
  }
  const Type argument = type(0);
  if (name == "ceil" || name == "ceiling" || name == "floor")
    return argument.precision == 0 ? model::kNumeric
                                   : Type{TypeId::kNumeric, argument.precision, 0};
  if (name != "round" && name != "trunc") return model::kNumeric;
  int64_t digits = 0;
  if (call.args.size() > 1) {
    const Expr& given = *call.args[1];
    if (given.kind != ExprKind::kLiteral || given.literal.kind != Literal::Kind::kInteger)
      return model::kNumeric;
    digits = std::max<int64_t>(given.literal.integer, 0);
  }
  if (digits > 30) return model::kNumeric;
  const int whole = argument.precision == 0 ? 38 : argument.precision - argument.scale + 1;
  return {TypeId::kNumeric, static_cast<uint8_t>(std::clamp<int64_t>(whole + digits, 1, 38)),
          static_cast<uint8_t>(digits)};
}

}  // namespace sql
