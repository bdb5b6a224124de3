#pragma once
// PostgreSQL's parse tree -> our tree (ast.h). What our tree has no place for is refused here, so
// nothing is dropped.
//
// Threads: one owner. Borrows: the statement's text, for positions. Errors: kUnsupported (0A000),
// kInvalid. Limits: recursion is bounded by CheckDepth (limits.h).

#include <string_view>

#include "base/status.h"
#include "sql/ast.h"
#include "sql/pg_tree.h"

namespace sql {

class Converter {
 public:
  explicit Converter(std::string_view text) : text_(text) {}

  base::Result<SelectPtr> ConvertSelect(const PgQuery__SelectStmt& select);
  base::Result<ExprPtr> ConvertExpr(const pg::Node* node);
  base::Result<TypeName> ConvertType(const PgQuery__TypeName& type);
  base::Result<std::vector<ExprPtr>> ConvertList(pg::NodeList list);
  base::Result<std::unique_ptr<TableRef>> ConvertRelation(const PgQuery__RangeVar& relation);

  base::Status Refuse(const std::string& what, int location) const;

 private:
  // convert_select.cc
  base::Status ConvertWith(const PgQuery__WithClause& with, Select* out);
  base::Status ConvertBody(const PgQuery__SelectStmt& select, Select* out);
  base::Status ConvertTargets(pg::NodeList targets, Select* out);
  base::Status ConvertDistinct(pg::NodeList clause, Select* out);
  base::Status ConvertValues(pg::NodeList lists, Select* out);
  base::Status ConvertLimit(const PgQuery__SelectStmt& select, Select* out);
  base::Result<std::unique_ptr<TableRef>> ConvertTable(const pg::Node* node);
  base::Result<std::unique_ptr<TableRef>> ConvertTableFunction(
      const PgQuery__RangeFunction& function);
  base::Result<std::unique_ptr<TableRef>> ConvertWindowTable(const PgQuery__FuncCall& call,
                                                             TableRef::Window window);
  base::Result<std::unique_ptr<TableRef>> ConvertJoin(const PgQuery__JoinExpr& join);
  base::Status ConvertAlias(const PgQuery__Alias* alias, TableRef* out);
  base::Result<std::vector<SortKey>> ConvertSort(pg::NodeList list);
  base::Result<WindowSpec> ConvertWindow(const PgQuery__WindowDef& window);

  // convert_expr.cc
  base::Result<ExprPtr> ConvertColumn(const PgQuery__ColumnRef& column);
  base::Result<ExprPtr> ConvertBool(const PgQuery__BoolExpr& expr);
  base::Result<ExprPtr> ConvertSubLink(const PgQuery__SubLink& link);
  base::Result<ExprPtr> ConvertCase(const PgQuery__CaseExpr& expr);
  base::Result<ExprPtr> ConvertIndirection(const PgQuery__AIndirection& expr);
  base::Result<ExprPtr> ConvertCast(const PgQuery__TypeCast& cast);
  base::Result<ExprPtr> ConvertTest(const pg::Node* node);
  base::Result<ExprPtr> ConvertGrouping(const PgQuery__GroupingSet& set);
  base::Result<ExprPtr> ConvertRare(const pg::Node* node);

  // convert_operator.cc
  base::Result<ExprPtr> ConvertOperator(const PgQuery__AExpr& expr);
  base::Result<ExprPtr> ConvertPlainOperator(const PgQuery__AExpr& expr);
  base::Result<ExprPtr> ConvertLike(const PgQuery__AExpr& expr);
  base::Result<ExprPtr> ConvertBetween(const PgQuery__AExpr& expr);
  base::Result<std::string> OperatorName(pg::NodeList name, int location);

  // convert_call.cc
  base::Result<ExprPtr> ConvertCall(const PgQuery__FuncCall& call);
  base::Result<ExprPtr> ConvertSyntaxCall(const PgQuery__FuncCall& call);
  base::Result<ExprPtr> ConvertConstant(const PgQuery__AConst& constant);
  base::Result<ExprPtr> ConvertValueFunction(const PgQuery__SQLValueFunction& function);
  base::Status FillCall(const PgQuery__FuncCall& call, Expr* out);

  std::string_view text_;
};

// The operator behind a LIKE spelling: "~~" -> LIKE, "!~~*" -> negated ILIKE; false when it is
// none.
bool LikeOperator(std::string_view spelling, std::string* name, bool* negated);

ExprPtr MakeExpr(ExprKind kind, int location);

}  // namespace sql
