#include "store/generated_columns.h"

#include <string>

#include "model/reason_codes.h"
#include "store/duckdb_result.h"
#include "store/duckdb_types.h"
#include "store/engine_error.h"

namespace store {
namespace {

using base::Result;
using base::Status;
using model::CodeOf;
using model::ColumnBatch;
using model::Reason;

void AppendCells(const model::ColumnView& view, size_t rows, ColumnBatch* batch,
                 model::Column* column) {
  struct Cell16 {
    uint64_t low, high;
  };
  const bool text = view.kind == model::CellKind::kString || view.kind == model::CellKind::kBlob;
  for (size_t row = 0; row < rows; ++row) {
    if (view.IsNull(row)) {
      column->AppendNull();
      continue;
    }
    switch (column->width()) {
      case 1: column->Append(view.Get<uint8_t>(row)); break;
      case 2: column->Append(view.Get<uint16_t>(row)); break;
      case 4: column->Append(view.Get<uint32_t>(row)); break;
      case 8: column->Append(view.Get<uint64_t>(row)); break;
      default:
        if (text) column->Append(batch->MakeString(view.Get<model::StringCell>(row).View()));
        else column->Append(view.Get<Cell16>(row));
    }
  }
}

// The rule of semantics 6 that a row of generated columns breaks, if any.
struct Broken {
  const char* code = nullptr;
  std::string reason;
};

Broken RuleBroken(const LaneSetup& setup, int index, const ColumnBatch& batch, size_t row) {
  const model::Column& column = batch.columns()[static_cast<size_t>(index)];
  const std::string& name = setup.column_names[static_cast<size_t>(index)];
  if (column.IsNull(row)) {
    if (index == setup.event_time)
      return {CodeOf(Reason::kEventTimeNull), "event time \"" + name + "\" is null"};
    if (setup.not_null[static_cast<size_t>(index)])
      return {CodeOf(Reason::kNotNull), "null value in column \"" + name + "\" that is not null"};
    return {};
  }
  if (index != setup.event_time || setup.max_future_us <= 0 || batch.kafka_time().IsNull(row))
    return {};
  const int64_t ahead = column.Get<int64_t>(row) - batch.kafka_time().Get<int64_t>(row);
  if (ahead <= setup.max_future_us) return {};
  return {CodeOf(Reason::kEventTimeFuture),
          "event time \"" + name + "\" is " + std::to_string(ahead / 1'000'000) +
              " seconds ahead of the record's timestamp, more than max_future allows"};
}

}  // namespace

Status GeneratedColumns::Prepare(Engine* engine, duckdb_connection connection,
                                 const LaneSetup& setup) {
  select_.Reset();
  if (setup.generated.empty()) return {};
  std::string sql = "SELECT ";
  for (const auto& [index, expression] : setup.generated) {
    ASSIGN_OR_RETURN(const std::string type,
                     SqlTypeOf(setup.column_types[static_cast<size_t>(index)]));
    if (sql.size() > 7) sql += ", ";
    sql += "CAST((" + expression + ") AS " + type + ")";
  }
  return select_.Prepare(engine, connection, sql + " FROM " + LaneWriter::RowsFunction(setup.lane));
}

Status GeneratedColumns::Fill(Engine* engine, const LaneSetup& setup, LaneRows* rows,
                              LaneCommit* commit) {
  ColumnBatch* batch = commit->rows;
  if (setup.generated.empty() || batch->rows() == 0) return {};
  const model::Column& first = batch->columns()[static_cast<size_t>(setup.generated[0].first)];
  if (first.size() == batch->rows()) return {};
  Status status = Evaluate(engine, setup, rows, batch);
  if (IsRowScope(status)) {
    const auto run = [&] { return select_.Execute(engine).TakeStatus(); };
    ASSIGN_OR_RETURN(const std::vector<RowFault> faults, FindFaults({run, rows, batch, {}}));
    std::vector<bool> keep(batch->rows(), true);
    for (const RowFault& fault : faults) {
      keep[fault.row] = false;
      commit->dead_letters.push_back(
          DeadLetterOf(*batch, fault.row, CodeOf(Reason::kGeneratedColumn), fault.error.message()));
    }
    if (!faults.empty()) batch->Filter(keep);
    status = batch->rows() == 0 ? Status() : Evaluate(engine, setup, rows, batch);
  }
  RETURN_IF_ERROR(std::move(status));
  ApplyRules(setup, commit);
  return {};
}

Status GeneratedColumns::Evaluate(Engine* engine, const LaneSetup& setup, LaneRows* rows,
                                  ColumnBatch* batch) {
  rows->ShowAll(batch);
  for (const auto& [index, expression] : setup.generated)
    batch->columns()[static_cast<size_t>(index)].Clear();
  duckdb_result result;
  Status status;
  if (!RunPrepared(select_.get(), Answer::kWhole, &result)) {
    status = engine->Note(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  Result<ChunkReader> reader = ChunkReader::Make(&result);
  if (!reader.ok()) status = reader.TakeStatus();
  model::ChunkView view;
  while (status.ok()) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (!chunk) break;
    reader->Read(chunk, &view);
    for (size_t i = 0; i < setup.generated.size(); ++i)
      AppendCells(view.columns[i], view.rows, batch,
                  &batch->columns()[static_cast<size_t>(setup.generated[i].first)]);
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  return status;
}

void GeneratedColumns::ApplyRules(const LaneSetup& setup, LaneCommit* commit) {
  ColumnBatch* batch = commit->rows;
  std::vector<bool> keep(batch->rows(), true);
  bool all = true;
  for (size_t row = 0; row < batch->rows(); ++row) {
    for (const auto& [index, expression] : setup.generated) {
      Broken broken = RuleBroken(setup, index, *batch, row);
      if (!broken.code) continue;
      commit->dead_letters.push_back(
          DeadLetterOf(*batch, row, broken.code, std::move(broken.reason)));
      keep[row] = all = false;
      break;
    }
  }
  if (!all) batch->Filter(keep);
}

}  // namespace store
