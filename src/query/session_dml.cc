// INSERT, UPDATE, DELETE: a SELECT of the new versions of rows, appended to the table. An update or
// a deletion appends too; the newest version of a key is the row (semantics 16).

#include <algorithm>

#include "query/engine_impl.h"
#include "query/session.h"
#include "sql/printer.h"

namespace query {
namespace {

using sql::Dml;

constexpr int64_t kMaxVersions = 20'000'000;  // of one table, old ones included; no more are begun

sql::ExprPtr ColumnExpr(std::vector<std::string> name) {
  auto expr = std::make_unique<sql::Expr>();
  expr->kind = sql::ExprKind::kColumn;
  expr->name = std::move(name);
  return expr;
}

sql::ExprPtr NullExpr() {
  auto expr = std::make_unique<sql::Expr>();
  expr->kind = sql::ExprKind::kLiteral;
  return expr;
}

sql::SelectItem CastItem(sql::ExprPtr value, const model::Field& field) {
  sql::SelectItem item;
  item.alias = field.name;
  item.expr = std::make_unique<sql::Expr>();
  item.expr->kind = sql::ExprKind::kCast;
  item.expr->location = value->location;
  item.expr->cast.type = field.type;
  item.expr->cast.name = model::NameOf(field.type);
  item.expr->args.push_back(std::move(value));
  return item;
}

base::Status NoColumn(const std::string& column, const catalog::Source& table) {
  std::vector<std::string_view> names;
  for (const auto& field : table.fields) names.push_back(field.name);
  auto status =
      base::NotFound("column \"" + column + "\" of relation \"" + table.name + "\" does not exist")
          .WithSqlstate("42703");
  if (const auto near = base::NearestName(column, names))
    return std::move(status).WithHint("Perhaps you meant \"" + *near + "\".");
  return status;
}

// The place in `columns` of each column of the table, -1 = not named.
base::Result<std::vector<int>> PlacesOf(const std::vector<std::string>& columns,
                                        const catalog::Source& table) {
  std::vector<int> places(table.fields.size(), -1);
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto column = table.schema.Find(columns[i]);
    if (!column) return NoColumn(columns[i], table);
    int& place = places[static_cast<size_t>(*column)];
    if (place >= 0)
      return base::Invalid("column \"" + columns[i] + "\" specified more than once")
          .WithSqlstate("42701");
    place = static_cast<int>(i);
  }
  return places;
}

// SELECT every column of the table, in its type, FROM (the rows that were given).
base::Result<sql::SelectPtr> InsertedRows(const Dml& dml, const catalog::Source& table,
                                          size_t width) {
  std::vector<std::string> columns = dml.columns;
  for (size_t i = 0; dml.columns.empty() && i < std::min(width, table.fields.size()); ++i)
    columns.push_back(table.fields[i].name);
  if (width > columns.size())
    return base::Invalid("INSERT has more expressions than target columns").WithSqlstate("42601");
  if (width < columns.size())
    return base::Invalid("INSERT has more target columns than expressions").WithSqlstate("42601");
  ASSIGN_OR_RETURN(const auto places, PlacesOf(columns, table));
  auto rows = std::make_unique<sql::Select>();
  auto from = std::make_unique<sql::TableRef>();
  from->kind = sql::TableRef::Kind::kSubquery;
  from->alias = "given";
  for (size_t i = 0; i < width; ++i) from->column_aliases.push_back("c" + std::to_string(i));
  from->subquery = dml.select->Clone();
  for (size_t i = 0; i < table.fields.size(); ++i)
    rows->items.push_back(CastItem(
        places[i] < 0 ? NullExpr() : ColumnExpr({"given", "c" + std::to_string(places[i])}),
        table.fields[i]));
  rows->from.push_back(std::move(from));
  return rows;
}

// SELECT the rows as they will be FROM the table as it is.
base::Result<sql::SelectPtr> ChangedRows(const Dml& dml, const catalog::Source& table) {
  ASSIGN_OR_RETURN(const auto places, PlacesOf(dml.columns, table));
  for (const int key : table.primary_key)
    if (places[static_cast<size_t>(key)] >= 0)
      return base::Unsupported("column \"" + table.fields[static_cast<size_t>(key)].name +
                               "\" is part of the primary key and cannot be updated")
          .WithHint("DELETE the row and INSERT it with its new key.");
  auto rows = std::make_unique<sql::Select>();
  const std::string alias = dml.table->alias.empty() ? dml.table->name.back() : dml.table->alias;
  for (size_t i = 0; i < table.fields.size(); ++i)
    rows->items.push_back(CastItem(places[i] < 0
                                       ? ColumnExpr({alias, table.fields[i].name})
                                       : dml.values[static_cast<size_t>(places[i])]->Clone(),
                                   table.fields[i]));
  rows->from.push_back(dml.table->Clone());
  if (dml.where) rows->where = dml.where->Clone();
  return rows;
}

std::string AppendText(const Dml& dml, const catalog::Source& table, const std::string& rows) {
  const std::string versions = sql::QuoteIdentifier(table.RawTable());
  std::string columns;
  for (const auto& field : table.fields) columns += sql::QuoteIdentifier(field.name) + ", ";
  return "INSERT INTO " + versions + " (" + columns +
         R"("__partition", "__offset", "__incarnation", "__deleted") SELECT )" + columns +
         R"(0, (SELECT coalesce(max("__offset"), -1) FROM )" + versions +
         ") + row_number() OVER (), 0, " + (dml.kind == Dml::Kind::kDelete ? "true" : "false") +
         " FROM (" + rows + ")";
}

const char* CommandOf(Dml::Kind kind) {
  switch (kind) {
    case Dml::Kind::kInsert: return "INSERT";
    case Dml::Kind::kUpdate: return "UPDATE";
    default: return "DELETE";
  }
}

// The store names columns of its own tables; clients know the table by another name.
base::Status Told(base::Status status, const catalog::Source& table) {
  if (status.message().find("NOT NULL constraint failed") == std::string::npos) return status;
  const size_t dot = status.message().rfind('.');
  const std::string column = dot == std::string::npos ? "" : status.message().substr(dot + 1);
  return base::Invalid("null value in column \"" + column + "\" of relation \"" + table.name +
                       "\" violates not-null constraint")
      .WithSqlstate("23502");
}

base::Result<int64_t> OneNumber(store::Connection* connection, const std::string& sql) {
  ASSIGN_OR_RETURN(auto rows, connection->Query(sql));
  ASSIGN_OR_RETURN(const model::ChunkView chunk, rows->Next());
  if (chunk.rows == 0) return base::Internal("a count has no row");
  return chunk.columns[0].Get<int64_t>(0);
}

// Checked before the rows are written; writers come one by one.
base::Status CheckSize(store::Connection* connection, const catalog::Source& table) {
  ASSIGN_OR_RETURN(
      const int64_t versions,
      OneNumber(connection, "SELECT count(*) FROM " + sql::QuoteIdentifier(table.RawTable())));
  if (versions < kMaxVersions) return {};
  return base::Exhausted("table \"" + table.name + "\" has " + std::to_string(versions) +
                         " versions of rows, which is the limit")
      .WithSqlstate("54000")
      .WithHint("A table holds attributes; stream many rows through a source.");
}

}  // namespace

base::Result<std::shared_ptr<const catalog::Source>> SessionImpl::WrittenTable(
    const Dml& dml) const {
  const auto catalog = engine_->planner()->catalog();
  const std::string& name = dml.table->name.back();
  const auto found = catalog->sources.find(name);
  const bool elsewhere =
      dml.table->name.size() > 1 && dml.table->name[dml.table->name.size() - 2] != "public";
  if (elsewhere || (found == catalog->sources.end() && !catalog->views.contains(name)))
    return base::NotFound("relation \"" + name + "\" does not exist").WithSqlstate("42P01");
  if (found == catalog->sources.end() || !found->second->is_table)
    return base::Invalid("cannot change rows of \"" + name + "\": it is a " +
                         (found == catalog->sources.end() ? "materialized view" : "source"))
        .WithSqlstate("42809")
        .WithHint("Rows are written to tables: CREATE TABLE name (... PRIMARY KEY ...).");
  if (!found->second->connector.empty())
    return base::Invalid("cannot change rows of table \"" + name + "\": they come from its topic")
        .WithSqlstate("55000")
        .WithHint("Produce a record with the row's key; one without a value deletes the row.");
  return found->second;
}

base::Status SessionImpl::PrepareDml(const Dml& dml, const std::string& text, PreparedPlan* out) {
  ASSIGN_OR_RETURN(const auto table, WrittenTable(dml));
  const std::string key = text + "\n-- rows";  // plans are kept by text
  if (dml.kind == Dml::Kind::kInsert) {
    ASSIGN_OR_RETURN(const auto given,
                     engine_->planner()->Plan(*dml.select, text, out->parameter_types, Context()));
    ASSIGN_OR_RETURN(out->rows, InsertedRows(dml, *table, given->fields.size()));
  } else {
    ASSIGN_OR_RETURN(out->rows, ChangedRows(dml, *table));
  }
  ASSIGN_OR_RETURN(out->plan,
                   engine_->planner()->Plan(*out->rows, key, out->parameter_types, Context()));
  out->parameter_types = out->plan->parameter_types;
  out->catalog_version = out->plan->catalog_version;
  out->light = false;
  return {};
}

base::Result<Execution> SessionImpl::RunDml(const Dml& dml, PreparedPlan* prepared,
                                            const std::vector<Parameter>& parameters) {
  ASSIGN_OR_RETURN(const auto table, WrittenTable(dml));
  if (prepared->catalog_version != engine_->planner()->catalog_version())
    RETURN_IF_ERROR(PrepareDml(dml, prepared->statement.text, prepared));
  ASSIGN_OR_RETURN(const auto literals, Literals(*prepared->plan, parameters));
  ASSIGN_OR_RETURN(const std::string rows, Planner::Print(*prepared->plan, literals));
  ASSIGN_OR_RETURN(const size_t count, Write(AppendText(dml, *table, rows), *table));
  const std::string command = CommandOf(dml.kind);
  return Execution{
      nullptr, command + (command == "INSERT" ? " 0 " : " ") + std::to_string(count), {}};
}

// One writer at a time, so that versions of a table are numbered in the order of their commits.
base::Result<size_t> SessionImpl::Write(const std::string& text, const catalog::Source& table) {
  ASSIGN_OR_RETURN(const auto place, engine_->places()->Enter(activity_.get()));
  std::lock_guard lock(*engine_->write_mutex());
  ASSIGN_OR_RETURN(const auto connection, engine_->pool()->Take());
  RETURN_IF_ERROR(CheckSize(connection.get(), table));
  activity_->RunsOn(connection.get());
  auto count = connection->Write(text);
  activity_->RunsOn(nullptr);
  if (!count.ok()) return activity_->Explain(Told(count.TakeStatus(), table));
  engine_->NoteWritten(table.id, *count);
  return count;
}

}  // namespace query
