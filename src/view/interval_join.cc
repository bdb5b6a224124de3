#include "view/interval_join.h"

#include <algorithm>
#include <limits>
#include <set>

#include "sql/parser.h"
#include "sql/print_special.h"
#include "sql/printer.h"
#include "sql/walk.h"
#include "view/json_text.h"

namespace view {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;
constexpr int64_t kOpen = std::numeric_limits<int64_t>::max() / 4;  // beyond any sum of two bounds
constexpr const char* kNames[] = {"l", "r"};
constexpr const char* kShape =
    "Equate columns of both streams, and bound their event times, as in ON a.id = b.id AND b.ts "
    "BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR.";

base::Status At(base::Status status, int location) {
  return location < 0 ? std::move(status) : std::move(status).WithPosition(location + 1);
}

// An event time plus an interval: of months nobody knows the length, so there are two bounds.
struct Moment {
  int side;
  int64_t least = 0, most = 0;
};

// Without a cast that the binder added, which cannot fail.
const sql::Expr& AsWritten(const sql::Expr& expr) {
  return expr.kind == sql::ExprKind::kCast && expr.location < 0 ? AsWritten(*expr.args[0]) : expr;
}

// What is known of right's event time less left's.
struct Bounds {
  int64_t from = -kOpen, to = kOpen;
};

class JoinReader {
 public:
  JoinReader(const sql::TableRef& table, const sql::RelationInfo& left,
             const sql::RelationInfo& right)
      : relations_{&left, &right} {
    for (size_t side : {0, 1}) {
      const sql::TableRef& item = side == 0 ? *table.left : *table.right;
      sides_[side].alias = item.alias.empty() ? item.name.back() : item.alias;
      sides_[side].relation = relations_[side]->name;
    }
  }

  base::Status ReadOn(const sql::Expr& on) {
    if (on.kind == sql::ExprKind::kOperator && on.name[0] == "AND") {
      for (const auto& term : on.args) RETURN_IF_ERROR(ReadOn(*term));
      return {};
    }
    if (ReadTimes(on) || IsEquality(on)) terms_.push_back(on.Clone());
    else rest_.push_back(on.Clone());
    return {};
  }

  // ON of a join as of event time: the whole primary key and nothing else.
  // `missing` is what is not equated yet.
  base::Status ReadKey(const sql::Expr& on, const std::vector<std::string>& key,
                       std::vector<std::string>* missing) {
    if (on.kind == sql::ExprKind::kOperator && on.name[0] == "AND") {
      for (const auto& term : on.args) RETURN_IF_ERROR(ReadKey(*term, key, missing));
      return {};
    }
    const auto of_key = [&](const sql::Expr& column) {
      return SideOf(column) == 1 && std::find(key.begin(), key.end(), column.name[1]) != key.end();
    };
    if (IsEquality(on) && (of_key(AsWritten(*on.args[0])) || of_key(AsWritten(*on.args[1])))) {
      for (const auto& argument : on.args)
        if (const sql::Expr& column = AsWritten(*argument); of_key(column))
          std::erase(*missing, column.name[1]);
      terms_.push_back(on.Clone());
      return {};
    }
    return At(base::Unsupported("ON of a join as of event time may only equate the table's "
                                "primary key with columns of the stream")
                  .WithHint("Put other conditions into WHERE."),
              on.location);
  }

  // The columns in use, from the whole query.
  void TakeColumns(sql::Select* select) {
    for (size_t side : {0, 1}) (void)Use(side, relations_[side]->event_time);  // as k0
    sql::VisitExprs(select, [this](sql::Expr& expr) {
      if (const auto side = SideOf(expr)) (void)Use(*side, expr.name[1]);
    });
  }

  base::Result<std::string> PrintOn() {
    std::string text;
    for (const auto& term : terms_) {
      sql::VisitExprs(term.get(), [this](sql::Expr& expr) {
        if (const auto side = SideOf(expr)) expr.name = {kNames[*side], Use(*side, expr.name[1])};
      });
      ASSIGN_OR_RETURN(const std::string printed, sql::PrintDuckDb(*term, {}));
      text += (text.empty() ? "(" : " AND (") + printed + ")";
    }
    return text;
  }

  std::string Use(size_t side, const std::string& name) {
    const auto& fields = relations_[side]->fields;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& known) { return known.name == name; });
    const int index = static_cast<int>(field - fields.begin());
    JoinSide& out = sides_[side];
    auto at = std::find(out.columns.begin(), out.columns.end(), index);
    if (at == out.columns.end()) {
      at = out.columns.insert(at, index);
      out.fields.push_back({JoinedName(out.alias, name), field->type});
    }
    return "k" + std::to_string(at - out.columns.begin());
  }

  const Bounds& bounds() const { return bounds_; }
  bool has_equality() const { return has_equality_; }
  std::array<JoinSide, 2> TakeSides() { return std::move(sides_); }
  std::vector<sql::ExprPtr> TakeRest() { return std::move(rest_); }

 private:
  std::optional<size_t> SideOf(const sql::Expr& expr) const {
    if (expr.kind != sql::ExprKind::kColumn || expr.name.size() != 2) return std::nullopt;
    for (size_t side : {0, 1})
      if (sides_[side].alias == expr.name[0]) return side;
    return std::nullopt;
  }

  bool IsEquality(const sql::Expr& term) {
    if (term.kind != sql::ExprKind::kOperator || term.name[0] != "=" || term.args.size() != 2)
      return false;
    const auto one = SideOf(AsWritten(*term.args[0])), other = SideOf(AsWritten(*term.args[1]));
    if (!one || !other || *one == *other) return false;
    has_equality_ = true;
    for (const auto& argument : term.args) {  // NULL equals nothing
      const sql::Expr& column = AsWritten(*argument);
      std::string& filter = sides_[*SideOf(column)].filter;
      filter +=
          (filter.empty() ? "" : " AND ") + sql::QuoteIdentifier(column.name[1]) + " IS NOT NULL";
    }
    return true;
  }

  std::optional<Moment> MomentOf(const sql::Expr& written) const {
    const sql::Expr& expr = AsWritten(written);
    if (const auto side = SideOf(expr)) {
      if (expr.name[1] != relations_[*side]->event_time) return std::nullopt;
      return Moment{static_cast<int>(*side)};
    }
    if (expr.kind != sql::ExprKind::kOperator || expr.args.size() != 2) return std::nullopt;
    const bool minus = expr.name[0] == "-";
    if (!minus && expr.name[0] != "+") return std::nullopt;
    auto moment = MomentOf(*expr.args[0]);
    const std::string* text = sql::ConstantOf(*expr.args[1]);
    if (!moment || !text || expr.args[1]->type.id != model::TypeId::kInterval) return std::nullopt;
    const auto interval = sql::ParseInterval(*text);
    if (!interval.ok()) return std::nullopt;
    int64_t least = Length(*interval, interval->months < 0),
            most = Length(*interval, interval->months > 0);
    if (minus) std::swap(least, most), least = -least, most = -most;
    moment->least += least;
    moment->most += most;
    return moment;
  }

  static int64_t Length(const sql::Interval& interval, bool long_months) {
    return (static_cast<int64_t>(interval.months) * (long_months ? 31 : 28) + interval.days) *
               kDayUs +
           interval.microseconds;
  }

  // one <= other
  bool AtMost(const sql::Expr& one, const sql::Expr& other) {
    const auto lower = MomentOf(one), upper = MomentOf(other);
    if (!lower || !upper || lower->side == upper->side) return false;
    const int64_t least = lower->least - upper->most;  // time of upper's side less lower's
    if (lower->side == 0) bounds_.from = std::max(bounds_.from, least);
    else bounds_.to = std::min(bounds_.to, -least);
    return true;
  }

  bool ReadTimes(const sql::Expr& term) {
    if (term.kind == sql::ExprKind::kBetween && !term.negated && !term.star) {
      const bool from = AtMost(*term.args[1], *term.args[0]);
      return AtMost(*term.args[0], *term.args[2]) && from;
    }
    if (term.kind != sql::ExprKind::kOperator || term.args.size() != 2) return false;
    const std::string& name = term.name[0];
    if (name == "<" || name == "<=") return AtMost(*term.args[0], *term.args[1]);
    if (name == ">" || name == ">=") return AtMost(*term.args[1], *term.args[0]);
    return name == "=" && AtMost(*term.args[0], *term.args[1]) &&
           AtMost(*term.args[1], *term.args[0]);
  }

  const std::array<const sql::RelationInfo*, 2> relations_;
  std::array<JoinSide, 2> sides_;
  std::vector<sql::ExprPtr> terms_, rest_;
  Bounds bounds_;
  bool has_equality_ = false;
};

base::Status CheckKind(const sql::TableRef& table) {
  using Join = sql::TableRef::Join;
  if (table.join == Join::kInner && table.on) return {};
  const bool outer =
      table.join == Join::kLeft || table.join == Join::kRight || table.join == Join::kFull;
  return At(base::Unsupported(outer ? "an outer join of two streams is not supported in a "
                                      "materialized view"
                                    : "a join of two streams needs ON")
                .WithHint(outer ? "A row without a match may still find one. Count one stream in a "
                                  "view of its own, the matches in another, and join the two where "
                                  "they are read."
                                : kShape),
            table.right->location);
}

base::Status CheckTimes(const sql::TableRef& table, const sql::RelationInfo& left,
                        const sql::RelationInfo& right) {
  for (const auto* relation : {&left, &right})
    if (relation->event_time.empty())
      return At(base::Unsupported("a join in event time needs that of both, and \"" +
                                  relation->name + "\" has none")
                    .WithHint("Declare WATERMARK FOR its timestamptz column."),
                table.right->location);
  return {};
}

// The engine does not tell "Ts" from "ts", and a dot may stand in a name.
base::Status CheckNames(const std::array<JoinSide, 2>& sides, int location) {
  std::set<std::string> names;
  for (const JoinSide& side : sides)
    for (const auto& field : side.fields) {
      std::string folded = field.name;
      std::transform(folded.begin(), folded.end(), folded.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      if (!names.insert(folded).second)
        return At(base::Unsupported("two columns of a join are both named \"" + field.name +
                                    "\" but for upper and lower case")
                      .WithHint("Give the streams other aliases, or their columns other names."),
                  location);
    }
  return {};
}

std::string Time(int64_t us) { return "make_timestamp(" + std::to_string(us) + ")"; }

std::string Between(const std::string& column, int64_t first, int64_t last) {
  return column + " >= " + Time(first) + " AND " + column + " <= " + Time(last);
}

// The least time of a kept row that the other side's floor still allows a match.
std::optional<int64_t> KeptFrom(const IntervalJoin& join, const JoinStep& step, size_t side) {
  if (join.as_of) return std::nullopt;
  const auto& floor = step.sides[1 - side].raised;
  if (!floor) return std::nullopt;
  return side == 0 ? *floor - join.to_us : *floor + join.from_us;
}

}  // namespace

std::string JoinedName(const std::string& alias, const std::string& column) {
  return alias + "." + column;
}

void UseJoinedRows(sql::Select* select, const std::vector<std::string>& aliases,
                   const std::string& rows) {
  sql::VisitExprs(select, [&](sql::Expr& expr) {
    if (expr.kind == sql::ExprKind::kColumn && expr.name.size() == 2 &&
        std::find(aliases.begin(), aliases.end(), expr.name[0]) != aliases.end())
      expr.name = {rows, JoinedName(expr.name[0], expr.name[1])};
  });
}

base::Result<IntervalJoin> IntervalJoin::Make(sql::Select* select, const sql::TableRef& table,
                                              const sql::RelationInfo& left,
                                              const sql::RelationInfo& right,
                                              const std::vector<std::string>& primary_key) {
  RETURN_IF_ERROR(CheckTimes(table, left, right));
  if (!primary_key.empty()) return MakeAsOf(select, table, left, right, primary_key);
  RETURN_IF_ERROR(CheckKind(table));
  JoinReader reader(table, left, right);
  RETURN_IF_ERROR(reader.ReadOn(*table.on));
  if (!reader.has_equality())
    return At(base::Unsupported("a join of two streams needs equal columns").WithHint(kShape),
              table.right->location);
  IntervalJoin out;
  out.from_us = reader.bounds().from;
  out.to_us = reader.bounds().to;
  if (out.from_us <= -kOpen || out.to_us >= kOpen)
    return At(base::Unsupported("a join of two streams must be bounded in time on both sides")
                  .WithDetail("Rows are kept as long as a match may come; without a bound that is "
                              "for ever.")
                  .WithHint(kShape),
              table.right->location);
  if (out.from_us > out.to_us)
    return At(base::Invalid("no two rows can meet the bounds of the event times")
                  .WithSqlstate("22023")
                  .WithHint(kShape),
              table.right->location);
  reader.TakeColumns(select);
  ASSIGN_OR_RETURN(out.on, reader.PrintOn());
  out.sides = reader.TakeSides();
  RETURN_IF_ERROR(CheckNames(out.sides, table.right->location));
  for (size_t side : {0, 1}) out.sides[side].time = "k0";  // it was the first that was taken
  for (auto& term : reader.TakeRest()) {
    if (!select->where) {
      select->where = std::move(term);
      continue;
    }
    auto both = std::make_unique<sql::Expr>();
    both->kind = sql::ExprKind::kOperator;
    both->name = {"AND"};
    both->type = model::kBool;
    both->args.push_back(std::move(select->where));
    both->args.push_back(std::move(term));
    select->where = std::move(both);
  }
  return out;
}

base::Result<IntervalJoin> IntervalJoin::MakeAsOf(sql::Select* select, const sql::TableRef& table,
                                                  const sql::RelationInfo& left,
                                                  const sql::RelationInfo& right,
                                                  const std::vector<std::string>& primary_key) {
  using Join = sql::TableRef::Join;
  if ((table.join != Join::kInner && table.join != Join::kLeft) || !table.on)
    return At(base::Unsupported("only JOIN ... ON and LEFT JOIN ... ON are supported as of event "
                                "time"),
              table.right->location);
  IntervalJoin out;
  out.as_of = true;
  out.outer = table.join == Join::kLeft;
  JoinReader reader(table, left, right);
  std::vector<std::string> missing = primary_key;
  RETURN_IF_ERROR(reader.ReadKey(*table.on, primary_key, &missing));
  if (!missing.empty())
    return At(base::Unsupported("the join as of event time is not over the whole primary key of "
                                "table \"" +
                                right.name + "\"")
                  .WithHint("Equate \"" + missing.front() + "\" too."),
              table.right->location);
  reader.TakeColumns(select);
  ASSIGN_OR_RETURN(out.on, reader.PrintOn());
  out.sides = reader.TakeSides();
  RETURN_IF_ERROR(CheckNames(out.sides, table.right->location));
  for (size_t side : {0, 1}) out.sides[side].time = "k0";
  if (out.outer) out.sides[0].filter.clear();
  for (const std::string& name : primary_key) {
    const auto& fields = out.sides[1].fields;
    for (size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == JoinedName(out.sides[1].alias, name))
        out.version_key.push_back("k" + std::to_string(i));
  }
  out.sides[1].filter += " AND " + sql::QuoteIdentifier(right.event_time) + " IS NOT NULL";
  return out;
}

std::vector<std::string> IntervalJoin::Describe() const {
  const auto name = [this](size_t side) {
    return sides[side].relation +
           (sides[side].alias == sides[side].relation ? "" : " AS " + sides[side].alias);
  };
  const auto column = [this](size_t side) {
    return sides[side].alias + "." +
           sides[side].fields.front().name.substr(sides[side].alias.size() + 1);
  };
  const auto seconds = [](int64_t us) {
    std::string text = std::to_string(static_cast<double>(us) / 1e6);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " s";
  };
  if (as_of)
    return {std::string("  ") + (outer ? "Left join" : "Join") + " of stream " + name(0) +
                " (l) with table " + name(1) + " (r) as of " + column(0) + ", ON " + on,
            "    Rows of " + sides[0].relation + " wait until the watermark of " +
                sides[1].relation + " passes them"};
  std::vector<std::string> lines{
      "  Join of streams " + name(0) + " (l) and " + name(1) + " (r), ON " + on,
      "    " + column(1) + " is " + seconds(from_us) + " to " + seconds(to_us) + " after " +
          column(0)};
  for (size_t side : {0, 1}) {
    std::string kept;
    for (size_t i = 0; i < sides[side].fields.size(); ++i)
      kept += (i == 0 ? "" : ", ") + ("k" + std::to_string(i) + " = " + sides[side].fields[i].name);
    lines.push_back("    Kept of " + sides[side].relation + ": " + kept + ", until " +
                    sides[1 - side].relation + "'s floor is " +
                    seconds(side == 0 ? to_us : -from_us) + " past");
  }
  return lines;
}

Plan IntervalJoin::SidePlan(size_t side, const sql::RelationInfo& relation) const {
  const JoinSide& own = sides[side];
  Plan plan;
  plan.input = own.relation;
  plan.whole_rows = true;
  plan.filter = own.filter;
  plan.used_columns = own.columns;
  std::sort(plan.used_columns.begin(), plan.used_columns.end());
  for (size_t i = 0; i < own.columns.size(); ++i) {
    const auto& field = relation.fields[static_cast<size_t>(own.columns[i])];
    plan.keys.push_back({"k" + std::to_string(i), sql::DuckDbType(field.type),
                         sql::QuoteIdentifier(field.name), field.type, nullptr});
    plan.fields.push_back(field);
  }
  if (as_of && side == 1) {
    for (size_t i = 0; i < relation.fields.size(); ++i)
      if (relation.fields[i].name == "__deleted") plan.used_columns.push_back(static_cast<int>(i));
    plan.keys.push_back({"\"__deleted\"", "BOOLEAN", "\"__deleted\"", model::kBool, nullptr});
  }
  plan.keys.push_back({"\"__partition\"", "INTEGER", "\"__partition\"", model::kInt4, nullptr});
  plan.keys.push_back({"\"__offset\"", "BIGINT", "\"__offset\"", model::kInt8, nullptr});
  return plan;
}

std::vector<std::string> IntervalJoin::CreateTables(const std::string& left,
                                                    const std::string& right,
                                                    const std::string& log) const {
  std::vector<std::string> out;
  for (size_t side : {0, 1}) {
    std::string columns;
    for (size_t i = 0; i < sides[side].fields.size(); ++i)
      columns += "k" + std::to_string(i) + " " + sql::DuckDbType(sides[side].fields[i].type) + ", ";
    if (as_of && side == 1) columns += "\"__deleted\" BOOLEAN, ";
    out.push_back("CREATE TABLE " + (side == 0 ? left : right) + " (" + columns +
                  "\"__partition\" INTEGER, \"__offset\" BIGINT)");
  }
  out.push_back("CREATE TABLE " + log + " (number BIGINT, value VARCHAR)");
  return out;
}

std::string IntervalJoin::Waiting(size_t side, const std::string& table, int64_t limit) const {
  const std::string& time = sides[side].time;
  return "SELECT count(*), epoch_us(min(" + time + ")), epoch_us(max(" + time +
         ")), (SELECT epoch_us(" + time + ") FROM " + table + " ORDER BY " + time +
         " LIMIT 1 OFFSET " + std::to_string(limit - 1) + ") FROM " + table;
}

std::string IntervalJoin::Taken(size_t side, const JoinSideStep& step) const {
  const std::string& time = sides[side].time;
  std::string where = "false";
  if (step.first) where = Between(time, *step.first, *step.last);
  const bool late_too = as_of && side == 1;  // a late version holds for the rows to come
  if (step.first && step.floor && !late_too) where += " AND " + time + " >= " + Time(*step.floor);
  return "(SELECT * FROM " + step.waiting + " WHERE " + where + ")";
}

std::string IntervalJoin::Columns() const {
  std::string columns;
  for (size_t side : {0, 1})
    for (size_t i = 0; i < sides[side].fields.size(); ++i) {
      const std::string column = std::string(kNames[side]) + ".k" + std::to_string(i);
      columns +=
          (columns.empty() ? "" : ", ") +
          (as_of && side == 1 ? "CASE WHEN NOT r.\"__deleted\" THEN " + column + " END" : column) +
          " AS " + sql::QuoteIdentifier(sides[side].fields[i].name);
    }
  return columns;
}

// Of versions with the same time the last one in the topic holds.
std::string IntervalJoin::PairsAsOf(const JoinStep& step) const {
  std::string key = sides[1].time;
  for (const std::string& column : version_key) key += ", " + column;
  const std::string versions = "(SELECT * FROM (SELECT * FROM " + step.sides[1].kept +
                               " UNION ALL SELECT * FROM " + Taken(1, step.sides[1]) +
                               ") QUALIFY row_number() OVER (PARTITION BY " + key +
                               " ORDER BY \"__offset\" DESC, \"__partition\" DESC) = 1)";
  return "SELECT " + Columns() + " FROM " + Taken(0, step.sides[0]) + " AS l ASOF " +
         (outer ? "LEFT " : "") + "JOIN " + versions + " AS r ON " + on + " AND l." +
         sides[0].time + " >= r." + sides[1].time + (outer ? "" : " WHERE NOT r.\"__deleted\"");
}

std::string IntervalJoin::Pairs(const JoinStep& step) const {
  const std::string columns = Columns();
  // Kept rows that rows from `first` to `last` of the other side can match.
  const auto kept = [&](size_t side) {
    const JoinSideStep& other = step.sides[1 - side];
    std::string where = "false";
    if (other.first)
      where = side == 1 ? Between(sides[1].time, *other.first + from_us, *other.last + to_us)
                        : Between(sides[0].time, *other.first - to_us, *other.last - from_us);
    return "(SELECT * FROM " + step.sides[side].kept + " WHERE " + where + ")";
  };
  const std::string new_left = Taken(0, step.sides[0]), new_right = Taken(1, step.sides[1]);
  const auto join = [&](const std::string& left, const std::string& right) {
    return "SELECT " + columns + " FROM " + left + " AS l JOIN " + right + " AS r ON " + on;
  };
  return join(new_left,
              "(SELECT * FROM " + kept(1) + " UNION ALL SELECT * FROM " + new_right + ")") +
         " UNION ALL " + join(kept(0), new_right);
}

void IntervalJoin::AddSide(const JoinStep& step, size_t side, std::vector<std::string>* out) const {
  const JoinSideStep& own = step.sides[side];
  const std::string& time = sides[side].time;
  const auto keep = KeptFrom(*this, step, side);
  if (own.first) {
    const std::string taken =
        " FROM " + own.waiting + " WHERE " + Between(time, *own.first, *own.last);
    if (own.floor)
      out->push_back(
          "INSERT INTO freshet_late_rows SELECT " + std::to_string(own.source) + ", " +
          std::to_string(step.view) + ", " + std::to_string(own.incarnation) +
          ", \"__partition\", min(\"__offset\"), max(\"__offset\"), count(*), 'late', 0, 0, " +
          Time(step.now) + taken + " AND " + time + " < " + Time(*own.floor) +
          " GROUP BY \"__partition\"");
    if (!as_of || side == 1)
      out->push_back("INSERT INTO " + own.kept + " SELECT * FROM " + Taken(side, own) +
                     (keep ? " WHERE " + time + " >= " + Time(*keep) : ""));
    out->push_back("DELETE" + taken);
  }
  if (as_of && side == 1 && step.sides[0].raised != step.sides[0].floor) AddForget(step, out);
  if (keep) out->push_back("DELETE FROM " + own.kept + " WHERE " + time + " < " + Time(*keep));
  if (own.raised && own.raised != own.floor) {
    const std::string id = std::to_string(step.side_ids[side]);
    out->push_back("DELETE FROM freshet_emissions WHERE \"view\" = " + id);
    out->push_back("INSERT INTO freshet_emissions VALUES (" + id + ", " + Time(*own.raised) +
                   ", 0, " + Time(step.now) + ")");
  }
}

// A pair comes with its later row: with a new row of its own side, or with one of the other side.
std::optional<int64_t> IntervalJoin::PairsFrom(size_t side, const std::optional<int64_t>& left,
                                               const std::optional<int64_t>& right) const {
  if (as_of) return left;
  if (!left || !right) return std::nullopt;
  return side == 0 ? std::min(*left, *right - to_us) : std::min(*right, *left + from_us);
}

// Versions that a newer one of their key replaced before any row to come; a deletion with nothing
// before it says no more than no version.
void IntervalJoin::AddForget(const JoinStep& step, std::vector<std::string>* out) const {
  std::string key;
  for (const std::string& column : version_key) key += (key.empty() ? "" : ", ") + column;
  const std::string& time = sides[1].time;
  const std::string order = " ORDER BY " + time + ", \"__offset\", \"__partition\"";
  const std::string over = " OVER (PARTITION BY " + key + order + ")";
  const std::string floor = Time(*step.sides[0].raised);
  out->push_back("DELETE FROM " + step.sides[1].kept +
                 " WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, \"__deleted\" AS deleted, " +
                 time + " AS since, lead(" + time + ")" + over + " AS replaced, lag(" + time + ")" +
                 over + " AS before FROM " + step.sides[1].kept + ") WHERE replaced <= " + floor +
                 " OR (deleted AND before IS NULL AND since <= " + floor + "))");
}

std::vector<std::string> IntervalJoin::Statements(const JoinStep& step) const {
  std::vector<std::string> out;
  model::Fields fields = sides[0].fields;
  fields.insert(fields.end(), sides[1].fields.begin(), sides[1].fields.end());
  out.push_back("INSERT INTO " + step.log + " SELECT " + std::to_string(step.number) +
                " + row_number() OVER () - 1, value FROM (SELECT " + JsonObject(fields) +
                " AS value FROM (" + (as_of ? PairsAsOf(step) : Pairs(step)) + "))");
  AddSide(step, 0, &out);
  AddSide(step, 1, &out);
  const std::string rows = std::to_string(step.rows);
  out.push_back("DELETE FROM freshet_emissions WHERE \"view\" = " + rows);
  out.push_back("INSERT INTO freshet_emissions SELECT " + rows + ", " +
                (step.bound ? Time(*step.bound) : "NULL::TIMESTAMP") + ", greatest(" +
                std::to_string(step.number) + ", coalesce(max(number) + 1, 0)), " + Time(step.now) +
                " FROM " + step.log);
  out.push_back("DELETE FROM " + step.log + " WHERE number < " + std::to_string(step.consumed));
  return out;
}

}  // namespace view
