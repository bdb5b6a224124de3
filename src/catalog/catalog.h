#pragma once
// Catalog: what exists. An immutable snapshot of sources, views, roles and grants, validated when it is made; DDL makes the
// next snapshot. Readers keep the shared_ptr for one statement.
//
// Threads: a snapshot is const and for any thread; CatalogHolder swaps it. Errors: user errors in PostgreSQL's style.

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
#include "view/plan.h"

namespace catalog {

// A generated column's expression, bound over the columns that are not generated.
struct GeneratedColumn {
  int column;
  std::shared_ptr<const sql::Expr> expr;
};

struct Source {
  model::ObjectId id;
  std::string name;
  std::string definition;               // SQL text
  model::SourceSchema schema;
  model::Fields fields;                 // what SELECT sees, in order: the kept columns
  std::vector<bool> kept;               // by column of the schema: those of retention.columns
  std::vector<GeneratedColumn> generated;
  std::string connector;                // "kafka", "file", "datagen"
  std::string topic;                    // of Kafka; else the folder, or empty
  model::RecordFormat format;
  std::shared_ptr<const model::FileFolder> folder;             // connector "file"
  std::shared_ptr<const model::GeneratedRows> generated_rows;  // connector "datagen"
  std::map<std::string, std::string> properties;  // librdkafka's, allow-listed
  // Options that are secrets, by name: properties by librdkafka's, schema.registry.password.
  std::map<std::string, std::string> secrets;
  std::string startup_mode = "earliest";
  int64_t startup_timestamp_ms = 0;
  std::optional<int64_t> retention_us;  // nullopt = for ever; 0 = no raw rows
  int64_t idle_timeout_us = 30'000'000;
  bool stop_on_error = false;           // on_error = 'stop'
  int64_t freshness_us = 5'000'000;
  std::vector<std::string> warnings;    // told once at CREATE, such as a secret written as a literal
  bool is_table = false;                // rows have a key, and the newest version of it is the row
  std::vector<int> primary_key;         // of a table: indexes of columns
  bool paused = false;
  int incarnation = 0;
  std::string topic_id;                 // as accepted; empty = not seen yet
  int64_t created_us = 0;               // UTC
  void SetCreated(int64_t time_us);     // also where generated rows begin
  std::string RawTable() const { return "raw_" + std::to_string(id.value); }
  bool KeepsRaw() const { return !retention_us || *retention_us > 0; }
  bool KeepsRaw(const std::vector<int>& columns) const;  // with all of these
  sql::RelationInfo Input() const;      // what a view over it sees: every column
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

struct View {
  model::ObjectId id;
  std::string name;
  std::string definition;
  std::string input;                    // name of what it reads: a source, or the view that feeds it
  std::string source;                   // name of the source at the root; the same without a parent
  std::shared_ptr<const view::Plan> plan;
  std::vector<std::shared_ptr<const view::Plan>> ancestors;  // of the views that feed it, nearest first
  std::optional<int64_t> retention_us;
  int64_t freshness_us = 5'000'000;
  std::string suspended;                // error text; empty = running
  std::string Table() const { return "partials_" + std::to_string(id.value); }
  bool Joins(std::string_view table) const;
  // DuckDB text: rows of the source, as text for FROM -> partial rows, through every ancestor.
  std::string DeltaOfRows(const std::string& rows) const;
};

struct Role {
  model::ObjectId id;
  std::string name;
  std::string scram_verifier;           // "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey"; empty = cannot sign in by password
  bool login = false;
  bool administrator = false;           // may run DDL; `freshet` is
  std::set<std::string> select_on;      // relation names; "*" = all
};

class Catalog : public sql::RelationLookup {
 public:
  std::map<std::string, std::shared_ptr<const Source>> sources;
  std::map<std::string, std::shared_ptr<const View>> views;
  std::map<std::string, std::shared_ptr<const Role>> roles;
  std::map<std::string, std::shared_ptr<const Secret>> secrets;
  int64_t version = 0;
  model::ObjectId next_id{1};

  // Sources, views and the system relations of schema freshet.
  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override;
  std::vector<std::string_view> Names() const override;
  void AddSystemRelation(sql::RelationInfo info);
  const std::vector<sql::RelationInfo>& system_relations() const { return system_; }
  const Source* FindSource(model::ObjectId id) const;   // nullptr = none
  const Source* FindTable(std::string_view name) const;  // nullptr = none
  std::vector<std::string> ReadersOf(std::string_view relation) const;  // names of views that read or join it themselves
  std::string SourceName(model::ObjectId id) const;     // its number when there is none
  void Reindex();                       // after changing the maps

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

// Text of a definition without comments and with single spaces: equal texts define the same.
std::string Canonical(std::string_view definition);

// Statement -> object, validated against `catalog` (names, types, options by allow list with HINTs for near ones).
base::Result<std::shared_ptr<Source>> MakeSource(const sql::CreateSource& statement, const std::string& text, const Catalog& catalog);
base::Result<std::shared_ptr<Secret>> MakeSecret(const sql::CreateSecret& statement, const std::string& text);
base::Status ReadPrimaryKey(const sql::CreateSource& statement, Source* table);
// A table without a connector: its rows are written by SQL.
base::Result<std::shared_ptr<Source>> MakeTable(const sql::CreateSource& statement, const std::string& text, const Catalog& catalog);
base::Result<std::shared_ptr<View>> MakeView(const sql::CreateView& statement, const std::string& text, const Catalog& catalog);


}  // namespace catalog
