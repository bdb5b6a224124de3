#include "query/relations.h"

#include "sql/printer.h"

namespace query {
namespace {

constexpr const char* kSystemSchema = "freshet";

// One row of text cells, each cast to its column's type. "\1" is NULL.
void AppendRow(const std::vector<std::string>& row, size_t columns, std::string* out) {
  *out += "(";
  for (size_t i = 0; i < columns; ++i) {
    if (i > 0) *out += ", ";
    const bool null = i >= row.size() || row[i] == "\1";
    *out += null ? "NULL" : sql::QuoteLiteral(row[i]);
  }
  *out += ")";
}

base::Result<std::string> RowsText(const SystemRelation& relation) {
  const auto rows = relation.rows();
  const auto& fields = relation.info.fields;
  if (rows.size() > kMaxSystemRows)
    return base::Exhausted("relation \"freshet." + relation.info.name + "\" has more than " +
                           std::to_string(kMaxSystemRows) + " rows")
        .WithSqlstate("54000");
  std::string items, names, values;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string column = "c" + std::to_string(i), separator = i > 0 ? ", " : "";
    items += separator + "CAST(" + column + " AS " + sql::DuckDbType(fields[i].type) + ") AS " +
             sql::QuoteIdentifier(fields[i].name);
    names += separator + column;
  }
  for (const auto& row : rows) {
    if (!values.empty()) values += ", ";
    AppendRow(row, fields.size(), &values);
  }
  const bool empty = rows.empty();
  if (empty) AppendRow({}, fields.size(), &values);
  return "(SELECT " + items + " FROM (VALUES " + values + ") AS v(" + names + ")" +
         (empty ? " WHERE false)" : ")");
}

}  // namespace

void SystemRelations::Add(SystemRelation relation) {
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<Map>(*map_);
  const std::string name = relation.info.name;
  (*next)[name] = std::move(relation);
  map_ = std::move(next);
}

std::shared_ptr<const SystemRelations::Map> SystemRelations::Get() const {
  std::lock_guard lock(mutex_);
  return map_;
}

const sql::RelationInfo* Relations::Find(std::string_view schema, std::string_view name) const {
  if (schema == kSystemSchema) {
    const auto found = options_.system->find(name);
    return found == options_.system->end() ? nullptr : &found->second.info;
  }
  if (!schema.empty()) return options_.catalog->Find(schema, name);
  for (const auto& candidate : options_.search_path)
    if (const auto* info = Find(candidate, name)) return info;
  return nullptr;
}

std::vector<std::string_view> Relations::Names() const {
  auto names = options_.catalog->Names();
  for (const auto& [name, relation] : *options_.system) names.push_back(name);
  return names;
}

base::Result<std::string> Relations::Text(const std::vector<std::string>& name, bool* live) const {
  if (name.size() == 3 && name[0] != options_.database)
    return base::Unsupported("cross-database references are not implemented: \"" + name[0] + "." +
                             name[1] + "." + name[2] + "\"");
  const auto* info = Find(name.size() > 1 ? name[name.size() - 2] : "", name.back());
  if (info == nullptr)
    return base::NotFound("relation \"" + name.back() + "\" does not exist").WithSqlstate("42P01");
  if (info->schema == kSystemSchema) {
    const SystemRelation& relation = options_.system->find(info->name)->second;
    *live = true;
    if (relation.sql) return "(" + relation.sql() + ")";
    return RowsText(relation);
  }
  if (const auto view = options_.catalog->views.find(info->name);
      view != options_.catalog->views.end())
    return ViewText(*view->second);
  if (const auto source = options_.catalog->sources.find(info->name);
      source != options_.catalog->sources.end())
    return SourceText(*source->second);
  return base::Internal("relation \"" + info->name + "\" has no rows to read");
}

// Groups that reach over the view's floor are not whole any more: they are below it and not shown.
std::string Relations::ViewText(const catalog::View& view, const std::string& panes) const {
  if (view.emission)
    return "(" +
           view.emission->Read(sql::QuoteIdentifier(view.ReleasedTable()), view.corrections) + ")";
  std::string floor;
  const bool may_have_floor = view.retention_us || !view.ancestors.empty();
  if (may_have_floor && view.plan->time && view.plan->time->HasPartialGroups())
    floor =
        "(SELECT coalesce(max(floor), TIMESTAMP '-infinity') FROM freshet_floors WHERE object = " +
        std::to_string(view.id.value) + ")";
  return "(" + view.plan->Finalize(view.Table(), floor, panes, [this](const std::string& table) {
    return options_.catalog->sources.at(table)->CurrentRows();
  }) + ")";
}

std::shared_ptr<const catalog::View> Relations::PaneView(
    const std::vector<std::string>& name) const {
  const auto* info = Find(name.size() > 1 ? name[name.size() - 2] : "", name.back());
  if (info == nullptr || info->schema == kSystemSchema) return nullptr;
  const auto view = options_.catalog->views.find(info->name);
  if (view == options_.catalog->views.end()) return nullptr;
  const auto& window = view->second->plan->window;
  return window && window->Overlaps() ? view->second : nullptr;
}

base::Result<std::string> Relations::SourceText(const catalog::Source& source) const {
  if (source.is_table) return source.CurrentRows();
  if (!source.KeepsRaw()) {
    std::string views;
    for (const auto& [name, view] : options_.catalog->views)
      if (view->source == source.name && view->owner.empty()) views += (views.empty() ? "" : ", ") + name;
    return base::Invalid("source \"" + source.name + "\" keeps no rows")
        .WithSqlstate("55000")
        .WithDetail(
            "It was created with retention = '0'; its records live only in its materialized views.")
        .WithHint(views.empty() ? "Create a materialized view over it." : "Query " + views + ".");
  }
  std::string columns;
  for (const auto& field : source.fields)
    columns += (columns.empty() ? "" : ", ") + sql::QuoteIdentifier(field.name);
  return "(SELECT " + columns + " FROM " + source.RawTable() + ")";
}

const char* Relations::KindOf(const catalog::Catalog& catalog, const sql::RelationInfo& info) {
  if (info.schema != "public") return "table";
  if (catalog.views.contains(info.name)) return "materialized view";
  return catalog.sources.contains(info.name) && !catalog.FindTable(info.name) ? "source" : "table";
}

}  // namespace query
