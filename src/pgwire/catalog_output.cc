#include "pgwire/catalog_output.h"

#include <optional>
#include <string>

#include "pgwire/catalog_data.h"
#include "pgwire/catalog_functions.h"
#include "pgwire/catalog_rewrite.h"
#include "sql/walk.h"

namespace pgwire {
namespace {

using model::Type;
using model::TypeId;
using sql::Expr;
using sql::ExprKind;

struct Column {
  std::string name;
  std::optional<Type> type;
};

// What an item of FROM offers.
struct Source {
  std::string alias;
  std::vector<Column> columns;
  bool complete = true;    // false: it has columns that are not listed
};

// The sources of a select, and of those around it.
struct Scope {
  std::vector<Source> sources;
  std::vector<std::pair<std::string, std::vector<Column>>> common;   // WITH
  const Scope* outer = nullptr;
};

std::optional<std::vector<Column>> ColumnsOf(const sql::Select& select, const Scope* outer);

const std::vector<Column>* FindCommon(const Scope* scope, const std::string& name) {
  for (; scope; scope = scope->outer)
    for (const auto& [common, columns] : scope->common)
      if (common == name) return &columns;
  return nullptr;
}

void AddTable(const sql::TableRef& table, Scope* scope) {
  if (table.kind == sql::TableRef::Kind::kJoin) {
    AddTable(*table.left, scope);
    AddTable(*table.right, scope);
    return;
  }
  Source source;
  source.alias = table.alias;
  if (table.kind == sql::TableRef::Kind::kRelation) {
    if (source.alias.empty()) source.alias = table.name.back();
    const std::string schema = table.name.size() > 1 ? table.name[table.name.size() - 2] : "";
    const auto* common = schema.empty() ? FindCommon(scope, table.name.back()) : nullptr;
    const CatalogRelation* relation = common ? nullptr : FindFixedRelation(schema, table.name.back());
    if (common) source.columns = *common;
    else if (relation)
      for (const auto& column : relation->columns) source.columns.push_back({std::string(column.name), ShownTypeOf(column.letter)});
    else source.complete = false;
  } else if (table.subquery) {
    auto columns = ColumnsOf(*table.subquery, scope);
    source.complete = columns.has_value();
    if (columns) source.columns = *std::move(columns);
  } else {
    source.complete = false;
  }
  for (size_t i = 0; i < table.column_aliases.size() && i < source.columns.size(); ++i) source.columns[i].name = table.column_aliases[i];
  scope->sources.push_back(std::move(source));
}

std::optional<Type> TypeOfColumn(const std::vector<std::string>& name, const Scope* scope) {
  for (; scope; scope = scope->outer) {
    for (const auto& source : scope->sources) {
      if (name.size() > 1 && source.alias != name[name.size() - 2]) continue;
      for (const auto& column : source.columns)
        if (column.name == name.back()) return column.type;
    }
  }
  return std::nullopt;
}

std::optional<Type> TypeOfCast(const Expr& expr) {
  if (!RegKind(expr).empty()) return model::kText;
  const Type type = expr.cast.type;
  if (type.id == TypeId::kUnknown || type.id == TypeId::kRegclass) return std::nullopt;
  return type;
}

std::optional<Type> TypeOf(const Expr& expr, const Scope* scope) {
  switch (expr.kind) {
    case ExprKind::kColumn: return TypeOfColumn(expr.name, scope);
    case ExprKind::kCast: return TypeOfCast(expr);
    case ExprKind::kFunction: {
      const CatalogFunction* function = FindCatalogFunction(expr.name.back());
      return function && function->result != '?' ? std::optional(ShownTypeOf(function->result)) : std::nullopt;
    }
    case ExprKind::kCoalesce: return TypeOf(*expr.args[0], scope);
    case ExprKind::kSubquery: {
      const auto columns = ColumnsOf(*expr.subquery, scope);
      return columns && columns->size() == 1 ? columns->front().type : std::nullopt;
    }
    default: return std::nullopt;
  }
}

// Appends what a star stands for; false when that is not known.
bool AddStar(const Expr& star, const Scope& scope, std::vector<Column>* out) {
  for (const auto& source : scope.sources) {
    if (!star.name.empty() && source.alias != star.name.back()) continue;
    if (!source.complete) return false;
    out->insert(out->end(), source.columns.begin(), source.columns.end());
  }
  return true;
}

// nullopt when the number of columns is not known.
std::optional<std::vector<Column>> ColumnsOf(const sql::Select& select, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  for (const auto& table : select.with) {
    auto columns = ColumnsOf(*table.select, &scope);
    if (!columns) continue;
    for (size_t i = 0; i < table.columns.size() && i < columns->size(); ++i) (*columns)[i].name = table.columns[i];
    scope.common.emplace_back(table.name, *std::move(columns));
  }
  if (select.left) return ColumnsOf(*select.left, &scope);
  std::vector<Column> out;
  if (!select.values.empty()) {
    for (size_t i = 0; i < select.values[0].size(); ++i) out.push_back({"column" + std::to_string(i + 1), TypeOf(*select.values[0][i], &scope)});
    return out;
  }
  for (const auto& table : select.from) AddTable(*table, &scope);
  for (const auto& item : select.items) {
    if (item.expr->kind == ExprKind::kStar) {
      if (!AddStar(*item.expr, scope, &out)) return std::nullopt;
    } else {
      out.push_back({sql::OutputName(item), TypeOf(*item.expr, &scope)});
    }
  }
  return out;
}

// Whether values that DuckDB calls `described` may be shown as `wanted`.
bool MayShow(Type described, Type wanted) {
  if (described.array != wanted.array) return false;
  const auto is_text = [](TypeId id) { return id == TypeId::kText || id == TypeId::kName || id == TypeId::kChar || id == TypeId::kUnknown; };
  if (is_text(described.id)) return is_text(wanted.id);
  const auto is_number = [](TypeId id) { return (id >= TypeId::kInt2 && id <= TypeId::kInt8) || id == TypeId::kOid; };
  if (is_number(described.id)) return is_number(wanted.id);
  return described.id == TypeId::kTimestamp && wanted.id == TypeId::kTimestampTz;
}

}  // namespace

model::Fields ShownFields(const sql::Select& select, model::Fields described) {
  const auto columns = ColumnsOf(select, nullptr);
  if (!columns || columns->size() != described.size()) return described;
  for (size_t i = 0; i < described.size(); ++i) {
    const auto& wanted = (*columns)[i].type;
    if (wanted && MayShow(described[i].type, *wanted)) described[i].type = *wanted;
  }
  return described;
}

std::vector<Type> ParameterTypesOf(const sql::Select& select, std::vector<Type> declared) {
  const auto note = [&](const Expr& parameter, std::optional<Type> type) {
    const auto index = static_cast<size_t>(parameter.parameter) - 1;
    if (declared.size() <= index) declared.resize(index + 1);
    if (type && declared[index].id == TypeId::kUnknown) declared[index] = *type;
  };
  const auto column_type = [](const Expr& expr) -> std::optional<Type> {
    if (expr.kind != ExprKind::kColumn) return std::nullopt;
    const bool number = expr.name.back().ends_with("oid") || expr.name.back().ends_with("relid");
    return number ? std::optional(Type{TypeId::kOid}) : std::nullopt;
  };
  // The visitor only reads.
  sql::VisitExprs(const_cast<sql::Select*>(&select), [&](Expr& expr) {
    if (expr.kind == ExprKind::kParameter) note(expr, std::nullopt);
    if (expr.kind == ExprKind::kCast && expr.args[0]->kind == ExprKind::kParameter) note(*expr.args[0], TypeOfCast(expr));
    if (expr.kind != ExprKind::kOperator || expr.args.size() != 2) return;
    for (size_t i = 0; i < 2; ++i)
      if (expr.args[i]->kind == ExprKind::kParameter) note(*expr.args[i], column_type(*expr.args[1 - i]));
  });
  for (auto& type : declared)
    if (type.id == TypeId::kUnknown) type = model::kText;
  return declared;
}

}  // namespace pgwire
