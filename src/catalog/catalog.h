#pragma once
// Catalog: what exists. An immutable snapshot of sources, views, roles and grants, validated when
// it is made; DDL makes the next snapshot. Readers keep the shared_ptr for one statement.
//
// Threads: a snapshot is const and for any thread; CatalogHolder swaps it. Errors: user errors in
// PostgreSQL's style.

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/connector.h"
#include "model/format.h"
#include "model/schema.h"
#include "sql/binder.h"
#include "sql/statements.h"
#include "view/emission.h"
#include "view/interval_join.h"
#include "view/plan.h"

namespace catalog {

// A generated column's expression, bound over the columns that are not generated.
struct GeneratedColumn {
  int column;
  std::shared_ptr<const sql::Expr> expr;
};

// A source whose records are the pairs of two joined streams. It belongs to the view that joins
// them and goes with it; nobody can name it.
struct StreamJoin {
  view::IntervalJoin plan;
  std::string owner;                 // the view
  std::array<std::string, 2> sides;  // views, of what lanes keep of each stream
  int64_t allowed_lateness_us = 0;
  int64_t max_state_rows = 0;  // of one side; beyond, the view is suspended
};

struct Source {
  model::ObjectId id;
  std::string name;
  std::string definition;  // SQL text
  model::SourceSchema schema;
  model::Fields fields;    // what SELECT sees, in order: the kept columns
  std::vector<bool> kept;  // by column of the schema: those of retention.columns
  std::vector<GeneratedColumn> generated;
  std::string connector;  // "kafka", "file", "datagen"
  std::string topic;      // of Kafka; else the folder, or empty
  model::RecordFormat format;
  std::shared_ptr<const model::FileFolder> folder;             // connector "file"
  std::shared_ptr<const model::GeneratedRows> generated_rows;  // connector "datagen"
  std::map<std::string, std::string> properties;               // librdkafka's, allow-listed
  // Options that are secrets, by name: properties by librdkafka's, schema.registry.password.
  std::map<std::string, std::string> secrets;
  std::string startup_mode = "earliest";
  int64_t startup_timestamp_ms = 0;
  std::optional<int64_t> retention_us;  // nullopt = for ever; 0 = no raw rows
  int64_t idle_timeout_us = 30'000'000;
  bool stop_on_error = false;  // on_error = 'stop'
  int64_t freshness_us = 5'000'000;
  std::vector<std::string> warnings;  // told once at CREATE, such as a secret written as a literal
  bool is_table = false;              // rows have a key, and the newest version of it is the row
  std::vector<int> primary_key;       // of a table: indexes of columns
  bool paused = false;
  int incarnation = 0;
  std::string topic_id;                    // as accepted; empty = not seen yet
  std::shared_ptr<const StreamJoin> join;  // connector "join"
  std::string LogTable() const { return "log_" + std::to_string(id.value); }
  int64_t created_us = 0;            // UTC
  void SetCreated(int64_t time_us);  // also where generated rows begin
  std::string RawTable() const { return "raw_" + std::to_string(id.value); }
  bool KeepsRaw() const { return !retention_us || *retention_us > 0; }
  bool KeepsRaw(const std::vector<int>& columns) const;  // with all of these
  sql::RelationInfo Input() const;                       // what a view over it sees: every column
  bool IsFed() const { return !connector.empty(); }  // else its rows come by INSERT, UPDATE, DELETE
  // DuckDB text for FROM: the rows of a table as they are now.
  std::string CurrentRows() const;
  // A DuckDB statement that removes versions of a table's rows that newer ones replaced.
  std::string RemoveOldVersions() const;
};

// Where a password or key is, read anew whenever something connects.
struct Secret {
  model::ObjectId id;
  std::string name;
  std::string definition;
  std::string file;         // path, or
  std::string environment;  // name of a variable
};

// Where the history of a partition ends for a view that is filled beside the stream: lanes give it
// what begins here.
struct HistoryEnd {
  int incarnation;
  int partition;
  int64_t offset;
};

struct View {
  model::ObjectId id;
  std::string name;
  std::string definition;
  std::string input;   // name of what it reads: a source, or the view that feeds it
  std::string source;  // name of the source at the root; the same without a parent
  std::shared_ptr<const view::Plan> plan;
  std::vector<std::shared_ptr<const view::Plan>>
      ancestors;  // of the views that feed it, nearest first
  std::optional<int64_t> retention_us;
  int64_t freshness_us = 5'000'000;
  std::string suspended;            // error text; empty = running
  std::vector<HistoryEnd> history;  // while it is being filled
  // EMIT ON WINDOW CLOSE: `plan` is then what is stored, and the released rows are what is read.
  std::shared_ptr<const view::Emission> emission;
  int64_t allowed_lateness_us = 0;
  bool corrections = false;
  std::string over;   // the view whose query it repeats to emit its rows; empty = none
  std::string owner;  // of one side of a join: the view that joins; nobody can name the side
  // Of a view that joins streams, until the definer has taken them: the joined rows, inner joins
  // first, and two sides of each.
  std::vector<std::shared_ptr<Source>> join_rows;
  std::vector<std::shared_ptr<View>> join_sides;
  std::string KeptTable() const { return "kept_" + std::to_string(id.value); }
  std::string Table() const { return "partials_" + std::to_string(id.value); }
  sql::RelationInfo Output() const;  // its columns as a relation
  bool Joins(std::string_view table) const;
  // It, or a view that feeds it, joins rows with tables as of processing time.
  bool LooksUp() const;
  // The plan over the source's own rows: the furthest ancestor's.
  const view::Plan& RootPlan() const { return ancestors.empty() ? *plan : *ancestors.back(); }
  // DuckDB text: rows of the source, as text for FROM -> partial rows, through every ancestor.
  std::string DeltaOfRows(const std::string& rows) const;
  std::string ReleasedTable() const { return "released_" + std::to_string(id.value); }
};

// Results into a Kafka topic. `input` is a view; with EMIT ON WINDOW CLOSE its released rows are
// sent once each, else what changes in it (FORMAT UPSERT).
struct Sink {
  model::ObjectId id;
  std::string name;
  std::string definition;
  std::string input;
  bool owns_input = false;  // made AS SELECT: the view of the sink's name is its own
  std::string topic;
  std::map<std::string, std::string> properties;
  bool upsert = false;
  model::Fields key;                // columns that the message's key is made of; may be empty
  int64_t interval_us = 1'000'000;  // between looks at what changed in a view without EMIT
  std::string writer;               // its transactional id on the brokers, made once
  std::string SentTable() const { return "sent_" + std::to_string(id.value); }
};

struct Role {
  model::ObjectId id;
  std::string name;
  std::string scram_verifier;  // "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey"; empty = cannot sign
                               // in by password
  bool login = false;
  bool administrator = false;       // may run DDL; `freshet` is
  std::set<std::string> select_on;  // relation names; "*" = all
};

// A source that is read again beside itself (RESET ... REBUILD): the next source of its name and
// the next views over it. Nobody reads them before they take the place of the old ones, all at
// once.
struct Rebuild {
  std::shared_ptr<const Source> source;
  std::map<std::string, std::shared_ptr<const View>> views;
};

class Catalog : public sql::RelationLookup {
 public:
  std::map<std::string, std::shared_ptr<const Source>> sources;
  std::map<std::string, std::shared_ptr<const View>> views;
  // Being filled from history, by name; nobody reads them. When one is full it takes the place of
  // the view of that name.
  std::map<std::string, std::shared_ptr<const View>> building;
  std::map<std::string, Rebuild> rebuilding;  // by the source's name
  std::map<std::string, std::shared_ptr<const Sink>> sinks;
  std::map<std::string, std::shared_ptr<const Role>> roles;
  std::map<std::string, std::shared_ptr<const Secret>> secrets;
  int64_t version = 0;
  model::ObjectId next_id{1};

  model::ObjectId TakeId() { return model::ObjectId(next_id.value++); }

  // Sources, views and the system relations of schema freshet.
  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override;
  std::vector<std::string_view> Names() const override;
  void AddSystemRelation(sql::RelationInfo info);
  const std::vector<sql::RelationInfo>& system_relations() const { return system_; }
  const Source* FindSource(model::ObjectId id) const;    // nullptr = none
  const Source* FindTable(std::string_view name) const;  // nullptr = none
  // The view as it will be: the one that is being built under that name, else the one there is.
  std::shared_ptr<const View> ComingView(std::string_view name) const;  // nullptr = none
  // Names of views, also those that are being built, that read or join it themselves.
  std::vector<std::string> ReadersOf(std::string_view relation) const;
  // Names of views, also those that are being built, that a view feeds, and those that these feed:
  // each after its parent.
  std::vector<std::string> FedBy(const std::string& view) const;
  std::string SourceName(model::ObjectId id) const;  // its number when there is none
  void Reindex();                                    // after changing the maps

  bool MaySelect(std::string_view role, std::string_view relation) const;
  base::Status CheckNameIsFree(const std::string& name) const;  // 42P07

 private:
  std::map<std::string, sql::RelationInfo, std::less<>> relations_;  // "schema.name"
  std::vector<sql::RelationInfo> system_;
};

using CatalogPtr = std::shared_ptr<const Catalog>;

// The current snapshot. Threads: any.
class CatalogHolder {
 public:
  CatalogPtr Get() const {
    std::lock_guard lock(mutex_);
    return current_;
  }
  void Set(CatalogPtr next) {
    std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  CatalogPtr current_ = std::make_shared<Catalog>();
};

// The view of CREATE SINK ... AS SELECT; nullptr when it is FROM a view. `again`: it is there
// already.
base::Result<std::shared_ptr<View>> MakeSinkView(const sql::CreateSink& statement,
                                                 const std::string& text, const Catalog& catalog,
                                                 bool again = false);
// `own` is that view, or nullptr.
base::Result<std::shared_ptr<Sink>> MakeSink(const sql::CreateSink& statement,
                                             const std::string& text, const View* own,
                                             const Catalog& catalog);

// Text of a definition without comments and with single spaces: equal texts define the same.
std::string Canonical(std::string_view definition);
// Whether both define the same: OR REPLACE and IF NOT EXISTS do not count.
bool SameDefinition(std::string_view one, std::string_view other);

// Statement -> object, validated against `catalog` (names, types, options by allow list with HINTs
// for near ones).
base::Result<std::shared_ptr<Source>> MakeSource(const sql::CreateSource& statement,
                                                 const std::string& text, const Catalog& catalog);
base::Result<std::shared_ptr<Secret>> MakeSecret(const sql::CreateSecret& statement,
                                                 const std::string& text);
base::Status ReadPrimaryKey(const sql::CreateSource& statement, Source* table);
// A table without a connector: its rows are written by SQL.
base::Result<std::shared_ptr<Source>> MakeTable(const sql::CreateSource& statement,
                                                const std::string& text, const Catalog& catalog);
base::Result<std::shared_ptr<View>> MakeView(const sql::CreateView& statement,
                                             const std::string& text, const Catalog& catalog);

struct JoinOptions {
  std::optional<int64_t> allowed_lateness_us;
  int64_t max_state_rows;
};
// Makes the joins of streams in the FROM of `select`, which is bound, and lets the query read the
// joined rows; false = there are none.
base::Result<bool> MakeJoins(const JoinOptions& options, const Catalog& catalog,
                             sql::Select* select, View* view);

}  // namespace catalog
