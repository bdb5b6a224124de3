#include "catalog/catalog.h"

#include <algorithm>

#include "sql/printer.h"

namespace catalog {
namespace {

// The place of a version among those of its key, 1 = the newest.
std::string NewestFirst(const Source& table) {
  std::string key;
  for (const int column : table.primary_key)
    key += (key.empty() ? "" : ", ") +
           sql::QuoteIdentifier(table.fields[static_cast<size_t>(column)].name);
  return "row_number() OVER (PARTITION BY " + key +
         R"( ORDER BY "__incarnation" DESC, "__offset" DESC, "__partition" DESC))";
}

}  // namespace

bool Source::KeepsRaw(const std::vector<int>& columns) const {
  return KeepsRaw() && std::all_of(columns.begin(), columns.end(), [&](int column) {
           return kept.empty() || kept[static_cast<size_t>(column)];
         });
}

sql::RelationInfo Source::Input() const {
  sql::RelationInfo info{"public", name, {}, ""};
  for (const auto& column : schema.columns) info.fields.push_back({column.name, column.type});
  if (schema.event_time >= 0)
    info.event_time = schema.columns[static_cast<size_t>(schema.event_time)].name;
  return info;
}

const sql::RelationInfo* Catalog::Find(std::string_view schema, std::string_view name) const {
  const std::string key = std::string(schema.empty() ? "public" : schema) + "." + std::string(name);
  const auto it = relations_.find(key);
  return it == relations_.end() ? nullptr : &it->second;
}

std::vector<std::string_view> Catalog::Names() const {
  std::vector<std::string_view> names;
  for (const auto& [key, info] : relations_)
    names.push_back(info.schema == "public" ? std::string_view(info.name) : key);
  return names;
}

void Catalog::AddSystemRelation(sql::RelationInfo info) {
  std::erase_if(system_, [&](const auto& known) {
    return known.schema == info.schema && known.name == info.name;
  });
  system_.push_back(std::move(info));
  Reindex();
}

void Catalog::Reindex() {
  relations_.clear();
  for (const auto& [name, source] : sources) {
    if (source->join) continue;
    sql::RelationInfo info = source->Input();
    info.fields = source->fields;
    for (size_t i = 0; i < source->kept.size(); ++i)
      if (!source->kept[i]) info.not_kept.push_back(source->schema.columns[i].name);
    relations_["public." + name] = std::move(info);
  }
  for (const auto& [name, view] : views)
    if (view->owner.empty()) relations_["public." + name] = view->Output();
  for (const auto& info : system_) relations_[info.schema + "." + info.name] = info;
}

std::string Source::CurrentRows() const {
  std::string columns;
  for (const auto& field : fields)
    columns += (columns.empty() ? "" : ", ") + sql::QuoteIdentifier(field.name);
  return "(SELECT " + columns + " FROM (SELECT * FROM " + sql::QuoteIdentifier(RawTable()) +
         " QUALIFY " + NewestFirst(*this) + " = 1) WHERE NOT \"__deleted\")";
}

std::string Source::RemoveOldVersions() const {
  const std::string table = sql::QuoteIdentifier(RawTable());
  return "DELETE FROM " + table +
         " WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, \"__deleted\" AS deleted, " +
         NewestFirst(*this) + " AS place FROM " + table + ") WHERE place > 1 OR deleted)";
}

sql::RelationInfo View::Output() const {
  return {"public", name, plan->fields, plan->TimeColumn()};
}

bool View::Joins(std::string_view table) const {
  const auto& stored = plan->looked_up;
  return std::any_of(plan->lookups.begin(), plan->lookups.end(),
                     [&](const auto& lookup) { return lookup.table == table; }) ||
         std::find(stored.begin(), stored.end(), table) != stored.end();
}

bool View::LooksUp() const {
  return !plan->looked_up.empty() ||
         std::any_of(ancestors.begin(), ancestors.end(),
                     [](const auto& ancestor) { return !ancestor->looked_up.empty(); });
}

std::string View::DeltaOfRows(const std::string& rows) const {
  std::string text = rows;
  for (auto ancestor = ancestors.rbegin(); ancestor != ancestors.rend(); ++ancestor)
    text = "(" + (*ancestor)->Delta(text) + ")";
  return plan->Delta(text);
}

const Source* Catalog::FindTable(std::string_view name) const {
  const auto found = sources.find(std::string(name));
  return found == sources.end() || !found->second->is_table ? nullptr : found->second.get();
}

const Source* Catalog::FindSource(model::ObjectId id) const {
  for (const auto& [name, source] : sources)
    if (source->id == id) return source.get();
  return nullptr;
}

std::vector<std::string> Catalog::ReadersOf(std::string_view relation) const {
  std::set<std::string> readers;
  for (const auto* some : {&views, &building})
    for (const auto& [name, view] : *some)
      if (view->input == relation || view->Joins(relation)) readers.insert(name);
  return {readers.begin(), readers.end()};
}

std::vector<std::string> Catalog::FedBy(const std::string& view) const {
  std::vector<std::string> fed{view};
  for (size_t i = 0; i < fed.size(); ++i)
    for (auto& reader : ReadersOf(fed[i]))
      if (std::find(fed.begin(), fed.end(), reader) == fed.end()) fed.push_back(std::move(reader));
  fed.erase(fed.begin());
  return fed;
}

std::shared_ptr<const View> Catalog::ComingView(std::string_view name) const {
  for (const auto* some : {&building, &views})
    if (const auto found = some->find(std::string(name)); found != some->end())
      return found->second;
  return nullptr;
}

std::string Catalog::SourceName(model::ObjectId id) const {
  const Source* source = FindSource(id);
  return source ? source->name : std::to_string(id.value);
}

bool Catalog::MaySelect(std::string_view role, std::string_view relation) const {
  const auto it = roles.find(std::string(role));
  if (it == roles.end()) return false;
  const Role& known = *it->second;
  return known.administrator || known.select_on.contains("*") ||
         known.select_on.contains(std::string(relation));
}

base::Status Catalog::CheckNameIsFree(const std::string& name) const {
  if (building.contains(name) && !views.contains(name))
    return base::AlreadyExists("materialized view \"" + name + "\" is being built")
        .WithSqlstate("42P07")
        .WithHint("See its progress in freshet.views; DROP MATERIALIZED VIEW gives it up.");
  if (sinks.contains(name))
    return base::AlreadyExists("sink \"" + name + "\" already exists").WithSqlstate("42P07");
  if (!sources.contains(name) && !views.contains(name)) return {};
  return base::AlreadyExists("relation \"" + name + "\" already exists").WithSqlstate("42P07");
}

}  // namespace catalog
