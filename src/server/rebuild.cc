// RESET ... REBUILD: a source is read again beside itself, with its views, under fresh ids; when
// that has caught up it takes the place of the old source and views in one commit (semantics 4).

#include <algorithm>

#include "base/failure_point.h"
#include "base/log.h"
#include "server/definer.h"
#include "sql/printer.h"

namespace server {
namespace {

std::string LettersOf(const catalog::Source& source) {
  return " FROM freshet_dead_letters WHERE source = " + std::to_string(source.id.value);
}

// Raw rows that are not read again: those of other topics of that name, and those before the
// starts.
std::string CopyRows(const catalog::Source& old, const catalog::Source& next,
                     const std::vector<store::Position>& starts) {
  std::string columns;
  for (const auto& field : old.fields) columns += sql::QuoteIdentifier(field.name) + ", ";
  columns += R"("__partition", "__offset", "__incarnation", "__lane", "__commit")";
  std::string where = "\"__incarnation\" < " + std::to_string(old.incarnation);
  for (const auto& start : starts)
    where += " OR (\"__partition\" = " + std::to_string(start.partition.value) +
             " AND \"__offset\" < " + std::to_string(start.next_offset.value) + ")";
  return "INSERT INTO " + sql::QuoteIdentifier(next.RawTable()) + "(" + columns + ") SELECT " +
         columns + " FROM " + sql::QuoteIdentifier(old.RawTable()) + " WHERE " + where;
}

}  // namespace

base::Status Definer::CheckNotRebuilding(const std::string& source, const Change& change) const {
  if (!change.next->rebuilding.contains(source)) return {};
  return base::Invalid("source \"" + source + "\" is being rebuilt")
      .WithSqlstate("55006")
      .WithHint("Wait until freshet.sources shows it no more as rebuilding.");
}

base::Status Definer::CheckRebuild(const sql::AlterSource& statement, const catalog::Source& old,
                                   const Change& change) const {
  RETURN_IF_ERROR(CheckNotRebuilding(old.name, change));
  if (statement.reset_to != "earliest" && statement.reset_to != "offset")
    return base::Invalid("REBUILD goes with RESET TO EARLIEST and RESET TO OFFSET")
        .WithSqlstate("42601");
  for (const auto& [name, view] : change.next->building)
    if (view->source == old.name)
      return base::Invalid("materialized view \"" + name + "\" is being built over source \"" +
                           old.name + "\"")
          .WithSqlstate("55006")
          .WithHint("Rebuild when it is full, see freshet.views.");
  const bool partly = statement.partition || statement.reset_to == "offset";
  if (!old.KeepsRaw() && partly)
    return base::Unsupported("source \"" + old.name +
                             "\" keeps no rows: what is not read again would be lost")
        .WithHint("Use RESET TO EARLIEST REBUILD.");
  for (const auto& [name, view] : change.next->views) {
    if (view->source != old.name) continue;
    if (partly && !old.KeepsRaw(view->RootPlan().used_columns))
      return base::Unsupported("source \"" + old.name + "\" does not keep the columns that \"" +
                               name + "\" reads: what is not read again would be lost")
          .WithHint("Use RESET TO EARLIEST REBUILD.");
    const bool sent =
        std::any_of(change.next->sinks.begin(), change.next->sinks.end(),
                    [&, name = name](const auto& sink) { return sink.second->input == name; });
    if (view->emission || sent)
      return base::Unsupported("source \"" + old.name + "\" cannot be rebuilt while \"" + name +
                               "\" emits or sends what was computed from it")
          .WithHint("Drop it first, and create it again after the rebuild.");
  }
  if (statement.reset_to == "offset" && env_.store->Floors().contains(old.id))
    base::Log(base::Level::kWarning, "server",
              "views are rebuilt from the rows that are still kept; older windows are lost",
              {{"source", old.name}});
  return {};
}

// Where the next source begins: at the target where it applies, else where the old one stands.
base::Result<std::vector<store::Position>> Definer::RebuildStarts(const sql::AlterSource& statement,
                                                                  const catalog::Source& old) {
  ASSIGN_OR_RETURN(auto admin, env_.readers.admin(pipeline::ReaderOptionsOf(old)));
  ASSIGN_OR_RETURN(const auto info, admin->Describe(env_.broker_timeout));
  if (!old.topic_id.empty() && !info.topic_id.empty() && old.topic_id != info.topic_id)
    return base::Invalid("topic \"" + old.topic + "\" was deleted and made anew")
        .WithHint("Accept it first with ALTER SOURCE " + old.name + " RESET ACCEPT.");
  ASSIGN_OR_RETURN(auto starts, env_.store->ReadPositions(old.id));
  std::erase_if(starts, [&](const auto& p) { return p.incarnation.value != old.incarnation; });
  for (auto& start : starts) {
    if (statement.partition && *statement.partition != start.partition.value) continue;
    ASSIGN_OR_RETURN(
        const auto earliest,
        admin->Resolve(start.partition, source::StartAt::kEarliest, 0, env_.broker_timeout));
    const int64_t target =
        statement.offset ? std::max(*statement.offset, earliest.value) : earliest.value;
    if (target > start.next_offset.value)
      return base::Invalid("partition " + std::to_string(start.partition.value) +
                           " stands at offset " + std::to_string(start.next_offset.value) +
                           ", before offset " + std::to_string(target))
          .WithHint("To go forward, leave REBUILD out.");
    start.next_offset = model::Offset(target);
  }
  return starts;
}

base::Status Definer::StartRebuild(const sql::AlterSource& statement, const catalog::Source& old,
                                   Change* change) {
  RETURN_IF_ERROR(CheckRebuild(statement, old, *change));
  ASSIGN_OR_RETURN(auto starts, RebuildStarts(statement, old));
  auto source = std::make_shared<catalog::Source>(old);
  source->id = change->next->TakeId();
  source->paused = false;
  catalog::Rebuild rebuild{source, {}};
  if (source->KeepsRaw()) {
    change->create.push_back(CreateRawTable(*source));
    change->alter.push_back(CopyRows(old, *source, starts));
  }
  ASSIGN_OR_RETURN(const auto positions, env_.store->ReadPositions(old.id));
  std::vector<catalog::HistoryEnd> history;
  for (const auto& start : starts)
    history.push_back({start.incarnation.value, start.partition.value, start.next_offset.value});
  for (const auto& position : positions)
    if (position.incarnation.value < old.incarnation)
      history.push_back(
          {position.incarnation.value, position.partition.value, position.next_offset.value});
  for (const auto& [name, view] : change->next->views) {
    if (view->source != old.name) continue;
    auto next = std::make_shared<catalog::View>(*view);
    next->id = change->next->TakeId();
    next->suspended.clear();
    if (source->KeepsRaw()) next->history = history;
    for (auto& create : CreateTables(*next)) change->create.push_back(std::move(create));
    rebuild.views[name] = std::move(next);
  }
  for (auto& start : starts) {
    start.source = source->id;
    change->first_positions.push_back(start);
    start.source = pipeline::StartsOf(source->id);
    change->first_positions.push_back(start);
  }
  ASSIGN_OR_RETURN(change->first_names, env_.store->ReadPartitionNames(old.id));
  for (auto& name : change->first_names) name.source = source->id;
  change->dirty = true;
  change->rebuilds.push_back(rebuild);
  change->next->rebuilding[old.name] = std::move(rebuild);
  return {};
}

void Definer::RunRebuild(const catalog::Rebuild& rebuild) {
  pipeline::SourceSetup setup{rebuild.source, {}};
  for (const auto& [name, view] : rebuild.views) setup.views.push_back(view);
  ParentsFirst(&setup);
  for (const auto& view : setup.views) {
    if (!rebuild.source->KeepsRaw()) continue;
    env_.pipeline->StartFill({rebuild.source, {view}}, [this, id = view->id](const auto& status) {
      Post([this, id, status = status] { FinishBuild(id, status); });
    });
  }
  env_.pipeline->Add(setup);
}

void Definer::DropRebuild(const std::string& source, Change* change) {
  const auto it = change->next->rebuilding.find(source);
  if (it == change->next->rebuilding.end()) return;
  change->ended.push_back(it->second.source->id);
  if (it->second.source->KeepsRaw())
    change->drop.push_back("DROP TABLE " + sql::QuoteIdentifier(it->second.source->RawTable()));
  for (const auto& [name, view] : it->second.views) {
    change->given_up.push_back(view->id);
    DropTables(*view, change);
  }
  change->dirty = true;
  change->next->rebuilding.erase(it);
}

// With apply_mutex_ held.
void Definer::GiveUpRebuild(const std::string& source, const base::Status& why) {
  base::Log(base::Level::kError, "server", "a source could not be rebuilt; it goes on as it was",
            {{"source", source}, {"error", why.ToString()}});
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  DropRebuild(source, &change);
  if (base::Status status = Commit(&change); !status.ok())
    base::Log(base::Level::kError, "server", "its tables stay until the next start",
              {{"error", status.ToString()}});
}

void Definer::LookAtRebuilds() {
  if (env_.catalog->Get()->rebuilding.empty()) return;
  std::lock_guard lock(apply_mutex_);
  const auto catalog = env_.catalog->Get();
  for (const auto& [name, rebuild] : catalog->rebuilding) {
    for (const auto& progress : env_.pipeline->Progress())
      if (progress.source == rebuild.source->id &&
          progress.state == pipeline::SourceState::kStopped)
        return GiveUpRebuild(name, progress.error);
    if (!HasCaughtUp(*catalog->sources.at(name), rebuild)) continue;
    const base::Status status = FinishRebuild(name);
    base::Log(status.ok() ? base::Level::kInfo : base::Level::kError, "server", "source rebuilt",
              {{"source", name}, {"error", status.ok() ? "" : status.ToString()}});
    return;  // the catalog is another one now
  }
}

bool Definer::HasCaughtUp(const catalog::Source& old, const catalog::Rebuild& rebuild) const {
  if (rebuild.source->KeepsRaw())
    for (const auto& [name, view] : rebuild.views)
      if (!filled_.contains(view->id)) return false;
  std::map<int32_t, int64_t> reached;
  const auto all = env_.pipeline->Progress();
  for (const auto& progress : all)
    if (progress.source == rebuild.source->id)
      for (const auto& partition : progress.partitions)
        reached[partition.partition.value] = partition.next_offset;
  for (const auto& progress : all) {
    if (progress.source != old.id) continue;
    if (progress.partitions.empty()) return false;  // it does not know yet where it stands
    for (const auto& partition : progress.partitions) {
      const auto it = reached.find(partition.partition.value);
      if (it == reached.end() || it->second < partition.next_offset) return false;
    }
    return true;
  }
  return false;
}

// Letters of records that were not read again are the next source's; of the others it has its own.
// Before the switch, and again after one that failed.
base::Status Definer::CopyDeadLetters(const catalog::Source& old, const catalog::Source& next) {
  ASSIGN_OR_RETURN(const auto starts, env_.store->ReadPositions(pipeline::StartsOf(next.id)));
  std::string kept = "incarnation < " + std::to_string(old.incarnation);
  for (const auto& start : starts)
    kept += " OR (\"partition\" = " + std::to_string(start.partition.value) + " AND \"offset\" < " +
            std::to_string(start.next_offset.value) + ")";
  kept = " AND \"view\" = '' AND (" + kept + ")";
  return env_.store->MakeStage()
      ->Commit({"DELETE" + LettersOf(next) + kept,
                "INSERT INTO freshet_dead_letters SELECT * REPLACE (" +
                    std::to_string(next.id.value) + "::BIGINT AS source)" + LettersOf(old) + kept})
      .TakeStatus();
}

base::Status Definer::FinishRebuild(const std::string& name) {
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  auto& next = *change.next;
  const catalog::Rebuild rebuild = next.rebuilding.at(name);
  const auto old = next.sources.at(name);
  base::FailurePoint("definer.rebuilt");
  auto source = std::make_shared<catalog::Source>(*rebuild.source);
  source->paused = old->paused;
  for (const auto& [view_name, view] : rebuild.views) {
    DropTables(*next.views.at(view_name), &change);
    auto placed = std::make_shared<catalog::View>(*view);
    placed->history.clear();
    next.views[view_name] = std::move(placed);
  }
  if (old->KeepsRaw()) change.drop.push_back("DROP TABLE " + sql::QuoteIdentifier(old->RawTable()));
  RETURN_IF_ERROR(CopyDeadLetters(*old, *source));
  next.sources[name] = std::move(source);
  next.rebuilding.erase(name);
  change.barrier = {old->id, rebuild.source->id};
  change.dirty = true;
  RETURN_IF_ERROR(Commit(&change));
  for (const auto& [view_name, view] : rebuild.views) filled_.erase(view->id);
  return env_.store->MakeStage()->Commit({"DELETE" + LettersOf(*old)}).TakeStatus();
}

}  // namespace server
