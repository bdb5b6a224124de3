// FROM: relations, sub-selects, functions, joins, and the window functions of streams.

#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

namespace {

bool IsWindowName(std::string_view name, TableRef::Window* window) {
  if (name == "tumble") *window = TableRef::Window::kTumble;
  else if (name == "hop") *window = TableRef::Window::kHop;
  else if (name == "session") *window = TableRef::Window::kSession;
  else if (name == "cumulate") *window = TableRef::Window::kCumulate;
  else return false;
  return true;
}

const char* WindowUsage(TableRef::Window window) {
  switch (window) {
    case TableRef::Window::kTumble:
      return "TUMBLE(relation, time column, size [, offset] [, time zone])";
    case TableRef::Window::kHop: return "HOP(relation, time column, slide, size [, offset])";
    case TableRef::Window::kSession: return "SESSION(relation, time column, gap [, key ...])";
    default: return "CUMULATE(relation, time column, step, size [, offset])";
  }
}

}  // namespace

base::Status Converter::ConvertAlias(const PgQuery__Alias* alias, TableRef* out) {
  if (alias == nullptr) return {};
  out->alias = alias->aliasname;
  for (const Node* column : FRESHET_PG_LIST(*alias, colnames))
    out->column_aliases.emplace_back(StringOf(column));
  return {};
}

base::Result<std::unique_ptr<TableRef>> Converter::ConvertTable(const Node* node) {
  if (node == nullptr) return base::Internal("FROM without an item in the parse tree");
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR: return ConvertRelation(*node->range_var);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: return ConvertTableFunction(*node->range_function);
    case PG_QUERY__NODE__NODE_JOIN_EXPR: return ConvertJoin(*node->join_expr);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
      const PgQuery__RangeSubselect& sub = *node->range_subselect;
      auto out = std::make_unique<TableRef>();
      out->kind = TableRef::Kind::kSubquery;
      out->lateral = sub.lateral;
      if (!Is(sub.subquery, PG_QUERY__NODE__NODE_SELECT_STMT))
        return Refuse("this kind of subquery in FROM", -1);
      ASSIGN_OR_RETURN(out->subquery, ConvertSelect(*sub.subquery->select_stmt));
      RETURN_IF_ERROR(ConvertAlias(sub.alias, out.get()));
      return out;
    }
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      return Refuse("TABLESAMPLE", node->range_table_sample->location);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
      return Refuse("XMLTABLE", node->range_table_func->location);
    default: return base::Unsupported("an item of FROM of this kind is not supported");
  }
}

base::Result<std::unique_ptr<TableRef>> Converter::ConvertRelation(
    const PgQuery__RangeVar& relation) {
  auto out = std::make_unique<TableRef>();
  out->location = relation.location;
  for (const char* part : {relation.catalogname, relation.schemaname, relation.relname})
    if (part != nullptr && part[0] != '\0') out->name.emplace_back(part);
  RETURN_IF_ERROR(ConvertAlias(relation.alias, out.get()));
  return out;
}

base::Result<std::unique_ptr<TableRef>> Converter::ConvertTableFunction(
    const PgQuery__RangeFunction& function) {
  // functions: one List (call, column definitions) for each function of ROWS FROM.
  if (function.n_functions != 1 || !Is(function.functions[0], PG_QUERY__NODE__NODE_LIST) ||
      function.functions[0]->list->n_items == 0)
    return Refuse("ROWS FROM with several functions", -1);
  const Node* call = function.functions[0]->list->items[0];
  if (function.n_coldeflist > 0)
    return Refuse("a column definition list",
                  Is(call, PG_QUERY__NODE__NODE_FUNC_CALL) ? call->func_call->location : -1);
  std::unique_ptr<TableRef> out;
  TableRef::Window window{};
  if (Is(call, PG_QUERY__NODE__NODE_FUNC_CALL) && call->func_call->n_funcname == 1 &&
      IsWindowName(StringOf(call->func_call->funcname[0]), &window)) {
    ASSIGN_OR_RETURN(out, ConvertWindowTable(*call->func_call, window));
    if (function.ordinality)
      return Refuse("WITH ORDINALITY on a window function", call->func_call->location);
  } else {
    out = std::make_unique<TableRef>();
    out->kind = TableRef::Kind::kFunction;
    ASSIGN_OR_RETURN(out->function, ConvertExpr(call));
    out->location = out->function->location;
  }
  out->lateral = function.lateral;
  out->with_ordinality = function.ordinality;
  RETURN_IF_ERROR(ConvertAlias(function.alias, out.get()));
  return out;
}

base::Result<std::unique_ptr<TableRef>> Converter::ConvertWindowTable(const PgQuery__FuncCall& call,
                                                                      TableRef::Window window) {
  const auto wrong = [&](const std::string& message, int location) {
    return At(base::Invalid(message).WithSqlstate("42601").WithHint(std::string("Write ") +
                                                                    WindowUsage(window) + "."),
              text_, location);
  };
  auto out = std::make_unique<TableRef>();
  out->kind = TableRef::Kind::kWindow;
  out->window = window;
  out->location = call.location;
  if (call.n_args < 3) return wrong("too few arguments for a window", call.location);
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, ConvertList(FRESHET_PG_LIST(call, args)));
  if (args[0]->kind != ExprKind::kColumn)
    return wrong("the first argument of a window must be a relation", args[0]->location);
  out->name = args[0]->name;
  if (args[1]->kind != ExprKind::kColumn || args[1]->name.size() != 1)
    return wrong("the second argument of a window must be a column of the relation",
                 args[1]->location);
  out->time_column = args[1]->name[0];
  const size_t most = window == TableRef::Window::kTumble    ? 5
                      : window == TableRef::Window::kSession ? args.size()
                                                             : 5;
  if (args.size() > most) return wrong("too many arguments for a window", args[most]->location);
  if (window != TableRef::Window::kTumble && window != TableRef::Window::kSession &&
      args.size() < 4)
    return wrong("too few arguments for a window", call.location);
  for (size_t i = 2; i < args.size(); ++i) out->window_args.push_back(std::move(args[i]));
  return out;
}

base::Result<std::unique_ptr<TableRef>> Converter::ConvertJoin(const PgQuery__JoinExpr& join) {
  auto out = std::make_unique<TableRef>();
  out->kind = TableRef::Kind::kJoin;
  if (join.join_using_alias != nullptr) return Refuse("USING (...) AS", -1);
  ASSIGN_OR_RETURN(out->left, ConvertTable(join.larg));
  ASSIGN_OR_RETURN(out->right, ConvertTable(join.rarg));
  out->natural = join.is_natural;
  for (const Node* column : FRESHET_PG_LIST(join, using_clause))
    out->using_columns.emplace_back(StringOf(column));
  if (join.quals != nullptr) {
    ASSIGN_OR_RETURN(out->on, ConvertExpr(join.quals));
  }
  switch (join.jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT: out->join = TableRef::Join::kLeft; break;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: out->join = TableRef::Join::kRight; break;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL: out->join = TableRef::Join::kFull; break;
    case PG_QUERY__JOIN_TYPE__JOIN_INNER: {
      const bool cross = out->on == nullptr && !out->natural && out->using_columns.empty();
      out->join = cross ? TableRef::Join::kCross : TableRef::Join::kInner;
      break;
    }
    default: return Refuse("this kind of join", -1);
  }
  RETURN_IF_ERROR(ConvertAlias(join.alias, out.get()));
  return out;
}

}  // namespace sql
