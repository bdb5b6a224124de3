#include "view/admission.h"

#include <set>
#include <string>
#include <string_view>

namespace view {
namespace {

base::Status Refuse(const std::string& what, const char* hint, int location = -1) {
  base::Status status =
      base::Unsupported(what + " not supported in a materialized view").WithHint(hint);
  return location < 0 ? std::move(status) : std::move(status).WithPosition(location + 1);
}

// Functions whose value depends on more than their arguments. date_trunc, casts and the like depend
// on the time zone too; in a view that is always UTC.
bool IsVolatile(const sql::Expr& call) {
  static const std::set<std::string_view> names{"now",
                                                "transaction_timestamp",
                                                "statement_timestamp",
                                                "clock_timestamp",
                                                "timeofday",
                                                "localtimestamp",
                                                "localtime",
                                                "current_timestamp",
                                                "current_date",
                                                "current_time",
                                                "random",
                                                "setseed",
                                                "gen_random_uuid",
                                                "uuid_generate_v4",
                                                "nextval",
                                                "currval",
                                                "lastval",
                                                "current_setting",
                                                "set_config",
                                                "current_user",
                                                "session_user",
                                                "user",
                                                "current_role",
                                                "current_catalog",
                                                "current_database",
                                                "current_schema",
                                                "current_schemas",
                                                "current_query",
                                                "version",
                                                "inet_client_addr",
                                                "inet_server_addr",
                                                "txid_current",
                                                "txid_current_snapshot",
                                                "has_table_privilege",
                                                "has_schema_privilege",
                                                "has_column_privilege",
                                                "has_database_privilege",
                                                "obj_description",
                                                "col_description"};
  const std::string& name = call.name.back();
  if (name == "age" && call.args.size() == 1) return true;  // counts from today
  return names.contains(name) || name.starts_with("pg_");
}

base::Status CheckCall(const sql::Expr& call) {
  if (call.over)
    return Refuse("window functions are",
                  "Apply the window function in the query that reads the view.", call.location);
  if (IsVolatile(call))
    return Refuse("function " + call.name.back() + "() is not deterministic and therefore",
                  "A view must give the same answer whenever its records are read again; use a "
                  "column of the record, such "
                  "as its event time, and compare with now() in the query that reads the view.",
                  call.location);
  return {};
}

base::Status CheckNode(const sql::Expr& expr) {
  if (expr.subquery)
    return Refuse(
        "subqueries are",
        "Filter with expressions over the source's columns, or in the query that reads the view.",
        expr.location);
  switch (expr.kind) {
    case sql::ExprKind::kFunction: return CheckCall(expr);
    case sql::ExprKind::kDefault:
      return Refuse(expr.name[0] + " is not deterministic and therefore",
                    "A view must give the same answer whenever its records are read again; compare "
                    "with it in the query "
                    "that reads the view.",
                    expr.location);
    case sql::ExprKind::kParameter:
      return Refuse("parameters are", "Write the value itself.", expr.location);
    case sql::ExprKind::kStar: return Refuse("a star is", "Name the columns.", expr.location);
    default: return {};
  }
}

base::Status CheckFrom(const sql::Select& select) {
  if (select.from.empty())
    return Refuse(
        "a SELECT without FROM is",
        "Name the source: FROM orders, or FROM TUMBLE(orders, order_time, INTERVAL '1' MINUTE).");
  const sql::TableRef& from = *select.from[0];
  if (select.from.size() > 1)
    return Refuse("several relations in FROM are",
                  "Read one source, and JOIN tables with it by their primary key.", from.location);
  return {};
}

}  // namespace

base::Status CheckShape(const sql::Select& select) {
  if (select.set_op != sql::Select::SetOp::kNone)
    return Refuse("UNION, INTERSECT and EXCEPT are",
                  "Make one view for each branch and combine them in the query that reads them.");
  if (!select.values.empty()) return Refuse("VALUES is", "Read a source.");
  if (!select.with.empty())
    return Refuse("WITH is",
                  "Write the common table's expressions and its WHERE in the view itself.");
  if (select.distinct || !select.distinct_on.empty())
    return Refuse("SELECT DISTINCT is", "Group by the columns: each group appears once.");
  if (!select.order_by.empty())
    return Refuse("ORDER BY is", "Put ORDER BY in the query that reads the view.");
  if (select.limit || select.offset)
    return Refuse("LIMIT and OFFSET are", "Put LIMIT in the query that reads the view.");
  if (!select.windows.empty())
    return Refuse("WINDOW is", "Apply window functions in the query that reads the view.");
  return CheckFrom(select);
}

base::Status CheckTable(const sql::TableRef& from) {
  if (from.kind == sql::TableRef::Kind::kSubquery)
    return Refuse("a subquery in FROM is",
                  "Write its expressions and its WHERE in the view itself.", from.location);
  if (from.kind == sql::TableRef::Kind::kFunction)
    return Refuse("a function in FROM is", "Name a source, or TUMBLE, HOP, CUMULATE or SESSION over one.", from.location);
  return {};
}

base::Status CheckExpr(const sql::Expr& expr) {
  RETURN_IF_ERROR(CheckNode(expr));
  for (const auto& argument : expr.args) RETURN_IF_ERROR(CheckExpr(*argument));
  if (expr.filter) RETURN_IF_ERROR(CheckExpr(*expr.filter));
  for (const auto& key : expr.order_by) RETURN_IF_ERROR(CheckExpr(*key.expr));
  return {};
}

}  // namespace view
