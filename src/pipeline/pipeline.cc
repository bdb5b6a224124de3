#include "pipeline/pipeline.h"

#include <algorithm>

#include "base/log.h"

namespace pipeline {

void Pipeline::Add(const SourceSetup& setup) {
  auto runner = std::make_shared<SourceRunner>(env_, setup);
  {
    std::lock_guard lock(mutex_);
    sources_[setup.source->id] = {setup, runner};
  }
  runner->Start();
}

void Pipeline::Remove(model::ObjectId source) {
  std::shared_ptr<SourceRunner> runner;
  {
    std::lock_guard lock(mutex_);
    const auto it = sources_.find(source);
    if (it == sources_.end()) return;
    runner = it->second.runner;
    sources_.erase(it);
  }
  runner->Stop();
}

void Pipeline::StartFill(const SourceSetup& setup, std::function<void(const base::Status&)> done) {
  auto fill = std::make_shared<Backfill>(env_, setup, std::move(done));
  {
    std::lock_guard lock(mutex_);
    fills_[setup.views.front()->id] = fill;
  }
  fill->Start();
}

void Pipeline::EndFill(model::ObjectId view) {
  std::shared_ptr<Backfill> fill;
  {
    std::lock_guard lock(mutex_);
    const auto it = fills_.find(view);
    if (it == fills_.end()) return;
    fill = it->second;
    fills_.erase(it);
  }
  fill->Stop();
}

std::map<model::ObjectId, double> Pipeline::FillProgress() const {
  std::lock_guard lock(mutex_);
  std::map<model::ObjectId, double> out;
  for (const auto& [view, fill] : fills_) out[view] = fill->Progress();
  return out;
}

void Pipeline::Stop() {
  std::map<model::ObjectId, Entry> all;
  std::map<model::ObjectId, std::shared_ptr<Backfill>> fills;
  {
    std::lock_guard lock(mutex_);
    all.swap(sources_);
    fills.swap(fills_);
  }
  for (auto& [view, fill] : fills) fill->Stop();
  for (auto& [id, entry] : all) entry.runner->Stop();
}

base::Status Pipeline::WithBarrier(
    const std::vector<model::ObjectId>& sources,
    const std::function<base::Result<std::vector<SourceSetup>>()>& ddl) {
  static base::Histogram& seconds = base::Metrics().GetHistogram(
      "freshet_pipeline_barrier_seconds", "how long DDL held the lanes of its sources");
  const auto begun = env_.clock->Monotonic();
  std::vector<Entry> parked;
  {
    std::lock_guard lock(mutex_);
    for (const auto id : sources)
      if (const auto it = sources_.find(id); it != sources_.end()) parked.push_back(it->second);
  }
  for (auto& entry : parked) entry.runner->Park();
  auto next = ddl();
  for (auto& entry : parked) {
    const auto id = entry.setup.source->id;
    if (next.ok()) {
      const auto it = std::find_if(next->begin(), next->end(),
                                   [&](const auto& setup) { return setup.source->id == id; });
      if (it == next->end()) {
        entry.runner->EndParked();
        std::lock_guard lock(mutex_);
        sources_.erase(id);
        continue;
      }
      entry.setup = *it;
    }
    const base::Status resumed = entry.runner->Unpark(entry.setup);
    if (!resumed.ok())
      base::Log(base::Level::kError, "pipeline", "source did not go on after DDL",
                {{"error", resumed.ToString()}});
    std::lock_guard lock(mutex_);
    if (const auto it = sources_.find(id); it != sources_.end()) it->second.setup = entry.setup;
  }
  seconds.Observe(std::chrono::duration<double>(env_.clock->Monotonic() - begun).count());
  return next.ok() ? base::Status() : next.TakeStatus();
}

std::vector<SourceProgress> Pipeline::Progress() const {
  std::vector<std::shared_ptr<SourceRunner>> runners;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : sources_) runners.push_back(entry.runner);
  }
  std::vector<SourceProgress> out;
  for (const auto& runner : runners) out.push_back(runner->Progress());
  return out;
}

std::optional<model::EventTime> Pipeline::Watermark(model::ObjectId source) const {
  std::shared_ptr<SourceRunner> runner;
  {
    std::lock_guard lock(mutex_);
    const auto it = sources_.find(source);
    if (it == sources_.end()) return std::nullopt;
    runner = it->second.runner;
  }
  return runner->Watermark();
}

bool Pipeline::IsIdle(model::ObjectId source) const {
  std::shared_ptr<SourceRunner> runner;
  {
    std::lock_guard lock(mutex_);
    const auto it = sources_.find(source);
    if (it == sources_.end()) return false;
    runner = it->second.runner;
  }
  return runner->IsIdle();
}

}  // namespace pipeline
