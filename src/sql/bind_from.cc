// FROM: what relations, windows, sub-selects, functions and joins add to the scope.

#include <algorithm>

#include "sql/bind_scope.h"
#include "sql/signatures.h"

namespace sql {
namespace {

using model::Type;
using model::TypeId;

// Applies column aliases; too many are an error.
base::Status Rename(const TableRef& table, ScopeTable* scope) {
  if (table.column_aliases.size() > scope->columns.size())
    return AtExpr(base::Invalid("table \"" + scope->alias + "\" has " + std::to_string(scope->columns.size()) +
                                " columns available but " + std::to_string(table.column_aliases.size()) + " columns specified")
                      .WithSqlstate("42P10"),
                  table.location);
  for (size_t i = 0; i < table.column_aliases.size(); ++i) scope->columns[i].name = table.column_aliases[i];
  return {};
}

base::Status AddTable(const TableRef& table, ScopeTable added, Scope* scope) {
  RETURN_IF_ERROR(Rename(table, &added));
  for (const auto& known : scope->tables)
    if (known.alias == added.alias)
      return AtExpr(base::Invalid("table name \"" + added.alias + "\" specified more than once").WithSqlstate("42712"), table.location);
  scope->tables.push_back(std::move(added));
  return {};
}

ExprPtr ColumnOf(const ScopeTable& table, const model::Field& field) {
  auto expr = std::make_unique<Expr>();
  expr->kind = ExprKind::kColumn;
  expr->name = {table.alias, field.name};
  expr->type = field.type;
  return expr;
}

}  // namespace

base::Result<const RelationInfo*> Binder::Lookup(const TableRef& table) {
  const std::string schema = table.name.size() > 1 ? table.name[table.name.size() - 2] : "";
  const std::string& name = table.name.back();
  const RelationInfo* info = relations_.Find(schema, name);
  if (info == nullptr) {
    const std::string full = schema.empty() ? name : schema + "." + name;
    auto error = base::NotFound("relation \"" + full + "\" does not exist").WithSqlstate("42P01");
    const auto names = relations_.Names();
    if (const auto near = base::NearestName(full, names)) error = std::move(error).WithHint("Perhaps you meant the relation \"" + *near + "\".");
    return AtExpr(std::move(error), table.location);
  }
  if (std::find(used_.begin(), used_.end(), info) == used_.end()) used_.push_back(info);
  return info;
}

base::Status Binder::From(TableRef* table, Scope* scope, const CommonScope* common) {
  switch (table->kind) {
    case TableRef::Kind::kRelation: return Relation(table, scope, common);
    case TableRef::Kind::kWindow: return WindowTable(table, scope);
    case TableRef::Kind::kSubquery: return Subquery(table, scope, common);
    case TableRef::Kind::kFunction: return Function(table, scope);
    case TableRef::Kind::kJoin: return Join(table, scope, common);
  }
  return base::Internal("an item of FROM of an unknown kind");
}

base::Status Binder::Relation(TableRef* table, Scope* scope, const CommonScope* common) {
  ScopeTable added;
  added.alias = table->alias.empty() ? table->name.back() : table->alias;
  const model::Fields* fields = table->name.size() == 1 && common ? common->Find(table->name[0]) : nullptr;
  if (fields != nullptr) {
    added.columns = *fields;
  } else {
    ASSIGN_OR_RETURN(const RelationInfo* info, Lookup(*table));
    added.columns = info->fields;
    added.schema = info->schema;
  }
  return AddTable(*table, std::move(added), scope);
}

base::Status Binder::WindowTable(TableRef* table, Scope* scope) {
  ASSIGN_OR_RETURN(const RelationInfo* info, Lookup(*table));
  if (table->window != TableRef::Window::kTumble)
    return AtExpr(base::Unsupported("HOP, SESSION and CUMULATE windows are not supported yet")
                      .WithHint("Use TUMBLE with the slide as its size, and add the windows up in the query that reads them."),
                  table->location);
  const auto column = std::find_if(info->fields.begin(), info->fields.end(), [&](const auto& f) { return f.name == table->time_column; });
  if (column == info->fields.end())
    return AtExpr(base::NotFound("column \"" + table->time_column + "\" does not exist").WithSqlstate("42703"), table->location);
  if (column->type.id != TypeId::kTimestampTz && column->type.id != TypeId::kTimestamp)
    return AtExpr(base::Invalid("TUMBLE needs a timestamp column, but \"" + table->time_column + "\" is " + model::NameOf(column->type))
                      .WithSqlstate("42804"),
                  table->location);
  const Scope empty;
  for (auto& argument : table->window_args) {
    RETURN_IF_ERROR(BindExpr(&argument, empty));
    RETURN_IF_ERROR(Coerce(&argument, Type{TypeId::kInterval}));
  }
  ScopeTable added;
  added.alias = table->alias.empty() ? table->name.back() : table->alias;
  added.columns = info->fields;
  added.columns.push_back({"window_start", column->type});
  added.columns.push_back({"window_end", column->type});
  return AddTable(*table, std::move(added), scope);
}

base::Status Binder::Subquery(TableRef* table, Scope* scope, const CommonScope* common) {
  ScopeTable added;
  added.alias = table->alias;
  // A LATERAL sub-select sees what stands before it; others only what is around the whole select.
  ASSIGN_OR_RETURN(added.columns, Query(table->subquery.get(), table->lateral ? scope : scope->outer, common));
  return AddTable(*table, std::move(added), scope);
}

base::Status Binder::Function(TableRef* table, Scope* scope) {
  Expr* call = table->function.get();
  const std::string name = call->name.empty() ? "" : call->name.back();
  if (name != "generate_series")
    return AtExpr(base::NotFound("function " + name + " cannot be used in FROM").WithSqlstate("42883")
                      .WithHint("TUMBLE(relation, column, size) and generate_series(start, stop [, step]) can."),
                  table->location);
  if (call->args.size() < 2 || call->args.size() > 3)
    return AtExpr(base::NotFound("generate_series takes two or three arguments").WithSqlstate("42883"), table->location);
  std::vector<Type> types;
  for (auto& argument : call->args) {
    RETURN_IF_ERROR(BindExpr(&argument, *scope));
    types.push_back(argument->type);
  }
  const auto common = CommonType({types[0], types[1]});
  if (!common) return AtExpr(base::Invalid("generate_series needs arguments of one type").WithSqlstate("42883"), table->location);
  const bool number = common->IsInteger();
  Type type = number ? *common : model::kTimestampTz;
  if (!number && !common->IsTime() && common->id != TypeId::kUnknown)
    return AtExpr(base::NotFound("generate_series counts integers or timestamps").WithSqlstate("42883"), table->location);
  if (number && type.id == TypeId::kInt2) type = model::kInt4;
  for (size_t i = 0; i < 2; ++i) RETURN_IF_ERROR(Coerce(&call->args[i], type));
  if (call->args.size() == 3) RETURN_IF_ERROR(Coerce(&call->args[2], number ? type : Type{TypeId::kInterval}));
  call->type = type;
  ScopeTable added;
  added.alias = table->alias.empty() ? name : table->alias;
  added.columns = {{added.alias, type}};
  if (table->with_ordinality) added.columns.push_back({"ordinality", model::kInt8});
  return AddTable(*table, std::move(added), scope);
}

base::Status Binder::Join(TableRef* table, Scope* scope, const CommonScope* common) {
  const size_t begin = scope->tables.size();
  RETURN_IF_ERROR(From(table->left.get(), scope, common));
  const size_t left_end = scope->tables.size();
  RETURN_IF_ERROR(From(table->right.get(), scope, common));
  if (table->natural) {
    std::set<std::string> left;
    for (size_t i = begin; i < left_end; ++i)
      for (const auto& field : scope->tables[i].columns) left.insert(field.name);
    for (size_t i = left_end; i < scope->tables.size(); ++i)
      for (const auto& field : scope->tables[i].columns)
        if (left.contains(field.name)) table->using_columns.push_back(field.name);
    table->natural = false;
    if (table->using_columns.empty()) table->join = TableRef::Join::kCross;
  }
  if (!table->using_columns.empty()) return JoinUsing(table, scope, left_end);
  if (!table->on) return {};
  // ON sees only the two sides.
  Scope sides{scope->outer, {scope->tables.begin() + static_cast<ptrdiff_t>(begin), scope->tables.end()}};
  const char* clause = std::exchange(clause_, "JOIN conditions");
  const bool allowed = std::exchange(allow_aggregates_, false);
  base::Status status = BindExpr(&table->on, sides);
  allow_aggregates_ = allowed;
  clause_ = clause;
  RETURN_IF_ERROR(status);
  return Coerce(&table->on, model::kBool);
}

// USING becomes ON, so that printers need no merged columns: unqualified names mean the left side (FULL JOIN is refused).
base::Status Binder::JoinUsing(TableRef* table, Scope* scope, size_t left_end) {
  if (table->join == TableRef::Join::kFull)
    return AtExpr(base::Unsupported("FULL JOIN with USING is not supported").WithHint("Write ON and coalesce() the columns."), table->location);
  const bool keep_right = table->join == TableRef::Join::kRight;
  for (const auto& name : table->using_columns) {
    ScopeTable *left = nullptr, *right = nullptr;
    const model::Field *left_field = nullptr, *right_field = nullptr;
    for (size_t i = 0; i < scope->tables.size(); ++i) {
      for (const auto& field : scope->tables[i].columns) {
        if (field.name != name || scope->tables[i].merged.contains(name)) continue;
        (i < left_end ? left : right) = &scope->tables[i];
        (i < left_end ? left_field : right_field) = &field;
      }
    }
    if (left == nullptr || right == nullptr)
      return AtExpr(base::NotFound("column \"" + name + "\" specified in USING clause does not exist in " +
                                   (left == nullptr ? "left" : "right") + " table").WithSqlstate("42703"),
                    table->location);
    auto equal = std::make_unique<Expr>();
    equal->kind = ExprKind::kOperator;
    equal->name = {"="};
    equal->type = model::kBool;
    equal->args.push_back(ColumnOf(*left, *left_field));
    equal->args.push_back(ColumnOf(*right, *right_field));
    (keep_right ? left : right)->merged.insert(name);
    if (!table->on) {
      table->on = std::move(equal);
      continue;
    }
    auto both = std::make_unique<Expr>();
    both->kind = ExprKind::kOperator;
    both->name = {"AND"};
    both->type = model::kBool;
    both->args.push_back(std::move(table->on));
    both->args.push_back(std::move(equal));
    table->on = std::move(both);
  }
  table->using_columns.clear();
  return {};
}

}  // namespace sql
