#pragma once
// The printer behind PrintDuckDb. One object prints one tree.
//
// Threads: one owner. Borrows: the options and the tree.

#include <string>
#include <vector>

#include "sql/printer.h"
#include "sql/signature.h"

namespace sql {

class DuckDbPrinter {
 public:
  using Text = base::Result<std::string>;

  explicit DuckDbPrinter(const PrintOptions& options) : options_(options) {}

  Text PrintSelect(const Select& select);
  Text Print(const Expr& expr);

 private:
  // print_select.cc
  Text PrintCore(const Select& select);
  Text PrintBody(const Select& select);
  Text PrintWith(const Select& select);
  Text PrintValues(const Select& select);
  Text PrintItems(const Select& select);
  Text PrintGroupBy(const Select& select);
  Text PrintGroupKey(const Expr& key, const Select& select);
  Text PrintOrderBy(const std::vector<SortKey>& keys, const Select* select);
  Text PrintList(const std::vector<ExprPtr>& list);
  Text PrintWindow(const WindowSpec& window);
  Text PrintFrame(const WindowFrame& frame);

  // print_from.cc
  Text PrintTable(const TableRef& table);
  Text PrintRelation(const TableRef& table);
  Text PrintTableFunction(const TableRef& table);
  Text PrintJoin(const TableRef& table);
  Text PrintWindowTable(const TableRef& table);
  Text RelationText(const std::vector<std::string>& name);

  // print_expr.cc
  Text PrintNode(const Expr& expr);
  Text PrintLiteral(const Expr& expr);
  Text PrintColumn(const Expr& expr);
  Text PrintParameter(const Expr& expr);
  Text PrintCase(const Expr& expr);
  Text PrintCoalesce(const Expr& expr);
  Text PrintTest(const Expr& expr);
  Text PrintBetween(const Expr& expr);
  Text PrintIn(const Expr& expr);
  Text PrintAnyAll(const Expr& expr);
  Text PrintArray(const Expr& expr);
  Text PrintSubscript(const Expr& expr);
  Text PrintCollate(const Expr& expr);
  Text PrintValueFunction(const Expr& expr);
  Text PrintField(const Expr& expr);

  // print_operator.cc
  Text PrintOperator(const Expr& expr);
  Text PrintJunction(const Expr& expr);
  Text PrintLike(const Expr& expr);
  Text PrintSimilar(const Expr& expr);
  Text PrintUnboundOperator(const Expr& expr);

  // print_call.cc
  Text PrintFunction(const Expr& call);
  Text PrintKnown(const FunctionInfo& info, const Expr& call, std::vector<std::string> args);
  Text PrintUnboundCall(const Expr& call, const std::vector<std::string>& args);
  Text PrintAggregateCall(const std::string& name, const Expr& call, const std::string& args);
  Text PrintPercentile(const Expr& call, const std::vector<std::string>& args);
  Text PrintApproximate(const Expr& call, const std::vector<std::string>& args);
  Text PrintOneRow(const Expr& call, const std::vector<std::string>& args);
  static Expr Bare(const Expr& call);
  Text PrintDuckDbCall(const Expr& call, const std::string& name,
                       const std::vector<std::string>& args);
  base::Result<std::vector<std::string>> PrintArgs(const std::vector<ExprPtr>& args);

  // print_cast.cc
  Text PrintCast(const Expr& expr);
  Text PrintTypedLiteral(const Expr& literal, const TypeName& to);

  const PrintOptions& options_;
  std::vector<std::string> common_tables_;
};

// True when the binder has given the node a type.
inline bool IsBound(const Expr& expr) {
  return expr.type.id != model::TypeId::kUnknown || expr.type.array;
}

}  // namespace sql
