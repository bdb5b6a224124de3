// Expressions: names, types, and the casts that PostgreSQL adds by itself.

#include <algorithm>

#include "sql/bind_scope.h"
#include "sql/functions.h"
#include "sql/parser.h"
#include "sql/signatures.h"
#include "sql/type_names.h"

namespace sql {
namespace {

using model::Type;
using model::TypeId;

constexpr Type kDate{TypeId::kDate};
constexpr Type kTimestamp{TypeId::kTimestamp};
constexpr Type kName{TypeId::kName};

bool IsUntyped(const Expr& expr) { return expr.type.id == TypeId::kUnknown && !expr.type.array; }

Type TypeOfDecimal(const std::string& digits) {
  if (digits.find_first_of("eE") != std::string::npos) return model::kNumeric;
  const size_t point = digits.find('.');
  const size_t scale = point == std::string::npos ? 0 : digits.size() - point - 1;
  const size_t total = std::max<size_t>(1, digits.size() - (point == std::string::npos ? 0 : 1));
  if (total > 38) return model::kNumeric;
  return Type{TypeId::kNumeric, static_cast<uint8_t>(std::max(total, scale)), static_cast<uint8_t>(scale)};
}

base::Status CheckLiteral(const Expr& literal, Type type) {
  const std::string& text = literal.literal.text;
  const auto wrong = [&] {
    Type plain = type;
    plain.precision = plain.scale = 0;
    return AtExpr(base::DataError("invalid input syntax for type " + model::NameOf(plain) + ": \"" + text + "\"").WithSqlstate("22P02"),
                  literal.location);
  };
  if (type.IsInteger()) {
    const size_t begin = text.find_first_not_of(" +-"), end = text.find_last_not_of(' ');
    if (begin == std::string::npos) return wrong();
    for (size_t i = begin; i <= end; ++i)
      if (!std::isdigit(static_cast<unsigned char>(text[i]))) return wrong();
  } else if (type.id == TypeId::kInterval) {
    if (!ParseInterval(text).ok()) {
      auto error = base::DataError("invalid input syntax for type interval: \"" + text + "\"").WithSqlstate("22007");
      return AtExpr(std::move(error), literal.location);
    }
  }
  return {};
}

void WrapCast(ExprPtr* expr, Type type) {
  auto cast = std::make_unique<Expr>();
  cast->kind = ExprKind::kCast;
  cast->location = (*expr)->location;
  cast->cast = {type, std::string(ShortName(type.id)), {}};
  cast->type = type;
  cast->args.push_back(std::move(*expr));
  *expr = std::move(cast);
}

base::Status Mismatch(Type from, Type to, int location) {
  return AtExpr(base::Invalid("cannot cast type " + model::NameOf(from) + " to " + model::NameOf(to)).WithSqlstate("42846"), location);
}

}  // namespace

bool HasAggregate(const Expr& expr) {
  if (expr.kind == ExprKind::kFunction && !expr.over) {
    const std::string& name = expr.name.back();
    if (IsKnownFunction(name)) {
      std::vector<Type> types;
      for (const auto& argument : expr.args) types.push_back(argument->type);
      for (const auto& key : expr.order_by)
        if (expr.within_group) types.push_back(key.expr->type);
      const auto resolved = ResolveFunction(name, types);
      if (resolved.ok() && resolved->aggregate) return true;
    }
  }
  for (const auto& argument : expr.args)
    if (argument && HasAggregate(*argument)) return true;
  if (expr.over) {
    for (const auto& part : expr.over->partition_by)
      if (HasAggregate(*part)) return true;
    for (const auto& key : expr.over->order_by)
      if (HasAggregate(*key.expr)) return true;
  }
  return false;
}

// Gives `expr` the type: untyped literals and parameters take it, others are cast where PostgreSQL does so by itself.
base::Status Binder::Coerce(ExprPtr* expr, Type type) {
  Expr& e = **expr;
  if (e.type == type) return {};
  if (e.kind == ExprKind::kParameter && IsUntyped(e)) {
    parameters_[static_cast<size_t>(e.parameter) - 1] = type;
    e.type = type;
    return {};
  }
  if (IsUntyped(e)) {
    if (e.kind == ExprKind::kLiteral && e.literal.kind == Literal::Kind::kString) RETURN_IF_ERROR(CheckLiteral(e, type));
    WrapCast(expr, type);
    return {};
  }
  if (e.type.id == type.id && e.type.array == type.array) return {};
  if (!ConvertsImplicitly(e.type, type)) {
    if (type.id == TypeId::kBool)
      return AtExpr(base::Invalid(std::string("argument of ") + (*clause_ ? clause_ : "condition") + " must be type boolean, not type " +
                                  model::NameOf(e.type)).WithSqlstate("42804"),
                    e.location);
    return AtExpr(base::Invalid("expression is of type " + model::NameOf(e.type) + ", but " + model::NameOf(type) + " is needed")
                      .WithSqlstate("42804"),
                  e.location);
  }
  WrapCast(expr, type);
  return {};
}

base::Status Binder::BindExpr(ExprPtr* expr, const Scope& scope) {
  Expr* e = expr->get();
  switch (e->kind) {
    case ExprKind::kLiteral: return LiteralType(e);
    case ExprKind::kParameter: return Parameter(e);
    case ExprKind::kColumn: return Column(e, scope);
    case ExprKind::kStar: return AtExpr(base::Invalid("\"*\" is not allowed here").WithSqlstate("42601"), e->location);
    case ExprKind::kFunction: return Call(e, scope);
    case ExprKind::kExists:
    case ExprKind::kSubquery: return Nested(e, scope);
    case ExprKind::kIn:
    case ExprKind::kAnyAll: return Membership(e, scope);
    default: break;
  }
  if (e->subquery) return Nested(e, scope);
  for (auto& argument : e->args) RETURN_IF_ERROR(BindExpr(&argument, scope));
  switch (e->kind) {
    case ExprKind::kOperator: return Operator(e, scope);
    case ExprKind::kCase: return Case(e);
    case ExprKind::kCast: return Cast(e);
    default: return Rest(e);
  }
}

base::Status Binder::LiteralType(Expr* e) {
  switch (e->literal.kind) {
    case Literal::Kind::kNull:
    case Literal::Kind::kString: e->type = Type{}; break;
    case Literal::Kind::kBool: e->type = model::kBool; break;
    case Literal::Kind::kInteger:
      e->type = e->literal.integer >= INT32_MIN && e->literal.integer <= INT32_MAX ? model::kInt4 : model::kInt8;
      break;
    case Literal::Kind::kDecimal: e->type = TypeOfDecimal(e->literal.text); break;
  }
  return {};
}

base::Status Binder::Parameter(Expr* e) {
  const auto index = static_cast<size_t>(e->parameter);
  if (parameters_.size() < index) parameters_.resize(index);
  e->type = parameters_[index - 1];
  return {};
}

base::Status Binder::Column(Expr* e, const Scope& scope) {
  auto type = scope.Resolve(&e->name);
  if (!type.ok()) return AtExpr(type.TakeStatus(), e->location);
  e->type = *type;
  return {};
}

// Binds arguments, ORDER BY, FILTER and OVER; `all` lists what the overloads see.
base::Status Binder::CallArguments(Expr* e, const Scope& scope, std::vector<ExprPtr*>* all) {
  for (auto& argument : e->args) {
    RETURN_IF_ERROR(BindExpr(&argument, scope));
    all->push_back(&argument);
  }
  for (auto& key : e->order_by) {
    RETURN_IF_ERROR(BindExpr(&key.expr, scope));
    if (e->within_group) all->push_back(&key.expr);
  }
  if (e->filter) {
    RETURN_IF_ERROR(BindExpr(&e->filter, scope));
    RETURN_IF_ERROR(Coerce(&e->filter, model::kBool));
  }
  return {};
}

base::Status Binder::Call(Expr* e, const Scope& scope) {
  if (e->name.size() > 1 && e->name[e->name.size() - 2] != "pg_catalog")
    return AtExpr(base::NotFound("function " + e->name[0] + "." + e->name.back() + " does not exist").WithSqlstate("42883"), e->location);
  e->name = {e->name.back()};
  const std::string& name = e->name[0];
  const bool known_window = IsWindowFunction(name);
  if (known_window && !e->over)
    return AtExpr(base::Invalid("window function " + name + " requires an OVER clause").WithSqlstate("42P20"), e->location);
  const bool outer_inside = inside_aggregate_;
  if (IsAggregate(name) && !e->over) {
    if (!allow_aggregates_)
      return AtExpr(base::Invalid(std::string("aggregate functions are not allowed in ") + (*clause_ ? clause_ : "this expression"))
                        .WithSqlstate("42803"),
                    e->location);
    if (inside_aggregate_) return AtExpr(base::Invalid("aggregate function calls cannot be nested").WithSqlstate("42803"), e->location);
    inside_aggregate_ = true;
  }
  std::vector<ExprPtr*> all;
  base::Status status = CallArguments(e, scope, &all);
  inside_aggregate_ = outer_inside;
  RETURN_IF_ERROR(status);
  std::vector<Type> types;
  for (const ExprPtr* argument : all) types.push_back((*argument)->type);
  auto resolved = ResolveFunction(name, types);
  if (!resolved.ok()) return AtExpr(resolved.TakeStatus(), e->location);
  if ((e->filter || e->distinct || e->within_group || e->star) && !resolved->aggregate)
    return AtExpr(base::Invalid(name + " is not an aggregate function").WithSqlstate("42809"), e->location);
  if (e->over) {
    if (!resolved->aggregate && !resolved->window)
      return AtExpr(base::Invalid("OVER specified, but " + name + " is not a window function nor an aggregate function").WithSqlstate("42809"),
                    e->location);
    RETURN_IF_ERROR(Window(e->over.get(), scope));
  }
  for (size_t i = 0; i < all.size(); ++i)
    if (resolved->arguments[i].id != TypeId::kUnknown) RETURN_IF_ERROR(Coerce(all[i], resolved->arguments[i]));
  e->type = resolved->result;
  return {};
}

base::Status Binder::Window(WindowSpec* window, const Scope& scope) {
  for (auto& part : window->partition_by) RETURN_IF_ERROR(BindExpr(&part, scope));
  for (auto& key : window->order_by) RETURN_IF_ERROR(BindExpr(&key.expr, scope));
  if (window->frame.start) RETURN_IF_ERROR(BindExpr(&window->frame.start, scope));
  if (window->frame.end) RETURN_IF_ERROR(BindExpr(&window->frame.end, scope));
  return {};
}

base::Status Binder::Chain(Expr* e) {
  for (auto& argument : e->args) {
    if (!IsUntyped(*argument) && argument->type.id != TypeId::kBool)
      return AtExpr(base::Invalid("argument of " + e->name[0] + " must be type boolean, not type " + model::NameOf(argument->type))
                        .WithSqlstate("42804"),
                    argument->location);
    RETURN_IF_ERROR(Coerce(&argument, model::kBool));
  }
  e->type = model::kBool;
  return {};
}

base::Status Binder::Operator(Expr* e, const Scope&) {
  const std::string& op = e->name.back();
  if (op == "AND" || op == "OR" || op == "NOT") return Chain(e);
  if (op == "LIKE" || op == "ILIKE" || op == "SIMILAR TO") {
    for (auto& argument : e->args) {
      if (!argument->type.IsText() && !IsUntyped(*argument))
        return AtExpr(ResolveOperator(op == "ILIKE" ? "~~*" : "~~", {argument->type, model::kText}).status(), e->location);
      RETURN_IF_ERROR(Coerce(&argument, model::kText));
    }
    e->type = model::kBool;
    return {};
  }
  std::vector<Type> types;
  for (const auto& argument : e->args) types.push_back(argument->type);
  auto resolved = ResolveOperator(op == "!=" ? "<>" : op, types);
  if (!resolved.ok()) return AtExpr(resolved.TakeStatus(), e->location);
  for (size_t i = 0; i < e->args.size(); ++i)
    if (resolved->arguments[i].id != TypeId::kUnknown) RETURN_IF_ERROR(Coerce(&e->args[i], resolved->arguments[i]));
  e->type = resolved->result;
  return {};
}

base::Status Binder::Unify(std::vector<ExprPtr*> parts, const char* what, Type* common) {
  std::vector<Type> types;
  for (const ExprPtr* part : parts) types.push_back((*part)->type);
  const auto found = CommonType(types);
  if (!found) {
    std::string first, second;
    for (const auto& type : types) {
      if (type.id == TypeId::kUnknown) continue;
      if (first.empty()) first = model::NameOf(type);
      else if (second.empty() && model::NameOf(type) != first) second = model::NameOf(type);
    }
    return AtExpr(base::Invalid(std::string(what) + " types " + first + " and " + second + " cannot be matched").WithSqlstate("42804"),
                  (*parts.back())->location);
  }
  *common = found->id == TypeId::kUnknown ? model::kText : *found;
  for (ExprPtr* part : parts)
    if ((*part)->type.id != common->id) RETURN_IF_ERROR(Coerce(part, *common));
  return {};
}

base::Status Binder::Compare(const Expr& expr, ExprPtr* a, ExprPtr* b, const std::string& op) {
  auto resolved = ResolveOperator(op, {(*a)->type, (*b)->type});
  if (!resolved.ok()) return AtExpr(resolved.TakeStatus(), expr.location);
  if (resolved->arguments[0].id != TypeId::kUnknown) RETURN_IF_ERROR(Coerce(a, resolved->arguments[0]));
  if (resolved->arguments[1].id != TypeId::kUnknown) RETURN_IF_ERROR(Coerce(b, resolved->arguments[1]));
  return {};
}

base::Status Binder::Case(Expr* e) {
  const size_t first = e->has_operand ? 1 : 0;
  const size_t end = e->args.size() - (e->has_else ? 1 : 0);
  std::vector<ExprPtr*> results;
  if (e->has_else) results.push_back(&e->args.back());
  for (size_t i = first; i + 1 < end + 1 && i + 1 <= end; i += 2) {
    if (e->has_operand) {
      RETURN_IF_ERROR(Compare(*e, &e->args[0], &e->args[i], "="));
    } else {
      const char* clause = std::exchange(clause_, "CASE/WHEN");
      const base::Status status = Coerce(&e->args[i], model::kBool);
      clause_ = clause;
      RETURN_IF_ERROR(status);
    }
    results.push_back(&e->args[i + 1]);
  }
  return Unify(std::move(results), "CASE", &e->type);
}

base::Status Binder::Cast(Expr* e) {
  Type target = e->cast.type;
  if (target.id == TypeId::kUnknown)
    return AtExpr(base::NotFound("type \"" + e->cast.name + "\" does not exist").WithSqlstate("42704"), e->location);
  Expr& argument = *e->args[0];
  if (argument.kind == ExprKind::kParameter && IsUntyped(argument)) return Coerce(&e->args[0], target).ok() ? (e->type = target, base::Status()) : base::Status();
  if (IsUntyped(argument)) {
    if (argument.kind == ExprKind::kLiteral && argument.literal.kind == Literal::Kind::kString && !target.array)
      RETURN_IF_ERROR(CheckLiteral(argument, target));
  } else if (!ConvertsExplicitly(argument.type, target)) {
    return Mismatch(argument.type, target, e->location);
  }
  if (target.id == TypeId::kNumeric && target.precision == 0 && argument.type.id == TypeId::kNumeric) target = argument.type;
  e->type = target;
  return {};
}

base::Status Binder::Nested(Expr* e, const Scope& scope) {
  const bool aggregates = std::exchange(allow_aggregates_, true);
  const bool inside = std::exchange(inside_aggregate_, false);
  const CommonScope* common = common_;
  auto output = Query(e->subquery.get(), &scope, common);
  common_ = common;
  allow_aggregates_ = aggregates;
  inside_aggregate_ = inside;
  if (!output.ok()) return output.TakeStatus();
  if (e->kind == ExprKind::kExists) {
    e->type = model::kBool;
    return {};
  }
  if (output->size() != 1) return AtExpr(base::Invalid("subquery must return only one column").WithSqlstate("42601"), e->location);
  e->type = output->front().type;
  if (e->kind == ExprKind::kArray) e->type.array = true;
  return {};
}

// x IN (list or subquery), x op ANY | ALL (array or subquery).
base::Status Binder::Membership(Expr* e, const Scope& scope) {
  for (auto& argument : e->args) RETURN_IF_ERROR(BindExpr(&argument, scope));
  const std::string op = e->kind == ExprKind::kIn ? "=" : e->name[0];
  if (e->subquery) {
    const ExprKind kind = std::exchange(e->kind, ExprKind::kSubquery);
    const base::Status status = Nested(e, scope);
    e->kind = kind;
    RETURN_IF_ERROR(status);
    auto resolved = ResolveOperator(op, {e->args[0]->type, e->type});
    if (!resolved.ok()) return AtExpr(resolved.TakeStatus(), e->location);
    if (resolved->arguments[0].id != TypeId::kUnknown) RETURN_IF_ERROR(Coerce(&e->args[0], resolved->arguments[0]));
    e->type = model::kBool;
    return {};
  }
  e->type = model::kBool;
  if (e->kind == ExprKind::kAnyAll) {
    Expr& list = *e->args[1];
    if (list.type.array || list.kind == ExprKind::kArray) return {};
    if (IsUntyped(list)) {
      Type type = e->args[0]->type.id == TypeId::kUnknown ? model::kText : e->args[0]->type;
      type.array = true;
      return Coerce(&e->args[1], type);
    }
    return AtExpr(base::Invalid("op ANY/ALL (array) requires array on right side").WithSqlstate("42809"), e->location);
  }
  std::vector<ExprPtr*> all;
  for (auto& argument : e->args) all.push_back(&argument);
  // Numbers of several widths compare as they are.
  const bool numbers = std::all_of(e->args.begin(), e->args.end(), [](const auto& a) { return a->type.IsNumber(); });
  if (numbers) return {};
  for (size_t i = 1; i < e->args.size(); ++i) RETURN_IF_ERROR(Compare(*e, &e->args[0], &e->args[i], "="));
  return {};
}

// The kinds with one rule each.
base::Status Binder::Rest(Expr* e) {
  switch (e->kind) {
    case ExprKind::kCoalesce: {
      std::vector<ExprPtr*> parts;
      for (auto& argument : e->args) parts.push_back(&argument);
      if (e->name[0] != "NULLIF") return Unify(std::move(parts), e->name[0].c_str(), &e->type);
      RETURN_IF_ERROR(Compare(*e, &e->args[0], &e->args[1], "="));
      e->type = e->args[0]->type;
      return {};
    }
    case ExprKind::kIsNull:
      e->type = model::kBool;
      return {};
    case ExprKind::kIsBool:
      e->type = model::kBool;
      return Coerce(&e->args[0], model::kBool);
    case ExprKind::kIsDistinct:
      e->type = model::kBool;
      return Compare(*e, &e->args[0], &e->args[1], "=");
    case ExprKind::kBetween:
      RETURN_IF_ERROR(Compare(*e, &e->args[0], &e->args[1], "<="));
      RETURN_IF_ERROR(Compare(*e, &e->args[0], &e->args[2], "<="));
      e->type = model::kBool;
      return {};
    case ExprKind::kArray: {
      std::vector<ExprPtr*> parts;
      for (auto& argument : e->args) parts.push_back(&argument);
      if (parts.empty()) return AtExpr(base::Invalid("cannot determine type of empty array").WithSqlstate("42P18"), e->location);
      RETURN_IF_ERROR(Unify(std::move(parts), "ARRAY", &e->type));
      e->type.array = true;
      return {};
    }
    case ExprKind::kExtract:
      if (IsUntyped(*e->args[0])) RETURN_IF_ERROR(Coerce(&e->args[0], model::kTimestampTz));
      if (!e->args[0]->type.IsTime() && e->args[0]->type.id != TypeId::kInterval && e->args[0]->type.id != TypeId::kTime)
        return AtExpr(base::NotFound("function pg_catalog.extract(unknown, " + model::NameOf(e->args[0]->type) + ") does not exist")
                          .WithSqlstate("42883"),
                      e->location);
      e->type = model::kNumeric;
      return {};
    case ExprKind::kAtTimeZone: {
      RETURN_IF_ERROR(Coerce(&e->args[1], model::kText));
      if (IsUntyped(*e->args[0])) RETURN_IF_ERROR(Coerce(&e->args[0], model::kTimestampTz));
      const TypeId id = e->args[0]->type.id;
      if (id == TypeId::kDate) RETURN_IF_ERROR(Coerce(&e->args[0], model::kTimestampTz));
      else if (id != TypeId::kTimestamp && id != TypeId::kTimestampTz) return Mismatch(e->args[0]->type, model::kTimestampTz, e->location);
      e->type = e->args[0]->type.id == TypeId::kTimestampTz ? kTimestamp : model::kTimestampTz;
      return {};
    }
    case ExprKind::kCollate:
      if (IsUntyped(*e->args[0])) RETURN_IF_ERROR(Coerce(&e->args[0], model::kText));
      e->type = e->args[0]->type;
      return {};
    case ExprKind::kDefault:
      if (e->name[0] == "CURRENT_DATE") e->type = kDate;
      else if (e->name[0] == "CURRENT_TIMESTAMP") e->type = model::kTimestampTz;
      else if (e->name[0] == "LOCALTIMESTAMP") e->type = kTimestamp;
      else if (e->name[0] == "LOCALTIME") e->type = Type{TypeId::kTime};
      else e->type = kName;
      return {};
    case ExprKind::kSubscript:
      e->type = e->args[0]->type;
      if (!e->type.array) return AtExpr(base::Invalid("cannot subscript type " + model::NameOf(e->type)).WithSqlstate("42804"), e->location);
      if (e->args.size() == 2) e->type.array = false;
      return {};
    case ExprKind::kGroupingSet: return {};
    default: return AtExpr(base::Unsupported("this kind of expression is not supported"), e->location);
  }
}

}  // namespace sql
