#include <algorithm>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"
#include "sql/interval.h"
#include "sql/position.h"
#include "sql/print_special.h"
#include "sql/time_window.h"

namespace sql {

using model::Fields;
using model::Type;
using model::TypeId;

base::Status Binder::BindTable(TableRef* table, Level* level) {
  switch (table->kind) {
    case TableRef::Kind::kRelation: return BindRelation(table, level);
    case TableRef::Kind::kWindow: return BindWindowTable(table, level);
    case TableRef::Kind::kFunction: return BindTableFunction(table, level);
    case TableRef::Kind::kJoin: return BindJoin(table, level);
    case TableRef::Kind::kSubquery: break;
  }
  if (table->alias.empty())
    return Fail(base::Invalid("subquery in FROM must have an alias")
                    .WithSqlstate("42601")
                    .WithHint("For example, FROM (SELECT ...) [AS] foo."),
                table->location);
  // A lateral subquery sees the items before it, another one only the SELECTs around.
  ASSIGN_OR_RETURN(Fields fields,
                   BindSelect(table->subquery.get(), table->lateral ? level : level->outer, false));
  return AddTable(*table, std::move(fields), {}, level);
}

base::Status Binder::AddTable(const TableRef& table, Fields fields,
                              std::vector<std::string> relation, Level* level) {
  ScopeTable entry;
  entry.alias =
      table.alias.empty() ? (table.name.empty() ? std::string() : table.name.back()) : table.alias;
  if (table.kind == TableRef::Kind::kFunction && table.alias.empty())
    entry.alias = table.function->name.back();
  entry.relation = std::move(relation);
  if (!table.name.empty()) entry.relation_name = table.name.back();
  if (level->scope.FindTable(entry.alias))
    return Fail(base::Invalid("table name \"" + entry.alias + "\" specified more than once")
                    .WithSqlstate("42712"),
                table.location);
  if (table.column_aliases.size() > fields.size())
    return Fail(base::Invalid("table \"" + entry.alias + "\" has " + std::to_string(fields.size()) +
                              " columns available but " +
                              std::to_string(table.column_aliases.size()) + " columns specified")
                    .WithSqlstate("42P10"),
                table.location);
  fields = RenamedFields(std::move(fields), table.column_aliases);
  for (model::Field& field : fields) {
    level->scope.star.push_back({level->scope.tables.size(), entry.columns.size()});
    entry.columns.push_back({std::move(field.name), field.type});
  }
  level->scope.tables.push_back(std::move(entry));
  return {};
}

base::Result<const RelationInfo*> Binder::FindRelation(TableRef* table) {
  std::vector<std::string>& name = table->name;
  if (name.size() == 3) {
    if (options_.session_value && options_.session_value("current_database") != name[0])
      return Fail(base::Unsupported("cross-database references are not implemented: \"" + name[0] +
                                    "." + name[1] + "." + name[2] + "\""),
                  table->location);
    name.erase(name.begin());
  }
  const RelationInfo* info = relations_ == nullptr
                                 ? nullptr
                                 : relations_->Find(name.size() > 1 ? name[0] : "", name.back());
  if (info != nullptr) {
    if (std::find(used_.begin(), used_.end(), info) == used_.end()) used_.push_back(info);
    return info;
  }
  const std::string written = name.size() > 1 ? name[0] + "." + name[1] : name[0];
  base::Status status =
      base::NotFound("relation \"" + written + "\" does not exist").WithSqlstate("42P01");
  const std::vector<std::string_view> names =
      relations_ == nullptr ? std::vector<std::string_view>() : relations_->Names();
  if (auto near = base::NearestName(name.back(), names))
    status = std::move(status).WithHint("Perhaps you meant \"" + *near + "\".");
  return Fail(std::move(status), table->location);
}

base::Status Binder::BindRelation(TableRef* table, Level* level) {
  if (table->name.size() == 1)
    for (auto entry = common_tables_.rbegin(); entry != common_tables_.rend(); ++entry)
      if (entry->name == table->name[0]) return AddTable(*table, entry->fields, {}, level);
  ASSIGN_OR_RETURN(const RelationInfo* info, FindRelation(table));
  std::vector<std::string> relation;
  if (table->alias.empty()) relation = {info->schema, info->name};
  return AddTable(*table, info->fields, std::move(relation), level);
}

// Keys of a session are columns of the relation.
base::Status Binder::CheckSessionKey(const Expr& key, const Fields& fields) const {
  if (key.kind != ExprKind::kColumn || key.name.size() != 1)
    return Fail(
        base::Invalid("a key of SESSION must be a column of the relation").WithSqlstate("42601"),
        key.location);
  const bool known = std::any_of(fields.begin(), fields.end(), [&](const model::Field& field) {
    return field.name == key.name[0];
  });
  if (known) return {};
  return Fail(base::NotFound("column \"" + key.name[0] + "\" does not exist").WithSqlstate("42703"),
              key.location);
}

base::Status Binder::CheckWindow(TableRef* table, const Fields& fields, Level* level) {
  for (size_t i = 0; i < table->window_args.size(); ++i) {
    ExprPtr& arg = table->window_args[i];
    if (i > 0 && table->window == TableRef::Window::kSession) {
      RETURN_IF_ERROR(CheckSessionKey(*arg, fields));
      continue;
    }
    if (i > 0 && IsZoneArgument(*arg)) continue;
    RETURN_IF_ERROR(BindIn(&arg, Clause::kFrom, level));
    RETURN_IF_ERROR(Coerce(&arg, Type{TypeId::kInterval}));
  }
  auto window = MakeTimeWindow(*table);
  if (window.ok()) return {};
  const int location = window.status().position() - 1;
  return Fail(window.TakeStatus().WithPosition(0), location < 0 ? table->location : location);
}

base::Status Binder::BindWindowTable(TableRef* table, Level* level) {
  Fields fields;
  const auto common =
      std::find_if(common_tables_.rbegin(), common_tables_.rend(), [&](const CommonEntry& entry) {
        return table->name.size() == 1 && entry.name == table->name[0];
      });
  if (common != common_tables_.rend()) {
    fields = common->fields;
  } else {
    ASSIGN_OR_RETURN(const RelationInfo* info, FindRelation(table));
    fields = info->fields;
  }
  const auto column = std::find_if(fields.begin(), fields.end(), [&](const model::Field& field) {
    return field.name == table->time_column;
  });
  if (column == fields.end())
    return Fail(base::NotFound("column \"" + table->time_column + "\" does not exist")
                    .WithSqlstate("42703"),
                table->location);
  if (column->type.array ||
      (column->type.id != TypeId::kTimestampTz && column->type.id != TypeId::kTimestamp))
    return Fail(
        base::Invalid("column \"" + table->time_column +
                      "\" cannot be the time of a window: it is " + model::NameOf(column->type))
            .WithSqlstate("42804"),
        table->location);
  const Type type = column->type;
  RETURN_IF_ERROR(CheckWindow(table, fields, level));
  fields.push_back({"window_start", type});
  fields.push_back({"window_end", type});
  return AddTable(*table, std::move(fields), {}, level);
}

base::Status Binder::BindTableFunction(TableRef* table, Level* level) {
  const std::string name = table->function->name.empty() ? "" : table->function->name.back();
  if (table->function->kind != ExprKind::kFunction ||
      (name != "unnest" && name != "generate_series"))
    return Fail(base::Unsupported("function " + (name.empty() ? "of this kind" : name) +
                                  " in FROM is not supported")
                    .WithHint("unnest and generate_series are."),
                table->location);
  RETURN_IF_ERROR(BindIn(&table->function, Clause::kFrom, level));
  Fields fields{{table->alias.empty() ? name : table->alias, table->function->type}};
  if (table->with_ordinality) fields.push_back({"ordinality", model::kInt8});
  return AddTable(*table, std::move(fields), {}, level);
}

base::Status Binder::BindJoin(TableRef* table, Level* level) {
  Scope& scope = level->scope;
  const size_t first = scope.tables.size(), first_star = scope.star.size();
  RETURN_IF_ERROR(BindTable(table->left.get(), level));
  const size_t middle = scope.tables.size(), middle_star = scope.star.size();
  RETURN_IF_ERROR(BindTable(table->right.get(), level));
  if (!table->alias.empty())
    return Fail(base::Unsupported("an alias for a join is not supported"), table->location);
  if (table->natural) {
    for (size_t i = first_star; i < middle_star; ++i)
      for (size_t j = middle_star; j < scope.star.size(); ++j) {
        const std::string& a = scope.tables[scope.star[i].table].columns[scope.star[i].column].name;
        const std::string& b = scope.tables[scope.star[j].table].columns[scope.star[j].column].name;
        if (a == b) table->using_columns.push_back(a);
      }
    table->natural = false;
    if (table->using_columns.empty()) {  // nothing in common: every pair
      table->on = MakeExpr(ExprKind::kLiteral, -1);
      table->on->literal.kind = Literal::Kind::kBool;
      table->on->literal.boolean = true;
      table->on->type = model::kBool;
    }
  }
  if (table->right->as_of) {
    const size_t before = scope.first_visible;
    scope.first_visible = first;
    base::Status bound = BindIn(&table->right->as_of, Clause::kOn, level);
    scope.first_visible = before;
    RETURN_IF_ERROR(bound);
  }
  if (!table->using_columns.empty())
    return MergeColumns(table, first, middle, first_star, middle_star, level);
  if (table->on == nullptr || table->on->location < 0) return {};
  const size_t visible = scope.first_visible;
  scope.first_visible = first;
  base::Status status = BindIn(&table->on, Clause::kOn, level);
  if (status.ok()) status = CoerceBool(&table->on, "JOIN/ON");
  scope.first_visible = visible;
  return status;
}

// USING: one merged column for each pair. It stands first in *, and is what the name alone means.
base::Status Binder::MergeColumns(TableRef* table, size_t first, size_t middle, size_t first_star,
                                  size_t middle_star, Level* level) {
  Scope& scope = level->scope;
  ScopeTable merged;
  std::vector<ColumnPlace> star(scope.star.begin(),
                                scope.star.begin() + static_cast<ptrdiff_t>(first_star));
  std::vector<ColumnPlace> rest(scope.star.begin() + static_cast<ptrdiff_t>(first_star),
                                scope.star.end());
  (void)middle_star;
  for (const std::string& name : table->using_columns) {
    std::vector<ColumnPlace> sides[2];
    for (size_t t = first; t < scope.tables.size(); ++t)
      for (size_t c = 0; c < scope.tables[t].columns.size(); ++c)
        if (!scope.tables[t].columns[c].merged && scope.tables[t].columns[c].name == name)
          sides[t >= middle].push_back({t, c});
    for (int side = 0; side < 2; ++side) {
      const char* word = side == 0 ? "left" : "right";
      if (sides[side].empty())
        return Fail(
            base::NotFound("column \"" + name + "\" specified in USING clause does not exist in " +
                           word + " table")
                .WithSqlstate("42703"),
            table->location);
      if (sides[side].size() > 1)
        return Fail(base::Invalid("common column name \"" + name + "\" appears more than once in " +
                                  word + " table")
                        .WithSqlstate("42702"),
                    table->location);
    }
    ScopeColumn& left = scope.tables[sides[0][0].table].columns[sides[0][0].column];
    ScopeColumn& right = scope.tables[sides[1][0].table].columns[sides[1][0].column];
    const Type types[] = {left.type, right.type};
    int culprit = -1;
    const Type type = CommonType(types, &culprit);
    if (culprit >= 0)
      return Fail(base::Invalid("JOIN/USING types " + model::NameOf(left.type) + " and " +
                                model::NameOf(right.type) + " cannot be matched")
                      .WithSqlstate("42804"),
                  table->location);
    left.merged = right.merged = true;
    for (const auto& side : sides)
      std::erase_if(rest, [&](ColumnPlace place) {
        return place.table == side[0].table && place.column == side[0].column;
      });
    star.push_back({scope.tables.size(), merged.columns.size()});
    merged.columns.push_back({name, type});
  }
  star.insert(star.end(), rest.begin(), rest.end());
  scope.star = std::move(star);
  scope.tables.push_back(std::move(merged));
  return {};
}

}  // namespace sql
