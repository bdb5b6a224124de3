#pragma once
// The binder behind BindSelect. One object binds one statement, in place.
//
// Threads: one owner. Borrows: the lookup, the options, the tree. Limits: recursion is bounded by
// ParseLimits.

#include <string>
#include <vector>

#include "sql/binder.h"
#include "sql/scope.h"
#include "sql/signature.h"

namespace sql {

// Where an expression stands, for what may stand there and for messages.
enum class Clause : uint8_t {
  kSelect,
  kWhere,
  kOn,
  kGroupBy,
  kHaving,
  kOrderBy,
  kValues,
  kLimit,
  kFrom,
  kFilter,
  kWindow,
  kOther
};

class Binder {
 public:
  Binder(const RelationLookup* relations, const BindOptions& options);

  base::Result<Bound> Run(Select* select);
  base::Result<model::Type> RunExpression(Expr* expr, const model::Fields& fields);

 private:
  struct CommonEntry {
    std::string name;
    model::Fields fields;
  };
  // What is collected while one SELECT is bound.
  struct Level {
    Scope scope;
    bool has_aggregates = false;
    Clause clause = Clause::kOther;
    bool in_aggregate = false, in_window = false;
    size_t aggregate_columns = 0,
           own_columns = 0;  // columns seen inside the aggregate: all, and of this SELECT
    std::vector<std::string> window_names;
    Level* outer = nullptr;
  };

  // bind_select.cc. `keep_unknown`: untyped constants of the output stay so, for UNION to type.
  base::Result<model::Fields> BindSelect(Select* select, Level* outer, bool keep_unknown);
  base::Result<model::Fields> BindCore(Select* select, Level* level, bool keep_unknown);
  base::Result<model::Fields> BindBody(Select* select, Level* level, bool keep_unknown);
  base::Result<model::Fields> BindValues(Select* select, Level* level, bool keep_unknown);
  base::Status BindWith(Select* select, Level* outer);
  base::Status BindRecursive(CommonTable* table, Level* outer);
  base::Status ExpandStars(Select* select, Level* level);
  base::Status BindItems(Select* select, Level* level);
  base::Status BindLimit(ExprPtr* limit, const char* name, Level* level);
  base::Status BindWindows(Select* select, Level* level);
  base::Status BindOrderBy(Select* select, const std::vector<std::string>& names, Level* level);
  base::Status BindGroupBy(ExprPtr* key, Select* select, const std::vector<std::string>& names,
                           Level* level);
  base::Status BindKey(ExprPtr* key, Select* select, const std::vector<std::string>& names,
                       Clause clause, Level* level);
  model::Fields RenamedFields(model::Fields fields, const std::vector<std::string>& names) const;

  // bind_set.cc
  base::Result<model::Fields> BindSetOperation(Select* select, Level* level,
                                               const CommonTable* recursive);
  base::Status CoerceOutput(Select* select, size_t column, model::Type type, Level* level);
  base::Status BindSetOrder(Select* select, const model::Fields& fields, Level* level);

  // bind_from.cc
  base::Status BindTable(TableRef* table, Level* level);
  base::Status BindRelation(TableRef* table, Level* level);
  base::Status BindWindowTable(TableRef* table, Level* level);
  base::Status BindTableFunction(TableRef* table, Level* level);
  base::Status BindJoin(TableRef* table, Level* level);
  base::Status MergeColumns(TableRef* table, size_t first, size_t middle, size_t first_star,
                            size_t middle_star, Level* level);
  base::Status AddTable(const TableRef& table, model::Fields fields,
                        std::vector<std::string> relation, Level* level);
  base::Result<const RelationInfo*> FindRelation(TableRef* table);
  std::string HintForNotKept(const std::string& column) const;  // empty = it is unknown
  base::Status CheckWindow(TableRef* table, const model::Fields& fields, Level* level);
  base::Status CheckSessionKey(const Expr& key, const model::Fields& fields) const;

  // bind_expr.cc
  base::Status Bind(ExprPtr* expr, Level* level);
  base::Status BindIn(ExprPtr* expr, Clause clause, Level* level);
  base::Status BindNode(ExprPtr* slot, Level* level);
  base::Status BindColumn(Expr* expr, Level* level);
  base::Status BindQualified(Expr* expr, Level* level);
  void SetColumn(Expr* expr, const Scope& scope, ColumnPlace place, int outer, Level* level);
  base::Status BindCase(Expr* expr, Level* level);
  base::Status BindCoalesce(Expr* expr, Level* level);
  base::Status BindTest(Expr* expr, Level* level);
  base::Status BindArray(Expr* expr, Level* level);
  base::Status BindSubscript(Expr* expr, Level* level);
  base::Status BindSubquery(Expr* expr, Level* level);
  base::Status BindExtract(Expr* expr, Level* level);
  base::Status BindAtTimeZone(Expr* expr, Level* level);
  base::Status BindCollate(Expr* expr, Level* level);
  base::Status BindValueFunction(ExprPtr* slot);
  base::Status BindParameter(Expr* expr);
  base::Status BindArgs(std::vector<ExprPtr>* args, Level* level);
  base::Status ToCommonType(std::vector<ExprPtr*> parts, const char* construct, Level* level,
                            model::Type* type);

  // bind_operator.cc
  base::Status BindOperator(ExprPtr* slot, Level* level);
  base::Status BindJunction(Expr* expr, Level* level);
  base::Status BindLike(Expr* expr, Level* level);
  base::Status BindBetween(Expr* expr, Level* level);
  base::Status BindInList(ExprPtr* slot, Level* level);
  base::Status BindInSubquery(Expr* expr, Level* level);
  base::Status BindAnyAll(Expr* expr, Level* level);
  base::Status ResolveOperator(Expr* expr);
  base::Status CompareRows(ExprPtr* slot, Level* level);
  base::Status Comparable(const std::string& op, ExprPtr* left, ExprPtr* right, int location);
  base::Status NoOperator(const std::string& op, const std::vector<model::Type>& types,
                          int location, bool ambiguous) const;

  // bind_call.cc
  base::Status BindCall(ExprPtr* slot, Level* level);
  base::Status BindCallParts(Expr* call, bool aggregate, Level* level);
  base::Status CheckCallShape(const Expr& call, FunctionKind kind, bool ordered_set) const;
  base::Status CheckAggregatePlace(const Expr& call, Level* level) const;
  base::Status CheckWindowPlace(const Expr& call, Level* level) const;
  base::Status BindOver(WindowSpec* over, int location, Level* level);
  base::Status ResolveCall(Expr* call);
  base::Status BindCastCall(ExprPtr* slot, model::Type type, Level* level);
  base::Status BindGrouping(Expr* call, Level* level);

  // bind_fold.cc
  base::Status FinishCall(ExprPtr* slot);
  base::Status FoldToTimestamp(ExprPtr* slot);
  base::Status CheckUnit(Expr* call) const;
  base::Status CheckFraction(const Expr& call) const;
  base::Status SessionCall(ExprPtr* slot);

  // bind_coerce.cc
  base::Status Coerce(ExprPtr* slot, model::Type to);
  base::Status CoerceBool(ExprPtr* slot, const std::string& what);
  base::Status BindCast(ExprPtr* slot, Level* level);
  base::Status CoerceLiteral(ExprPtr* slot, model::Type to);
  base::Status CoerceNumberLiteral(ExprPtr* slot, model::Type to);
  base::Status CoerceParameter(Expr* parameter, model::Type to);
  base::Status CoerceArrayLiteral(ExprPtr* slot, model::Type to);

  // bind_group.cc
  base::Status CheckGrouping(const Select& select, const Level& level) const;
  base::Status CheckGrouped(const Expr& expr, const Select& select, int depth) const;
  base::Status CheckGrouped(const Select& inner, const Select& select, int depth) const;

  base::Status Fail(base::Status status, int location) const;

  const RelationLookup* relations_;
  const BindOptions& options_;
  std::vector<CommonEntry> common_tables_;
  std::vector<model::Type> parameters_;
  std::vector<const RelationInfo*> used_;
};

// Result type of a call or operator whose table entry says numeric: with the precision that DuckDB
// computes in.
model::Type NumericResultOf(const Expr& call);

inline bool IsUnknown(model::Type type) {
  return type.id == model::TypeId::kUnknown && !type.array;
}

}  // namespace sql
