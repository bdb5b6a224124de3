#pragma once
// Names that a SELECT sees: the relations of its FROM, then those of the selects around it. Threads: one owner.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/binder.h"

namespace sql {

struct ScopeTable {
  std::string alias;               // how columns may be qualified
  std::string schema;              // of a relation named without an alias
  model::Fields columns;
  std::set<std::string> merged;    // by USING or NATURAL: seen only when qualified
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<ScopeTable> tables;

  std::vector<std::string_view> ColumnNames() const;
  // Resolves `name` ({column}, {relation, column} or {schema, relation, column}), makes it {alias, column} and gives its
  // type; looks outwards when this scope has none. Errors: 42703, 42702, 42P01.
  base::Result<model::Type> Resolve(std::vector<std::string>* name) const;
  const ScopeTable* FindTable(std::string_view alias) const;

 private:
  base::Result<const ScopeTable*> FindColumn(const std::string& column) const;
};

// Tables of WITH, innermost last.
struct CommonScope {
  const CommonScope* outer = nullptr;
  std::map<std::string, model::Fields> tables;
  const model::Fields* Find(const std::string& name) const {
    const auto it = tables.find(name);
    if (it != tables.end()) return &it->second;
    return outer ? outer->Find(name) : nullptr;
  }
};

// Binds one statement; see binder.h. The parts are in bind_select.cc, bind_from.cc and bind_expr.cc.
class Binder {
 public:
  Binder(const RelationLookup& relations, const BindOptions& options) : relations_(relations), options_(options) {
    parameters_ = options.parameter_types;
  }

  base::Result<model::Fields> Query(Select* select, const Scope* outer, const CommonScope* common);
  base::Status BindExpr(ExprPtr* expr, const Scope& scope);
  base::Status Coerce(ExprPtr* expr, model::Type type);

  std::vector<model::Type> TakeParameters();
  std::vector<const RelationInfo*> relations() const { return used_; }
  void AllowAggregates(bool allow) { allow_aggregates_ = allow; }

 private:
  // bind_select.cc
  base::Result<model::Fields> Body(Select* select, const Scope* outer, const CommonScope* common);
  base::Result<model::Fields> SetOperation(Select* select, const Scope* outer, const CommonScope* common);
  base::Result<model::Fields> Values(Select* select, const Scope* outer);
  base::Status CommonTables(Select* select, const Scope* outer, CommonScope* scope);
  base::Status ExpandStars(Select* select, const Scope& scope);
  base::Status Items(Select* select, const Scope& scope);
  base::Status GroupBy(Select* select, const Scope& scope);
  base::Status GroupKey(Select* select, const Scope& scope, ExprPtr* key);
  base::Status OrderBy(Select* select, const Scope& scope);
  base::Status Limits(Select* select, const Scope& scope);
  base::Status CheckGrouping(const Select& select);
  base::Status CheckGrouped(const Expr& expr, const Select& select);
  // bind_from.cc
  base::Status From(TableRef* table, Scope* scope, const CommonScope* common);
  base::Status Relation(TableRef* table, Scope* scope, const CommonScope* common);
  base::Status WindowTable(TableRef* table, Scope* scope);
  base::Status Subquery(TableRef* table, Scope* scope, const CommonScope* common);
  base::Status Function(TableRef* table, Scope* scope);
  base::Status Join(TableRef* table, Scope* scope, const CommonScope* common);
  base::Status JoinUsing(TableRef* table, Scope* scope, size_t left_end);
  base::Result<const RelationInfo*> Lookup(const TableRef& table);
  // bind_expr.cc
  base::Status LiteralType(Expr* expr);
  base::Status Column(Expr* expr, const Scope& scope);
  base::Status Parameter(Expr* expr);
  base::Status Call(Expr* expr, const Scope& scope);
  base::Status CallArguments(Expr* expr, const Scope& scope, std::vector<ExprPtr*>* all);
  base::Status Operator(Expr* expr, const Scope& scope);
  base::Status Chain(Expr* expr);
  base::Status Case(Expr* expr);
  base::Status Cast(Expr* expr);
  base::Status Membership(Expr* expr, const Scope& scope);
  base::Status Nested(Expr* expr, const Scope& scope);
  base::Status Window(WindowSpec* window, const Scope& scope);
  base::Status Unify(std::vector<ExprPtr*> parts, const char* what, model::Type* common);
  base::Status Compare(const Expr& expr, ExprPtr* a, ExprPtr* b, const std::string& op);
  base::Status Rest(Expr* expr);

  const RelationLookup& relations_;
  const BindOptions& options_;
  std::vector<model::Type> parameters_;
  std::vector<const RelationInfo*> used_;
  const CommonScope* common_ = nullptr;   // of the select being bound, for subqueries in expressions
  bool allow_aggregates_ = true;
  const char* clause_ = "";               // where aggregates are refused: "WHERE", "JOIN conditions" ...
  bool inside_aggregate_ = false;
};

base::Status AtExpr(base::Status status, int location);
bool HasAggregate(const Expr& expr);      // of this query level

}  // namespace sql
