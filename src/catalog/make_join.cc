// The joins of streams in a view's FROM: each becomes a source of joined rows and two sides that
// lanes keep rows of (semantics 17).

#include <algorithm>
#include <limits>

#include "catalog/catalog.h"
#include "sql/walk.h"

namespace catalog {
namespace {

constexpr int64_t kLatenessUs = 3'600'000'000;  // of two streams, unless the view says otherwise

base::Status At(base::Status status, int location) {
  return location < 0 ? std::move(status) : std::move(status).WithPosition(location + 1);
}

class JoinMaker {
 public:
  JoinMaker(const JoinOptions& options, const Catalog& catalog, sql::Select* select, View* view)
      : options_(options), catalog_(catalog), select_(*select), view_(*view) {}

  // A stream, and how the query names it.
  struct Input {
    std::shared_ptr<const Source> source;
    std::string alias;
  };

  int Streams(const sql::TableRef& from) const {
    if (from.kind == sql::TableRef::Kind::kJoin) return Streams(*from.left) + Streams(*from.right);
    return IsTable(from) && !from.as_of ? 0 : 1;
  }

  // Replaces a join of streams by its rows. `above` is ON of the join around it, if any.
  base::Status Resolve(std::unique_ptr<sql::TableRef>* from, const sql::Expr* above) {
    sql::TableRef& table = **from;
    if (table.kind != sql::TableRef::Kind::kJoin) return {};
    const bool lookup = IsTable(*table.right) && !table.right->as_of;
    RETURN_IF_ERROR(Resolve(&table.left, lookup               ? above
                                         : table.right->as_of ? table.right->as_of.get()
                                                              : table.on.get()));
    if (lookup) return {};
    if (table.right->as_of_processing)
      return At(base::Unsupported("joins of two streams are not made as of processing time")
                    .WithHint("FOR SYSTEM_TIME AS OF is for tables; bound the event times of "
                              "streams in ON."),
                table.right->location);
    if (table.left->kind == sql::TableRef::Kind::kJoin)
      return At(
          base::Unsupported("a stream joined with what a table was joined to is not supported")
              .WithHint("Join the streams first, then the tables."),
          table.right->location);
    ASSIGN_OR_RETURN(const Input left, InputOf(*table.left));
    ASSIGN_OR_RETURN(const Input right, InputOf(*table.right));
    if (table.right->as_of) RETURN_IF_ERROR(CheckAsOf(*table.right, left, right));
    ASSIGN_OR_RETURN(const std::string rows, Make(table, left, right, above));
    auto replaced = std::make_unique<sql::TableRef>();
    replaced->location = table.location;
    replaced->name = {rows};
    *from = std::move(replaced);
    return {};
  }

 private:
  bool IsTable(const sql::TableRef& item) const {
    return item.kind == sql::TableRef::Kind::kRelation && !item.name.empty() &&
           catalog_.FindTable(item.name.back()) != nullptr;
  }

  base::Result<Input> InputOf(const sql::TableRef& item) const {
    if (item.kind == sql::TableRef::Kind::kRelation) {
      const std::string& name = item.name.back();
      const std::string alias = item.alias.empty() ? name : item.alias;
      for (const auto& made : view_.join_rows)
        if (made->name == name) return Input{made, alias};
      const auto source = catalog_.sources.find(name);
      if (source != catalog_.sources.end() && item.column_aliases.empty())
        return Input{source->second, alias};
    }
    return At(base::Unsupported("only sources can be joined as streams")
                  .WithHint("Name the source itself, and GROUP BY date_trunc or date_bin of an "
                            "event time instead of TUMBLE."),
              item.location);
  }

  base::Status CheckAsOf(const sql::TableRef& table, const Input& left, const Input& right) const {
    const auto refuse = [&](const std::string& message, const std::string& hint) {
      return At(base::Unsupported(message).WithHint(hint), table.location);
    };
    if (!right.source->is_table || !right.source->IsFed())
      return refuse("\"" + right.source->name +
                        "\" is no table that a topic feeds: it has no rows as "
                        "of an event time",
                    "Make it with CREATE TABLE ... FORMAT UPSERT, or join FOR SYSTEM_TIME AS OF "
                    "PROCTIME().");
    const auto& time = table.as_of->name;
    if (time.size() == 2 && time[0] == left.alias && time[1] == left.source->Input().event_time)
      return {};
    return refuse(
        "a join as of event time goes by the event time of \"" + left.source->name + "\"",
        "Write FOR SYSTEM_TIME AS OF " + left.alias + "." + left.source->Input().event_time + ".");
  }

  base::Result<std::string> Make(const sql::TableRef& table, const Input& left, const Input& right,
                                 const sql::Expr* above) {
    const std::array<const Input*, 2> inputs{&left, &right};
    auto join = std::make_shared<StreamJoin>();
    std::vector<std::string> key;
    if (table.right->as_of)
      for (const int column : right.source->primary_key)
        key.push_back(right.source->schema.columns[static_cast<size_t>(column)].name);
    ASSIGN_OR_RETURN(join->plan, view::IntervalJoin::Make(&select_, table, left.source->Input(),
                                                          right.source->Input(), key));
    join->owner = view_.name;
    join->allowed_lateness_us =
        options_.allowed_lateness_us.value_or(join->plan.as_of ? 0 : kLatenessUs);
    join->max_state_rows = options_.max_state_rows;
    auto rows = std::make_shared<Source>();
    rows->name = view_.name + ".rows" +
                 (view_.join_rows.empty() ? "" : std::to_string(view_.join_rows.size() + 1));
    rows->definition = view_.definition;
    rows->connector = "join";
    rows->retention_us = 0;
    rows->schema.max_future_us = std::numeric_limits<int64_t>::max();
    for (const view::JoinSide& side : join->plan.sides)
      for (const auto& field : side.fields) {
        rows->schema.columns.push_back({field.name, field.type});
        rows->schema.columns.back().path = {field.name};
        rows->fields.push_back(field);
      }
    rows->kept.assign(rows->fields.size(), true);
    SetTime(*join, inputs, above, rows.get());
    for (size_t side : {0, 1}) {
      auto kept = std::make_shared<View>();
      kept->owner = view_.name;
      kept->name = join->sides[side] = view_.name + "." + inputs[side]->alias;
      kept->definition = view_.definition;
      kept->input = kept->source = inputs[side]->source->name;
      kept->plan = std::make_shared<const view::Plan>(
          join->plan.SidePlan(side, inputs[side]->source->Input()));
      view_.join_sides.push_back(std::move(kept));
    }
    rows->join = std::move(join);
    view_.join_rows.push_back(rows);
    view::UseJoinedRows(&select_, {left.alias, right.alias}, rows->name);
    return rows->name;
  }

  // The event time of the joined rows: the one that the view groups by or the join around bounds,
  // else the left one. Their watermark is the joiner's.
  void SetTime(const StreamJoin& join, const std::array<const Input*, 2>& inputs,
               const sql::Expr* above, Source* rows) const {
    size_t chosen = 0;
    const bool right_too = !join.plan.as_of;
    const auto look = [&](const sql::Expr& root) {
      auto copy = root.Clone();
      sql::VisitExprs(copy.get(), [&](sql::Expr& expr) {
        if (expr.kind != sql::ExprKind::kColumn || expr.name.size() != 2) return;
        const auto& right = *inputs[1];
        if (right_too && expr.name[0] == right.alias &&
            expr.name[1] == right.source->Input().event_time)
          chosen = 1;
        const auto& left = *inputs[0];
        if (expr.name[0] == left.alias && expr.name[1] == left.source->Input().event_time)
          chosen = 0;
      });
    };
    if (above) look(*above);
    else
      for (const auto& key : select_.group_by) look(*key);
    const view::JoinSide& side = join.plan.sides[chosen];
    rows->schema.event_time = *rows->schema.Find(side.fields.front().name);
  }

  const JoinOptions& options_;
  const Catalog& catalog_;
  sql::Select& select_;
  View& view_;
};

}  // namespace

base::Result<bool> MakeJoins(const JoinOptions& options, const Catalog& catalog,
                             sql::Select* select, View* view) {
  JoinMaker maker(options, catalog, select, view);
  if (select->from.size() != 1 || maker.Streams(*select->from[0]) < 2) return false;
  for (auto& item : select->items)  // before their columns get other names
    if (item.alias.empty()) item.alias = sql::OutputName(item);
  RETURN_IF_ERROR(maker.Resolve(&select->from[0], nullptr));
  return true;
}

}  // namespace catalog
