// States that keep values: sets (DISTINCT), ordered lists, the value of the first or last row, and
// counts of values. A set or a list is a list column; merging flattens, and beyond a bound it fails
// with what to write instead (the view is suspended, semantics.md 7).

#include "base/bug.h"
#include "sql/print_special.h"
#include "sql/printer.h"
#include "view/state_call.h"

namespace view {
namespace {

constexpr int64_t kMaxDistinct = 1'000'000;  // values of a group
constexpr int64_t kMaxCollected = 10'000;
constexpr int64_t kMaxTopK = 100;

constexpr const char* kLists = "flatten(list({}) FILTER (WHERE {} IS NOT NULL))";

std::string Bounded(const std::string& list, int64_t most) {
  return "CASE WHEN len(" + list + ") > " + std::to_string(most) +
         " THEN error('too many values: a group keeps more than " + std::to_string(most) +
         " values') ELSE " + list + " END";
}

std::string CastTo(const std::string& text, const std::string& type) {
  return "CAST(" + text + " AS " + type + ")";
}

std::string Direction(const sql::SortKey& key) {
  using Nulls = sql::SortKey::Nulls;
  const bool first = key.nulls == Nulls::kFirst || (key.nulls == Nulls::kDefault && key.descending);
  return std::string(key.descending ? " DESC" : " ASC") + (first ? " NULLS FIRST" : " NULLS LAST");
}

base::Status NoArrays(const std::string& name) {
  return base::Unsupported(name + " of arrays is not supported in a materialized view")
      .WithHint("Compute it in a query over the source.");
}

base::Result<std::string> Separator(const sql::Expr& call) {
  const std::string* separator = sql::ConstantOf(*call.args[1]);
  if (separator == nullptr)
    return AtCall(
        base::Unsupported("the separator of string_agg must be a constant in a materialized view")
            .WithHint("For example ','."),
        *call.args[1]);
  return sql::QuoteLiteral(*separator);
}

}  // namespace

// The different values; NULL when there is none.
base::Result<std::string> StateBuilder::SetState(const Call& call) {
  if (call.argument == nullptr || call.argument->type.array)
    return AtCall(NoArrays(call.name + "(DISTINCT ...)"), call.expr);
  const model::Type type = call.argument->type;
  // A numeric without precision is computed as a double.
  const bool as_double = type.id == model::TypeId::kNumeric && type.precision == 0;
  const std::string stored = as_double ? "DOUBLE" : sql::DuckDbType(type);
  const std::string value = CastTo(call.text, stored);
  return AddState(stored + "[]",
                  "list(DISTINCT " + value + ")" + call.Filter(value + " IS NOT NULL"),
                  Bounded("list_distinct(" + std::string(kLists) + ")", kMaxDistinct));
}

base::Result<std::string> StateBuilder::DistinctSum(const Call& call) {
  ASSIGN_OR_RETURN(const std::string set, SetState(call));
  const std::string sum = "list_aggregate(" + set + ", 'sum')";
  const model::Type type = call.argument->type;
  if (call.name == "avg")
    return CastTo(sum, "DOUBLE") + " / len(" + set + ")";  // no value: NULL / NULL
  if (type.id == model::TypeId::kInt8) return CastTo(sum, "DECIMAL(38,0)");
  if (type.IsInteger()) return CastTo(sum, "BIGINT");
  if (type.id == model::TypeId::kFloat4) return CastTo(sum, "FLOAT");
  return sum;
}

// first(x ORDER BY t): of the smallest t, of the smallest partition and offset. Rows whose t is
// NULL do not count; x may be NULL.
base::Result<std::string> StateBuilder::OfOneRow(const Call& call) {
  const sql::Expr& expr = call.expr;
  if (call.argument == nullptr || call.argument->type.array)
    return AtCall(NoArrays(call.name), expr);
  if (expr.order_by.size() != 1 || expr.order_by[0].nulls != sql::SortKey::Nulls::kDefault)
    return AtCall(base::Unsupported(call.name + " must be ordered by one expression")
                      .WithHint("For example " + call.name +
                                "(x ORDER BY order_time); rows whose "
                                "key is NULL do not count."),
                  expr);
  const sql::Expr& key = *expr.order_by[0].expr;
  ASSIGN_OR_RETURN(std::string key_text, sql::PrintDuckDb(key, {}));
  const std::string key_type = sql::DuckDbType(key.type);
  const std::string type = sql::DuckDbType(call.argument->type);
  const std::string fold = (call.name == "first") == expr.order_by[0].descending ? "max" : "min";
  key_text = CastTo(key_text, key_type);
  const bool by_arrival = base::HasBug(base::Bug::kLastByArrival);
  const std::string ordered = by_arrival ? CastTo("NULL", key_type) : key_text;
  const std::string state =
      AddState("STRUCT(k " + key_type + ", p INTEGER, o BIGINT, v " + type + ")",
               fold + "({'k': " + ordered + R"(, 'p': "__partition", 'o': "__offset", 'v': )" +
                   CastTo(call.text, type) + "})" + call.Filter(key_text + " IS NOT NULL"),
               fold + "({})");
  return state + ".v";
}

// arg_min(x, y): the x of the smallest y, the smallest of them; rows where one is NULL do not
// count.
base::Result<std::string> StateBuilder::AtExtreme(const Call& call) {
  const sql::Expr& key = *call.expr.args[1];
  if (call.argument->type.array || key.type.array) return AtCall(NoArrays(call.name), call.expr);
  ASSIGN_OR_RETURN(std::string key_text, sql::PrintDuckDb(key, {}));
  const std::string key_type = sql::DuckDbType(key.type);
  const std::string type = sql::DuckDbType(call.argument->type);
  const std::string fold = call.name == "arg_min" ? "min" : "max";
  key_text = CastTo(key_text, key_type);
  const std::string value = CastTo(call.text, type);
  const std::string state =
      AddState("STRUCT(k " + key_type + ", v " + type + ")",
               fold + "({'k': " + key_text + ", 'v': " + value + "})" +
                   call.Filter(key_text + " IS NOT NULL AND " + value + " IS NOT NULL"),
               fold + "({})");
  return state + ".v";
}

base::Result<std::string> StateBuilder::CountsOfValues(const Call& call) {
  if (call.argument->type.array) return AtCall(NoArrays(call.name), call.expr);
  const std::string value = sql::AsText(call.text, call.argument->type, "UTC");
  if (call.name == "histogram")
    return "CAST(freshet_counts_json(" +
           AddState("BLOB", "freshet_counts(" + value + ")" + call.Filter(),
                    "freshet_counts_merge({})") +
           ") AS JSON)";
  const sql::Expr& most = *call.expr.args[1];
  const bool constant =
      most.kind == sql::ExprKind::kLiteral && most.literal.kind == sql::Literal::Kind::kInteger;
  if (!constant || most.literal.integer < 1 || most.literal.integer > kMaxTopK)
    return AtCall(
        base::Invalid("the second argument of approx_top_k must be a constant from 1 to " +
                      std::to_string(kMaxTopK))
            .WithSqlstate("22023"),
        most);
  const std::string state = AddState("BLOB", "freshet_frequent(" + value + ")" + call.Filter(),
                                     "freshet_frequent_merge({})");
  return "CAST(freshet_frequent_json(" + state + ", " + std::to_string(most.literal.integer) +
         ".0::DOUBLE) AS JSON)";
}

// string_agg(DISTINCT x, ',' ORDER BY x), as PostgreSQL allows it.
base::Result<std::string> StateBuilder::CollectingDistinct(const Call& call) {
  const auto& order = call.expr.order_by;
  if (call.name != "string_agg" || order.size() != 1 ||
      !sql::SameExpr(*order[0].expr, *call.argument))
    return AtCall(base::Unsupported(
                      call.name + "(DISTINCT ...) is only supported as "
                                  "string_agg(DISTINCT x, ',' ORDER BY x) in a materialized view"),
                  call.expr);
  ASSIGN_OR_RETURN(const std::string set, SetState(call));
  ASSIGN_OR_RETURN(const std::string separator, Separator(call.expr));
  return "(SELECT string_agg(e, " + separator + " ORDER BY e" + Direction(order[0]) +
         ") FROM (SELECT unnest(" + set + ") AS e))";
}

// string_agg and array_agg with ORDER BY: values with their sort keys, put in order at the end.
// Equal keys are ordered by the value, so that the answer does not depend on how records came.
base::Result<std::string> StateBuilder::Collecting(const Call& call) {
  const sql::Expr& expr = call.expr;
  if (expr.order_by.empty())
    return AtCall(
        base::Unsupported(call.name + " without ORDER BY is not supported in a "
                                      "materialized view: records come in no fixed order")
            .WithHint("Order the values inside the parentheses: " + call.name +
                      (call.name == "string_agg" ? "(x, ',' ORDER BY y)." : "(x ORDER BY y).")),
        expr);
  if (call.argument->type.array) return AtCall(NoArrays(call.name), expr);
  const std::string type = sql::DuckDbType(call.argument->type);
  std::string fields, values, order;
  for (size_t i = 0; i < expr.order_by.size(); ++i) {
    const sql::SortKey& key = expr.order_by[i];
    ASSIGN_OR_RETURN(const std::string text, sql::PrintDuckDb(*key.expr, {}));
    const std::string name = "k" + std::to_string(i), key_type = sql::DuckDbType(key.expr->type);
    fields.append(name).append(" ").append(key_type).append(", ");
    values += "'" + name + "': " + CastTo(text, key_type) + ", ";
    order += "e." + name + Direction(key) + ", ";
  }
  const std::string value = CastTo(call.text, type);
  const bool text = call.name == "string_agg";
  const std::string state = AddState(
      "STRUCT(" + fields + "v " + type + ")[]",
      "list({" + values + "'v': " + value + "})" + call.Filter(text ? value + " IS NOT NULL" : ""),
      Bounded(kLists, kMaxCollected));
  std::string collect = "list(e.v";
  if (text) {
    ASSIGN_OR_RETURN(const std::string separator, Separator(expr));
    collect = "string_agg(e.v, " + separator;
  }
  return "(SELECT " + collect + " ORDER BY " + order + "e.v) FROM (SELECT unnest(" + state +
         ") AS e))";
}

}  // namespace view
