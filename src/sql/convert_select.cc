#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

base::Result<SelectPtr> Converter::ConvertSelect(const PgQuery__SelectStmt& select) {
  auto out = std::make_unique<Select>();
  if (select.into_clause != nullptr) return Refuse("SELECT INTO", -1);
  if (select.n_locking_clause > 0) return Refuse("SELECT FOR UPDATE and its relatives", -1);
  if (select.with_clause != nullptr) RETURN_IF_ERROR(ConvertWith(*select.with_clause, out.get()));
  switch (select.op) {
    case PG_QUERY__SET_OPERATION__SETOP_UNION: out->set_op = Select::SetOp::kUnion; break;
    case PG_QUERY__SET_OPERATION__SETOP_INTERSECT: out->set_op = Select::SetOp::kIntersect; break;
    case PG_QUERY__SET_OPERATION__SETOP_EXCEPT: out->set_op = Select::SetOp::kExcept; break;
    default: break;
  }
  if (out->set_op != Select::SetOp::kNone) {
    out->set_all = select.all;
    ASSIGN_OR_RETURN(out->left, ConvertSelect(*select.larg));
    ASSIGN_OR_RETURN(out->right, ConvertSelect(*select.rarg));
  } else if (select.n_values_lists > 0) {
    RETURN_IF_ERROR(ConvertValues(FRESHET_PG_LIST(select, values_lists), out.get()));
  } else {
    RETURN_IF_ERROR(ConvertBody(select, out.get()));
  }
  ASSIGN_OR_RETURN(out->order_by, ConvertSort(FRESHET_PG_LIST(select, sort_clause)));
  RETURN_IF_ERROR(ConvertLimit(select, out.get()));
  return out;
}

base::Status Converter::ConvertBody(const PgQuery__SelectStmt& select, Select* out) {
  if (select.group_distinct) return Refuse("GROUP BY DISTINCT", -1);
  RETURN_IF_ERROR(ConvertDistinct(FRESHET_PG_LIST(select, distinct_clause), out));
  RETURN_IF_ERROR(ConvertTargets(FRESHET_PG_LIST(select, target_list), out));
  for (const Node* item : FRESHET_PG_LIST(select, from_clause)) {
    ASSIGN_OR_RETURN(std::unique_ptr<TableRef> table, ConvertTable(item));
    out->from.push_back(std::move(table));
  }
  if (select.where_clause != nullptr) {
    ASSIGN_OR_RETURN(out->where, ConvertExpr(select.where_clause));
  }
  ASSIGN_OR_RETURN(out->group_by, ConvertList(FRESHET_PG_LIST(select, group_clause)));
  if (select.having_clause != nullptr) {
    ASSIGN_OR_RETURN(out->having, ConvertExpr(select.having_clause));
  }
  for (const Node* window : FRESHET_PG_LIST(select, window_clause)) {
    if (!Is(window, PG_QUERY__NODE__NODE_WINDOW_DEF))
      return base::Internal("a window clause without a definition");
    ASSIGN_OR_RETURN(WindowSpec spec, ConvertWindow(*window->window_def));
    // ConvertWindow takes the name a definition builds on; here `name` is what it defines.
    out->windows.emplace_back(window->window_def->name, std::move(spec));
    out->windows.back().second.name =
        window->window_def->refname != nullptr ? window->window_def->refname : "";
  }
  return {};
}

base::Status Converter::ConvertWith(const PgQuery__WithClause& with, Select* out) {
  out->recursive = with.recursive;
  for (const Node* node : FRESHET_PG_LIST(with, ctes)) {
    if (!Is(node, PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR))
      return base::Internal("WITH without a query in the parse tree");
    const PgQuery__CommonTableExpr& cte = *node->common_table_expr;
    if (!Is(cte.ctequery, PG_QUERY__NODE__NODE_SELECT_STMT))
      return Refuse("a data-modifying statement in WITH", cte.location);
    if (cte.search_clause != nullptr || cte.cycle_clause != nullptr)
      return Refuse("SEARCH and CYCLE in WITH", cte.location);
    CommonTable table;
    table.name = cte.ctename;
    for (const Node* column : FRESHET_PG_LIST(cte, aliascolnames))
      table.columns.emplace_back(StringOf(column));
    table.location = cte.location;
    if (cte.ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways)
      table.materialized = true;
    if (cte.ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever)
      table.materialized = false;
    ASSIGN_OR_RETURN(table.select, ConvertSelect(*cte.ctequery->select_stmt));
    out->with.push_back(std::move(table));
  }
  return {};
}

base::Status Converter::ConvertDistinct(pg::NodeList clause, Select* out) {
  if (clause.empty()) return {};
  // Plain DISTINCT is a list of one empty node.
  if (clause.size() == 1 && clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET) {
    out->distinct = true;
    return {};
  }
  ASSIGN_OR_RETURN(out->distinct_on, ConvertList(clause));
  return {};
}

base::Status Converter::ConvertTargets(pg::NodeList targets, Select* out) {
  for (const Node* node : targets) {
    if (!Is(node, PG_QUERY__NODE__NODE_RES_TARGET))
      return base::Internal("a select item without a target");
    SelectItem item;
    if (node->res_target->name != nullptr) item.alias = node->res_target->name;
    ASSIGN_OR_RETURN(item.expr, ConvertExpr(node->res_target->val));
    out->items.push_back(std::move(item));
  }
  return {};
}

base::Status Converter::ConvertValues(pg::NodeList lists, Select* out) {
  for (const Node* list : lists) {
    if (!Is(list, PG_QUERY__NODE__NODE_LIST))
      return base::Internal("VALUES without a list in the parse tree");
    ASSIGN_OR_RETURN(std::vector<ExprPtr> row, ConvertList(FRESHET_PG_LIST(*list->list, items)));
    if (!out->values.empty() && out->values[0].size() != row.size())
      return At(base::Invalid("VALUES lists must all be the same length").WithSqlstate("42601"),
                text_, row.empty() ? -1 : row[0]->location);
    out->values.push_back(std::move(row));
  }
  return {};
}

base::Status Converter::ConvertLimit(const PgQuery__SelectStmt& select, Select* out) {
  if (select.limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES)
    return Refuse("WITH TIES", -1);
  if (select.limit_count != nullptr && !(Is(select.limit_count, PG_QUERY__NODE__NODE_A_CONST) &&
                                         select.limit_count->a_const->isnull)) {
    ASSIGN_OR_RETURN(out->limit, ConvertExpr(select.limit_count));
  }
  if (select.limit_offset != nullptr) {
    ASSIGN_OR_RETURN(out->offset, ConvertExpr(select.limit_offset));
  }
  return {};
}

base::Result<std::vector<SortKey>> Converter::ConvertSort(pg::NodeList list) {
  std::vector<SortKey> out;
  for (const Node* node : list) {
    if (!Is(node, PG_QUERY__NODE__NODE_SORT_BY))
      return base::Internal("ORDER BY without a key in the parse tree");
    const PgQuery__SortBy& sort = *node->sort_by;
    if (sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
      return Refuse("ORDER BY ... USING", sort.location);
    SortKey key;
    key.descending = sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    if (sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST)
      key.nulls = SortKey::Nulls::kFirst;
    if (sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST)
      key.nulls = SortKey::Nulls::kLast;
    ASSIGN_OR_RETURN(key.expr, ConvertExpr(sort.node));
    out.push_back(std::move(key));
  }
  return out;
}

base::Result<WindowSpec> Converter::ConvertWindow(const PgQuery__WindowDef& window) {
  WindowSpec out;
  if (window.refname != nullptr && window.refname[0] != '\0') out.name = window.refname;
  if (out.name.empty() && window.name != nullptr) out.name = window.name;
  ASSIGN_OR_RETURN(out.partition_by, ConvertList(FRESHET_PG_LIST(window, partition_clause)));
  ASSIGN_OR_RETURN(out.order_by, ConvertSort(FRESHET_PG_LIST(window, order_clause)));
  out.frame.options = window.frame_options;
  if (window.start_offset != nullptr) {
    ASSIGN_OR_RETURN(out.frame.start, ConvertExpr(window.start_offset));
  }
  if (window.end_offset != nullptr) {
    ASSIGN_OR_RETURN(out.frame.end, ConvertExpr(window.end_offset));
  }
  return out;
}

}  // namespace sql
