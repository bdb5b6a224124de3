// Views under construction: started after their definition is committed or when the server starts,
// put in their place when they are full, dropped when they cannot be filled.

#include "base/failure_point.h"
#include "base/log.h"
#include "server/definer.h"
#include "sql/printer.h"

namespace server {

void Definer::StartBuild(const std::shared_ptr<const catalog::View>& view,
                         const catalog::Catalog& catalog) {
  if (!view->ancestors.empty()) return;  // it waits for its parent
  const auto source = catalog.sources.find(view->source);
  if (source == catalog.sources.end()) return;  // dropped by the same change
  env_.pipeline->StartFill({source->second, {view}}, [this, id = view->id](const auto& status) {
    Post([this, id, status = status] { FinishBuild(id, status); });
  });
}

void Definer::FinishBuild(model::ObjectId id, const base::Status& status) {
  std::lock_guard lock(apply_mutex_);
  env_.pipeline->EndFill(id);
  const auto catalog = env_.catalog->Get();
  for (const auto& [name, rebuild] : catalog->rebuilding)
    for (const auto& [view_name, view] : rebuild.views)
      if (view->id == id) {
        if (status.ok()) filled_.insert(id);
        else GiveUpRebuild(name, status);
        return;
      }
  for (const auto& [name, view] : catalog->building) {
    if (view->id != id) continue;
    base::FailurePoint("definer.build_filled");
    base::Status result = status;
    if (result.ok()) result = TakeItsPlace(name);
    if (result.ok()) {
      base::Log(base::Level::kInfo, "server", "materialized view is full", {{"view", name}});
    } else {
      base::Log(base::Level::kError, "server", "a materialized view could not be built",
                {{"view", name}, {"error", result.ToString()}});
      if (base::Status dropped = DropBuild(name, result); !dropped.ok())
        base::Log(base::Level::kError, "server", "its table stays until the next start",
                  {{"view", name}, {"error", dropped.ToString()}});
      result = std::move(result).WithContext("materialized view \"" + name + "\"");
    }
    NoteBuild(id, std::move(result));
    return;
  }
}

// The old view of that name goes, the new one is read from now on, and those that waited for it are
// filled from it: one commit of the catalog.
base::Status Definer::TakeItsPlace(const std::string& name) {
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  auto view = std::make_shared<catalog::View>(*change.next->building.at(name));
  view->history.clear();
  change.barrier.insert(change.next->sources.at(view->source)->id);
  change.next->building.erase(name);
  Place(std::move(view), &change);
  std::vector<model::ObjectId> fed;
  for (const auto& child : change.next->FedBy(name)) {
    const auto waiting = change.next->building.find(child);
    if (waiting == change.next->building.end() || waiting->second->ancestors.empty()) continue;
    const auto next = waiting->second;
    change.next->building.erase(waiting);
    fed.push_back(next->id);
    Place(next, &change);
  }
  RETURN_IF_ERROR(Commit(&change));
  for (const auto id : fed) NoteBuild(id, {});
  return {};
}

// Those that wait for it go with it.
base::Status Definer::DropBuild(const std::string& name, const base::Status& why) {
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  if (const std::string owner = change.next->building.at(name)->owner; !owner.empty()) {
    // One side of a join: nothing can be made of the other.
    for (const auto& [side, view] : change.next->building)
      if (view->owner == owner)
        NoteBuild(view->id, base::Status(why).WithContext("materialized view \"" + owner + "\""));
    RETURN_IF_ERROR(DropView(owner, {sql::DropStatement::Kind::kView, {}, true, true}, &change));
    return Commit(&change);
  }
  std::vector<std::string> names{name};
  for (auto& child : change.next->FedBy(name)) names.push_back(std::move(child));
  if (!change.next->views.contains(name))  // nothing of that name stays: what hangs on it goes too
    RETURN_IF_ERROR(DropSinksOf(name, {sql::DropStatement::Kind::kView, {}, true, true}, &change));
  for (const auto& dropped : names) {
    const auto found = change.next->building.find(dropped);
    if (found == change.next->building.end()) continue;
    const auto view = found->second;
    if (dropped != name && view->ancestors.empty()) continue;
    DropTables(*view, &change);
    std::erase_if(change.next->sinks, [&](const auto& sink) {
      if (!sink.second->owns_input || sink.second->input != dropped) return false;
      for (const auto& table : pipeline::Delivery::Tables(*sink.second))
        change.drop.push_back("DROP TABLE " + sql::QuoteIdentifier(table));
      return true;
    });
    change.barrier.insert(change.next->sources.at(view->source)->id);
    change.next->building.erase(found);
    if (dropped != name) NoteBuild(view->id, why);
  }
  return Commit(&change);
}

// Waits until the views are full. A cancelled statement, a timeout or the server's stop ends the
// waiting, not the building.
base::Status Definer::AwaitBuilds(const std::vector<model::ObjectId>& ids,
                                  const std::function<base::Status()>& stopped) {
  std::unique_lock lock(builds_mutex_);
  base::Status first;
  for (const auto id : ids) {
    while (!awaited_[id]) {
      builds_changed_.wait_for(lock, std::chrono::milliseconds(50));
      base::Status end = stopped();
      if (end.ok()) continue;
      for (const auto given_up : ids) awaited_.erase(given_up);
      return std::move(end).WithHint(
          "The view goes on being built, see freshet.views; DROP MATERIALIZED VIEW gives it up.");
    }
    if (first.ok()) first = *awaited_[id];
  }
  for (const auto id : ids) awaited_.erase(id);
  return first;
}

void Definer::NoteBuild(model::ObjectId id, base::Status status) {
  std::lock_guard lock(builds_mutex_);
  const auto it = awaited_.find(id);
  if (it != awaited_.end() && !it->second) it->second = std::move(status);  // the first cause
  builds_changed_.notify_all();
}

}  // namespace server
