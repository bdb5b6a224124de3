#include "view/emission.h"

#include "sql/printer.h"
#include "view/admission.h"
#include "view/states.h"

namespace view {
namespace {

constexpr const char* kPartition = "kp";  // hidden keys and states of the partials
constexpr const char* kReleased = "kr";
constexpr const char* kRows = "sr";
constexpr const char* kFirst = "sf";
constexpr const char* kLast = "sl";

std::string Time(int64_t us) { return "make_timestamp(" + std::to_string(us) + ")"; }

void Append(std::string* list, const std::string& item) {
  *list += (list->empty() ? "" : ", ") + item;
}

// DuckDB text of a window's end, from its start; nullopt when it has none of fixed length.
std::optional<std::string> EndOf(const Plan& plan) {
  if (!plan.time) return std::nullopt;
  const std::string& start = plan.keys[plan.time->key].column;
  if (plan.window && plan.time->key == plan.window_key) return plan.window->EndText(start);
  if (plan.time->bucket_us <= 0) return std::nullopt;
  return "(" + start + " + INTERVAL '" + std::to_string(plan.time->bucket_us) + " microseconds')";
}

}  // namespace

base::Result<Outer> MakeOuter(const sql::Select& select) {
  RETURN_IF_ERROR(CheckShape(select));
  const auto refused = [](const char* what) {
    return base::Unsupported(std::string(what) +
                             " over a materialized view is not supported with EMIT ON WINDOW CLOSE")
        .WithHint("Write the whole query over the source.");
  };
  if (select.from[0]->kind != sql::TableRef::Kind::kRelation) return refused("a window");
  if (!select.group_by.empty() || select.group_by_all || select.having) return refused("GROUP BY");
  Outer out;
  const sql::TableRef& from = *select.from[0];
  out.relation = from.alias.empty() ? from.name.back() : from.alias;
  for (const auto& item : select.items) {
    RETURN_IF_ERROR(CheckExpr(*item.expr));
    if (IsAggregateCall(*item.expr)) return refused("an aggregate");
    ASSIGN_OR_RETURN(auto text, sql::PrintDuckDb(*item.expr, {}));
    out.outputs.push_back(std::move(text));
    model::Type type = item.expr->type;
    if (type.id == model::TypeId::kUnknown) type = model::kText;
    out.fields.push_back({sql::OutputName(item), type});
  }
  if (select.where) {
    RETURN_IF_ERROR(CheckExpr(*select.where));
    ASSIGN_OR_RETURN(out.filter, sql::PrintDuckDb(*select.where, {}));
  }
  return out;
}

base::Result<Emission> Emission::Make(const Plan& plan, std::optional<Outer> outer) {
  if (plan.HasPanes() || plan.HasSessions())
    return base::Unsupported(
               "EMIT ON WINDOW CLOSE over HOP, CUMULATE or SESSION is not supported yet")
        .WithHint("Use TUMBLE, with windows of the slide, and add them up where they are read.");
  if (!plan.input_prefix.empty())
    return base::Unsupported("EMIT ON WINDOW CLOSE over a view over a view is not supported yet")
        .WithHint("Group the source itself by the coarser window.");
  if (!plan.lookups.empty())
    return base::Unsupported("EMIT ON WINDOW CLOSE of a view that joins a table is not supported")
        .WithHint("Emit without the table, and join it where the released rows are read.");
  Emission out;
  const auto end = EndOf(plan);
  if (!end)
    return base::Unsupported("EMIT ON WINDOW CLOSE needs a window among the keys")
        .WithHint(
            "Group by window_start of TUMBLE(...), or by date_trunc or date_bin of the event time.");
  out.window_end_ = *end;
  out.time_key_ = plan.keys[plan.time->key].column;
  out.stored_ = plan;
  out.final_ = plan;
  out.final_fields_ = plan.fields;
  for (const Key& key : plan.keys) {
    out.keys_.push_back(key.column);
    out.key_types_.push_back(key.duckdb_type);
    out.final_.outputs.push_back(key.column);
    out.final_.fields.push_back({"__" + key.column, key.type});
  }
  out.stored_.keys.push_back({kPartition, "INTEGER", "\"__partition\"", model::kInt4, nullptr});
  out.stored_.keys.push_back({kReleased, "BOOLEAN", "false", model::kBool, nullptr});
  out.stored_.states.push_back({kRows, "BIGINT", "count(*)", "sum(sr)::BIGINT"});
  out.stored_.states.push_back({kFirst, "BIGINT", "min(\"__offset\")", "min(sf)"});
  out.stored_.states.push_back({kLast, "BIGINT", "max(\"__offset\")", "max(sl)"});
  out.outer_ = std::move(outer);
  if (out.outer_) out.stored_.fields = out.outer_->fields;
  return out;
}

std::string Emission::Rows(const std::string& partials) const {
  const std::string rows = final_.Finalize(partials);
  if (!outer_) return rows;
  std::string items;
  for (size_t i = 0; i < outer_->outputs.size(); ++i)
    Append(&items,
           outer_->outputs[i] + " AS " + sql::QuoteIdentifier(outer_->fields[i].name));
  for (const std::string& key : keys_) Append(&items, "\"__" + key + "\"");
  return "SELECT " + items + " FROM (" + rows + ") AS " +
         sql::QuoteIdentifier(outer_->relation) +
         (outer_->filter.empty() ? "" : " WHERE " + outer_->filter);
}

std::string Emission::Columns() const {
  std::string columns;
  for (const auto& field : fields()) Append(&columns, sql::QuoteIdentifier(field.name));
  for (const std::string& key : keys_) Append(&columns, "\"__" + key + "\"");
  return columns;
}

model::Fields Emission::KeyFields() const {
  model::Fields out;
  for (const std::string& key : keys_) {
    for (size_t i = 0; i < final_fields_.size(); ++i) {
      if (final_.outputs[i] != key && final_.outputs[i] != sql::QuoteIdentifier(key)) continue;
      if (!outer_) {
        out.push_back(final_fields_[i]);
        break;
      }
      const std::string name = sql::QuoteIdentifier(final_fields_[i].name);
      for (size_t j = 0; j < outer_->outputs.size(); ++j)
        if (outer_->outputs[j] == name ||
            outer_->outputs[j] == sql::QuoteIdentifier(outer_->relation) + "." + name) {
          out.push_back(outer_->fields[j]);
          break;
        }
      break;
    }
  }
  return out.size() == keys_.size() ? out : model::Fields{};
}

std::string Emission::CreateReleased(const std::string& table) const {
  std::string columns;
  for (const auto& field : fields())
    Append(&columns, sql::QuoteIdentifier(field.name) + " " + sql::DuckDbType(field.type));
  for (size_t i = 0; i < keys_.size(); ++i)
    Append(&columns, "\"__" + keys_[i] + "\" " + key_types_[i]);
  return "CREATE TABLE " + table + " (" + columns + ", \"__number\" BIGINT, \"__kind\" TINYINT)";
}

std::string Emission::Read(const std::string& table, bool corrections) const {
  std::string columns, keys;
  for (const auto& field : fields()) Append(&columns, sql::QuoteIdentifier(field.name));
  for (const std::string& key : keys_) Append(&keys, "\"__" + key + "\"");
  if (!corrections) return "SELECT " + columns + " FROM " + table;
  return "SELECT " + columns + " FROM (SELECT * FROM " + table +
         " QUALIFY row_number() OVER (PARTITION BY " + keys +
         " ORDER BY \"__number\" DESC) = 1) WHERE \"__kind\" <> 2";
}

std::string Emission::Pending(const EmissionStep& step) const {
  return "SELECT count(*) FROM " + step.partials + " WHERE NOT kr AND " + window_end_ +
         " <= " + Time(step.next_bound);
}

std::string Emission::SameKeys(const std::string& left, const std::string& right) const {
  std::string condition;
  for (const std::string& key : keys_)
    condition += (condition.empty() ? "" : " AND ") + left + key + " IS NOT DISTINCT FROM " +
                 right + key;
  return condition;
}

std::vector<std::string> Emission::Statements(const EmissionStep& step) const {
  std::vector<std::string> out;
  const std::string open = "NOT kr AND " + window_end_ + " <= ";
  const std::string closed = open + Time(step.next_bound);
  const std::string late = step.bound ? open + Time(*step.bound) : "false";
  const std::string fresh =
      closed + (step.bound ? " AND " + window_end_ + " > " + Time(*step.bound) : "");
  const std::string from_partials = " FROM " + step.partials + " WHERE ";
  if (step.bound) {
    out.push_back("INSERT INTO freshet_late_rows SELECT " + std::to_string(step.source) + ", " +
                  std::to_string(step.view) + ", " + std::to_string(step.incarnation) +
                  ", kp, min(sf), max(sl), sum(sr), 'late', 0, 0, " + Time(step.now) +
                  from_partials + late + " GROUP BY kp");
    if (step.corrections) AddCorrections(step, late, &out);
    else out.push_back("DELETE" + from_partials + late);
  }
  std::string order;
  for (const std::string& key : keys_) Append(&order, "\"__" + key + "\"");
  out.push_back("INSERT INTO " + step.released + "(" + Columns() +
                ", \"__number\", \"__kind\") SELECT *, " + std::to_string(step.number) +
                ", 0 FROM (" + Rows("(SELECT *" + from_partials + fresh + ")") + ") ORDER BY " +
                order);
  if (!step.corrections) {
    out.push_back("DELETE" + from_partials + fresh);
  } else {  // kept, and marked, for corrections
    out.push_back("CREATE OR REPLACE TEMP TABLE emitted AS SELECT * REPLACE (true AS kr)" +
                  from_partials + closed);
    out.push_back("DELETE" + from_partials + closed);
    out.push_back("INSERT INTO " + step.partials + " SELECT * FROM temp.emitted");
    out.push_back("DROP TABLE temp.emitted");
  }
  const std::string view = std::to_string(step.view);
  out.push_back("DELETE FROM freshet_emissions WHERE view = " + view);
  out.push_back("INSERT INTO freshet_emissions VALUES (" + view + ", " + Time(step.next_bound) +
                ", " + std::to_string(step.number) + ", " + Time(step.now) + ")");
  return out;
}

// Keys of released windows that got rows since: their rows are given again, or taken back when they
// no longer pass.
void Emission::AddCorrections(const EmissionStep& step, const std::string& late,
                              std::vector<std::string>* out) const {
  std::string names;
  for (const std::string& key : keys_) Append(&names, key);
  const std::string touched = "(SELECT p.* FROM " + step.partials + " AS p SEMI JOIN (SELECT " +
                              names + " FROM " + step.partials + " WHERE " + late + ") AS l ON " +
                              SameKeys("p.", "l.") + ")";
  const std::string into = "INSERT INTO " + step.released + "(" + Columns() +
                           ", \"__number\", \"__kind\") ";
  out->push_back(into + "SELECT *, " + std::to_string(step.number) + ", 1 FROM (" +
                 Rows(touched) + ")");
  if (final_.having.empty() && (!outer_ || outer_->filter.empty())) return;
  std::string same, keys;
  for (const std::string& key : keys_) {
    same += (same.empty() ? "" : " AND ") + ("old.\"__" + key + "\" IS NOT DISTINCT FROM t." + key);
    Append(&keys, "\"__" + key + "\"");
  }
  out->push_back(into + "SELECT " + Columns() + ", " + std::to_string(step.number) +
                 ", 2 FROM (SELECT * FROM " + step.released + " QUALIFY row_number() OVER "
                 "(PARTITION BY " + keys + " ORDER BY \"__number\" DESC) = 1) AS old WHERE "
                 "\"__kind\" <> 2 AND \"__number\" < " + std::to_string(step.number) +
                 " AND EXISTS (SELECT 1 FROM " + touched + " AS t WHERE " + same + ")");
}

std::string Emission::Forget(const std::string& table, int64_t floor, int64_t number) const {
  return "DELETE FROM " + table + " WHERE \"__" + time_key_ + "\" < " + Time(floor) +
         " AND \"__number\" <= " + std::to_string(number);
}

}  // namespace view
