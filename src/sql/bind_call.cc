#include <algorithm>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"
#include "sql/type_names.h"

namespace sql {

using model::Type;
using model::TypeId;

namespace {

// "WHERE", "JOIN conditions": where an aggregate stands that may not.
const char* PlaceOf(Clause clause) {
  switch (clause) {
    case Clause::kWhere: return "WHERE";
    case Clause::kOn: return "JOIN conditions";
    case Clause::kGroupBy: return "GROUP BY";
    case Clause::kValues: return "VALUES";
    case Clause::kLimit: return "LIMIT";
    case Clause::kFrom: return "functions in FROM";
    case Clause::kFilter: return "FILTER";
    default: return "this place";
  }
}

bool MayAggregate(Clause clause) {
  return clause == Clause::kSelect || clause == Clause::kHaving || clause == Clause::kOrderBy ||
         clause == Clause::kWindow;
}

struct Known {
  FunctionKind kind = FunctionKind::kScalar;
  bool ordered_set = false;
};

Known KnownOf(const std::string& name) {
  Known known;
  for (const Signature* signature : SignaturesOf(name, false)) {
    known.kind = signature->info->kind;
    known.ordered_set = signature->ordered > 0;
  }
  return known;
}

std::string TypeList(const std::vector<Type>& types) {
  std::string out;
  for (Type type : types)
    out += (out.empty() ? "" : ", ") +
           (IsUnknown(type) ? "unknown" : model::NameOf(Type{type.id, 0, 0, type.array}));
  return out;
}

}  // namespace

base::Status Binder::BindCall(ExprPtr* slot, Level* level) {
  Expr* call = slot->get();
  if (call->name.size() > 1 && (call->name.size() > 2 || call->name[0] != "pg_catalog"))
    return base::NotFound("function " + call->name[0] + "." + call->name.back() + " does not exist")
        .WithSqlstate("42883");
  if (call->name.size() > 1) call->name.erase(call->name.begin());
  const std::string& name = call->name[0];
  if (call->variadic) return base::Unsupported("VARIADIC is not supported");
  if (name == "grouping") return BindGrouping(call, level);
  const bool plain = call->over == nullptr && !call->star && call->args.size() == 1;
  if (SignaturesOf(name, false).empty() && plain)
    if (const std::optional<Type> type = TypeByName(name)) return BindCastCall(slot, *type, level);
  if ((name == "unnest" || name == "generate_series") && level->clause != Clause::kFrom)
    return base::Unsupported("set-returning functions are only supported in FROM");
  const Known known = KnownOf(name);
  RETURN_IF_ERROR(CheckCallShape(*call, known.kind, known.ordered_set));
  const bool aggregate = known.kind == FunctionKind::kAggregate && call->over == nullptr;
  if (aggregate) RETURN_IF_ERROR(CheckAggregatePlace(*call, level));
  if (call->over != nullptr) RETURN_IF_ERROR(CheckWindowPlace(*call, level));
  RETURN_IF_ERROR(BindCallParts(call, aggregate, level));
  RETURN_IF_ERROR(ResolveCall(call));
  return FinishCall(slot);
}

// date(x), int4(x), text(x): a cast written as a call.
base::Status Binder::BindCastCall(ExprPtr* slot, Type type, Level* level) {
  ExprPtr cast = MakeExpr(ExprKind::kCast, (*slot)->location);
  cast->cast.type = type;
  cast->cast.name = (*slot)->name[0];
  cast->args = std::move((*slot)->args);
  *slot = std::move(cast);
  return BindCast(slot, level);
}

base::Status Binder::CheckCallShape(const Expr& call, FunctionKind kind, bool ordered_set) const {
  const std::string& name = call.name[0];
  const auto wrong = [](const std::string& message) {
    return base::Invalid(message).WithSqlstate("42809");
  };
  if (kind == FunctionKind::kWindow && call.over == nullptr)
    return wrong("window function " + name + " requires an OVER clause");
  if (kind == FunctionKind::kScalar && call.over != nullptr && !SignaturesOf(name, false).empty())
    return wrong("OVER specified, but " + name +
                 " is not a window function nor an aggregate function");
  if (kind != FunctionKind::kAggregate) {
    if (call.distinct)
      return wrong("DISTINCT specified, but " + name + " is not an aggregate function");
    if (call.filter != nullptr)
      return wrong("FILTER specified, but " + name + " is not an aggregate function");
    if (!call.order_by.empty())
      return wrong("ORDER BY specified, but " + name + " is not an aggregate function");
  }
  if (call.within_group && !ordered_set)
    return wrong(name + " is not an ordered-set aggregate, so it cannot have WITHIN GROUP");
  if (!call.within_group && ordered_set)
    return wrong("WITHIN GROUP is required for ordered-set aggregate " + name)
        .WithHint("Write " + name + "(...) WITHIN GROUP (ORDER BY x).");
  if (call.within_group && call.distinct) return wrong("cannot use DISTINCT with WITHIN GROUP");
  if (ordered_set && call.over != nullptr && name != "approx_percentile")
    return base::Unsupported("OVER is not supported for ordered-set aggregate " + name);
  if (call.distinct && call.over != nullptr)
    return base::Unsupported("DISTINCT is not implemented for window functions");
  return {};
}

base::Status Binder::CheckAggregatePlace(const Expr&, Level* level) const {
  if (!options_.allow_aggregates)
    return base::Invalid("aggregate functions are not allowed here").WithSqlstate("42803");
  if (level->in_aggregate)
    return base::Invalid("aggregate function calls cannot be nested").WithSqlstate("42803");
  if (!MayAggregate(level->clause))
    return base::Invalid("aggregate functions are not allowed in " +
                         std::string(PlaceOf(level->clause)))
        .WithSqlstate("42803");
  return {};
}

base::Status Binder::CheckWindowPlace(const Expr& call, Level* level) const {
  if (level->in_aggregate)
    return base::Invalid("aggregate function calls cannot contain window function calls")
        .WithSqlstate("42803");
  if (level->in_window)
    return base::Invalid("window function calls cannot be nested").WithSqlstate("42P20");
  if (level->clause == Clause::kSelect || level->clause == Clause::kOrderBy) return {};
  const std::string place = level->clause == Clause::kHaving ? "HAVING" : PlaceOf(level->clause);
  (void)call;
  return base::Invalid("window functions are not allowed in " + place).WithSqlstate("42P20");
}

base::Status Binder::BindCallParts(Expr* call, bool aggregate, Level* level) {
  if (aggregate) {
    level->in_aggregate = true;
    level->aggregate_columns = level->own_columns = 0;
  }
  const bool in_window = level->in_window;
  if (call->over != nullptr) level->in_window = true;
  const auto parts = [&]() -> base::Status {
    RETURN_IF_ERROR(BindArgs(&call->args, level));
    for (SortKey& key : call->order_by) {
      RETURN_IF_ERROR(Bind(&key.expr, level));
      if (IsUnknown(key.expr->type) && !call->within_group)
        RETURN_IF_ERROR(Coerce(&key.expr, model::kText));
    }
    if (call->filter == nullptr) return {};
    RETURN_IF_ERROR(BindIn(&call->filter, Clause::kFilter, level));
    return CoerceBool(&call->filter, "FILTER");
  };
  base::Status status = parts();
  if (status.ok() && call->over != nullptr)
    status = BindOver(call->over.get(), call->location, level);
  level->in_window = in_window;
  if (!aggregate) return status;
  level->in_aggregate = false;
  level->has_aggregates = true;
  if (status.ok() && level->aggregate_columns > 0 && level->own_columns == 0)
    return base::Unsupported("an aggregate over columns of an outer query is not supported");
  return status;
}

base::Status Binder::BindOver(WindowSpec* over, int location, Level* level) {
  if (!over->name.empty() && std::find(level->window_names.begin(), level->window_names.end(),
                                       over->name) == level->window_names.end())
    return Fail(
        base::NotFound("window \"" + over->name + "\" does not exist").WithSqlstate("42704"),
        location);
  const bool in_window = level->in_window;
  level->in_window = true;
  const auto parts = [&]() -> base::Status {
    for (ExprPtr& key : over->partition_by) {
      RETURN_IF_ERROR(BindIn(&key, Clause::kWindow, level));
      if (IsUnknown(key->type)) RETURN_IF_ERROR(Coerce(&key, model::kText));
    }
    for (SortKey& key : over->order_by) {
      RETURN_IF_ERROR(BindIn(&key.expr, Clause::kWindow, level));
      if (IsUnknown(key.expr->type)) RETURN_IF_ERROR(Coerce(&key.expr, model::kText));
    }
    for (ExprPtr* bound : {&over->frame.start, &over->frame.end}) {
      if (*bound == nullptr) continue;
      RETURN_IF_ERROR(BindIn(bound, Clause::kWindow, level));
      const bool range = over->frame.options & 0x2;
      const bool time =
          range && !over->order_by.empty() && !over->order_by[0].expr->type.IsNumber();
      RETURN_IF_ERROR(Coerce(bound, time                                  ? Type{TypeId::kInterval}
                                    : range && !IsUnknown((*bound)->type) ? (*bound)->type
                                                                          : model::kInt8));
    }
    return {};
  };
  base::Status status = parts();
  level->in_window = in_window;
  return status;
}

base::Status Binder::ResolveCall(Expr* call) {
  const std::string& name = call->name[0];
  std::vector<Type> types;
  std::vector<ExprPtr*> arguments;
  for (ExprPtr& arg : call->args) arguments.push_back(&arg);
  if (call->within_group)
    for (SortKey& key : call->order_by) arguments.push_back(&key.expr);
  for (ExprPtr* argument : arguments) types.push_back((*argument)->type);
  const bool count_star = call->star && name == "count";
  if (count_star) types.push_back(model::kInt8);
  bool ambiguous = false;
  const std::optional<Resolved> resolved =
      call->star && !count_star
          ? std::nullopt
          : Resolve(name, false, types, call->within_group ? call->order_by.size() : 0, &ambiguous);
  if (!resolved) {
    const std::string text = "function " + name + "(" + TypeList(types) + ")";
    if (ambiguous)
      return base::Invalid(text + " is not unique")
          .WithSqlstate("42725")
          .WithHint(
              "Could not choose a best candidate function. You might need to add explicit type "
              "casts.");
    std::string hint =
        "No function matches the given name and argument types. You might need to add explicit "
        "type casts.";
    if (SignaturesOf(name, false).empty())
      if (auto near = base::NearestName(name, FunctionNames()))
        hint = "Perhaps you meant the function \"" + *near + "\".";
    return base::NotFound(text + " does not exist").WithSqlstate("42883").WithHint(hint);
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type wanted = IsUnknown(resolved->arguments[i]) && IsUnknown(types[i])
                            ? model::kText
                            : resolved->arguments[i];
    RETURN_IF_ERROR(Coerce(arguments[i], wanted));
  }
  call->type = resolved->result;
  const Signature& signature = *resolved->signature;
  if (signature.result == Signature::Result::kExact) {
    if (call->type.id == TypeId::kNumeric && !call->type.array) call->type = NumericResultOf(*call);
  } else if (signature.result_argument < arguments.size()) {
    const Type argument =
        (*arguments[signature.result_argument])->type;  // as coerced, with its precision
    if (argument.id == call->type.id) {
      call->type.precision = argument.precision;
      call->type.scale = argument.scale;
    }
  }
  return {};
}

base::Status Binder::BindGrouping(Expr* call, Level* level) {
  if (!MayAggregate(level->clause) || call->over != nullptr)
    return base::Invalid("grouping operations are not allowed in " +
                         std::string(PlaceOf(level->clause)))
        .WithSqlstate("42803");
  const bool in_aggregate = level->in_aggregate;
  level->in_aggregate = true;
  base::Status status = BindArgs(&call->args, level);
  level->in_aggregate = in_aggregate;
  call->type = model::kInt4;
  level->has_aggregates = true;
  return status;
}

}  // namespace sql
