// Definitions of sinks.

#include <algorithm>
#include <set>

#include "base/private_file.h"
#include "server/definer.h"
#include "sql/printer.h"

namespace server {
namespace {

constexpr size_t kSuffix = 12;  // of the transactional id: servers that share brokers do not meet

std::string Suffix() {
  std::string text;
  for (const char c : base::RandomPassword())
    if (std::isalnum(static_cast<unsigned char>(c)) && text.size() < kSuffix) text.push_back(c);
  return text;
}

base::Status DependsOn(const std::string& view, const std::string& what) {
  return base::Invalid("cannot drop materialized view " + view +
                       " because other objects depend on it")
      .WithSqlstate("2BP01")
      .WithDetail(what + " depends on materialized view " + view + ".")
      .WithHint("Use DROP ... CASCADE to drop the dependent objects too.");
}

}  // namespace

base::Status Definer::One(const sql::CreateSink& statement, const std::string& text,
                          Change* change) {
  change->tags.push_back("CREATE SINK");
  auto& catalog = *change->next;
  if (const auto it = catalog.sinks.find(statement.name); it != catalog.sinks.end()) {
    if (statement.if_not_exists) return {};
    if (change->from_file && catalog::SameDefinition(it->second->definition, text)) return {};
    if (change->from_file)
      return base::AlreadyExists("sink \"" + statement.name +
                                 "\" already exists with another definition")
          .WithSqlstate("42P07")
          .WithHint("DROP SINK first, or give the new one another name.");
  }
  ASSIGN_OR_RETURN(auto view, catalog::MakeSinkView(statement, text, catalog));
  ASSIGN_OR_RETURN(auto sink, catalog::MakeSink(statement, text, view.get(), catalog));
  RETURN_IF_ERROR(CheckNotReplaced(view ? view->over : sink->input, *change));
  catalog::Source place;  // of the same hosts
  place.connector = "kafka";
  place.properties = sink->properties;
  RETURN_IF_ERROR(env_.access(place));
  const catalog::View* input = view.get();
  for (const auto* views : {&catalog.building, &catalog.views})
    if (const auto it = views->find(sink->input); !view && it != views->end())
      input = it->second.get();
  RETURN_IF_ERROR(CheckNotRebuilding(input->source, *change));
  sink->id = catalog.TakeId();
  sink->writer = "freshet-" + sink->name + "-" + Suffix();
  if (view) AddView(std::move(view), change);
  for (auto& create : pipeline::Delivery::CreateTables(*sink))
    change->create.push_back(std::move(create));
  change->dirty = true;
  catalog.sinks[sink->name] = std::move(sink);
  return {};
}

base::Status Definer::DropSink(const std::string& name, const sql::DropStatement& statement,
                               Change* change) {
  auto& sinks = change->next->sinks;
  const auto it = sinks.find(name);
  if (it == sinks.end()) {
    if (statement.if_exists) return {};
    std::vector<std::string_view> known;
    for (const auto& [key, sink] : sinks) known.push_back(key);
    auto error = base::NotFound("sink \"" + name + "\" does not exist").WithSqlstate("42P01");
    if (const auto near = base::NearestName(name, known))
      return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
    return error;
  }
  const auto sink = it->second;
  for (const auto& table : pipeline::Delivery::Tables(*sink))
    change->drop.push_back("DROP TABLE " + sql::QuoteIdentifier(table));
  change->dirty = true;
  sinks.erase(it);
  return sink->owns_input
             ? DropView(sink->input, {sql::DropStatement::Kind::kView, {}, true, true}, change)
             : base::Status();
}

base::Status Definer::DropSinksOf(const std::string& view, const sql::DropStatement& statement,
                                  Change* change) {
  std::vector<std::string> names;
  std::set<std::string> repeating;
  for (const auto& [name, sink] : change->next->sinks)
    if (sink->input == view) names.push_back(name);
  for (const auto* views : {&change->next->views, &change->next->building})
    for (const auto& [name, other] : *views)
      if (other->over == view) repeating.insert(name);
  for (const auto& name : repeating) {
    if (!statement.cascade) return DependsOn(view, "\"" + name + "\"");
    RETURN_IF_ERROR(DropView(name, statement, change));
  }
  for (const auto& name : names) {
    if (!statement.cascade) return DependsOn(view, "sink " + name);
    for (const auto& table : pipeline::Delivery::Tables(*change->next->sinks.at(name)))
      change->drop.push_back("DROP TABLE " + sql::QuoteIdentifier(table));
    change->next->sinks.erase(name);
    change->dirty = true;
  }
  return {};
}

// What is made from a view while another takes its place would be made from the old one.
base::Status Definer::CheckNotReplaced(const std::string& view, const Change& change) const {
  if (!change.next->building.contains(view) || !change.next->views.contains(view)) return {};
  return base::Invalid("materialized view \"" + view + "\" is being replaced")
      .WithSqlstate("55006")
      .WithHint("Wait until freshet.views shows it no more as building.");
}

// The numbers of a view's outputs, by which a sink knows what it has sent, end with the view; and a
// view that repeats another's query would go on with the old one.
base::Status Definer::CheckNoSinks(const std::string& view, const Change& change) const {
  for (const auto& [name, sink] : change.next->sinks)
    if (sink->input == view)
      return base::Unsupported("materialized view \"" + view +
                               "\" cannot be replaced while sink \"" + name + "\" sends it")
          .WithHint("Drop the sink, replace the view, and create the sink again.");
  for (const auto* views : {&change.next->views, &change.next->building})
    for (const auto& [name, other] : *views)
      if (other->over == view)
        return base::Unsupported("materialized view \"" + view + "\" cannot be replaced while \"" +
                                 name + "\" emits its rows")
            .WithHint("Drop \"" + name + "\", replace the view, and create it again.");
  return {};
}

}  // namespace server
