#include "pipeline/stage_two.h"

#include <algorithm>

namespace pipeline {
namespace {

using Views = std::map<model::ObjectId, std::shared_ptr<const catalog::View>>;

Views EmittingViews(const catalog::Catalog& catalog) {
  Views views;
  for (const auto& [name, view] : catalog.views)
    if (view->emission && view->suspended.empty()) views[view->id] = view;
  return views;
}

}  // namespace

// Joins whose sides are at work.
void StageTwo::SetJoiners(const catalog::Catalog& catalog) {
  struct Wanted {
    std::shared_ptr<const catalog::Source> rows;
    std::array<Joiner::Side, 2> sides;
    model::ObjectId view{0};
    bool filling = false;
  };
  std::map<model::ObjectId, Wanted> wanted;
  for (const auto& [name, rows] : catalog.sources) {
    if (!rows->join) continue;
    Wanted join{rows, {}};
    bool runs = true;
    for (size_t side : {0, 1}) {
      const auto view = catalog.ComingView(rows->join->sides[side]);
      const auto source = view ? catalog.sources.find(view->source) : catalog.sources.end();
      runs = runs && view && view->suspended.empty() && source != catalog.sources.end();
      if (!runs) break;
      join.sides[side] = {view, source->second->id, source->second->incarnation};
      join.filling = join.filling || catalog.building.contains(view->name);
    }
    const auto owner = catalog.views.find(rows->join->owner);
    if (!runs || owner == catalog.views.end() || !owner->second->suspended.empty()) continue;
    join.view = owner->second->id;
    wanted[rows->id] = std::move(join);
  }
  std::vector<std::shared_ptr<Joiner>> old;
  std::unique_lock lock(mutex_);
  for (auto it = joiners_.begin(); it != joiners_.end();) {
    const bool stays = wanted.contains(it->first);
    if (!stays) old.push_back(it->second);
    it = stays ? std::next(it) : joiners_.erase(it);
  }
  for (auto& [id, join] : wanted) {
    auto& joiner = joiners_[id];
    const bool made = joiner != nullptr;
    if (!made)
      joiner = std::make_shared<Joiner>(
          Joiner::Environment{
              env_.store, env_.clock,
              [pipeline = env_.pipeline](model::ObjectId source) {
                return pipeline->Watermark(source);
              },
              [pipeline = env_.pipeline](model::ObjectId source) {
                return pipeline->IsIdle(source);
              },
              [this, view = join.view](const base::Status& why) { env_.view_failed(view, why); },
              join.view},
          join.rows, join.sides);
    joiner->SetFilling(join.filling);
    if (!made) joiner->Start();
  }
  lock.unlock();
  for (auto& joiner : old) joiner->Stop();
}

std::optional<model::EventTime> StageTwo::JoinWatermark(model::ObjectId rows,
                                                        int64_t offset) const {
  std::lock_guard lock(mutex_);
  const auto joiner = joiners_.find(rows);
  return joiner == joiners_.end() ? std::nullopt : joiner->second->Watermark(offset);
}

std::map<model::ObjectId, JoinProgress> StageTwo::Joins() const {
  std::lock_guard lock(mutex_);
  std::map<model::ObjectId, JoinProgress> out;
  for (const auto& [id, joiner] : joiners_) out[id] = joiner->Progress();
  return out;
}

void StageTwo::Set(const catalog::Catalog& catalog) {
  SetJoiners(catalog);
  EndGone(catalog);
  StartNew(catalog);
}

void StageTwo::EndGone(const catalog::Catalog& catalog) {
  const Views views = EmittingViews(catalog);
  std::map<model::ObjectId, std::shared_ptr<Emitter>> old_emitters;
  std::map<model::ObjectId, std::shared_ptr<Delivery>> old_deliveries;
  {
    std::lock_guard lock(mutex_);
    for (auto it = deliveries_.begin(); it != deliveries_.end();) {
      const auto known = catalog.sinks.find(it->second->sink().name);
      const auto view = known == catalog.sinks.end() ? catalog.views.end()
                                                     : catalog.views.find(known->second->input);
      const bool stays = known != catalog.sinks.end() && known->second->id == it->first &&
                         view != catalog.views.end() && view->second->id == it->second->view().id;
      if (!stays) old_deliveries.insert(*it);
      it = stays ? std::next(it) : deliveries_.erase(it);
    }
    for (auto it = emitters_.begin(); it != emitters_.end();) {
      const bool stays = views.contains(it->first);
      if (!stays) old_emitters.insert(*it);
      it = stays ? std::next(it) : emitters_.erase(it);
    }
  }
  for (auto& [id, delivery] : old_deliveries) delivery->Stop();
  for (auto& [id, emitter] : old_emitters) emitter->Stop();
}

void StageTwo::StartNew(const catalog::Catalog& catalog) {
  // Before the emitters, which forget what was delivered.
  for (const auto& [name, sink] : catalog.sinks) {
    const auto view = catalog.views.find(sink->input);
    if (view == catalog.views.end()) continue;  // being built
    const auto source = catalog.sources.find(view->second->source);
    if (source != catalog.sources.end()) StartDelivery(sink, view->second, *source->second);
  }
  for (const auto& [id, view] : EmittingViews(catalog))
    if (const auto source = catalog.sources.find(view->source); source != catalog.sources.end())
      StartEmitter(view, *source->second);
}

void StageTwo::StartEmitter(const std::shared_ptr<const catalog::View>& view,
                            const catalog::Source& source) {
  std::lock_guard lock(mutex_);
  if (emitters_.contains(view->id)) return;
  Emitter::Environment environment;
  environment.store = env_.store;
  environment.clock = env_.clock;
  environment.watermark = [pipeline = env_.pipeline, id = source.id] {
    return pipeline->Watermark(id);
  };
  environment.last_commit = [this, id = source.id] { return LastCommit(id); };
  environment.delivered = [this, id = view->id] { return DeliveredOf(id); };
  environment.failed = [this, id = view->id](const base::Status& why) {
    env_.view_failed(id, why);
  };
  environment.source = source.id;
  environment.incarnation = source.incarnation;
  emitters_[view->id] = std::make_shared<Emitter>(std::move(environment), view);
  emitters_[view->id]->Start();
}

void StageTwo::StartDelivery(const std::shared_ptr<const catalog::Sink>& sink,
                             const std::shared_ptr<const catalog::View>& view,
                             const catalog::Source& source) {
  std::lock_guard lock(mutex_);
  if (deliveries_.contains(sink->id)) return;
  deliveries_[sink->id] = std::make_shared<Delivery>(
      Delivery::Environment{env_.store, env_.clock,
                            [this, id = source.id] { return LastCommit(id); }},
      sink, view);
  deliveries_[sink->id]->Start();
}

int64_t StageTwo::DeliveredOf(model::ObjectId view) const {
  std::lock_guard lock(mutex_);
  int64_t least = INT64_MAX;
  for (const auto& [id, delivery] : deliveries_)
    if (delivery->view().id == view) least = std::min(least, delivery->Progress().delivered.number);
  return least;
}

base::WallTime StageTwo::LastCommit(model::ObjectId source) const {
  for (const auto& progress : env_.pipeline->Progress())
    if (progress.source == source) return progress.last_commit;
  return {};
}

void StageTwo::NoteChanged(const std::string& source) {
  std::lock_guard lock(mutex_);
  for (const auto& [id, delivery] : deliveries_)
    if (delivery->view().source == source) delivery->LookAgain();
}

void StageTwo::Stop() {
  std::map<model::ObjectId, std::shared_ptr<Joiner>> joiners;
  std::map<model::ObjectId, std::shared_ptr<Emitter>> emitters;
  std::map<model::ObjectId, std::shared_ptr<Delivery>> deliveries;
  {
    std::lock_guard lock(mutex_);
    joiners.swap(joiners_);
    emitters.swap(emitters_);
    deliveries.swap(deliveries_);
  }
  for (auto& [id, joiner] : joiners) joiner->Stop();
  for (auto& [id, delivery] : deliveries) delivery->Stop();
  for (auto& [id, emitter] : emitters) emitter->Stop();
}

std::map<model::ObjectId, SinkProgress> StageTwo::Progress() const {
  std::lock_guard lock(mutex_);
  std::map<model::ObjectId, SinkProgress> out;
  for (const auto& [id, delivery] : deliveries_) out[id] = delivery->Progress();
  return out;
}

}  // namespace pipeline
