#include "view/lookup.h"

#include <algorithm>
#include <set>

#include "sql/printer.h"

namespace view {
namespace {

constexpr const char* kKinds =
    "A plain JOIN is made when the view is read: ON equates the table's whole primary key with "
    "group keys of the view. JOIN table FOR SYSTEM_TIME AS OF PROCTIME() takes the row as it is "
    "when a record is processed, and needs no group key; FOR SYSTEM_TIME AS OF stream.event_time "
    "the row as it was then. "
    "Or GROUP BY the key and join in the query that reads the view.";
constexpr const char* kStored = "__j";

base::Status At(base::Status status, int location) {
  return location < 0 ? std::move(status) : std::move(status).WithPosition(location + 1);
}

const sql::Expr& WithoutCasts(const sql::Expr& expr) {
  return expr.kind == sql::ExprKind::kCast ? WithoutCasts(*expr.args[0]) : expr;
}

}  // namespace

base::Result<const sql::TableRef*> Lookups::Take(const sql::TableRef& from) {
  using Join = sql::TableRef::Join;
  if (from.kind != sql::TableRef::Kind::kJoin) return &from;
  ASSIGN_OR_RETURN(const sql::TableRef* rest, Take(*from.left));
  const sql::TableRef& right = *from.right;
  const auto table = std::find_if(tables_->begin(), tables_->end(), [&](const auto& known) {
    return right.kind == sql::TableRef::Kind::kRelation && known.name == right.name.back();
  });
  if (table == tables_->end())
    return At(base::Unsupported("joins of two streams are not supported in a materialized view; "
                                "only a table can be joined")
                  .WithHint(kKinds),
              right.location);
  if ((from.join != Join::kInner && from.join != Join::kLeft) || !from.on)
    return At(
        base::Unsupported("only JOIN ... ON and LEFT JOIN ... ON are supported with table \"" +
                          table->name + "\" in a materialized view")
            .WithHint(kKinds),
        from.location);
  if (!right.column_aliases.empty())
    return At(base::Unsupported("column aliases of table \"" + table->name +
                                "\" are not supported in a materialized view"),
              right.location);
  joins_.push_back({right.alias.empty() ? right.name.back() : right.alias, &*table,
                    from.join == Join::kLeft, from.on.get(), right.location,
                    right.as_of_processing});
  return rest;
}

bool Lookups::Rename(sql::Expr* column) {
  if (column->name.size() != 2) return false;
  for (size_t i = 0; i < joins_.size(); ++i) {
    if (joins_[i].alias != column->name[0]) continue;
    const Column used{i, column->name[1]};
    auto at = std::find(columns_.begin(), columns_.end(), used);
    if (at == columns_.end()) at = columns_.insert(at, used);
    const std::string number = std::to_string(at - columns_.begin());
    if (joins_[i].stored) column->name = {kStored + number};
    else column->name = {"", "j" + number};
    return true;
  }
  return false;
}

bool Lookups::IsJoined(const sql::Expr& expr) {
  if (expr.kind == sql::ExprKind::kColumn) return expr.name.size() == 2;
  const auto joined = [](const auto& argument) { return IsJoined(*argument); };
  return std::any_of(expr.args.begin(), expr.args.end(), joined) ||
         (expr.filter && IsJoined(*expr.filter)) ||
         std::any_of(expr.order_by.begin(), expr.order_by.end(),
                     [](const auto& key) { return IsJoined(*key.expr); });
}

const Lookups::Column* Lookups::ColumnOf(const sql::Expr& expr) const {
  const sql::Expr& plain = WithoutCasts(expr);
  if (plain.kind != sql::ExprKind::kColumn) return nullptr;
  const bool stored = plain.name.size() == 1 && plain.name[0].starts_with(kStored);
  if (plain.name.size() != 2 && !stored) return nullptr;
  return &columns_[static_cast<size_t>(std::stoi(plain.name.back().substr(stored ? 3 : 1)))];
}

std::string Lookups::WrittenName(const std::string& column) const {
  if (!column.starts_with(kStored)) return "";
  const Column& written = columns_[static_cast<size_t>(std::stoi(column.substr(3)))];
  return joins_[written.join].alias + "." + written.field;
}

base::Status Lookups::CheckKey(size_t index, const sql::Expr& on) const {
  std::vector<const sql::Expr*> terms{&on};
  if (on.kind == sql::ExprKind::kOperator && on.name[0] == "AND") {
    terms.clear();
    for (const auto& argument : on.args) terms.push_back(argument.get());
  }
  std::set<std::string> equated;
  for (const sql::Expr* term : terms) {
    if (term->kind != sql::ExprKind::kOperator || term->name[0] != "=" || term->args.size() != 2)
      continue;
    for (int side : {0, 1}) {
      const Column* column = ColumnOf(*term->args[static_cast<size_t>(side)]);
      const Column* other = ColumnOf(*term->args[static_cast<size_t>(1 - side)]);
      if (column != nullptr && column->join == index && (other == nullptr || other->join != index))
        equated.insert(column->field);
    }
  }
  const LookupTable& table = *joins_[index].table;
  for (const int key : table.key)
    if (!equated.contains(table.fields[static_cast<size_t>(key)].name)) return NotAtReadTime(index);
  return {};
}

base::Status Lookups::NotAtReadTime(size_t index) const {
  return At(base::Unsupported("the JOIN with table \"" + joins_[index].table->name +
                              "\" is not over its primary key" +
                              (joins_[index].stored ? "" : " and the view's group keys"))
                .WithHint(kKinds),
            joins_[index].location);
}

void Lookups::TakePlan(std::vector<std::string> on, Plan* plan) {
  std::vector<size_t> place(joins_.size());
  for (size_t i = 0; i < joins_.size(); ++i) {
    if (joins_[i].stored) {
      TakeStored(i, on[i], plan);
      continue;
    }
    place[i] = plan->lookups.size();
    plan->lookups.push_back({joins_[i].table->name, joins_[i].left, {}, std::move(on[i])});
  }
  for (size_t i = 0; i < columns_.size(); ++i)
    if (const size_t join = columns_[i].join; !joins_[join].stored)
      plan->lookups[place[join]].columns.emplace_back("j" + std::to_string(i), columns_[i].field);
}

// The join around the input; its columns are those that the view names.
void Lookups::TakeStored(size_t index, const std::string& on, Plan* plan) const {
  const Join& join = joins_[index];
  if (plan->input_prefix.empty()) {
    plan->input_prefix = "(SELECT * FROM ";
    plan->input_suffix = " AS records)";
  }
  std::string columns, note;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].join != index) continue;
    const std::string name = kStored + std::to_string(i);
    columns += (columns.empty() ? "" : ", ") + sql::QuoteIdentifier(columns_[i].field) + " AS " +
               sql::QuoteIdentifier(name);
    note += ", " + name + " = " + columns_[i].field;
  }
  plan->input_suffix.pop_back();
  plan->input_suffix += std::string(join.left ? " LEFT JOIN" : " JOIN") + " (SELECT " + columns +
                        " FROM " + join.table->rows + ") AS lookup" + std::to_string(index) +
                        " ON (" + on + "))";
  plan->looked_up.push_back(join.table->name);
  plan->looked_up_notes.push_back(
      std::string(join.left ? "Left join " : "Join ") + join.table->name +
      ": as of processing time, with its rows at the commit, ON " + on + note);
}

}  // namespace view
