#pragma once
// Definer: applies definitions. All statements of one call or none: they are checked on a copy of
// the catalog, tables are made under fresh ids while lanes stand at a commit boundary, and one
// commit of the catalog version switches to them (semantics 18, 19). A new view is then filled
// from history beside the stream, and takes its name, and the place of the view that had it, when
// it is full; CREATE waits for that. A view over a view is filled from its parent at a boundary: at
// once, or in the commit that puts the new parent in its place.
//
// Threads: Apply any (one at a time inside); Post any; a thread `definer` carries out what lanes
// report (a view that failed, a topic seen). Borrows: store, pipeline, catalog holder. Errors: the
// first statement's; nothing is changed then.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catalog/catalog.h"
#include "pipeline/stage_two.h"
#include "query/engine.h"
#include "store/store.h"

namespace server {

class Definer : public query::Definer {
 public:
  struct Environment {
    store::Store* store;
    pipeline::Pipeline* pipeline;
    pipeline::StageTwo* stage_two;
    catalog::CatalogHolder* catalog;
    pipeline::ReaderFactory readers;
    std::function<base::Status(const catalog::Source&)> access;  // may a definition name that?
    std::function<base::Status(const catalog::Secret&)> secret;  // can it be read?
    std::chrono::milliseconds broker_timeout{5'000};
  };
  explicit Definer(Environment environment);
  ~Definer() override;

  // Reads the stored definitions over `empty`, drops tables that nothing owns, makes the
  // administrator's role when there is none (its password goes to `password_file`, mode 0600),
  // starts the sources.
  base::Status Load(const catalog::Catalog& empty, const std::filesystem::path& password_file);

  base::Result<std::vector<std::string>> Apply(
      const std::vector<sql::Statement>& statements, std::vector<std::string>* warnings,
      const std::function<base::Status()>& stopped) override;
  // A pipeline file: an object that exists with the same definition is left alone. Errors name
  // file, line and statement.
  base::Status ApplyFile(const std::filesystem::path& file);

  // From lanes and fills; carried out later on the definer's thread. At most kMaxEvents wait; more
  // are left out, and the lane reports again at its next start.
  void PostViewFailed(model::ObjectId view, const base::Status& why);
  void PostTopicSeen(model::ObjectId source, const std::string& topic_id);
  void Stop();  // idempotent

 private:
  struct Change {
    std::shared_ptr<catalog::Catalog> next;
    std::vector<std::string> create, alter, drop;  // tables: statements
    // New ones of sources that are at work: their history ends at the barrier, or they wait for the
    // view that feeds them.
    std::vector<std::shared_ptr<catalog::View>> built;
    std::vector<store::ParentFill> fed;             // new views over views, after those
    std::vector<model::ObjectId> given_up;          // views that were being built
    std::vector<catalog::Rebuild> rebuilds;         // to start after the commit
    std::vector<model::ObjectId> ended;             // sources that stop for good
    std::set<model::ObjectId> barrier;              // existing sources whose lanes must stand still
    std::vector<model::ObjectId> restarted;         // sources with a new start: RESET, or new ones
    std::vector<store::Position> first_positions;   // of new sources, before the definitions
    std::vector<store::PartitionName> first_names;  // the same
    std::vector<store::Position> positions;         // of RESET
    std::vector<std::string> tags, warnings;
    bool from_file = false;
    bool dirty = false;  // something to write
  };

  base::Result<std::vector<std::string>> ApplyLocked(const std::vector<sql::Statement>& statements,
                                                     Change* change);
  base::Status ApplyOne(const sql::Statement& statement, Change* change);
  base::Status One(const sql::CreateSource& statement, const std::string& text, Change* change);
  base::Status One(const sql::CreateView& statement, const std::string& text, Change* change);
  base::Status One(const sql::CreateSecret& statement, const std::string& text, Change* change);
  base::Status One(const sql::DropStatement& statement, Change* change);
  base::Status One(const sql::AlterSource& statement, Change* change);
  base::Status One(const sql::AlterView& statement, Change* change);
  // sinks.cc
  base::Status One(const sql::CreateSink& statement, const std::string& text, Change* change);
  base::Status DropSink(const std::string& name, const sql::DropStatement& statement,
                        Change* change);
  base::Status DropSinksOf(const std::string& view, const sql::DropStatement& statement,
                           Change* change);
  base::Status CheckNoSinks(const std::string& view, const Change& change) const;
  base::Status CheckNotReplaced(const std::string& view, const Change& change) const;
  // joins.cc
  base::Status AddJoins(catalog::View* view, Change* change);
  void DropJoins(const std::string& view, Change* change);
  base::Status CheckNoJoins(const std::string& source, const char* what,
                            const Change& change) const;
  // rebuild.cc
  base::Status StartRebuild(const sql::AlterSource& statement, const catalog::Source& old,
                            Change* change);
  base::Result<std::vector<store::Position>> RebuildStarts(const sql::AlterSource& statement,
                                                           const catalog::Source& old);
  base::Status CheckRebuild(const sql::AlterSource& statement, const catalog::Source& old,
                            const Change& change) const;
  base::Status CheckNotRebuilding(const std::string& source, const Change& change) const;
  void RunRebuild(const catalog::Rebuild& rebuild);
  void DropRebuild(const std::string& source, Change* change);
  void GiveUpRebuild(const std::string& source, const base::Status& why);
  void LookAtRebuilds();
  bool HasCaughtUp(const catalog::Source& old, const catalog::Rebuild& rebuild) const;
  base::Status FinishRebuild(const std::string& source);
  base::Status CopyDeadLetters(const catalog::Source& old, const catalog::Source& next);
  base::Status AddColumn(const sql::AlterSource& statement, Change* change);
  base::Status DropNotNull(const sql::AlterSource& statement, Change* change);
  base::Status Redefine(const std::string& name, const std::string& text, Change* change);
  base::Result<std::string> Replay(const sql::ReplayDeadLetters& statement);
  base::Status One(const sql::RoleStatement& statement, Change* change);
  base::Status One(const sql::GrantStatement& statement, Change* change);
  base::Status DropSource(const std::string& name, const sql::DropStatement& statement,
                          Change* change);
  base::Status DropSecret(const std::string& name, const sql::DropStatement& statement,
                          Change* change);
  base::Status DropView(const std::string& name, const sql::DropStatement& statement,
                        Change* change);
  base::Status Reset(const sql::AlterSource& statement, catalog::Source* source, Change* change);
  void AddView(std::shared_ptr<catalog::View> view, Change* change);
  void Place(std::shared_ptr<const catalog::View> view, Change* change);
  base::Status FollowParent(const catalog::View& old, const std::string& parent, Change* change);
  void DropTables(const catalog::View& view, Change* change);
  void GiveUp(const std::string& view, Change* change);
  void GiveUpOne(const std::string& view, Change* change);
  base::Status Commit(Change* change);
  base::Result<std::vector<pipeline::SourceSetup>> Switch(Change* change);
  base::Status MakeTables(const Change& change);
  base::Status UseUpIds(const Change& change);
  base::Status SetHistory(const Change& change);
  void UpdateMaintenance(const catalog::Catalog& catalog);
  base::Status KeepFloors(const catalog::Catalog& catalog);
  base::Result<std::vector<store::LeftOut>> SuspendLeftOut(catalog::Catalog* catalog);
  base::Status DropOrphans(const catalog::Catalog& catalog);
  base::Status MakeAdministrator(catalog::Catalog* catalog,
                                 const std::filesystem::path& password_file);
  void Post(std::function<void()> event);
  void RunEvents();
  void SuspendView(model::ObjectId id, const std::string& why);
  // view_builds.cc
  void StartBuild(const std::shared_ptr<const catalog::View>& view,
                  const catalog::Catalog& catalog);
  void FinishBuild(model::ObjectId id, const base::Status& status);
  base::Status TakeItsPlace(const std::string& name);
  base::Status DropBuild(const std::string& name, const base::Status& why);
  base::Status AwaitBuilds(const std::vector<model::ObjectId>& ids,
                           const std::function<base::Status()>& stopped);
  void NoteBuild(model::ObjectId id, base::Status status);
  void KeepTopicId(model::ObjectId id, const std::string& topic_id);

  const Environment env_;
  std::mutex apply_mutex_;  // one change at a time

  std::mutex builds_mutex_;
  std::condition_variable builds_changed_;
  // Views that a statement waits for; the status once they are full or given up. Guarded by
  // builds_mutex_.
  std::map<model::ObjectId, std::optional<base::Status>> awaited_;
  std::set<model::ObjectId> filled_;  // views of rebuilds; the definer's thread alone

  std::mutex events_mutex_;
  std::condition_variable events_wake_;
  std::deque<std::function<void()>> events_;  // guarded by events_mutex_; at most kMaxEvents
  bool stop_ = false;
  std::thread thread_;
};

// The statements that make the tables of an object.
std::string CreateRawTable(const catalog::Source& source);
std::vector<std::string> CreateTables(const catalog::View& view);

// Orders the views so that each comes after the one that feeds it.
void ParentsFirst(pipeline::SourceSetup* setup);

// All views that stop with this one: the sides of a join, the view that joins them and those over
// it, which get nothing more.
std::set<model::ObjectId> StopWith(model::ObjectId view, const catalog::Catalog& catalog);

// The source with the views that it feeds, also through others, and that are not suspended. A view
// over a view that is being built is not fed yet.
pipeline::SourceSetup SetupOf(const std::shared_ptr<const catalog::Source>& source,
                              const catalog::Catalog& catalog);

}  // namespace server
