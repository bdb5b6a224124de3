// SELECT: WITH, set operations, items, GROUP BY, ORDER BY, and what grouping allows.

#include <algorithm>

#include "sql/bind_scope.h"
#include "sql/functions.h"
#include "sql/signatures.h"
#include "sql/walk.h"

namespace sql {
namespace {

using model::Type;
using model::TypeId;

base::Status ClauseError(const char* clause, int64_t position, int location) {
  return AtExpr(base::Invalid(std::string(clause) + " position " + std::to_string(position) + " is not in select list").WithSqlstate("42P10"),
                location);
}

bool IsOrdinal(const Expr& expr) { return expr.kind == ExprKind::kLiteral && expr.literal.kind == Literal::Kind::kInteger; }
bool IsBareName(const Expr& expr) { return expr.kind == ExprKind::kColumn && expr.name.size() == 1; }

model::Fields OutputOf(const Select& select) {
  model::Fields fields;
  for (const auto& item : select.items) fields.push_back({OutputName(item), item.expr->type});
  return fields;
}

}  // namespace

base::Result<model::Fields> Binder::Query(Select* select, const Scope* outer, const CommonScope* common) {
  CommonScope mine{common, {}};
  RETURN_IF_ERROR(CommonTables(select, outer, &mine));
  const CommonScope* before = std::exchange(common_, &mine);
  auto output = select->set_op != Select::SetOp::kNone ? SetOperation(select, outer, &mine)
                : !select->values.empty()              ? Values(select, outer)
                                                       : Body(select, outer, &mine);
  common_ = before;
  return output;
}

base::Status Binder::CommonTables(Select* select, const Scope* outer, CommonScope* scope) {
  for (auto& table : select->with) {
    if (scope->tables.contains(table.name))
      return base::Invalid("WITH query name \"" + table.name + "\" specified more than once").WithSqlstate("42712");
    auto rename = [&table](model::Fields fields) {
      for (size_t i = 0; i < table.columns.size() && i < fields.size(); ++i) fields[i].name = table.columns[i];
      return fields;
    };
    if (select->recursive && table.select->set_op != Select::SetOp::kNone) {
      auto first = table.select->left->Clone();  // gives the recursive branch its columns
      ASSIGN_OR_RETURN(auto fields, Query(first.get(), outer, scope));
      scope->tables[table.name] = rename(std::move(fields));
    }
    ASSIGN_OR_RETURN(auto fields, Query(table.select.get(), outer, scope));
    scope->tables[table.name] = rename(std::move(fields));
  }
  return {};
}

base::Result<model::Fields> Binder::SetOperation(Select* select, const Scope* outer, const CommonScope* common) {
  ASSIGN_OR_RETURN(auto left, Query(select->left.get(), outer, common));
  ASSIGN_OR_RETURN(auto right, Query(select->right.get(), outer, common));
  const char* name = select->set_op == Select::SetOp::kUnion ? "UNION" : select->set_op == Select::SetOp::kExcept ? "EXCEPT" : "INTERSECT";
  if (left.size() != right.size())
    return base::Invalid(std::string("each ") + name + " query must have the same number of columns").WithSqlstate("42601");
  for (size_t i = 0; i < left.size(); ++i) {
    const auto common_type = CommonType({left[i].type, right[i].type});
    if (!common_type)
      return base::Invalid(std::string(name) + " types " + model::NameOf(left[i].type) + " and " + model::NameOf(right[i].type) +
                           " cannot be matched").WithSqlstate("42804");
    left[i].type = *common_type;
  }
  Scope output{nullptr, {{"", "", left, {}}}};
  for (auto& key : select->order_by) {
    if (IsOrdinal(*key.expr)) {
      const int64_t n = key.expr->literal.integer;
      if (n < 1 || n > static_cast<int64_t>(left.size())) return ClauseError("ORDER BY", n, key.expr->location);
      continue;
    }
    if (!IsBareName(*key.expr))
      return AtExpr(base::Unsupported("invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
                        .WithDetail("Only result column names can be used, not expressions or functions."),
                    key.expr->location);
    const std::vector<std::string> bare = key.expr->name;
    RETURN_IF_ERROR(BindExpr(&key.expr, output));
    key.expr->name = bare;  // names of the result, not of a relation
  }
  RETURN_IF_ERROR(Limits(select, output));
  return left;
}

base::Result<model::Fields> Binder::Values(Select* select, const Scope* outer) {
  const Scope scope{outer, {}};
  const size_t width = select->values[0].size();
  for (auto& row : select->values) {
    if (row.size() != width) return base::Invalid("VALUES lists must all be the same length").WithSqlstate("42601");
    for (auto& cell : row) RETURN_IF_ERROR(BindExpr(&cell, scope));
  }
  model::Fields fields;
  for (size_t i = 0; i < width; ++i) {
    std::vector<ExprPtr*> column;
    for (auto& row : select->values) column.push_back(&row[i]);
    Type type;
    RETURN_IF_ERROR(Unify(std::move(column), "VALUES", &type));
    fields.push_back({"column" + std::to_string(i + 1), type});
  }
  RETURN_IF_ERROR(Limits(select, scope));
  return fields;
}

base::Result<model::Fields> Binder::Body(Select* select, const Scope* outer, const CommonScope* common) {
  Scope scope{outer, {}};
  for (auto& table : select->from) RETURN_IF_ERROR(From(table.get(), &scope, common));
  if (select->where) {
    const char* clause = std::exchange(clause_, "WHERE");
    const bool allowed = std::exchange(allow_aggregates_, false);
    base::Status status = BindExpr(&select->where, scope);
    if (status.ok()) status = Coerce(&select->where, model::kBool);
    allow_aggregates_ = allowed;
    clause_ = clause;
    RETURN_IF_ERROR(status);
  }
  for (auto& [name, window] : select->windows) RETURN_IF_ERROR(Window(&window, scope));
  RETURN_IF_ERROR(ExpandStars(select, scope));
  RETURN_IF_ERROR(Items(select, scope));
  RETURN_IF_ERROR(GroupBy(select, scope));
  if (select->having) {
    const char* clause = std::exchange(clause_, "HAVING");
    base::Status status = BindExpr(&select->having, scope);
    if (status.ok()) status = Coerce(&select->having, model::kBool);
    clause_ = clause;
    RETURN_IF_ERROR(status);
  }
  RETURN_IF_ERROR(OrderBy(select, scope));
  RETURN_IF_ERROR(Limits(select, scope));
  RETURN_IF_ERROR(CheckGrouping(*select));
  return OutputOf(*select);
}

base::Status Binder::ExpandStars(Select* select, const Scope& scope) {
  std::vector<SelectItem> items;
  for (auto& item : select->items) {
    if (item.expr->kind != ExprKind::kStar) {
      items.push_back(std::move(item));
      continue;
    }
    const std::string qualifier = item.expr->name.empty() ? "" : item.expr->name.back();
    bool found = false;
    for (const auto& table : scope.tables) {
      if (!qualifier.empty() && table.alias != qualifier) continue;
      found = true;
      for (const auto& column : table.columns) {
        if (qualifier.empty() && table.merged.contains(column.name)) continue;
        auto expr = std::make_unique<Expr>();
        expr->kind = ExprKind::kColumn;
        expr->location = item.expr->location;
        expr->name = {table.alias, column.name};
        items.push_back({std::move(expr), column.name});
      }
    }
    if (!found && qualifier.empty())
      return AtExpr(base::Invalid("SELECT * with no tables specified is not valid").WithSqlstate("42601"), item.expr->location);
    if (!found)
      return AtExpr(base::NotFound("missing FROM-clause entry for table \"" + qualifier + "\"").WithSqlstate("42P01"), item.expr->location);
  }
  select->items = std::move(items);
  return {};
}

base::Status Binder::Items(Select* select, const Scope& scope) {
  for (auto& item : select->items) {
    const std::string name = OutputName(item);  // binding may wrap the expression in a cast
    RETURN_IF_ERROR(BindExpr(&item.expr, scope));
    const bool untyped = item.expr->type.id == TypeId::kUnknown && !item.expr->type.array;
    if (untyped) RETURN_IF_ERROR(Coerce(&item.expr, model::kText));
    if (item.alias.empty()) item.alias = name;
  }
  return {};
}

// PostgreSQL's rule: an ordinal, else a column of FROM, else the name of an item.
base::Status Binder::GroupKey(Select* select, const Scope& scope, ExprPtr* key) {
  Expr& e = **key;
  if (e.kind == ExprKind::kGroupingSet) {
    for (auto& part : e.args) RETURN_IF_ERROR(GroupKey(select, scope, &part));
    return {};
  }
  if (IsOrdinal(e)) {
    const int64_t n = e.literal.integer;
    if (n < 1 || n > static_cast<int64_t>(select->items.size())) return ClauseError("GROUP BY", n, e.location);
    *key = select->items[static_cast<size_t>(n) - 1].expr->Clone();
  } else if (IsBareName(e)) {
    const auto names = scope.ColumnNames();
    const bool of_from = std::find(names.begin(), names.end(), e.name[0]) != names.end();
    const auto item = std::find_if(select->items.begin(), select->items.end(), [&](const auto& i) { return i.alias == e.name[0]; });
    if (!of_from && item != select->items.end()) *key = item->expr->Clone();
    else RETURN_IF_ERROR(BindExpr(key, scope));
  } else {
    RETURN_IF_ERROR(BindExpr(key, scope));
  }
  if (HasAggregate(**key)) return AtExpr(base::Invalid("aggregate functions are not allowed in GROUP BY").WithSqlstate("42803"), (*key)->location);
  return {};
}

base::Status Binder::GroupBy(Select* select, const Scope& scope) {
  const char* clause = std::exchange(clause_, "GROUP BY");
  for (auto& key : select->group_by) RETURN_IF_ERROR(GroupKey(select, scope, &key));
  clause_ = clause;
  for (auto& expr : select->distinct_on) RETURN_IF_ERROR(GroupKey(select, scope, &expr));
  return {};
}

// An ordinal, else the name of an item, else an expression over FROM.
base::Status Binder::OrderBy(Select* select, const Scope& scope) {
  for (auto& key : select->order_by) {
    Expr& e = *key.expr;
    if (IsOrdinal(e)) {
      const int64_t n = e.literal.integer;
      if (n < 1 || n > static_cast<int64_t>(select->items.size())) return ClauseError("ORDER BY", n, e.location);
      key.expr = select->items[static_cast<size_t>(n) - 1].expr->Clone();
      continue;
    }
    if (IsBareName(e)) {
      const auto item = std::find_if(select->items.begin(), select->items.end(), [&](const auto& i) { return i.alias == e.name[0]; });
      if (item != select->items.end()) {
        key.expr = item->expr->Clone();
        continue;
      }
    }
    RETURN_IF_ERROR(BindExpr(&key.expr, scope));
    const bool listed = std::any_of(select->items.begin(), select->items.end(), [&](const auto& i) { return SameExpr(*i.expr, *key.expr); });
    if (select->distinct && select->distinct_on.empty() && !listed)
      return AtExpr(base::Invalid("for SELECT DISTINCT, ORDER BY expressions must appear in select list").WithSqlstate("42P10"),
                    key.expr->location);
  }
  return {};
}

base::Status Binder::Limits(Select* select, const Scope&) {
  const Scope empty;
  for (ExprPtr* bound : {&select->limit, &select->offset}) {
    if (!*bound) continue;
    RETURN_IF_ERROR(BindExpr(bound, empty));
    RETURN_IF_ERROR(Coerce(bound, model::kInt8));
  }
  return {};
}

base::Status Binder::CheckGrouping(const Select& select) {
  bool grouped = !select.group_by.empty() || select.having;
  for (const auto& item : select.items) grouped = grouped || HasAggregate(*item.expr);
  for (const auto& key : select.order_by) grouped = grouped || HasAggregate(*key.expr);
  if (!grouped) return {};
  for (const auto& item : select.items) RETURN_IF_ERROR(CheckGrouped(*item.expr, select));
  if (select.having) RETURN_IF_ERROR(CheckGrouped(*select.having, select));
  for (const auto& key : select.order_by) RETURN_IF_ERROR(CheckGrouped(*key.expr, select));
  return {};
}

namespace {

bool IsGroupKey(const Expr& expr, const std::vector<ExprPtr>& keys) {
  for (const auto& key : keys) {
    if (key->kind == ExprKind::kGroupingSet ? IsGroupKey(expr, key->args) : SameExpr(expr, *key)) return true;
  }
  return false;
}

}  // namespace

base::Status Binder::CheckGrouped(const Expr& expr, const Select& select) {
  if (IsGroupKey(expr, select.group_by)) return {};
  if (expr.kind == ExprKind::kFunction && !expr.over && IsAggregate(expr.name.back())) return {};
  if (expr.kind == ExprKind::kFunction && expr.name.back() == "grouping") return {};
  if (expr.kind == ExprKind::kColumn)
    return AtExpr(base::Invalid("column \"" + expr.name[0] + "." + expr.name.back() +
                                "\" must appear in the GROUP BY clause or be used in an aggregate function").WithSqlstate("42803"),
                  expr.location);
  for (const auto& argument : expr.args) RETURN_IF_ERROR(CheckGrouped(*argument, select));
  if (!expr.over) return {};
  for (const auto& part : expr.over->partition_by) RETURN_IF_ERROR(CheckGrouped(*part, select));
  for (const auto& key : expr.over->order_by) RETURN_IF_ERROR(CheckGrouped(*key.expr, select));
  return {};
}

std::vector<Type> Binder::TakeParameters() {
  for (Type& type : parameters_)
    if (type.id == TypeId::kUnknown) type = model::kText;
  return std::move(parameters_);
}

base::Result<Bound> BindSelect(Select* select, const RelationLookup& relations, const BindOptions& options) {
  Binder binder(relations, options);
  Bound bound;
  ASSIGN_OR_RETURN(bound.output, binder.Query(select, nullptr, nullptr));
  bound.parameter_types = binder.TakeParameters();
  bound.relations = binder.relations();
  return bound;
}

base::Result<Type> BindExpression(Expr* expr, const model::Fields& fields) {
  class NoRelations : public RelationLookup {
   public:
    const RelationInfo* Find(std::string_view, std::string_view) const override { return nullptr; }
    std::vector<std::string_view> Names() const override { return {}; }
  };
  const NoRelations none;
  const BindOptions options;
  Binder binder(none, options);
  binder.AllowAggregates(false);
  const Scope scope{nullptr, {{"", "", fields, {}}}};
  ExprPtr owned = expr->Clone();
  RETURN_IF_ERROR(binder.BindExpr(&owned, scope));
  if (!binder.TakeParameters().empty()) return base::Invalid("there is no parameter $1 here").WithSqlstate("42P02");
  *expr = std::move(*owned);
  // There is one relation and it has no name: columns stand alone.
  VisitExprs(expr, [](Expr& e) {
    if (e.kind == ExprKind::kColumn) e.name = {e.name.back()};
  });
  return expr->type;
}

}  // namespace sql
