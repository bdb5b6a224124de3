#pragma once
// Definer: applies definitions. All statements of one call or none: they are checked on a copy of
// the catalog, tables are made under fresh ids, new views are filled from the raw rows while their
// source's lanes stand at a commit boundary, and one commit of the catalog version switches to them
// (semantics 18, 19).
//
// Threads: Apply any (one at a time inside); Post any; a thread `definer` carries out what lanes
// report (a view that failed, a topic seen). Borrows: store, pipeline, catalog holder. Errors: the
// first statement's; nothing is changed then.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catalog/catalog.h"
#include "pipeline/pipeline.h"
#include "query/engine.h"
#include "store/store.h"

namespace server {

class Definer : public query::Definer {
 public:
  struct Environment {
    store::Store* store;
    pipeline::Pipeline* pipeline;
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

  base::Result<std::vector<std::string>> Apply(const std::vector<sql::Statement>& statements,
                                               std::vector<std::string>* warnings) override;
  // A pipeline file: an object that exists with the same definition is left alone. Errors name
  // file, line and statement.
  base::Status ApplyFile(const std::filesystem::path& file);

  // From lanes; carried out later on the definer's thread. At most kMaxEvents wait; more are left
  // out, and the lane reports again at its next start.
  void PostViewFailed(model::ObjectId view, const base::Status& why);
  void PostTopicSeen(model::ObjectId source, const std::string& topic_id);
  void Stop();  // idempotent

 private:
  struct Change {
    std::shared_ptr<catalog::Catalog> next;
    std::vector<std::string> create, drop;   // tables: statements
    std::vector<store::Fill> fill;           // new views, after create
    std::vector<store::ParentFill> fed;      // new views over views, after those
    std::set<model::ObjectId> barrier;       // existing sources whose lanes must stand still
    std::vector<model::ObjectId> restarted;  // sources with a new start: RESET, or new ones
    std::vector<store::Position> positions;  // of RESET
    std::vector<std::string> tags, warnings;
    bool from_file = false;
    bool dirty = false;  // something to write
  };

  base::Result<std::vector<std::string>> ApplyLocked(const std::vector<sql::Statement>& statements,
                                                     bool from_file,
                                                     std::vector<std::string>* warnings);
  base::Status ApplyOne(const sql::Statement& statement, Change* change);
  base::Status One(const sql::CreateSource& statement, const std::string& text, Change* change);
  base::Status One(const sql::CreateView& statement, const std::string& text, Change* change);
  base::Status One(const sql::CreateSecret& statement, const std::string& text, Change* change);
  base::Status One(const sql::DropStatement& statement, Change* change);
  base::Status One(const sql::AlterSource& statement, Change* change);
  base::Status One(const sql::AlterView& statement, Change* change);
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
  base::Status Commit(Change* change);
  base::Result<std::vector<pipeline::SourceSetup>> Switch(Change* change);
  base::Status MakeTables(const Change& change, std::vector<store::LeftOut>* left_out);
  void UpdateMaintenance(const catalog::Catalog& catalog);
  base::Status KeepFloors(const catalog::Catalog& catalog);
  base::Status DropOrphans(const catalog::Catalog& catalog);
  base::Status MakeAdministrator(catalog::Catalog* catalog,
                                 const std::filesystem::path& password_file);
  void Post(std::function<void()> event);
  void RunEvents();
  void SuspendView(model::ObjectId id, const std::string& why);
  void KeepTopicId(model::ObjectId id, const std::string& topic_id);

  const Environment env_;
  std::mutex apply_mutex_;  // one change at a time

  std::mutex events_mutex_;
  std::condition_variable events_wake_;
  std::deque<std::function<void()>> events_;  // guarded by events_mutex_; at most kMaxEvents
  bool stop_ = false;
  std::thread thread_;
};

// The source with the views that feed from it and are not suspended.
pipeline::SourceSetup SetupOf(const std::shared_ptr<const catalog::Source>& source,
                              const catalog::Catalog& catalog);

}  // namespace server
