#include <algorithm>
#include <array>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"
#include "sql/print_special.h"

namespace sql {

using model::Type;
using model::TypeId;

base::Status Binder::BindIn(ExprPtr* expr, Clause clause, Level* level) {
  const Clause before = level->clause;
  level->clause = clause;
  base::Status status = Bind(expr, level);
  level->clause = before;
  return status;
}

base::Status Binder::BindArgs(std::vector<ExprPtr>* args, Level* level) {
  for (ExprPtr& arg : *args) RETURN_IF_ERROR(Bind(&arg, level));
  return {};
}

base::Status Binder::Bind(ExprPtr* slot, Level* level) {
  base::Status status = BindNode(slot, level);
  return status.ok() ? std::move(status) : Fail(std::move(status), (*slot)->location);
}

base::Status Binder::BindNode(ExprPtr* slot, Level* level) {
  Expr* expr = slot->get();
  switch (expr->kind) {
    case ExprKind::kLiteral:
      switch (expr->literal.kind) {
        case Literal::Kind::kBool: expr->type = model::kBool; return {};
        case Literal::Kind::kInteger: {
          const bool small =
              expr->literal.integer >= INT32_MIN && expr->literal.integer <= INT32_MAX;
          expr->type = small ? model::kInt4 : model::kInt8;
          return {};
        }
        case Literal::Kind::kDecimal: {
          expr->literal.kind = Literal::Kind::kString;  // read as the text of a numeric
          return CoerceLiteral(slot, model::kNumeric);
        }
        default: return {};
      }
    case ExprKind::kParameter: return BindParameter(expr);
    case ExprKind::kColumn: return BindColumn(expr, level);
    case ExprKind::kStar: return base::Invalid("* is not allowed here").WithSqlstate("42601");
    case ExprKind::kFunction: return BindCall(slot, level);
    case ExprKind::kOperator: return BindOperator(slot, level);
    case ExprKind::kCast: return BindCast(slot, level);
    case ExprKind::kCase: return BindCase(expr, level);
    case ExprKind::kCoalesce: return BindCoalesce(expr, level);
    case ExprKind::kIsNull:
    case ExprKind::kIsBool:
    case ExprKind::kIsDistinct: return BindTest(expr, level);
    case ExprKind::kBetween: return BindBetween(expr, level);
    case ExprKind::kIn:
      return expr->subquery != nullptr ? BindInSubquery(expr, level) : BindInList(slot, level);
    case ExprKind::kAnyAll: return BindAnyAll(expr, level);
    case ExprKind::kExists:
    case ExprKind::kSubquery: return BindSubquery(expr, level);
    case ExprKind::kArray: return BindArray(expr, level);
    case ExprKind::kSubscript: return BindSubscript(expr, level);
    case ExprKind::kExtract: return BindExtract(expr, level);
    case ExprKind::kAtTimeZone: return BindAtTimeZone(expr, level);
    case ExprKind::kCollate: return BindCollate(expr, level);
    case ExprKind::kDefault: return BindValueFunction(slot);
    case ExprKind::kRow:
      return base::Unsupported("a row as a value is not supported")
          .WithHint("Compare rows with =, <, IN; or name the columns one by one.");
    case ExprKind::kField:
      return base::Invalid("column notation ." + expr->name[0] + " is not supported")
          .WithSqlstate("42809");
    case ExprKind::kGroupingSet:
      return base::Invalid("grouping sets belong into GROUP BY").WithSqlstate("42601");
  }
  return base::Internal("an expression of unknown kind");
}

base::Status Binder::BindParameter(Expr* expr) {
  const size_t index = static_cast<size_t>(expr->parameter - 1);
  if (index >= parameters_.size()) parameters_.resize(index + 1);
  expr->type = parameters_[index];
  return {};
}

void Binder::SetColumn(Expr* expr, const Scope& scope, ColumnPlace place, int outer, Level* level) {
  const ScopeTable& table = scope.tables[place.table];
  expr->type = table.columns[place.column].type;
  expr->outer = outer;
  // A nearer relation of the same name would take a qualified name for itself.
  bool hidden = table.alias.empty();
  const Scope* nearer = &level->scope;
  for (int i = 0; i < outer && nearer != nullptr; ++i, nearer = nearer->outer)
    hidden = hidden || nearer->FindTable(table.alias).has_value();
  expr->name = hidden ? std::vector<std::string>{table.columns[place.column].name}
                      : std::vector<std::string>{table.alias, table.columns[place.column].name};
  for (Level* at = level; at != nullptr; at = at->outer, --outer) {
    if (!at->in_aggregate) continue;
    ++at->aggregate_columns;
    at->own_columns += outer <= 0;
  }
}

base::Status Binder::BindColumn(Expr* expr, Level* level) {
  if (expr->name.size() > 1) return BindQualified(expr, level);
  const std::string name = expr->name[0];
  int outer = 0;
  for (const Scope* scope = &level->scope; scope != nullptr; scope = scope->outer, ++outer) {
    const std::vector<ColumnPlace> found = scope->Find(name);
    if (found.size() > 1)
      return base::Invalid("column reference \"" + name + "\" is ambiguous").WithSqlstate("42702");
    if (found.empty()) continue;
    SetColumn(expr, *scope, found[0], outer, level);
    return {};
  }
  for (const Scope* scope = &level->scope; scope != nullptr; scope = scope->outer)
    if (scope->FindTable(name))
      return base::Unsupported("a whole row as a value is not supported")
          .WithHint("Name a column of \"" + name + "\".");
  base::Status status =
      base::NotFound("column \"" + name + "\" does not exist").WithSqlstate("42703");
  if (const std::string hint = HintForNotKept(name); !hint.empty())
    return std::move(status).WithHint(hint);
  for (const Scope* scope = &level->scope; scope != nullptr; scope = scope->outer)
    if (const std::string hint = scope->HintFor(name, ""); !hint.empty())
      return std::move(status).WithHint(hint);
  return status;
}

std::string Binder::HintForNotKept(const std::string& column) const {
  for (const RelationInfo* info : used_)
    if (std::find(info->not_kept.begin(), info->not_kept.end(), column) != info->not_kept.end())
      return "Source \"" + info->name + "\" does not keep \"" + column +
             "\": it is not among its retention.columns. A materialized view may read it.";
  return "";
}

base::Status Binder::BindQualified(Expr* expr, Level* level) {
  const std::vector<std::string> name = expr->name;
  const std::string& table_name = name[name.size() - 2];
  int outer = 0;
  for (const Scope* scope = &level->scope; scope != nullptr; scope = scope->outer, ++outer) {
    const std::optional<size_t> table =
        name.size() == 2 ? scope->FindTable(table_name)
                         : scope->FindRelation(name[name.size() - 3], table_name);
    if (!table) continue;
    const std::optional<size_t> column = scope->FindColumn(*table, name.back());
    if (column) {
      SetColumn(expr, *scope, {*table, *column}, outer, level);
      return {};
    }
    base::Status status =
        base::NotFound("column " + table_name + "." + name.back() + " does not exist")
            .WithSqlstate("42703");
    std::string hint = HintForNotKept(name.back());
    if (hint.empty()) hint = scope->HintFor(name.back(), table_name);
    return hint.empty() ? std::move(status) : std::move(status).WithHint(hint);
  }
  for (const Scope* scope = &level->scope; scope != nullptr; scope = scope->outer)
    for (const ScopeTable& table : scope->tables)
      if (table.relation_name == table_name)
        return base::NotFound("invalid reference to FROM-clause entry for table \"" + table_name +
                              "\"")
            .WithSqlstate("42P01")
            .WithHint("Perhaps you meant to reference the table alias \"" + table.alias + "\".");
  return base::NotFound("missing FROM-clause entry for table \"" + table_name + "\"")
      .WithSqlstate("42P01");
}

// Gives all parts one type, or fails as PostgreSQL does: "CASE types text and integer cannot be
// matched".
base::Status Binder::ToCommonType(std::vector<ExprPtr*> parts, const char* construct, Level*,
                                  Type* type) {
  std::vector<Type> types;
  for (ExprPtr* part : parts) types.push_back((*part)->type);
  int culprit = -1;
  *type = CommonType(types, &culprit);
  if (culprit >= 0) {
    const Type wrong = types[static_cast<size_t>(culprit)];
    return Fail(
        base::Invalid(std::string(construct) + " types " +
                      model::NameOf(Type{type->id, 0, 0, type->array}) + " and " +
                      model::NameOf(Type{wrong.id, 0, 0, wrong.array}) + " cannot be matched")
            .WithSqlstate("42804"),
        (*parts[static_cast<size_t>(culprit)])->location);
  }
  const bool numeric = type->id == TypeId::kNumeric && !type->array;
  for (ExprPtr* part : parts) RETURN_IF_ERROR(Coerce(part, numeric ? model::kNumeric : *type));
  if (!numeric) return {};
  // The precision is that of the values as they are now; NULL takes it on.
  const auto is_null = [](const Expr& expr) {
    return expr.kind == ExprKind::kLiteral && expr.literal.kind == Literal::Kind::kNull;
  };
  bool first = true;
  for (ExprPtr* part : parts) {
    if (is_null(**part)) continue;
    *type = first ? (*part)->type : WiderNumeric(*type, (*part)->type);
    first = false;
  }
  for (ExprPtr* part : parts)
    if (is_null(**part)) (*part)->type = *type;
  return {};
}

base::Status Binder::BindCase(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  const size_t end = expr->args.size() - (expr->has_else ? 1 : 0);
  const size_t first = expr->has_operand ? 1 : 0;
  std::vector<ExprPtr*> results;
  if (expr->has_else) results.push_back(&expr->args.back());  // PostgreSQL lets ELSE speak first
  for (size_t i = first; i + 2 <= end; i += 2) {
    if (expr->has_operand) {
      RETURN_IF_ERROR(Comparable("=", &expr->args[0], &expr->args[i], expr->args[i]->location));
    } else {
      RETURN_IF_ERROR(CoerceBool(&expr->args[i], "CASE/WHEN"));
    }
    results.push_back(&expr->args[i + 1]);
  }
  return ToCommonType(std::move(results), "CASE", level, &expr->type);
}

base::Status Binder::BindCoalesce(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  if (expr->name[0] == "NULLIF") {
    RETURN_IF_ERROR(Comparable("=", &expr->args[0], &expr->args[1], expr->location));
    expr->type = expr->args[0]->type;
    return {};
  }
  std::vector<ExprPtr*> parts;
  for (ExprPtr& arg : expr->args) parts.push_back(&arg);
  return ToCommonType(std::move(parts), expr->name[0].c_str(), level, &expr->type);
}

base::Status Binder::BindTest(Expr* expr, Level* level) {
  const bool rows = expr->args[0]->kind == ExprKind::kRow ||
                    (expr->args.size() > 1 && expr->args[1]->kind == ExprKind::kRow);
  if (rows) return base::Unsupported("a test of a whole row is not supported");
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  expr->type = model::kBool;
  if (expr->kind == ExprKind::kIsDistinct)
    return Comparable("=", &expr->args[0], &expr->args[1], expr->location);
  if (expr->kind == ExprKind::kIsBool)
    return CoerceBool(&expr->args[0],
                      std::string("IS ") + (expr->negated ? "NOT " : "") + expr->name[0]);
  return IsUnknown(expr->args[0]->type) ? Coerce(&expr->args[0], model::kText) : base::Status();
}

base::Status Binder::BindArray(Expr* expr, Level* level) {
  if (expr->subquery != nullptr) {
    ASSIGN_OR_RETURN(model::Fields fields, BindSelect(expr->subquery.get(), level, false));
    if (fields.size() != 1)
      return base::Invalid("subquery must return only one column").WithSqlstate("42601");
    expr->type = fields[0].type;
    expr->type.array = true;
    return {};
  }
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  if (expr->args.empty())
    return base::Invalid("cannot determine type of empty array")
        .WithSqlstate("42P18")
        .WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].");
  std::vector<ExprPtr*> parts;
  for (ExprPtr& arg : expr->args) parts.push_back(&arg);
  RETURN_IF_ERROR(ToCommonType(std::move(parts), "ARRAY", level, &expr->type));
  if (expr->type.array) return base::Unsupported("an array of arrays is not supported");
  expr->type.array = true;
  return {};
}

base::Status Binder::BindSubscript(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  const Type type = expr->args[0]->type;
  if (!type.array)
    return base::Invalid("cannot subscript type " + model::NameOf(type) +
                         " because it does not support subscripting")
        .WithSqlstate("42804");
  for (size_t i = 1; i < expr->args.size(); ++i) {
    if (!ImplicitlyBecomes(expr->args[i]->type, model::kInt4))
      return Fail(base::Invalid("array subscript must have type integer").WithSqlstate("42804"),
                  expr->args[i]->location);
    RETURN_IF_ERROR(Coerce(&expr->args[i], model::kInt4));
  }
  expr->type = type;
  expr->type.array = expr->args.size() > 2;
  return {};
}

base::Status Binder::BindSubquery(Expr* expr, Level* level) {
  const bool aggregate = level->in_aggregate;
  ASSIGN_OR_RETURN(model::Fields fields, BindSelect(expr->subquery.get(), level, false));
  level->in_aggregate = aggregate;
  if (expr->kind == ExprKind::kExists) {
    expr->type = model::kBool;
    return {};
  }
  if (fields.size() != 1)
    return base::Invalid("subquery must return only one column").WithSqlstate("42601");
  expr->type = fields[0].type;
  return {};
}

base::Status Binder::BindExtract(Expr* expr, Level* level) {
  RETURN_IF_ERROR(Bind(&expr->args[0], level));
  const Type type = expr->args[0]->type;
  if (IsUnknown(type))
    return base::Invalid("function pg_catalog.extract(unknown, unknown) is not unique")
        .WithSqlstate("42725")
        .WithHint(
            "Could not choose a best candidate function. You might need to add explicit type "
            "casts.");
  const bool fits =
      !type.array && (type.IsTime() || type.id == TypeId::kTime || type.id == TypeId::kInterval);
  if (!fits)
    return base::NotFound("function pg_catalog.extract(unknown, " +
                          model::NameOf(Type{type.id, 0, 0, type.array}) + ") does not exist")
        .WithSqlstate("42883")
        .WithHint(
            "No function matches the given name and argument types. You might need to add explicit "
            "type casts.");
  const std::string_view field = CanonicalField(expr->name[0]);
  if (field.empty())
    return base::Invalid("unit \"" + expr->name[0] + "\" not recognized for type " +
                         model::NameOf(type))
        .WithSqlstate("22023");
  expr->name[0] = field;
  expr->type = ExtractType(field);
  // What the type does not have is said now, not when the query is printed.
  base::Result<std::string> text = ExtractText(field, "x", type, "UTC");
  return text.ok() ? base::Status() : text.TakeStatus();
}

base::Status Binder::BindAtTimeZone(Expr* expr, Level* level) {
  RETURN_IF_ERROR(BindArgs(&expr->args, level));
  const Type types[] = {expr->args[1]->type, expr->args[0]->type};
  bool ambiguous = false;
  const std::optional<Resolved> resolved = Resolve("timezone", false, types, 0, &ambiguous);
  if (!resolved)
    return base::NotFound("function pg_catalog.timezone(" + model::NameOf(types[0]) + ", " +
                          model::NameOf(types[1]) + ") does not exist")
        .WithSqlstate("42883")
        .WithHint(
            "No function matches the given name and argument types. You might need to add explicit "
            "type casts.");
  RETURN_IF_ERROR(Coerce(&expr->args[1], resolved->arguments[0]));
  RETURN_IF_ERROR(Coerce(&expr->args[0], resolved->arguments[1]));
  expr->type = resolved->result;
  if (const std::string* zone = ConstantOf(*expr->args[1]))
    return Fail(ZoneOf(*zone).TakeStatus(), expr->args[1]->location);
  return {};
}

base::Status Binder::BindCollate(Expr* expr, Level* level) {
  RETURN_IF_ERROR(Bind(&expr->args[0], level));
  static constexpr std::array<std::string_view, 5> kByCodePoint{"C", "POSIX", "default",
                                                                "ucs_basic", "C.UTF-8"};
  const std::string& name = expr->name.back();
  if (std::find(kByCodePoint.begin(), kByCodePoint.end(), name) == kByCodePoint.end())
    return base::NotFound("collation \"" + name + "\" for encoding \"UTF8\" does not exist")
        .WithSqlstate("42704")
        .WithHint("Text is ordered by code point, as in \"C\".");
  if (!IsUnknown(expr->args[0]->type) && !expr->args[0]->type.IsText())
    return base::Invalid("collations are not supported by type " +
                         model::NameOf(expr->args[0]->type))
        .WithSqlstate("42804");
  RETURN_IF_ERROR(Coerce(&expr->args[0], model::kText));
  expr->type = expr->args[0]->type;
  return {};
}

base::Status Binder::BindValueFunction(ExprPtr* slot) {
  Expr& expr = **slot;
  const std::string& name = expr.name[0];
  if (name == "CURRENT_TIMESTAMP") expr.type = model::kTimestampTz;
  else if (name == "LOCALTIMESTAMP") expr.type = Type{TypeId::kTimestamp};
  else if (name == "CURRENT_DATE") expr.type = Type{TypeId::kDate};
  else if (name == "LOCALTIME") expr.type = Type{TypeId::kTime};
  else expr.type = Type{TypeId::kName};
  if (expr.type.id != TypeId::kName || !options_.session_value) return {};
  std::string lower;
  for (char c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  expr.kind = ExprKind::kLiteral;
  expr.literal.kind = Literal::Kind::kString;
  expr.literal.text =
      options_.session_value(lower == "current_catalog"                   ? "current_database"
                             : lower == "user" || lower == "current_role" ? "current_user"
                                                                          : lower);
  expr.name.clear();
  return {};
}

}  // namespace sql
