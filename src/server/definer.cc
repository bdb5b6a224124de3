#include "server/definer.h"

#include <pthread.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/failure_point.h"
#include "base/log.h"
#include "base/private_file.h"
#include "base/scram.h"
#include "server/definitions.h"
#include "sql/parser.h"
#include "sql/printer.h"
#include "sql/shown_text.h"

namespace server {
namespace {

constexpr size_t kMaxEvents = 10'000;
constexpr std::chrono::milliseconds kLookInterval{250};  // at sources that are being rebuilt

std::string FirstWords(const std::string& text) {
  std::string line = catalog::Canonical(sql::ShownText(text));
  if (line.size() > 60) line = line.substr(0, 57) + "...";
  return line;
}

base::Result<std::string> ReadFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return base::NotFound("cannot read pipeline file " + file.string());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int LineOf(const std::string& text, int position) {
  const auto end = text.begin() + std::min<ptrdiff_t>(std::max(0, position - 1),
                                                      static_cast<ptrdiff_t>(text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

}  // namespace

pipeline::SourceSetup SetupOf(const std::shared_ptr<const catalog::Source>& source,
                              const catalog::Catalog& catalog) {
  pipeline::SourceSetup setup{source, {}};
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, view] : *views)
      if (view->source == source->name && view->suspended.empty() &&
          (views == &catalog.views || view->ancestors.empty()))
        setup.views.push_back(view);
  ParentsFirst(&setup);
  return setup;
}

void ParentsFirst(pipeline::SourceSetup* setup) {
  std::stable_sort(setup->views.begin(), setup->views.end(), [](const auto& a, const auto& b) {
    return a->ancestors.size() < b->ancestors.size();
  });
}

Definer::Definer(Environment environment) : env_(std::move(environment)) {
  thread_ = std::thread([this] { RunEvents(); });
}

Definer::~Definer() { Stop(); }

void Definer::Stop() {
  {
    std::lock_guard lock(events_mutex_);
    stop_ = true;
  }
  events_wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

base::Status Definer::Load(const catalog::Catalog& empty,
                           const std::filesystem::path& password_file) {
  std::lock_guard lock(apply_mutex_);
  ASSIGN_OR_RETURN(auto rows, env_.store->ReadDefinitions());
  ASSIGN_OR_RETURN(auto catalog, FromDefinitions(rows, empty));
  RETURN_IF_ERROR(DropOrphans(*catalog));
  RETURN_IF_ERROR(KeepFloors(*catalog));
  ASSIGN_OR_RETURN(const auto unbuilt, SuspendLeftOut(catalog.get()));
  if (!catalog->roles.contains("freshet")) {
    RETURN_IF_ERROR(MakeAdministrator(catalog.get(), password_file));
    RETURN_IF_ERROR(env_.store->WriteDefinitions(ToDefinitions(*catalog)));
  }
  catalog->version = 1;
  catalog->Reindex();
  env_.catalog->Set(catalog);
  UpdateMaintenance(*catalog);
  for (const auto& [name, source] : catalog->sources)
    if (source->IsFed()) env_.pipeline->Add(SetupOf(source, *catalog));
  env_.stage_two->Set(*catalog);
  for (const auto& [name, rebuild] : catalog->rebuilding) RunRebuild(rebuild);
  for (const auto& [name, view] : catalog->building) StartBuild(view, *catalog);
  for (const auto& [view, reason] : unbuilt)
    Post([this, view = view, reason = reason] { SuspendView(view, reason); });
  return {};
}

// Views that a commit left out before a crash could suspend them: they have a gap and get nothing
// more. Those that are being built are given back, for building ends with an error of its own.
base::Result<std::vector<store::LeftOut>> Definer::SuspendLeftOut(catalog::Catalog* catalog) {
  ASSIGN_OR_RETURN(auto left_out, env_.store->ReadLeftOut());
  if (left_out.empty()) return left_out;
  std::set<model::ObjectId> unbuilt;
  for (const auto& [name, view] : catalog->building) unbuilt.insert(view->id);
  for (const auto& [name, rebuild] : catalog->rebuilding)
    for (const auto& [view_name, view] : rebuild.views) unbuilt.insert(view->id);
  std::map<model::ObjectId, std::string> stopped;
  for (const auto& one : left_out)
    for (const auto id : StopWith(one.view, *catalog)) stopped.try_emplace(id, one.reason);
  bool changed = false;
  for (auto& [name, view] : catalog->views) {
    const auto known = stopped.find(view->id);
    if (known == stopped.end() || !view->suspended.empty()) continue;
    auto next = std::make_shared<catalog::View>(*view);
    next->suspended = known->second;
    view = std::move(next);
    changed = true;
  }
  if (changed) RETURN_IF_ERROR(env_.store->WriteDefinitions(ToDefinitions(*catalog)));
  std::erase_if(left_out, [&](const auto& one) { return !unbuilt.contains(one.view); });
  RETURN_IF_ERROR(env_.store->KeepLeftOut({unbuilt.begin(), unbuilt.end()}));
  return left_out;
}

base::Status Definer::KeepFloors(const catalog::Catalog& catalog) {
  std::vector<model::ObjectId> objects;
  for (const auto& [name, source] : catalog.sources) objects.push_back(source->id);
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, view] : *views) objects.push_back(view->id);
  for (const auto& [name, rebuild] : catalog.rebuilding) {
    objects.push_back(rebuild.source->id);
    for (const auto& [view_name, view] : rebuild.views) objects.push_back(view->id);
  }
  return env_.store->KeepFloorsOf(objects);
}

// Tables of objects that a crash left between their making and the catalog's switch.
base::Status Definer::DropOrphans(const catalog::Catalog& catalog) {
  std::set<std::string> owned;
  for (const auto& [name, source] : catalog.sources)
    owned.insert(source->join ? source->LogTable() : source->RawTable());
  for (const auto* views : {&catalog.views, &catalog.building})
    for (const auto& [name, view] : *views) {
      owned.insert(view->Table());
      if (!view->owner.empty()) owned.insert(view->KeptTable());
      if (view->emission) owned.insert(view->ReleasedTable());
    }
  for (const auto& [name, rebuild] : catalog.rebuilding) {
    owned.insert(rebuild.source->RawTable());
    for (const auto& [view_name, view] : rebuild.views) owned.insert(view->Table());
  }
  for (const auto& [name, sink] : catalog.sinks)
    for (const auto& table : pipeline::Delivery::Tables(*sink)) owned.insert(table);
  ASSIGN_OR_RETURN(auto tables, env_.store->ObjectTables());
  std::vector<std::string> drops;
  for (const auto& table : tables)
    if (!owned.contains(table)) drops.push_back("DROP TABLE " + sql::QuoteIdentifier(table));
  return drops.empty() ? base::Status() : env_.store->RunDdl(drops);
}

base::Status Definer::MakeAdministrator(catalog::Catalog* catalog,
                                        const std::filesystem::path& password_file) {
  const std::string password = base::RandomPassword();
  RETURN_IF_ERROR(base::WritePrivateFile(password_file, password + "\n"));
  auto role = std::make_shared<catalog::Role>();
  role->id = catalog->TakeId();
  role->name = "freshet";
  role->login = role->administrator = true;
  role->scram_verifier = base::ToText(base::MakeScramVerifier(password));
  catalog->roles["freshet"] = role;
  return {};
}

base::Result<std::vector<std::string>> Definer::Apply(
    const std::vector<sql::Statement>& statements, std::vector<std::string>* warnings,
    const std::function<base::Status()>& stopped) {
  Change change;
  std::vector<std::string> tags;
  std::vector<model::ObjectId> builds;
  {
    std::lock_guard lock(apply_mutex_);
    if (statements.size() == 1)
      if (const auto* replay = std::get_if<sql::ReplayDeadLetters>(&statements[0].body)) {
        ASSIGN_OR_RETURN(auto tag, Replay(*replay));
        return std::vector<std::string>{std::move(tag)};
      }
    ASSIGN_OR_RETURN(tags, ApplyLocked(statements, &change));
    *warnings = std::move(change.warnings);
    for (const auto& view : change.built) builds.push_back(view->id);
  }
  RETURN_IF_ERROR(AwaitBuilds(builds, stopped));
  return tags;
}

base::Status Definer::ApplyFile(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(auto text, ReadFile(file));
  auto statements = sql::ParseStatements(text);
  if (!statements.ok()) {
    base::Status error = statements.TakeStatus();
    const int line = LineOf(text, error.position());
    return std::move(error).WithContext(file.string() + " line " + std::to_string(line));
  }
  for (const auto& statement : *statements)
    if (!sql::IsDdl(statement) && !std::holds_alternative<sql::EmptyStatement>(statement.body))
      return base::Invalid(file.string() + " line " + std::to_string(statement.line) +
                           ": only definitions may stand in a pipeline file")
          .WithDetail("Statement: " + FirstWords(statement.text));
  Change change;
  change.from_file = true;
  std::lock_guard lock(apply_mutex_);
  auto tags = ApplyLocked(*statements, &change);
  if (!tags.ok()) return tags.TakeStatus().WithContext(file.string());
  return {};
}

base::Result<std::vector<std::string>> Definer::ApplyLocked(
    const std::vector<sql::Statement>& statements, Change* change) {
  change->next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  for (const auto& statement : statements) {
    base::Status status = ApplyOne(statement, change);
    change->next->Reindex();
    if (status.ok()) continue;
    if (!change->from_file) return status;
    std::string detail = "Statement: " + FirstWords(statement.text);
    if (!status.detail().empty()) detail = status.detail() + " " + detail;
    const int line = statement.line +
                     (status.position() > 0 ? LineOf(statement.text, status.position()) - 1 : 0);
    return std::move(status).WithContext("line " + std::to_string(line)).WithDetail(detail);
  }
  if (change->dirty) RETURN_IF_ERROR(Commit(change));
  return change->tags;
}

base::Status Definer::ApplyOne(const sql::Statement& statement, Change* change) {
  if (const auto* s = std::get_if<sql::CreateSource>(&statement.body))
    return One(*s, statement.text, change);
  if (const auto* s = std::get_if<sql::CreateView>(&statement.body))
    return One(*s, statement.text, change);
  if (const auto* s = std::get_if<sql::CreateSecret>(&statement.body))
    return One(*s, statement.text, change);
  if (const auto* s = std::get_if<sql::DropStatement>(&statement.body)) return One(*s, change);
  if (const auto* s = std::get_if<sql::AlterSource>(&statement.body)) return One(*s, change);
  if (const auto* s = std::get_if<sql::AlterView>(&statement.body)) return One(*s, change);
  if (const auto* s = std::get_if<sql::CreateSink>(&statement.body))
    return One(*s, statement.text, change);
  if (std::holds_alternative<sql::ReplayDeadLetters>(statement.body))
    return base::Invalid("REPLAY DEAD LETTERS stands alone").WithSqlstate("42601");
  if (const auto* s = std::get_if<sql::RoleStatement>(&statement.body)) return One(*s, change);
  if (const auto* s = std::get_if<sql::GrantStatement>(&statement.body)) return One(*s, change);
  if (std::holds_alternative<sql::EmptyStatement>(statement.body)) return {};
  return base::Invalid("this statement does not define anything");
}

// Runs a checked change: barrier, tables, fill, one catalog version; then new and restarted
// sources.
base::Status Definer::Commit(Change* change) {
  change->next->version++;
  change->next->Reindex();
  const auto before = env_.catalog->Get();
  const std::vector<model::ObjectId> barrier(change->barrier.begin(), change->barrier.end());
  for (const auto id : change->restarted) env_.pipeline->Remove(id);
  for (const auto id : change->ended) env_.pipeline->Remove(id);
  for (const auto id : change->given_up) {
    env_.pipeline->EndFill(id);
    NoteBuild(id, base::Cancelled("the view was dropped while it was being built"));
  }
  env_.stage_two->EndGone(*change->next);  // before lanes stand still: brokers may be away
  const base::Status status = env_.pipeline->WithBarrier(barrier, [&] { return Switch(change); });
  if (!status.ok()) env_.stage_two->Set(*before);
  const catalog::Catalog& now = status.ok() ? *change->next : *before;
  for (const auto& [name, source] : now.sources)
    if (std::find(change->restarted.begin(), change->restarted.end(), source->id) !=
        change->restarted.end())
      env_.pipeline->Add(SetupOf(source, now));
  if (!status.ok()) {  // what was given up goes on
    for (const auto& [name, view] : before->building)
      if (std::count(change->given_up.begin(), change->given_up.end(), view->id) > 0)
        StartBuild(view, *before);
    for (const auto& [name, rebuild] : before->rebuilding)
      if (std::count(change->ended.begin(), change->ended.end(), rebuild.source->id) > 0)
        RunRebuild(rebuild);
  }
  if (status.ok())
    for (const auto& rebuild : change->rebuilds) RunRebuild(rebuild);
  if (status.ok())
    for (const auto& view : change->built) {
      if (!change->from_file) {
        std::lock_guard lock(builds_mutex_);
        awaited_[view->id];
      }
      StartBuild(view, *change->next);
    }
  return status;
}

base::Status Definer::MakeTables(const Change& change) {
  if (!change.create.empty()) RETURN_IF_ERROR(env_.store->RunDdl(change.create));
  if (!change.alter.empty()) RETURN_IF_ERROR(env_.store->RunDdl(change.alter));
  if (!change.first_names.empty())
    RETURN_IF_ERROR(env_.store->WritePartitionNames(change.first_names));
  if (!change.first_positions.empty())
    RETURN_IF_ERROR(env_.store->WritePositions(model::LaneId(0), change.first_positions));
  return SetHistory(change);
}

// Where the lanes stand: what lies before is filled beside them.
base::Status Definer::SetHistory(const Change& change) {
  for (const auto& view : change.built) {
    if (!view->ancestors.empty()) continue;
    const auto& source = change.next->sources.at(view->source);
    ASSIGN_OR_RETURN(const auto positions, env_.store->ReadPositions(source->id));
    for (const auto& position : positions)
      view->history.push_back(
          {position.incarnation.value, position.partition.value, position.next_offset.value});
  }
  for (const auto& fed : change.fed)
    if (base::Status status = env_.store->FillFromParent(fed); !status.ok())
      return std::move(status).WithContext("materialized view \"" + fed.name + "\"");
  return {};
}

// Positions are written under new ids before the definitions are: no other object may ever get
// these ids, whatever becomes of the change.
base::Status Definer::UseUpIds(const Change& change) {
  if (change.first_positions.empty()) return {};
  auto next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  next->next_id = change.next->next_id;
  RETURN_IF_ERROR(env_.store->WriteDefinitions(ToDefinitions(*next)));
  env_.catalog->Set(next);
  return {};
}

base::Result<std::vector<pipeline::SourceSetup>> Definer::Switch(Change* change) {
  RETURN_IF_ERROR(UseUpIds(*change));
  base::Status status = MakeTables(*change);
  base::FailurePoint("definer.tables_made");
  if (status.ok()) status = env_.store->WriteDefinitions(ToDefinitions(*change->next));
  base::FailurePoint("definer.switched");
  if (!status.ok()) {
    std::vector<std::string> undo;
    for (const auto& create : change->create)
      undo.push_back("DROP TABLE IF EXISTS " +
                     create.substr(std::string("CREATE TABLE ").size(),
                                   create.find(" (") - std::string("CREATE TABLE ").size()));
    if (!change->fed.empty())
      if (base::Status undone = KeepFloors(*env_.catalog->Get()); !undone.ok())
        base::Log(base::Level::kWarning, "server",
                  "floors of a failed change stay until the next start",
                  {{"error", undone.ToString()}});
    if (!undo.empty())
      if (base::Status undone = env_.store->RunDdl(undo); !undone.ok())
        base::Log(base::Level::kWarning, "server",
                  "tables of a failed change stay until the next start",
                  {{"error", undone.ToString()}});
    return status;
  }
  if (!change->positions.empty())
    RETURN_IF_ERROR(env_.store->WritePositions(model::LaneId(0), change->positions));
  env_.catalog->Set(change->next);
  UpdateMaintenance(*change->next);
  env_.stage_two->Set(*change->next);
  if (!change->drop.empty())
    if (base::Status dropped = env_.store->RunDdl(change->drop); !dropped.ok())
      base::Log(base::Level::kWarning, "server", "dropped tables stay until the next start",
                {{"error", dropped.ToString()}});
  std::vector<pipeline::SourceSetup> setups;
  for (const auto& [name, source] : change->next->sources)
    if (change->barrier.contains(source->id)) setups.push_back(SetupOf(source, *change->next));
  return setups;
}

void Definer::UpdateMaintenance(const catalog::Catalog& catalog) {
  std::vector<store::Store::Maintained> tables;
  std::map<model::ObjectId, model::ObjectId> source_of;
  for (const auto& [name, source] : catalog.sources) {
    source_of[source->id] = source->id;
    if (source->is_table) {
      tables.push_back({source->id, source->RawTable()});
      tables.back().remove_old = source->RemoveOldVersions();
    }
    if (!source->KeepsRaw() || source->schema.event_time < 0 || source->is_table) continue;
    tables.push_back({source->id,
                      source->RawTable(),
                      "",
                      {},
                      source->schema.columns[source->schema.event_time].name,
                      source->retention_us});
  }
  std::vector<std::shared_ptr<const catalog::View>> views;
  for (const auto* some : {&catalog.views, &catalog.building})
    for (const auto& [name, view] : *some) views.push_back(view);
  std::set<model::ObjectId> unread;  // what is filled late must not be taken for late
  for (const auto& [name, view] : catalog.building) unread.insert(view->id);
  for (const auto& [name, rebuild] : catalog.rebuilding)
    for (const auto& [view_name, view] : rebuild.views) {
      views.push_back(view);
      unread.insert(view->id);
    }
  for (const auto& view : views) {
    if (!view->owner.empty()) continue;  // stage two moves and drops its rows
    if (const auto it = catalog.sources.find(view->source); it != catalog.sources.end())
      source_of[view->id] = it->second->id;
    store::Store::Maintained table{
        view->id, view->Table(), view->plan->Merge(sql::QuoteIdentifier(view->Table())), {}, "",
        {}};
    for (const auto& key : view->plan->keys) table.keys.push_back(key.column);
    table.on_overflow = [this, id = view->id](const base::Status& why) { PostViewFailed(id, why); };
    // Sessions are compacted whole: fragments of one session have no equal keys.
    if (view->plan->HasSessions()) {
      table.keys.clear();
      if (view->plan->time && !unread.contains(view->id)) table.retention_us = view->retention_us;
      table.expired = view->plan->Expired(sql::QuoteIdentifier(view->Table()), "{floor}");
    } else if (const auto& time = view->plan->time) {
      table.time_column = view->plan->keys[time->key].column;
      table.bucket_us = time->bucket_us;
      table.longest_us = time->longest_us;
      table.reach_us = time->reach_us;
      table.origin_us = time->origin_us;
      if (!unread.contains(view->id)) table.retention_us = view->retention_us;
    }
    tables.push_back(std::move(table));
  }
  auto* pipeline = env_.pipeline;
  env_.store->SetMaintained(
      std::move(tables),
      [pipeline, source_of](model::ObjectId object) -> std::optional<model::EventTime> {
        const auto it = source_of.find(object);
        return it == source_of.end() ? std::nullopt : pipeline->Watermark(it->second);
      });
}

void Definer::PostViewFailed(model::ObjectId view, const base::Status& why) {
  Post([this, view, text = why.ToString()] { SuspendView(view, text); });
}

void Definer::PostTopicSeen(model::ObjectId source, const std::string& topic_id) {
  Post([this, source, topic_id] { KeepTopicId(source, topic_id); });
}

void Definer::Post(std::function<void()> event) {
  std::lock_guard lock(events_mutex_);
  if (events_.size() < kMaxEvents) events_.push_back(std::move(event));
  events_wake_.notify_all();
}

void Definer::RunEvents() {
  pthread_setname_np(pthread_self(), "definer");
  std::unique_lock lock(events_mutex_);
  while (true) {
    const bool woken =
        events_wake_.wait_for(lock, kLookInterval, [this] { return stop_ || !events_.empty(); });
    if (stop_) return;
    if (!woken) {
      lock.unlock();
      LookAtRebuilds();
      lock.lock();
      continue;
    }
    auto event = std::move(events_.front());
    events_.pop_front();
    lock.unlock();
    event();
    lock.lock();
  }
}

void Definer::SuspendView(model::ObjectId id, const std::string& why) {
  base::FailurePoint("definer.suspend");
  FinishBuild(id, base::DataError(why));  // when it is being built
  std::lock_guard lock(apply_mutex_);
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  const auto stopped = StopWith(id, *change.next);
  for (auto& [name, view] : change.next->views) {
    if (!stopped.contains(view->id) || !view->suspended.empty()) continue;
    base::Log(base::Level::kError, "server", "materialized view suspended",
              {{"view", name}, {"error", why}});
    auto next = std::make_shared<catalog::View>(*view);
    next->suspended = why;
    if (const auto it = change.next->sources.find(view->source); it != change.next->sources.end())
      change.barrier.insert(it->second->id);
    view = std::move(next);
    change.dirty = true;
  }
  // The other side of a join may still be filled.
  std::erase_if(change.next->building, [&](const auto& entry) {
    if (!stopped.contains(entry.second->id) || entry.second->owner.empty()) return false;
    auto next = std::make_shared<catalog::View>(*entry.second);
    next->suspended = why;
    next->history.clear();
    NoteBuild(next->id, base::DataError(why));
    change.given_up.push_back(next->id);
    change.barrier.insert(change.next->sources.at(next->source)->id);
    change.next->views[entry.first] = std::move(next);
    change.dirty = true;
    return true;
  });
  if (!change.dirty) return;
  if (base::Status status = Commit(&change); !status.ok())
    base::Log(base::Level::kError, "server", "a failed view could not be suspended",
              {{"error", status.ToString()}});
}

void Definer::KeepTopicId(model::ObjectId id, const std::string& topic_id) {
  std::lock_guard lock(apply_mutex_);
  Change change;
  change.next = std::make_shared<catalog::Catalog>(*env_.catalog->Get());
  for (auto& [name, source] : change.next->sources) {
    if (source->id != id || source->topic_id == topic_id) continue;
    auto next = std::make_shared<catalog::Source>(*source);
    next->topic_id = topic_id;
    source = std::move(next);
    change.barrier.insert(id);
    change.dirty = true;
  }
  if (!change.dirty) return;
  if (base::Status status = Commit(&change); !status.ok())
    base::Log(base::Level::kError, "server", "a topic's id could not be kept",
              {{"error", status.ToString()}});
}

}  // namespace server
