// Joins of streams as the definer sees them: a view that joins owns the joined rows, which are a
// source, and the sides, which are views; they come and go with it.

#include <algorithm>

#include "server/definer.h"
#include "sql/printer.h"

namespace server {
namespace {

std::string DropTable(const std::string& table) {
  return "DROP TABLE " + sql::QuoteIdentifier(table);
}

}  // namespace

base::Status Definer::AddJoins(catalog::View* view, Change* change) {
  if (view->join_rows.empty()) return {};
  if (change->next->ComingView(view->name))
    return base::Unsupported("CREATE OR REPLACE of a view that joins streams is not supported")
        .WithHint("DROP MATERIALIZED VIEW " + view->name + ", and create it again.");
  const auto rows = std::move(view->join_rows);
  const auto sides = std::move(view->join_sides);
  view->join_rows.clear();
  view->join_sides.clear();
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t side : {2 * i, 2 * i + 1}) {
      RETURN_IF_ERROR(change->next->CheckNameIsFree(sides[side]->name));
      RETURN_IF_ERROR(CheckNotRebuilding(sides[side]->source, *change));
      AddView(sides[side], change);
    }
    RETURN_IF_ERROR(change->next->CheckNameIsFree(rows[i]->name));
    rows[i]->id = change->next->TakeId();
    rows[i]->SetCreated(base::Clock::System().Wall().time_since_epoch().count());
    for (auto& create :
         rows[i]->join->plan.CreateTables(sql::QuoteIdentifier(sides[2 * i]->KeptTable()),
                                          sql::QuoteIdentifier(sides[2 * i + 1]->KeptTable()),
                                          sql::QuoteIdentifier(rows[i]->LogTable())))
      change->create.push_back(std::move(create));
    change->restarted.push_back(rows[i]->id);
    change->next->sources[rows[i]->name] = rows[i];
  }
  return {};
}

// The joined rows and the sides of a view that is dropped.
void Definer::DropJoins(const std::string& view, Change* change) {
  auto& catalog = *change->next;
  std::vector<std::string> sides;
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, side] : *views)
      if (side->owner == view) sides.push_back(name);
  for (const auto& name : sides) {
    const auto side = catalog.ComingView(name);
    change->drop.push_back(DropTable(side->KeptTable()));
    GiveUp(name, change);
    const auto it = catalog.views.find(name);
    if (it == catalog.views.end()) continue;
    DropTables(*it->second, change);
    if (const auto source = catalog.sources.find(it->second->source);
        source != catalog.sources.end())
      change->barrier.insert(source->second->id);
    catalog.views.erase(it);
  }
  std::erase_if(catalog.sources, [&](const auto& source) {
    if (!source.second->join || source.second->join->owner != view) return false;
    change->drop.push_back(DropTable(source.second->LogTable()));
    change->barrier.insert(source.second->id);
    return true;
  });
}

base::Status Definer::CheckNoJoins(const std::string& source, const char* what,
                                   const Change& change) const {
  for (const auto* views : {&change.next->views, &change.next->building})
    for (const auto& [name, view] : *views)
      if (view->source == source && !view->owner.empty())
        return base::Unsupported("source \"" + source + "\" cannot be " + what +
                                 ", because materialized view \"" + view->owner +
                                 "\" joins it with another stream")
            .WithHint("Drop \"" + view->owner + "\" first, and create it again afterwards.");
  return {};
}

std::set<model::ObjectId> StopWith(model::ObjectId view, const catalog::Catalog& catalog) {
  std::set<model::ObjectId> all{view};
  std::string owner;
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, known] : *views)
      if (known->id == view) owner = known->owner.empty() ? name : known->owner;
  const auto rows_of_owner = [&](const catalog::View& known) {
    const auto source = catalog.sources.find(known.source);
    return source != catalog.sources.end() && source->second->join &&
           source->second->join->owner == owner;
  };
  bool joins = false;
  for (const auto& [name, source] : catalog.sources)
    joins = joins || (source->join && source->join->owner == owner);
  if (!joins) return all;
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, known] : *views)
      if (known->owner == owner || rows_of_owner(*known)) all.insert(known->id);
  return all;
}

}  // namespace server
