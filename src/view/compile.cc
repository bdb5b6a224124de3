// From a bound SELECT to a Plan. Three steps:
// 1. the group expressions become keys (k0 ...); window_end counts as window_start, which it
// follows from;
// 2. every aggregate call becomes states and one value (a0 ...);
// 3. items and HAVING are rewritten over keys and values, and what is left of the input's columns
// is an error.

#include <algorithm>
#include <map>
#include <set>

#include "base/bug.h"
#include "sql/position.h"
#include "sql/printer.h"
#include "view/admission.h"
#include "view/lookup.h"
#include "view/plan.h"
#include "view/rollup.h"
#include "view/states.h"
#include "view/time_bucket.h"

namespace view {
namespace {

constexpr size_t kMaxColumns = 1'600;  // PostgreSQL's limit of a table

base::Status At(base::Status status, const sql::Expr& expr) {
  return expr.location < 0 ? std::move(status) : std::move(status).WithPosition(expr.location + 1);
}

sql::ExprPtr ColumnExpr(const std::string& name, model::Type type) {
  auto expr = std::make_unique<sql::Expr>();
  expr->kind = sql::ExprKind::kColumn;
  expr->name = {name};
  expr->type = type;
  return expr;
}

class Compiler {
 public:
  Compiler(const sql::RelationInfo& relation, const Plan* parent,
           const std::vector<LookupTable>& tables)
      : relation_(relation), parent_(parent), lookups_(&tables) {
    if (parent) rollup_.emplace(*parent, relation.name);
  }

  base::Result<Plan> Run(const sql::Select& select) {
    RETURN_IF_ERROR(CheckShape(select));
    plan_.input = relation_.name;
    ASSIGN_OR_RETURN(const sql::TableRef* from, lookups_.Take(*select.from[0]));
    RETURN_IF_ERROR(CheckTable(*from));
    RETURN_IF_ERROR(From(*from));
    if (rollup_) RETURN_IF_ERROR(FromParent());
    join_conditions_.resize(lookups_.joins().size());
    for (size_t i = 0; i < join_conditions_.size(); ++i)
      if (lookups_.joins()[i].stored) RETURN_IF_ERROR(JoinInput(i));
    if (select.where) RETURN_IF_ERROR(Where(*select.where));
    for (const auto& expr : select.group_by) RETURN_IF_ERROR(GroupBy(*expr));
    RETURN_IF_ERROR(CheckWindowKeys(*from));
    RETURN_IF_ERROR(Join());
    for (const auto& item : select.items) RETURN_IF_ERROR(CheckExpr(*item.expr));
    for (const auto& item : select.items) RETURN_IF_ERROR(Output(item));
    if (select.having) {
      RETURN_IF_ERROR(CheckExpr(*select.having));
      ASSIGN_OR_RETURN(plan_.having, Rewritten(*select.having));
    }
    plan_.states = states_.TakeStates();
    plan_.values = states_.TakeValues();
    for (Value& value : plan_.values)
      if (const auto call = calls_.find(value.column); call != calls_.end())
        value.call = call->second;
    RETURN_IF_ERROR(CheckSize());
    FindTimeKey();
    lookups_.TakePlan(std::move(join_conditions_), &plan_);
    plan_.used_columns.assign(used_.begin(), used_.end());
    if (parent_) plan_.used_columns = parent_->used_columns;
    return std::move(plan_);
  }

 private:
  base::Status From(const sql::TableRef& from) {
    if (from.kind != sql::TableRef::Kind::kWindow) return {};
    ASSIGN_OR_RETURN(plan_.window, sql::MakeTimeWindow(from));
    for (const auto& field : relation_.fields)
      if (field.name == "window_start" || field.name == "window_end")
        return base::Invalid("column \"" + field.name + "\" of \"" + relation_.name +
                             "\" has the name of a window's bound")
            .WithSqlstate("42701")
            .WithHint("Rename the column, or group by date_trunc or date_bin instead.");
    return {};
  }

  base::Status FromParent() {
    RETURN_IF_ERROR(rollup_->CheckParent());
    if (plan_.HasSessions())
      return base::Unsupported("SESSION over a materialized view is not supported")
          .WithHint("Make the view over the source of \"" + relation_.name + "\".");
    const std::string extra = rollup_->Extra();
    plan_.input_prefix = "(SELECT " + rollup_->Items() + " FROM ";
    plan_.input_suffix = ")";
    if (extra.empty()) return {};
    plan_.input_prefix += "(SELECT *" + extra + " FROM ";
    plan_.input_suffix = "))";
    return {};
  }

  // There is one relation but for joined tables, so a column needs no qualifier; without it equal
  // expressions are equal text.
  void DropQualifiers(sql::Expr* expr) {
    if (expr->kind == sql::ExprKind::kColumn && !lookups_.Rename(expr))
      expr->name = {expr->name.back()};
    for (auto& argument : expr->args) DropQualifiers(argument.get());
    if (expr->filter) DropQualifiers(expr->filter.get());
    for (auto& key : expr->order_by) DropQualifiers(key.expr.get());
  }
  sql::ExprPtr Plain(const sql::Expr& expr) {
    auto copy = expr.Clone();
    DropQualifiers(copy.get());
    return copy;
  }

  // What WHERE says about joined tables waits for the groups; the rest filters rows.
  base::Status Where(const sql::Expr& expr) {
    RETURN_IF_ERROR(CheckExpr(expr));
    auto plain = Plain(expr);
    if (!lookups_.empty() && plain->kind == sql::ExprKind::kOperator && plain->name[0] == "AND") {
      for (auto& term : plain->args) RETURN_IF_ERROR(WhereTerm(std::move(term)));
      return {};
    }
    return WhereTerm(std::move(plain));
  }

  base::Status WhereTerm(sql::ExprPtr plain) {
    if (Lookups::IsJoined(*plain)) {
      joined_filters_.push_back(std::move(plain));
      return {};
    }
    RETURN_IF_ERROR(CheckNoWindow(*plain, "WHERE"));
    if (plan_.HasSessions()) RETURN_IF_ERROR(CheckSessionFilter(*plain));
    if (rollup_) RETURN_IF_ERROR(rollup_->CheckKeys(*plain, "WHERE"));
    Use(*plain);
    ASSIGN_OR_RETURN(std::string text, sql::PrintDuckDb(*plain, {}));
    plan_.filter = plan_.filter.empty() ? text : "(" + plan_.filter + ") AND (" + text + ")";
    return {};
  }

  // A join as of processing time, which is of rows and not of groups.
  base::Status JoinInput(size_t index) {
    const Lookups::Join& join = lookups_.joins()[index];
    const auto refuse = [&](const std::string& why, const char* hint) {
      auto status = base::Unsupported("a join as of processing time " + why).WithHint(hint);
      return join.location < 0 ? std::move(status)
                               : std::move(status).WithPosition(join.location + 1);
    };
    if (rollup_)
      return refuse("needs rows, and a view over a view has groups",
                    "Join the table in the view that reads the source.");
    if (plan_.HasSessions() && !join.left)
      return refuse("over SESSION must be a LEFT JOIN",
                    "Every row counts for the bounds of its session; use FILTER (WHERE ...) on "
                    "the aggregates.");
    RETURN_IF_ERROR(CheckExpr(*join.on));
    auto on = Plain(*join.on);
    RETURN_IF_ERROR(lookups_.CheckKey(index, *on));
    if (Lookups::IsJoined(*on))
      return refuse("cannot use columns of a table that is joined at read time",
                    "Join that table FOR SYSTEM_TIME AS OF PROCTIME() as well, before it.");
    if (HasWindowBound(*on))
      return refuse("cannot use the bounds of a window", "Equate columns of the source.");
    Use(*on);
    ASSIGN_OR_RETURN(join_conditions_[index], sql::PrintDuckDb(*on, {}));
    return {};
  }

  bool HasWindowBound(const sql::Expr& expr) const {
    return IsWindowBound(expr) ||
           std::any_of(expr.args.begin(), expr.args.end(),
                       [&](const auto& argument) { return HasWindowBound(*argument); });
  }

  // The group keys are known: the conditions of the joins, and what else stands over joined
  // columns.
  base::Status Join() {
    for (size_t i = 0; i < lookups_.joins().size(); ++i) {
      if (lookups_.joins()[i].stored) continue;
      RETURN_IF_ERROR(CheckExpr(*lookups_.joins()[i].on));
      auto on = Plain(*lookups_.joins()[i].on);
      RETURN_IF_ERROR(lookups_.CheckKey(i, *on));
      auto over_keys = Rewrite(std::move(on));
      if (!over_keys.ok()) return lookups_.NotAtReadTime(i);
      ASSIGN_OR_RETURN(join_conditions_[i], sql::PrintDuckDb(**over_keys, {}));
    }
    for (const auto& group : joined_groups_) RETURN_IF_ERROR(Rewrite(group->Clone()).TakeStatus());
    for (auto& filter : joined_filters_) {
      ASSIGN_OR_RETURN(auto over_keys, Rewrite(std::move(filter)));
      ASSIGN_OR_RETURN(std::string text, sql::PrintDuckDb(*over_keys, {}));
      plan_.joined_filter += (plan_.joined_filter.empty() ? "(" : " AND (") + text + ")";
    }
    return {};
  }

  base::Status GroupBy(const sql::Expr& expr) {
    RETURN_IF_ERROR(CheckExpr(expr));
    auto plain = Plain(expr);
    if (Lookups::IsJoined(*plain)) {  // follows from the join's key, which is a key of the view
      joined_groups_.push_back(std::move(plain));
      return {};
    }
    const bool bound = IsWindowBound(*plain);
    if (bound) {
      (plain->name[0] == "window_end" ? groups_by_end_ : groups_by_start_) = true;
      plain->name[0] = "window_start";
    } else {
      RETURN_IF_ERROR(CheckNoWindow(*plain, "a group key"));
    }
    if (KeyOf(*plain)) return {};
    if (bound) plan_.window_key = static_cast<int>(plan_.keys.size());
    if (rollup_) RETURN_IF_ERROR(rollup_->CheckKeys(*plain, "GROUP BY"));
    Use(*plain);
    ASSIGN_OR_RETURN(std::string text, sql::PrintDuckDb(*plain, {}));
    const std::string stored = sql::DuckDbType(plain->type);
    if (base::HasBug(base::Bug::kNullKeyIsEmpty) && stored == "VARCHAR")
      text = "coalesce(" + text + ", '')";
    if (plain->kind != sql::ExprKind::kColumn) text = "CAST(" + text + " AS " + stored + ")";
    const model::Type type = plain->type;
    plan_.keys.push_back(
        {"k" + std::to_string(plan_.keys.size()), stored, text, type, std::move(plain)});
    return {};
  }

  base::Status Output(const sql::SelectItem& item) {
    ASSIGN_OR_RETURN(auto over_values, Rewrite(Plain(*item.expr)));
    ASSIGN_OR_RETURN(std::string text, sql::PrintDuckDb(*over_values, {}));
    const std::string name = sql::OutputName(item);
    std::string folded = name;  // DuckDB does not tell "Total" from "total"
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (!names_.emplace(folded, name).second) {
      auto status =
          base::Invalid("column \"" + name + "\" specified more than once").WithSqlstate("42701");
      if (names_[folded] != name)
        status = std::move(status).WithDetail(
            "Names of a view's columns must differ in more than upper and lower case.");
      return At(std::move(status).WithHint("Name the column with AS."), *item.expr);
    }
    model::Type type = item.expr->type;
    if (type.id == model::TypeId::kUnknown) type = model::kText;
    plan_.fields.push_back({name, type});
    plan_.outputs.push_back(std::move(text));
    plan_.output_exprs.push_back(std::move(over_values));
    return {};
  }

  base::Result<std::string> Rewritten(const sql::Expr& expr) {
    ASSIGN_OR_RETURN(auto over_values, Rewrite(Plain(expr)));
    return sql::PrintDuckDb(*over_values, {});
  }

  base::Result<sql::ExprPtr> Rewrite(sql::ExprPtr expr) {
    if (const Key* key = KeyOf(*expr)) return ColumnExpr(key->column, key->type);
    if (IsAggregateCall(*expr)) {
      if (Lookups::IsJoined(*expr)) return lookups_.NotAtReadTime(0);
      RETURN_IF_ERROR(CheckNoWindow(*expr, "an aggregate"));
      RETURN_IF_ERROR(OrderByTime(expr.get()));
      Use(*expr);
      ASSIGN_OR_RETURN(std::string column,
                       rollup_ ? rollup_->ValueOf(*expr, &states_) : states_.ValueOf(*expr));
      const model::Type type = expr->type;
      calls_.try_emplace(column, std::move(expr));
      return ColumnExpr(column, type);
    }
    if (expr->kind == sql::ExprKind::kColumn) return Column(std::move(expr));
    for (auto& argument : expr->args) {
      ASSIGN_OR_RETURN(argument, Rewrite(std::move(argument)));
    }
    return expr;
  }

  // first(x) and last(x) without ORDER BY go by the event time.
  base::Status OrderByTime(sql::Expr* call) const {
    if ((call->name.back() != "first" && call->name.back() != "last") || !call->order_by.empty())
      return {};
    for (const auto& field : relation_.fields) {
      if (field.name != relation_.event_time) continue;
      call->order_by.emplace_back().expr = ColumnExpr(field.name, field.type);
      return {};
    }
    return At(base::Invalid(call->name.back() + " of \"" + relation_.name +
                            "\", which has no event time, needs ORDER BY")
                  .WithHint("Write " + call->name.back() + "(x ORDER BY y)."),
              *call);
  }

  base::Result<sql::ExprPtr> Column(sql::ExprPtr expr) {
    if (Lookups::IsJoined(*expr)) return ColumnExpr(expr->name[1], expr->type);
    if (plan_.window && expr->name[0] == "window_end")
      if (const Key* start = KeyOf(*ColumnExpr("window_start", expr->type)))
        return ColumnExpr(states_.AddValue(WindowEnd(*start), expr->type), expr->type);
    const std::string looked_up = lookups_.WrittenName(expr->name[0]);
    const bool qualified = expr->name[0].find('.') != std::string::npos;  // of joined streams
    const std::string written = !looked_up.empty() ? looked_up
                                : qualified        ? expr->name[0]
                                                   : relation_.name + "." + expr->name[0];
    return At(
        base::Invalid("column \"" + written +
                      "\" must appear in the GROUP BY clause or be used in an aggregate function")
            .WithSqlstate("42803")
            .WithHint("A materialized view keeps aggregates up to date; read single rows from the "
                      "source itself."),
        *expr);
  }

  const Key* KeyOf(const sql::Expr& expr) const {
    for (const Key& key : plan_.keys)
      if (sql::SameExpr(expr, *key.expr)) return &key;
    return nullptr;
  }

  void Use(const sql::Expr& expr) {
    if (expr.kind == sql::ExprKind::kColumn) {
      const std::string& name = IsWindowBound(expr) ? plan_.window->column : expr.name[0];
      for (size_t i = 0; i < relation_.fields.size(); ++i)
        if (relation_.fields[i].name == name) used_.insert(static_cast<int>(i));
    }
    for (const auto& argument : expr.args) Use(*argument);
    if (expr.filter) Use(*expr.filter);
    for (const auto& key : expr.order_by) Use(*key.expr);
  }

  bool IsWindowBound(const sql::Expr& expr) const {
    return plan_.window && expr.kind == sql::ExprKind::kColumn &&
           (expr.name[0] == "window_start" || expr.name[0] == "window_end");
  }

  // What is computed of a row before its partial stands in several windows cannot depend on the
  // window.
  base::Status CheckNoWindow(const sql::Expr& expr, const char* where) const {
    if (!plan_.HasPanes()) return {};
    if (IsWindowBound(expr))
      return At(base::Unsupported("\"" + expr.name[0] + "\" in " + where + " of " +
                                  sql::NameOf(plan_.window->kind) +
                                  " is not supported in a materialized view")
                    .WithHint("GROUP BY window_start, window_end, and compute with them in the "
                              "select list or in HAVING."),
                expr);
    for (const auto& argument : expr.args) RETURN_IF_ERROR(CheckNoWindow(*argument, where));
    if (expr.filter) RETURN_IF_ERROR(CheckNoWindow(*expr.filter, where));
    for (const auto& key : expr.order_by) RETURN_IF_ERROR(CheckNoWindow(*key.expr, where));
    return {};
  }

  std::string WindowEnd(const Key& start) const {
    if (plan_.HasSessions()) return plan_.window->EndText("w_last");
    return plan_.HasPanes() ? "w_end" : plan_.window->EndText(start.column);
  }

  // A row that is filtered out may still hold a session together, so only whole keys can be.
  base::Status CheckSessionFilter(const sql::Expr& expr) const {
    if (expr.kind == sql::ExprKind::kColumn) {
      const auto& keys = plan_.window->keys;
      if (std::find(keys.begin(), keys.end(), expr.name[0]) != keys.end()) return {};
      return At(
          base::Unsupported("WHERE over SESSION may only name the keys of the session, and \"" +
                            expr.name[0] + "\" is none")
              .WithHint("Use FILTER (WHERE ...) on the aggregates: every row counts for the "
                        "bounds of its session."),
          expr);
    }
    for (const auto& argument : expr.args) RETURN_IF_ERROR(CheckSessionFilter(*argument));
    return {};
  }

  base::Status CheckSessionKeys(const sql::TableRef& from) {
    const auto refuse = [&](const std::string& what) {
      auto status =
          base::Unsupported("a materialized view over SESSION must group by " + what)
              .WithHint("GROUP BY window_start, window_end and every key of the session.");
      return from.location < 0 ? std::move(status)
                               : std::move(status).WithPosition(from.location + 1);
    };
    if (!groups_by_start_ && !groups_by_end_) return refuse("window_start");
    for (const std::string& name : plan_.window->keys) {
      const auto key =
          std::find_if(plan_.keys.begin(), plan_.keys.end(), [&](const Key& candidate) {
            return candidate.expr->kind == sql::ExprKind::kColumn &&
                   candidate.expr->name[0] == name;
          });
      if (key == plan_.keys.end()) return refuse("\"" + name + "\", a key of the session");
      plan_.session_keys.push_back(key->column);
    }
    return {};
  }

  base::Status CheckWindowKeys(const sql::TableRef& from) {
    if (plan_.HasSessions()) return CheckSessionKeys(from);
    if (!plan_.HasPanes()) return {};
    const bool cumulate = plan_.window->kind == sql::TableRef::Window::kCumulate;
    if (cumulate ? groups_by_start_ && groups_by_end_ : groups_by_start_ || groups_by_end_)
      return {};
    auto status =
        base::Unsupported(std::string("a materialized view over ") +
                          sql::NameOf(plan_.window->kind) + " must group by " +
                          (cumulate ? "window_start and window_end" : "window_start"))
            .WithHint(
                "A row stands in several windows. GROUP BY window_start, window_end; to count "
                "each row once, read the source itself.");
    return from.location < 0 ? std::move(status)
                             : std::move(status).WithPosition(from.location + 1);
  }

  base::Status CheckSize() const {
    if (plan_.keys.empty() && plan_.states.empty())
      return base::Unsupported(
                 "a materialized view without aggregates and without GROUP BY is not supported")
          .WithHint("Read the rows from the source itself; they are kept for its retention.");
    const size_t columns = std::max(
        {plan_.keys.size() + plan_.states.size(), plan_.values.size(), plan_.outputs.size()});
    if (columns > kMaxColumns)
      return base::Invalid("a materialized view can have at most " + std::to_string(kMaxColumns) +
                           " columns")
          .WithSqlstate("54011");
    return {};
  }

  // The finest bucket orders the view best: date_trunc('day', ts) beside date_trunc('minute', ts)
  // says nothing more.
  void FindTimeKey() {
    for (size_t i = 0; i < plan_.keys.size(); ++i) {
      auto found = TimeKeyOf(*plan_.keys[i].expr, relation_.event_time, plan_.window);
      if (!found) continue;
      if (parent_) found = OverParent(*plan_.keys[i].expr, *found);
      const bool finer =
          !plan_.time || (found->bucket_us != 0 &&
                          (plan_.time->bucket_us == 0 || found->bucket_us < plan_.time->bucket_us));
      if (!finer) continue;
      found->key = static_cast<int>(i);
      plan_.time = found;
    }
  }

  // A rollup's time is the start of its parent's bucket: the child's own buckets have a fixed
  // length when the parent's divide them.
  TimeKey OverParent(const sql::Expr& key, TimeKey own) const {
    const TimeKey& parent = *parent_->time;  // there is a bucket of it
    if (key.kind == sql::ExprKind::kColumn && key.name[0] == relation_.event_time) return parent;
    if (parent.bucket_us != 0 && own.bucket_us != 0 && own.bucket_us % parent.bucket_us == 0 &&
        (own.origin_us - parent.origin_us) % parent.bucket_us == 0)
      return own;
    own.longest_us += parent.longest_us;
    own.bucket_us = own.origin_us = 0;
    return own;
  }

  const sql::RelationInfo& relation_;
  const Plan* const parent_;
  Lookups lookups_;
  std::vector<sql::ExprPtr> joined_filters_, joined_groups_;
  std::vector<std::string> join_conditions_;
  std::optional<Rollup> rollup_;
  std::map<std::string, std::shared_ptr<const sql::Expr>> calls_;  // by the value's column
  Plan plan_;
  StateBuilder states_;
  std::set<int> used_;
  std::map<std::string, std::string> names_;
  bool groups_by_start_ = false, groups_by_end_ = false;
};

}  // namespace

base::Result<Plan> Compile(const sql::Select& select, const sql::RelationInfo& relation,
                           std::string_view text, const Plan* parent,
                           const std::vector<LookupTable>& tables) {
  auto plan = Compiler(relation, parent, tables).Run(select);
  if (plan.ok() || plan.status().position() == 0) return plan;
  const int byte = plan.status().position() - 1;  // trees carry bytes, clients are told characters
  return plan.TakeStatus().WithPosition(text.empty() ? 0 : sql::CharacterPosition(text, byte));
}

}  // namespace view
