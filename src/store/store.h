#pragma once
// Store: the one door to DuckDB. Opens, locks and checks the data directory; gives read
// connections, lane writers and the definitions; runs DDL, compaction, checkpoints and retention.
// Seventh stage of the journey: here a micro-batch commits.
//
// One file, DATA_DIR/freshet.duckdb, holds everything that must commit together. Fixed tables, all
// of them append-only:
//   freshet_meta          key, value (the format)
//   freshet_definitions   version, id, kind, name, definition, properties; the newest version is
//                         the catalog
//   freshet_positions     source, incarnation, partition, next_offset, lane, commit, watermark,
//                         committed_at; of a partition's rows the highest commit is the newest
//   freshet_partition_names  source, partition, name
//   freshet_dead_letters  source, view, incarnation, partition, offset, kafka_time, key, value,
//                         reason_code, reason, lane, commit, at, bytes
//   freshet_late_rows     source, object, incarnation, partition, first_offset, last_offset, rows,
//                         reason, lane, commit, at
//   freshet_emissions     view, bound, number, at: windows that end at the bound or before were
//                         released, the number is that of the last release
//   freshet_floors        object, floor, at; an object's rows begin at its highest floor
//   freshet_left_out      view, reason, at: a lane's commit left this view out, which has a gap
// and per object raw_<id> (sources with retention) and partials_<id> (views). A raw table has the
// declared columns, then "__partition", "__offset", "__incarnation", "__lane", "__commit".
//
// Threads: any may call Store; a Connection or LaneWriter has one owner, but Interrupt is for any
//   thread. Connections and lanes end before the Store does.
// Errors: kUnavailable when another server has the directory; kCorrupt for a newer format or a
//   damaged file; kExhausted 53100 for a full disk (nothing is lost, try again when there is room),
//   53200 for memory.
// Limits: StoreOptions.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/column_batch.h"
#include "model/dead_letter.h"
#include "model/result.h"
#include "model/types.h"
#include "store/fill.h"

namespace store {

struct StoreOptions {
  std::filesystem::path data_dir;  // empty = in memory (tests, the system catalog)
  size_t memory_limit_bytes = size_t{256} << 20;
  size_t max_temp_bytes = size_t{1} << 30;
  int threads = 2;
  size_t min_free_disk_bytes = size_t{256} << 20;  // below it HasRoom() is false and sources pause
  size_t max_dead_letter_bytes = size_t{1} << 30;  // the oldest go first
  std::chrono::hours max_dead_letter_age{24 * 30};
  bool lock_settings = true;  // refuse SET of the engine's own settings; off only in fault tests
};

// A read (or, for the in-memory catalog, any) connection. One open RowSource at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  // Runs one statement. $1.. are bound as text with a cast in the SQL or as typed literals printed
  // by the caller.
  virtual base::Result<std::unique_ptr<model::RowSource>> Query(const std::string& sql) = 0;
  // Describes without running: names and DuckDB types mapped to ours.
  virtual base::Result<model::Fields> Describe(const std::string& sql) = 0;
  virtual base::Status Run(const std::string& sql) = 0;  // no result
  // Runs one statement that writes, in a transaction of its own, and gives the number of its rows.
  virtual base::Result<size_t> Write(const std::string& sql) = 0;
  // BEGIN / ROLLBACK of a read-only snapshot.
  virtual base::Status BeginSnapshot() = 0;
  virtual void EndSnapshot() = 0;
  virtual void Interrupt() = 0;  // any thread
};

struct Position {
  model::ObjectId source;
  model::Incarnation incarnation;
  model::PartitionId partition;
  model::Offset next_offset;
  std::optional<model::EventTime> watermark;  // of this partition
};

// The name behind a partition's number, of sources whose partitions have names.
struct PartitionName {
  model::ObjectId source;
  model::PartitionId partition;
  std::string name;
};

// A view's part of a commit: INSERT INTO table <SELECT over the lane's rows function>. A view that
// another one feeds has a second SELECT over what the other one just got, which is used whenever
// both see the same rows of the batch.
struct Delta {
  model::ObjectId view;
  std::string name;  // of the view, for dead letters
  std::string table;
  std::string select;         // from the batch: View::DeltaOfRows(RowsFunction)
  int parent = -1;            // index of the delta that feeds it, an earlier one
  std::string from_parent;    // Plan::Delta(DeltaFunction of the parent)
  bool reads_tables = false;  // `select` joins the batch with tables of the store
};

struct LaneCommit {
  model::ColumnBatch* rows = nullptr;  // may be empty; positions alone commit too
  std::vector<Position> positions;     // only partitions that moved
  std::vector<model::DeadLetter> dead_letters;
  model::Incarnation incarnation;
  std::string first;  // a statement that runs first in the same transaction; empty = none
};

struct LaneCommitResult {
  model::CommitNumber commit;
  std::vector<model::ObjectId> changed;  // views that got partials
  // To be suspended (view scope), and why; the commit has noted it for ReadLeftOut. This lane gives
  // them nothing more until Prepare.
  std::vector<model::ObjectId> failed_views;
  std::vector<base::Status> failures;
  size_t dead_letters = 0;  // all written, those found by views included
  std::chrono::microseconds aggregate_time{}, commit_time{};
  std::chrono::microseconds aggregate_cpu{}, commit_cpu{};  // of the lane's own thread
};

struct LaneSetup {
  model::ObjectId source;
  model::LaneId lane;
  // A lane that reads again what the source has read, to fill a view: dead letters of the source
  // were written the first time and are not written again. Its positions are the view's own.
  bool fills = false;
  bool whole = false;                     // no view may be left out of a commit: it fails instead
  std::vector<std::string> column_names;  // of the batch's columns, in order
  std::vector<model::Type> column_types;
  // Column index -> DuckDB text over the other columns.
  std::vector<std::pair<int, std::string>> generated;
  std::vector<bool> not_null;  // per column; checked for generated ones
  int event_time = -1;         // retention compares with it; null / too far ahead rules are
                               // applied here only when it is generated
  int64_t max_future_us = 0;
  std::string raw_table;        // empty = no raw rows
  std::vector<bool> kept = {};  // per column: whether raw rows have it; empty = all of them
  std::vector<Delta> deltas;
};

// A lane's way into the store: its own DuckDB connection, the table function over its batch and
// prepared statements.
class LaneWriter {
 public:
  virtual ~LaneWriter() = default;
  // Text for FROM that stands for the batch's rows: "lane_3_rows()".
  static std::string RowsFunction(model::LaneId lane);
  // The partial rows that delta number `delta` of the setup gave to this commit.
  static std::string DeltaFunction(model::LaneId lane, size_t delta);

  // Fills generated columns, applies source-scope row errors (dead letters), computes every delta,
  // and commits partials, raw rows, dead letters and positions in ONE transaction. Rows that one
  // view cannot take are found by bisection, left out of that view and dead-lettered in its name.
  // On any error nothing is committed and the batch is unchanged but for the rows already
  // dead-lettered into commit->dead_letters; the same call may be repeated.
  virtual base::Result<LaneCommitResult> Commit(LaneCommit* commit) = 0;

  // After DDL at a barrier: prepares again.
  virtual base::Status Prepare(const LaneSetup& setup) = 0;
};

// A writer of stage two: each call is one transaction. Threads: one owner.
class StageWriter {
 public:
  virtual ~StageWriter() = default;
  // All statements or none; the number of rows that each changed. After a failed COMMIT nobody
  // knows: what is stored decides.
  virtual base::Result<std::vector<size_t>> Commit(const std::vector<std::string>& statements) = 0;
};

struct Definition {
  model::ObjectId id;
  std::string kind;  // "source", "view", "role", "grant"
  std::string name;
  std::string definition;  // SQL text
  std::string
      properties;  // small JSON that the owner of the kind reads (suspended, hash, incarnation ...)
};

// A view that a commit left out, and why.
struct LeftOut {
  model::ObjectId view;
  std::string reason;
};

// What is wrong with a store, for `freshet check`.
struct CheckReport {
  std::vector<std::string> problems;  // empty = sound
  std::vector<std::string> facts;     // "12 tables, 34,567 rows read, format 1"
};

class Store {
 public:
  virtual ~Store() = default;
  static base::Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  static base::Result<CheckReport> Check(
      const StoreOptions& options);    // read-only; refused while a server runs
  static std::string EngineVersion();  // "DuckDB v1.5.5"
  static constexpr int kFormatVersion = 1;

  virtual base::Result<std::unique_ptr<Connection>> Connect() = 0;
  virtual base::Result<std::unique_ptr<LaneWriter>> MakeLane(const LaneSetup& setup) = 0;

  // Each statement alone in its transaction, then a checkpoint. Only at a barrier when lanes write
  // the tables.
  virtual base::Status RunDdl(const std::vector<std::string>& statements) = 0;

  virtual base::Result<std::vector<Definition>> ReadDefinitions() = 0;
  // One insert-only commit of a new catalog version: all of `definitions`.
  virtual base::Status WriteDefinitions(const std::vector<Definition>& definitions) = 0;

  virtual std::unique_ptr<ViewFill> MakeFill(const Fill& fill) = 0;
  virtual std::unique_ptr<StageWriter> MakeStage() = 0;

  // Gives a new view over a view what follows from its parent's partials. Only at a barrier. Groups
  // that the parent's floor cuts are left out, and the view begins with a floor of its own there.
  virtual base::Status FillFromParent(const ParentFill& fill) = 0;
  // Forgets the floors of all other objects: ids of a change that failed are used again.
  virtual base::Status KeepFloorsOf(const std::vector<model::ObjectId>& objects) = 0;

  // Views that commits left out, written by those commits; and forgets all but these.
  virtual base::Result<std::vector<LeftOut>> ReadLeftOut() = 0;
  virtual base::Status KeepLeftOut(const std::vector<model::ObjectId>& views) = 0;

  // Names of all raw_<id> and partials_<id> tables; what no object owns is dropped at start.
  virtual base::Result<std::vector<std::string>> ObjectTables() = 0;

  // The newest position of each (source, incarnation, partition).
  virtual base::Result<std::vector<Position>> ReadPositions(model::ObjectId source) = 0;
  // Writes start positions before the first fetch (semantics 3).
  virtual base::Status WritePositions(model::LaneId lane,
                                      const std::vector<Position>& positions) = 0;
  // Names of partitions; one that is written is never changed.
  virtual base::Result<std::vector<PartitionName>> ReadPartitionNames(model::ObjectId source) = 0;
  virtual base::Status WritePartitionNames(const std::vector<PartitionName>& names) = 0;

  // Below which event time an object (source or view) keeps nothing: rows there went to
  // freshet_late_rows.
  virtual std::map<model::ObjectId, model::EventTime> Floors() const = 0;

  // Maintenance thread: compaction (Plan::Merge of hot partials), checkpoints, retention. Tables
  // register what they need.
  struct Maintained {
    model::ObjectId object;
    std::string table;
    std::string merge;              // partials: Plan::Merge(table); raw tables: empty
    std::vector<std::string> keys;  // partials: key columns
    std::string time_column;        // column that retention compares with, empty = none
    std::optional<int64_t> retention_us;
    int64_t bucket_us = 0;   // floors are multiples of it, plus origin_us
    int64_t longest_us = 1;  // of what one value of the time column stands for
    int64_t reach_us = 0;    // what is kept begins this much before the retention's bound
    int64_t origin_us = 0;
    // Sessions: SELECT of the rowids that retention deletes, with {floor} where the floor stands.
    std::string expired;
    // Told when partials cannot be merged any more because a state is beyond its bound (54000): the
    // view is to be suspended. On the maintenance thread.
    std::function<void(const base::Status&)> on_overflow;
    std::string remove_old;  // tables: DELETE of versions that newer ones replaced
  };
  // Rows that a connection of Connect() appended and committed to an object's table.
  virtual void NoteWritten(model::ObjectId object, size_t rows) = 0;
  virtual void SetMaintained(
      std::vector<Maintained> tables,
      std::function<std::optional<model::EventTime>(model::ObjectId)> watermark) = 0;
  virtual base::Status
  MaintainNow() = 0;  // compaction + retention + checkpoint, for tests and shutdown
  virtual void StartMaintenance() = 0;
  virtual void StopMaintenance() = 0;  // idempotent

  virtual bool HasRoom() const = 0;  // enough free disk for commits and a checkpoint
  virtual size_t FileBytes() const = 0;
  virtual size_t WalBytes() const = 0;
};

}  // namespace store
