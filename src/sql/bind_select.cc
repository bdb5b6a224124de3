#include <algorithm>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"
#include "sql/position.h"
#include "sql/walk.h"

namespace sql {

using model::Fields;
using model::Type;

namespace {

// Fields of an output: what is still untyped is text.
Type Typed(Type type) { return IsUnknown(type) ? model::kText : type; }

bool IsOrdinal(const Expr& expr) {
  return expr.kind == ExprKind::kLiteral && expr.literal.kind == Literal::Kind::kInteger;
}

const char* ClauseWord(Clause clause) {
  return clause == Clause::kGroupBy   ? "GROUP BY"
         : clause == Clause::kOrderBy ? "ORDER BY"
                                      : "DISTINCT ON";
}

}  // namespace

Binder::Binder(const RelationLookup* relations, const BindOptions& options)
    : relations_(relations), options_(options), parameters_(options.parameter_types) {}

base::Result<Bound> Binder::Run(Select* select) {
  Bound bound;
  ASSIGN_OR_RETURN(bound.output, BindSelect(select, nullptr, false));
  for (Type& type : parameters_) type = Typed(type);
  VisitExprs(select, [&](Expr& expr) {
    if (expr.kind == ExprKind::kParameter && IsUnknown(expr.type))
      expr.type = parameters_[static_cast<size_t>(expr.parameter - 1)];
  });
  bound.parameter_types = std::move(parameters_);
  bound.relations = std::move(used_);
  return bound;
}

base::Result<Fields> Binder::BindSelect(Select* select, Level* outer, bool keep_unknown) {
  const size_t common = common_tables_.size();
  RETURN_IF_ERROR(BindWith(select, outer));
  Level level;
  level.outer = outer;
  if (outer != nullptr) level.scope.outer = &outer->scope;
  base::Result<Fields> fields = BindCore(select, &level, keep_unknown);
  common_tables_.resize(common);
  return fields;
}

base::Result<Fields> Binder::BindCore(Select* select, Level* level, bool keep_unknown) {
  Fields fields;
  if (select->set_op != Select::SetOp::kNone) {
    ASSIGN_OR_RETURN(fields, BindSetOperation(select, level, nullptr));
    RETURN_IF_ERROR(BindSetOrder(select, fields, level));
  } else if (!select->values.empty()) {
    ASSIGN_OR_RETURN(fields, BindValues(select, level, keep_unknown));
    RETURN_IF_ERROR(BindSetOrder(select, fields, level));
  } else {
    ASSIGN_OR_RETURN(fields, BindBody(select, level, keep_unknown));
  }
  Level constants;  // LIMIT sees no columns
  constants.outer = level->outer;
  constants.clause = Clause::kLimit;
  RETURN_IF_ERROR(BindLimit(&select->limit, "LIMIT", &constants));
  RETURN_IF_ERROR(BindLimit(&select->offset, "OFFSET", &constants));
  return fields;
}

Fields Binder::RenamedFields(Fields fields, const std::vector<std::string>& names) const {
  for (size_t i = 0; i < names.size() && i < fields.size(); ++i) fields[i].name = names[i];
  return fields;
}

base::Status Binder::BindWith(Select* select, Level* outer) {
  for (CommonTable& table : select->with) {
    for (const CommonTable& other : select->with)
      if (&other < &table && other.name == table.name)
        return Fail(base::Invalid("WITH query name \"" + table.name + "\" specified more than once")
                        .WithSqlstate("42712"),
                    table.location);
    if (select->recursive && table.select->set_op == Select::SetOp::kUnion) {
      RETURN_IF_ERROR(BindRecursive(&table, outer));
      continue;
    }
    ASSIGN_OR_RETURN(Fields fields, BindSelect(table.select.get(), outer, false));
    if (table.columns.size() > fields.size())
      return Fail(base::Invalid("WITH query \"" + table.name + "\" has " +
                                std::to_string(fields.size()) + " columns available but " +
                                std::to_string(table.columns.size()) + " columns specified")
                      .WithSqlstate("42P10"),
                  table.location);
    common_tables_.push_back({table.name, RenamedFields(std::move(fields), table.columns)});
  }
  return {};
}

// The first term of the UNION types the table; the second may read it.
base::Status Binder::BindRecursive(CommonTable* table, Level* outer) {
  Select* select = table->select.get();
  const size_t common = common_tables_.size();
  RETURN_IF_ERROR(BindWith(select, outer));
  Level level;
  level.outer = outer;
  if (outer != nullptr) level.scope.outer = &outer->scope;
  ASSIGN_OR_RETURN(Fields fields, BindSetOperation(select, &level, table));
  RETURN_IF_ERROR(BindSetOrder(select, fields, &level));
  common_tables_.resize(common);
  common_tables_.push_back({table->name, RenamedFields(std::move(fields), table->columns)});
  return {};
}

base::Result<Fields> Binder::BindValues(Select* select, Level* level, bool keep_unknown) {
  level->clause = Clause::kValues;
  for (auto& row : select->values) RETURN_IF_ERROR(BindArgs(&row, level));
  Fields fields;
  for (size_t column = 0; column < select->values[0].size(); ++column) {
    std::vector<ExprPtr*> parts;
    bool all_unknown = true;
    for (auto& row : select->values) {
      parts.push_back(&row[column]);
      all_unknown = all_unknown && IsUnknown(row[column]->type);
    }
    Type type;
    if (!all_unknown || !keep_unknown)
      RETURN_IF_ERROR(ToCommonType(std::move(parts), "VALUES", level, &type));
    fields.push_back({"column" + std::to_string(column + 1), type});
  }
  return fields;
}

base::Status Binder::ExpandStars(Select* select, Level* level) {
  std::vector<SelectItem> items;
  const auto add = [&](ColumnPlace place, int location) {
    const ScopeTable& table = level->scope.tables[place.table];
    ExprPtr column = MakeExpr(ExprKind::kColumn, location);
    if (!table.alias.empty()) column->name.push_back(table.alias);
    column->name.push_back(table.columns[place.column].name);
    items.push_back({std::move(column), ""});
  };
  for (SelectItem& item : select->items) {
    if (item.expr->kind != ExprKind::kStar) {
      items.push_back(std::move(item));
      continue;
    }
    const std::vector<std::string>& name = item.expr->name;
    if (name.empty()) {
      if (level->scope.tables.empty())
        return Fail(
            base::Invalid("SELECT * with no tables specified is not valid").WithSqlstate("42601"),
            item.expr->location);
      for (ColumnPlace place : level->scope.star) add(place, item.expr->location);
      continue;
    }
    const std::optional<size_t> table =
        name.size() == 1 ? level->scope.FindTable(name[0])
                         : level->scope.FindRelation(name[name.size() - 2], name.back());
    if (!table)
      return Fail(base::NotFound("missing FROM-clause entry for table \"" + name.back() + "\"")
                      .WithSqlstate("42P01"),
                  item.expr->location);
    for (size_t c = 0; c < level->scope.tables[*table].columns.size(); ++c)
      add({*table, c}, item.expr->location);
  }
  select->items = std::move(items);
  return {};
}

base::Status Binder::BindItems(Select* select, Level* level) {
  for (SelectItem& item : select->items) {
    const std::string name = OutputName(item);
    RETURN_IF_ERROR(BindIn(&item.expr, Clause::kSelect, level));
    if (OutputName(item) != name) item.alias = name;  // binding may change what the name came from
  }
  return {};
}

base::Result<Fields> Binder::BindBody(Select* select, Level* level, bool keep_unknown) {
  for (const auto& table : select->from) RETURN_IF_ERROR(BindTable(table.get(), level));
  RETURN_IF_ERROR(ExpandStars(select, level));
  std::vector<std::string> names;
  for (const SelectItem& item : select->items) names.push_back(OutputName(item));
  for (const auto& [name, window] : select->windows) level->window_names.push_back(name);
  RETURN_IF_ERROR(BindItems(select, level));
  if (select->where != nullptr) {
    RETURN_IF_ERROR(BindIn(&select->where, Clause::kWhere, level));
    RETURN_IF_ERROR(CoerceBool(&select->where, "WHERE"));
  }
  for (ExprPtr& key : select->group_by) RETURN_IF_ERROR(BindGroupBy(&key, select, names, level));
  if (select->having != nullptr) {
    RETURN_IF_ERROR(BindIn(&select->having, Clause::kHaving, level));
    RETURN_IF_ERROR(CoerceBool(&select->having, "HAVING"));
  }
  RETURN_IF_ERROR(BindWindows(select, level));
  RETURN_IF_ERROR(BindOrderBy(select, names, level));
  for (ExprPtr& key : select->distinct_on)
    RETURN_IF_ERROR(BindKey(&key, select, names, Clause::kOther, level));
  RETURN_IF_ERROR(CheckGrouping(*select, *level));
  Fields fields;
  for (size_t i = 0; i < select->items.size(); ++i) {
    if (!keep_unknown)
      RETURN_IF_ERROR(Coerce(&select->items[i].expr, Typed(select->items[i].expr->type)));
    fields.push_back({names[i], select->items[i].expr->type});
  }
  return fields;
}

base::Status Binder::BindWindows(Select* select, Level* level) {
  for (auto& [name, window] : select->windows) {
    if (!window.name.empty() && std::find(level->window_names.begin(), level->window_names.end(),
                                          window.name) == level->window_names.end())
      return base::NotFound("window \"" + window.name + "\" does not exist").WithSqlstate("42704");
    WindowSpec base;
    std::swap(base.name, window.name);  // it was checked here
    RETURN_IF_ERROR(BindOver(&window, -1, level));
    window.name = base.name;
  }
  return {};
}

base::Status Binder::BindLimit(ExprPtr* limit, const char* name, Level* level) {
  if (*limit == nullptr) return {};
  RETURN_IF_ERROR(Bind(limit, level));
  const Type type = (*limit)->type;
  if (!IsUnknown(type) && !ImplicitlyBecomes(type, model::kInt8) &&
      type.id != model::TypeId::kNumeric && !type.IsFloat())
    return Fail(base::Invalid("argument of " + std::string(name) +
                              " must be type bigint, not type " + model::NameOf(type))
                    .WithSqlstate("42804"),
                (*limit)->location);
  RETURN_IF_ERROR(Coerce(limit, model::kInt8));
  const Literal& literal = (*limit)->literal;
  if ((*limit)->kind != ExprKind::kLiteral || literal.kind != Literal::Kind::kInteger ||
      literal.integer >= 0)
    return {};
  return Fail(base::Invalid(std::string(name) + " must not be negative")
                  .WithSqlstate(std::string_view(name) == "LIMIT" ? "2201W" : "2201X"),
              (*limit)->location);
}

// GROUP BY and ORDER BY name items by number or alias.
base::Status Binder::BindKey(ExprPtr* key, Select* select, const std::vector<std::string>& names,
                             Clause clause, Level* level) {
  Expr& expr = **key;
  if (expr.kind == ExprKind::kLiteral) {
    if (!IsOrdinal(expr))
      return Fail(base::Invalid("non-integer constant in " + std::string(ClauseWord(clause)))
                      .WithSqlstate("42601"),
                  expr.location);
    if (expr.literal.integer < 1 ||
        expr.literal.integer > static_cast<int64_t>(select->items.size()))
      return Fail(base::Invalid(std::string(ClauseWord(clause)) + " position " +
                                std::to_string(expr.literal.integer) + " is not in select list")
                      .WithSqlstate("42P10"),
                  expr.location);
    *key = select->items[static_cast<size_t>(expr.literal.integer - 1)].expr->Clone();
    return {};
  }
  const bool is_name = expr.kind == ExprKind::kColumn && expr.name.size() == 1;
  const bool input_first = clause == Clause::kGroupBy;
  if (is_name && !(input_first && !level->scope.Find(expr.name[0]).empty())) {
    const Expr* match = nullptr;
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] != expr.name[0]) continue;
      if (match != nullptr && !SameExpr(*match, *select->items[i].expr))
        return Fail(
            base::Invalid(std::string(ClauseWord(clause)) + " \"" + names[i] + "\" is ambiguous")
                .WithSqlstate("42702"),
            expr.location);
      match = select->items[i].expr.get();
    }
    if (match != nullptr) {
      *key = match->Clone();
      return {};
    }
  }
  return BindIn(key, clause, level);
}

base::Status Binder::BindGroupBy(ExprPtr* key, Select* select,
                                 const std::vector<std::string>& names, Level* level) {
  if ((*key)->kind == ExprKind::kGroupingSet || (*key)->kind == ExprKind::kRow) {
    for (ExprPtr& part : (*key)->args) RETURN_IF_ERROR(BindGroupBy(&part, select, names, level));
    return {};
  }
  const int location = (*key)->location;
  const bool seen = level->has_aggregates;
  RETURN_IF_ERROR(BindKey(key, select, names, Clause::kGroupBy, level));
  if (seen) {  // an item with an aggregate cannot be a key
    bool aggregate = false;
    VisitExprs(key->get(), [&](Expr& expr) {
      aggregate = aggregate || (expr.kind == ExprKind::kFunction && expr.over == nullptr &&
                                IsAggregate(expr.name.back()));
    });
    if (aggregate)
      return Fail(
          base::Invalid("aggregate functions are not allowed in GROUP BY").WithSqlstate("42803"),
          location);
  }
  return IsUnknown((*key)->type) ? Coerce(key, model::kText) : base::Status();
}

base::Status Binder::BindOrderBy(Select* select, const std::vector<std::string>& names,
                                 Level* level) {
  for (SortKey& key : select->order_by) {
    const int location = key.expr->location;
    RETURN_IF_ERROR(BindKey(&key.expr, select, names, Clause::kOrderBy, level));
    if (IsUnknown(key.expr->type)) RETURN_IF_ERROR(Coerce(&key.expr, model::kText));
    if (!select->distinct) continue;
    const bool listed =
        std::any_of(select->items.begin(), select->items.end(),
                    [&](const SelectItem& item) { return SameExpr(*item.expr, *key.expr); });
    if (!listed)
      return Fail(
          base::Invalid("for SELECT DISTINCT, ORDER BY expressions must appear in select list")
              .WithSqlstate("42P10"),
          location);
  }
  return {};
}

base::Result<Type> Binder::RunExpression(Expr* expr, const Fields& fields) {
  Level level;
  ScopeTable table;
  for (const model::Field& field : fields) table.columns.push_back({field.name, field.type});
  level.scope.tables.push_back(std::move(table));
  level.clause = Clause::kOther;
  bool subquery = false;
  VisitExprs(expr, [&](Expr& node) { subquery = subquery || node.subquery != nullptr; });
  if (subquery) return Fail(base::Unsupported("a subquery is not supported here"), expr->location);
  // Binding may replace the root; the caller's object stays and takes over what came out.
  auto root = std::make_unique<Expr>(std::move(*expr));
  RETURN_IF_ERROR(Bind(&root, &level));
  if (IsUnknown(root->type)) RETURN_IF_ERROR(Coerce(&root, model::kText));
  *expr = std::move(*root);
  return expr->type;
}

base::Result<Bound> BindSelect(Select* select, const RelationLookup& relations,
                               const BindOptions& options) {
  return Binder(&relations, options).Run(select);
}

base::Result<Type> BindExpression(Expr* expr, const Fields& fields) {
  BindOptions options;
  options.allow_aggregates = false;
  options.time_zone
      .clear();  // not known: times without an offset stay civil until they are printed
  return Binder(nullptr, options).RunExpression(expr, fields);
}

}  // namespace sql
