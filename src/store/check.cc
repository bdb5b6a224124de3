// Store::Check: reads every row of a store without writing and compares what must agree.

#include <filesystem>

#include "store/ddsketch.h"
#include "store/directory_lock.h"
#include "store/disk.h"
#include "store/duckdb_connection.h"
#include "store/duckdb_types.h"
#include "store/fixed_tables.h"
#include "store/hyperloglog.h"
#include "store/moments.h"
#include "store/pair_moments.h"
#include "store/sketch_functions.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/store_state.h"
#include "store/value_counts.h"

namespace store {
namespace {

using base::Result;
using base::Status;

bool IsState(std::string_view bytes) {
  DdSketch sketch;
  Moments moments;
  PairMoments pairs;
  ValueCounts counts(false);
  int64_t estimate;
  return sketch.MergeBytes(bytes) == DdSketch::Parsed::kOk || moments.Read(bytes) ||
         pairs.Read(bytes) || counts.MergeBytes(bytes) == ValueCounts::Outcome::kOk ||
         HyperLogLog::Estimate(bytes, &estimate) == HyperLogLog::Outcome::kOk;
}

class Checker {
 public:
  explicit Checker(std::shared_ptr<StoreState> state)
      : state_(std::move(state)), session_(state_->engine.get()) {}

  Result<CheckReport> Run() {
    ASSIGN_OR_RETURN(
        const Rows tables,
        Rows::Read(
            &session_,
            "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"));
    uint64_t rows = 0;
    for (size_t i = 0; i < tables.size(); ++i) rows += ReadTable(tables.Text(i, 0));
    Expect("freshet_positions", "two commits of one number moved a partition differently",
           "SELECT count(*) FROM (SELECT 1 FROM freshet_positions GROUP BY source, incarnation, "
           "partition, \"commit\" "
           "HAVING count(DISTINCT next_offset) > 1)");
    Expect("freshet_definitions", "an id is defined twice in the newest version",
           "SELECT count(*) FROM (SELECT 1 FROM freshet_definitions WHERE kind <> '' AND version = "
           "(SELECT max(version) FROM "
           "freshet_definitions) GROUP BY id HAVING count(*) > 1)");
    report_.facts.push_back(std::to_string(tables.size()) + " tables, " + std::to_string(rows) +
                            " rows read, format " + std::to_string(Store::kFormatVersion));
    report_.facts.push_back("database file " + std::to_string(FileBytes(*state_->engine)) +
                            " bytes, write-ahead log " + std::to_string(WalBytes(*state_->engine)) +
                            " bytes, written by " + Store::EngineVersion() + " or older");
    return std::move(report_);
  }

 private:
  void Problem(const std::string& table, const std::string& text) {
    report_.problems.push_back("table " + table + ": " + text);
  }

  // `sql` counts what must not be.
  void Expect(const std::string& table, const std::string& problem, const std::string& sql) {
    Result<Rows> rows = Rows::Read(&session_, sql);
    if (!rows.ok()) return Problem(table, rows.status().ToString());
    if (rows->Int64(0, 0) > 0)
      Problem(table, problem + " (" + std::to_string(rows->Int64(0, 0)) + ")");
  }

  // Reads all of it; the hash is only there so that every value is looked at.
  uint64_t ReadTable(const std::string& table) {
    Result<Rows> rows = Rows::Read(
        &session_, "SELECT count(*), bit_xor(hash(t)) FROM " + QuoteName(table) + " AS t");
    if (!rows.ok()) {
      Problem(table, rows.status().ToString());
      return 0;
    }
    if (table.starts_with("raw_")) CheckRaw(table);
    if (table.starts_with("partials_")) CheckStates(table);
    return static_cast<uint64_t>(rows->Int64(0, 0));
  }

  // Rows that SQL wrote have no lane, and no position says how far they reach.
  void CheckRaw(const std::string& table) {
    Expect(table, "records are stored twice",
           "SELECT count(*) - count(DISTINCT (\"__incarnation\", \"__partition\", \"__offset\")) "
           "FROM " +
               QuoteName(table));
    Expect(
        table, "rows lie beyond their partition's position",
        "SELECT count(*) FROM " + QuoteName(table) +
            " AS r LEFT JOIN (SELECT incarnation, partition, arg_max(next_offset, \"commit\") AS "
            "next_offset FROM freshet_positions WHERE source = " +
            table.substr(4) +
            " GROUP BY ALL) AS p ON r.\"__incarnation\" = "
            "p.incarnation AND r.\"__partition\" = p.partition WHERE r.\"__lane\" IS NOT NULL AND "
            "(p.next_offset IS NULL OR r.\"__offset\" >= p.next_offset)");
  }

  void CheckStates(const std::string& table) {
    Result<Rows> columns = Rows::Read(
        &session_, "SELECT column_name FROM duckdb_columns() WHERE table_name = " +
                       QuoteText(table) + " AND data_type = 'BLOB' AND column_name LIKE 's%'");
    if (!columns.ok()) return Problem(table, columns.status().ToString());
    for (size_t i = 0; i < columns->size(); ++i) CheckColumn(table, columns->Text(i, 0));
  }

  void CheckColumn(const std::string& table, const std::string& column) {
    ReadConnection connection(state_);
    auto source = connection.Query("SELECT " + QuoteName(column) + " FROM " + QuoteName(table));
    if (!source.ok()) return Problem(table, source.status().ToString());
    uint64_t damaged = 0;
    for (;;) {
      Result<model::ChunkView> chunk = (*source)->Next();
      if (!chunk.ok()) return Problem(table, chunk.status().ToString());
      if (chunk->rows == 0) break;
      for (size_t row = 0; row < chunk->rows; ++row)
        damaged += !chunk->columns[0].IsNull(row) &&
                   !IsState(chunk->columns[0].Get<model::StringCell>(row).View());
    }
    if (damaged > 0)
      Problem(table, "column " + column + " has states that cannot be read (" +
                         std::to_string(damaged) + ")");
  }

  std::shared_ptr<StoreState> state_;
  Session session_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> Store::Check(const StoreOptions& options) {
  std::error_code error;
  if (options.data_dir.empty() ||
      !std::filesystem::exists(options.data_dir / "freshet.duckdb", error))
    return base::NotFound("there is no store in \"" + options.data_dir.string() + "\"")
        .WithSqlstate("58P01");
  auto state = std::make_shared<StoreState>();
  ASSIGN_OR_RETURN(state->lock, DirectoryLock::Take(options.data_dir));
  EngineSetup setup{options};
  setup.read_only = true;
  setup.on_open = [](duckdb_connection connection) -> Status {
    RETURN_IF_ERROR(RegisterSketches(connection));
    return CheckFormat(connection);
  };
  ASSIGN_OR_RETURN(state->engine, Engine::Open(std::move(setup)));
  return Checker(std::move(state)).Run();
}

}  // namespace store
