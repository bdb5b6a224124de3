// The Store itself: opens and locks the directory, and hands the work to its parts.

#include "store/store.h"

#include <duckdb.h>

#include <system_error>
#include <utility>

#include "base/log.h"
#include "store/disk.h"
#include "store/duckdb_connection.h"
#include "store/fixed_tables.h"
#include "store/lane_writer.h"
#include "store/maintenance.h"
#include "store/parent_fill.h"
#include "store/sketch_functions.h"
#include "store/sketch_memory.h"
#include "store/stage.h"
#include "store/store_state.h"
#include "store/view_fill.h"

namespace store {
namespace {

using base::Result;
using base::Status;

class OpenStore : public Store {
 public:
  explicit OpenStore(std::shared_ptr<StoreState> state)
      : state_(std::move(state)), session_(state_->engine.get()), maintenance_(state_) {}

  ~OpenStore() override { StopMaintenance(); }

  Status Load() {
    std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(const std::vector<PositionRow> positions, ReadNewestPositions(&session_));
    state_->ledger.Load(positions);
    return maintenance_.LoadFloors();
  }

  Result<std::unique_ptr<Connection>> Connect() override {
    return std::unique_ptr<Connection>(std::make_unique<ReadConnection>(state_));
  }
  Result<std::unique_ptr<LaneWriter>> MakeLane(const LaneSetup& setup) override {
    return LaneCommitter::Make(state_, setup);
  }

  Status RunDdl(const std::vector<std::string>& statements) override {
    std::lock_guard lock(mutex_);
    for (const std::string& statement : statements) RETURN_IF_ERROR(session_.Run(statement));
    if (!statements.empty()) maintenance_.CheckpointSoon();
    return {};
  }

  Result<std::vector<Definition>> ReadDefinitions() override {
    std::lock_guard lock(mutex_);
    return ReadNewestDefinitions(&session_);
  }
  Status WriteDefinitions(const std::vector<Definition>& definitions) override {
    std::lock_guard lock(mutex_);
    return WriteNextDefinitions(&session_, definitions);
  }
  std::unique_ptr<ViewFill> MakeFill(const Fill& fill) override {
    return std::make_unique<RowFill>(state_, fill);
  }
  std::unique_ptr<StageWriter> MakeStage() override { return std::make_unique<Stage>(state_); }

  Status FillFromParent(const ParentFill& fill) override {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(store::FillFromParent(state_.get(), &session_, fill));
    maintenance_.CheckpointSoon();
    return {};
  }
  Status KeepFloorsOf(const std::vector<model::ObjectId>& objects) override {
    std::lock_guard lock(mutex_);
    return store::KeepFloorsOf(state_.get(), &session_, objects);
  }

  Result<std::vector<LeftOut>> ReadLeftOut() override {
    std::lock_guard lock(mutex_);
    return ReadViewsLeftOut(&session_);
  }
  Status KeepLeftOut(const std::vector<model::ObjectId>& views) override {
    std::lock_guard lock(mutex_);
    return KeepViewsLeftOut(&session_, views);
  }

  Result<std::vector<std::string>> ObjectTables() override {
    std::lock_guard lock(mutex_);
    return ReadObjectTables(&session_);
  }

  Result<std::vector<Position>> ReadPositions(model::ObjectId source) override {
    std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(const std::vector<PositionRow> rows, ReadNewestPositions(&session_));
    std::vector<Position> positions;
    for (const PositionRow& row : rows)
      if (row.position.source == source) positions.push_back(row.position);
    return positions;
  }
  Status WritePositions(model::LaneId lane, const std::vector<Position>& positions) override {
    std::lock_guard lock(mutex_);
    const model::CommitNumber number = state_->ledger.Next(lane, positions);
    std::vector<PositionRow> rows;
    for (const Position& position : positions) rows.push_back({position, lane, number});
    RETURN_IF_ERROR(InsertPositions(&session_, rows));
    state_->ledger.Committed(lane, number, positions);
    return {};
  }

  Result<std::vector<PartitionName>> ReadPartitionNames(model::ObjectId source) override {
    std::lock_guard lock(mutex_);
    return ReadNames(&session_, source);
  }
  Status WritePartitionNames(const std::vector<PartitionName>& names) override {
    std::lock_guard lock(mutex_);
    return InsertNames(&session_, names);
  }

  void NoteWritten(model::ObjectId object, size_t rows) override {
    state_->load.partials.Add(object.value, rows);
    state_->load.Committed();
  }

  std::map<model::ObjectId, model::EventTime> Floors() const override {
    std::map<model::ObjectId, model::EventTime> floors;
    for (const auto& [object, floor] : state_->floors.All())
      floors[model::ObjectId(object)] = model::EventTime(floor);
    return floors;
  }

  void SetMaintained(
      std::vector<Maintained> tables,
      std::function<std::optional<model::EventTime>(model::ObjectId)> watermark) override {
    maintenance_.SetTables(std::move(tables), std::move(watermark));
  }
  Status MaintainNow() override { return maintenance_.RunAll(); }
  void StartMaintenance() override { maintenance_.Start(); }
  void StopMaintenance() override { maintenance_.Stop(); }

  bool HasRoom() const override {
    return FreeDiskBytes(state_->engine->options()) >=
           state_->engine->options().min_free_disk_bytes;
  }
  size_t FileBytes() const override { return store::FileBytes(*state_->engine); }
  size_t WalBytes() const override { return store::WalBytes(*state_->engine); }

 private:
  std::shared_ptr<StoreState> state_;
  std::mutex mutex_;  // of session_
  Session session_;
  Maintenance maintenance_;
};

}  // namespace

std::string Store::EngineVersion() { return std::string("DuckDB ") + duckdb_library_version(); }

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  auto state = std::make_shared<StoreState>();
  if (!options.data_dir.empty()) {
    ASSIGN_OR_RETURN(state->lock, DirectoryLock::Take(options.data_dir));
  }
  // The system catalog's engine in memory computes no sketches; the store on disk has the process's
  // allowance.
  if (!options.data_dir.empty()) SketchMemory::SetLimit(options.memory_limit_bytes / 2);
  EngineSetup setup{options};
  setup.on_open = [](duckdb_connection connection) -> Status {
    RETURN_IF_ERROR(RegisterSketches(connection));
    return PrepareFixedTables(connection);
  };
  ASSIGN_OR_RETURN(state->engine, Engine::Open(std::move(setup)));
  auto store = std::make_unique<OpenStore>(std::move(state));
  RETURN_IF_ERROR(store->Load());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace store
