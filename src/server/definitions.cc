#include "server/definitions.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "sql/parser.h"
#include "sql/shown_text.h"

namespace server {
namespace {

// Properties are lines "key=value"; a value's line ends and backslashes are escaped.
using Properties = std::map<std::string, std::string>;

std::string ToText(const Properties& properties) {
  std::string out;
  for (const auto& [key, value] : properties) {
    out += key + "=";
    for (char c : value) {
      if (c == '\\') out += "\\\\";
      else if (c == '\n') out += "\\n";
      else out.push_back(c);
    }
    out += "\n";
  }
  return out;
}

Properties FromText(const std::string& text) {
  Properties out;
  std::string key, value;
  bool in_value = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out[key] = value;
      key.clear(), value.clear();
      in_value = false;
    } else if (!in_value && c == '=') {
      in_value = true;
    } else if (in_value && c == '\\' && i + 1 < text.size()) {
      value.push_back(text[++i] == 'n' ? '\n' : text[i]);
    } else {
      (in_value ? value : key).push_back(c);
    }
  }
  return out;
}

std::string JoinNames(const std::set<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += name + "\n";
  return out;
}

std::set<std::string> SplitNames(const std::string& text) {
  std::set<std::string> out;
  for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    out.insert(text.substr(at, end - at));
  return out;
}

template <typename Statement>
base::Result<Statement> ParseAs(const store::Definition& row) {
  ASSIGN_OR_RETURN(auto statements, sql::ParseStatements(row.definition));
  if (statements.size() != 1 || !std::holds_alternative<Statement>(statements[0].body))
    return base::Corrupt("stored definition of " + row.kind + " \"" + row.name + "\" is not one");
  return std::get<Statement>(std::move(statements[0].body));
}

template <typename Object>
base::Result<std::shared_ptr<Object>> Named(const std::vector<std::shared_ptr<Object>>& made,
                                            const std::string& name) {
  for (const auto& object : made)
    if (object->name == name) return object;
  return base::Corrupt("\"" + name + "\" does not follow from its definition");
}

base::Status AddSource(const store::Definition& row, catalog::Catalog* catalog) {
  std::shared_ptr<catalog::Source> source;
  if (FromText(row.properties).contains("join")) {
    ASSIGN_OR_RETURN(const auto view, MakeStoredView(row.definition, true, *catalog));
    ASSIGN_OR_RETURN(source, Named(view->join_rows, row.name));
  } else {
    ASSIGN_OR_RETURN(auto statement, ParseAs<sql::CreateSource>(row));
    ASSIGN_OR_RETURN(source, catalog::MakeSource(statement, row.definition, *catalog));
  }
  auto properties = FromText(row.properties);
  source->id = row.id;
  source->incarnation = std::atoi(properties["incarnation"].c_str());
  source->topic_id = properties["topic_id"];
  source->paused = properties["paused"] == "true";
  source->SetCreated(std::atoll(properties["created"].c_str()));
  source->warnings.clear();
  catalog->sources[source->name] = std::move(source);
  return {};
}

// How many views stand between a view and its source. A view that was resumed has a newer id than
// those that it feeds, so ids do not tell the order.
int LevelOf(const store::Definition& row) {
  return std::atoi(FromText(row.properties)["level"].c_str());
}
std::string LevelText(const catalog::View& view) {
  return std::to_string(view.ancestors.size() + (view.over.empty() ? 0 : 1));
}

std::string ToText(const std::vector<catalog::HistoryEnd>& history) {
  std::string out;
  for (const auto& end : history)
    out += std::to_string(end.incarnation) + " " + std::to_string(end.partition) + " " +
           std::to_string(end.offset) + "\n";
  return out;
}

std::vector<catalog::HistoryEnd> HistoryFromText(const std::string& text) {
  std::vector<catalog::HistoryEnd> history;
  std::istringstream in(text);
  for (catalog::HistoryEnd end{}; in >> end.incarnation >> end.partition >> end.offset;)
    history.push_back(end);
  return history;
}

base::Status AddSink(const store::Definition& row, catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto statement, ParseAs<sql::CreateSink>(row));
  const catalog::View* own = nullptr;
  if (statement.select) {
    for (const auto* views : {&catalog->views, &catalog->building})
      if (const auto it = views->find(row.name); it != views->end()) own = it->second.get();
    if (own == nullptr) return base::Corrupt("the view of the sink is missing");
  }
  ASSIGN_OR_RETURN(auto sink, catalog::MakeSink(statement, row.definition, own, *catalog));
  sink->id = row.id;
  sink->writer = FromText(row.properties)["writer"];
  catalog->sinks[sink->name] = std::move(sink);
  return {};
}

base::Status AddRebuildSource(const store::Definition& row, catalog::Catalog* catalog) {
  catalog::Catalog others = *catalog;
  others.sources.erase(row.name);
  others.Reindex();
  RETURN_IF_ERROR(AddSource(row, &others));
  catalog->rebuilding[row.name].source = others.sources.at(row.name);
  return {};
}

base::Status AddRebuildView(const store::Definition& row, catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto view, MakeStoredView(row.definition, true, *catalog));
  view->id = row.id;
  view->history = HistoryFromText(FromText(row.properties)["history"]);
  catalog->rebuilding[view->source].views[row.name] = std::move(view);
  return {};
}

// The view of a row, which may be one side of a join that the definition makes.
base::Result<std::shared_ptr<catalog::View>> ViewOf(const store::Definition& row, bool or_replace,
                                                    const catalog::Catalog& catalog) {
  ASSIGN_OR_RETURN(auto view, MakeStoredView(row.definition, or_replace, catalog));
  const auto sides = std::move(view->join_sides);
  view->join_rows.clear();
  if (view->name == row.name) return view;
  return Named(sides, row.name);
}

base::Status AddBuilding(const store::Definition& row, catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto view, ViewOf(row, true, *catalog));
  view->id = row.id;
  view->history = HistoryFromText(FromText(row.properties)["history"]);
  catalog->building[view->name] = std::move(view);
  return {};
}

base::Status AddView(const store::Definition& row, catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto view, ViewOf(row, false, *catalog));
  view->id = row.id;
  view->suspended = FromText(row.properties)["suspended"];
  catalog->views[view->name] = std::move(view);
  return {};
}

base::Status AddSecret(const store::Definition& row, catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto statement, ParseAs<sql::CreateSecret>(row));
  ASSIGN_OR_RETURN(auto secret, catalog::MakeSecret(statement, row.definition));
  secret->id = row.id;
  catalog->secrets[secret->name] = std::move(secret);
  return {};
}

void AddRole(const store::Definition& row, catalog::Catalog* catalog) {
  auto properties = FromText(row.properties);
  auto role = std::make_shared<catalog::Role>();
  role->id = row.id;
  role->name = row.name;
  role->scram_verifier = properties["verifier"];
  role->login = properties["login"] == "true";
  role->administrator = properties["administrator"] == "true";
  role->select_on = SplitNames(properties["select_on"]);
  catalog->roles[role->name] = std::move(role);
}

}  // namespace

base::Result<std::shared_ptr<catalog::View>> MakeStoredView(const std::string& definition,
                                                            bool or_replace,
                                                            const catalog::Catalog& catalog) {
  ASSIGN_OR_RETURN(auto statements, sql::ParseStatements(definition));
  if (statements.size() != 1) return base::Corrupt("a stored definition is not one statement");
  if (const auto* sink = std::get_if<sql::CreateSink>(&statements[0].body))
    return catalog::MakeSinkView(*sink, definition, catalog, or_replace);
  auto* view = std::get_if<sql::CreateView>(&statements[0].body);
  if (view == nullptr) return base::Corrupt("a stored definition is not one of a view");
  view->or_replace = or_replace;
  return catalog::MakeView(*view, definition, catalog);
}

std::vector<store::Definition> ToDefinitions(const catalog::Catalog& catalog) {
  std::vector<store::Definition> rows;
  const auto source_row = [](const catalog::Source& source, const char* kind) {
    Properties properties{{"incarnation", std::to_string(source.incarnation)},
                          {"topic_id", source.topic_id},
                          {"paused", source.paused ? "true" : "false"},
                          {"created", std::to_string(source.created_us)}};
    if (source.join) properties["join"] = "true";
    return store::Definition{source.id, kind, source.name, source.definition, ToText(properties)};
  };
  for (const auto& [name, source] : catalog.sources) rows.push_back(source_row(*source, "source"));
  for (const auto& [name, rebuild] : catalog.rebuilding) {
    rows.push_back(source_row(*rebuild.source, "rebuild_source"));
    for (const auto& [view_name, view] : rebuild.views)
      rows.push_back(
          {view->id, "rebuild_view", view_name, view->definition,
           ToText({{"history", ToText(view->history)}, {"level", LevelText(*view)}})});
  }
  for (const auto& [name, secret] : catalog.secrets)
    rows.push_back({secret->id, "secret", name, secret->definition, ""});
  for (const auto& [name, view] : catalog.views)
    rows.push_back({view->id, "view", name, view->definition,
                    ToText({{"suspended", view->suspended}, {"level", LevelText(*view)}})});
  for (const auto& [name, view] : catalog.building)
    rows.push_back({view->id, "building", name, view->definition,
                    ToText({{"history", ToText(view->history)}, {"level", LevelText(*view)}})});
  for (const auto& [name, sink] : catalog.sinks)
    rows.push_back(
        {sink->id, "sink", name, sink->definition, ToText(Properties{{"writer", sink->writer}})});
  for (const auto& [name, role] : catalog.roles)
    rows.push_back({role->id, "role", name, "CREATE ROLE " + name,
                    ToText({{"verifier", role->scram_verifier},
                            {"login", role->login ? "true" : "false"},
                            {"administrator", role->administrator ? "true" : "false"},
                            {"select_on", JoinNames(role->select_on)}})});
  // Ids are never used again, so the next one is kept even when the newest object is gone.
  rows.push_back({catalog.next_id, "next_id", "", "", ""});
  return rows;
}

base::Result<std::shared_ptr<catalog::Catalog>> FromDefinitions(
    const std::vector<store::Definition>& definitions, const catalog::Catalog& empty) {
  auto catalog = std::make_shared<catalog::Catalog>(empty);
  auto sorted = definitions;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(LevelOf(a), a.id) < std::pair(LevelOf(b), b.id);
  });
  // Secrets before the sources that use them, sources before the views that read them, and these
  // before the views that they feed.
  for (const char* kind : {"secret", "source", "view", "building", "rebuild_source",
                           "rebuild_view", "sink", "role", "next_id"}) {
    for (const auto& row : sorted) {
      if (row.kind != kind) continue;
      base::Status status;
      if (row.kind == "secret") status = AddSecret(row, catalog.get());
      else if (row.kind == "source") status = AddSource(row, catalog.get());
      else if (row.kind == "view") status = AddView(row, catalog.get());
      else if (row.kind == "building") status = AddBuilding(row, catalog.get());
      else if (row.kind == "rebuild_source") status = AddRebuildSource(row, catalog.get());
      else if (row.kind == "rebuild_view") status = AddRebuildView(row, catalog.get());
      else if (row.kind == "sink") status = AddSink(row, catalog.get());
      else if (row.kind == "role") AddRole(row, catalog.get());
      else catalog->next_id = row.id;
      if (!status.ok())
        return base::Corrupt("stored definition of " + row.kind + " \"" + row.name +
                             "\": " + status.message())
            .WithDetail(sql::ShownText(row.definition));
      catalog->Reindex();
    }
  }
  return catalog;
}

}  // namespace server
