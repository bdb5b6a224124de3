// What a lane's commit costs: rows/s of batches into a minute view with count, sum, min, max and a
// percentile, and the latency of small commits.  commit_bench DIR [ROWS_PER_BATCH] [BATCHES] [RAW
// 0|1]

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "store/store.h"

namespace {

using Clock = std::chrono::steady_clock;

void Fill(model::ColumnBatch* batch, int64_t first, size_t rows) {
  static const char* kRegions[] = {"north", "south", "east", "west", "a region with a long name"};
  for (size_t i = 0; i < rows; ++i) {
    const int64_t n = first + static_cast<int64_t>(i);
    batch->columns()[0].Append<int64_t>(1'700'000'000'000'000 +
                                        n * 100);  // 10,000 rows a second of event time
    batch->columns()[1].Append<int64_t>(n * 7919 % 1'000'003);
    batch->columns()[2].Append(batch->MakeString(kRegions[n * 31 % 5]));
    batch->partition().Append<int32_t>(0);
    batch->offset().Append<int64_t>(n);
    batch->kafka_time().Append<int64_t>(1'700'000'000'000'000 + n * 100);
    batch->FinishRow();
  }
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct Arguments {
  std::string dir;
  size_t rows = 50'000, batches = 100;
  bool raw = false;
};

store::LaneSetup Setup(bool raw) {
  store::LaneSetup setup;
  setup.source = model::ObjectId(1);
  setup.lane = model::LaneId(0);
  setup.column_names = {"ts", "amount", "region"};
  setup.column_types = {model::kTimestampTz, model::Type{model::TypeId::kNumeric, 12, 2},
                        model::kText};
  setup.not_null = {false, false, false};
  setup.event_time = 0;
  if (raw) setup.raw_table = "raw_1";
  setup.deltas = {
      {model::ObjectId(2), "per_minute", "partials_2",
       "SELECT time_bucket(INTERVAL '60000000 microseconds', ts, make_timestamp(0)) AS k0, region "
       "AS k1, "
       "count(*) AS s0, CAST(sum(amount) AS DECIMAL(38,2)) AS s1, min(amount) AS s2, max(amount) "
       "AS s3, "
       "freshet_ddsketch(CAST(amount AS DOUBLE)) AS s4 FROM lane_0_rows() GROUP BY 1, 2"}};
  return setup;
}

struct Totals {
  std::vector<double> latencies;
  double aggregate = 0, committing = 0, cpu = 0;
};

base::Result<Totals> Run(store::LaneWriter* lane, const store::LaneSetup& setup,
                         const Arguments& arguments) {
  model::ColumnBatch batch(setup.column_types);
  Totals totals;
  for (size_t i = 0; i < arguments.batches; ++i) {
    batch.Clear();
    Fill(&batch, static_cast<int64_t>(i * arguments.rows), arguments.rows);
    store::LaneCommit commit;
    commit.rows = &batch;
    const model::Offset next(static_cast<int64_t>((i + 1) * arguments.rows));
    for (int p = 0; p < 8; ++p)
      commit.positions.push_back(
          {setup.source, {}, model::PartitionId(p), next, model::EventTime(0)});
    const double cpu_before = CpuSeconds();
    const auto start = Clock::now();
    ASSIGN_OR_RETURN(const store::LaneCommitResult result, lane->Commit(&commit));
    totals.latencies.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    totals.cpu += CpuSeconds() - cpu_before;
    totals.aggregate += static_cast<double>(result.aggregate_time.count()) / 1e6;
    totals.committing += static_cast<double>(result.commit_time.count()) / 1e6;
  }
  return totals;
}

void Print(Totals totals, const Arguments& arguments) {
  double seconds = 0;
  for (double latency : totals.latencies) seconds += latency;
  std::sort(totals.latencies.begin(), totals.latencies.end());
  const double batches = static_cast<double>(arguments.batches),
               rows = static_cast<double>(arguments.rows);
  fmt::print(
      "{} batches of {} rows{}: {:.2f} M rows/s, {:.2f} M rows per CPU-second; a commit: p50 "
      "{:.2f} ms, p99 {:.2f} ms; "
      "delta {:.2f} ms, COMMIT {:.2f} ms, CPU {:.2f} ms\n",
      arguments.batches, arguments.rows, arguments.raw ? " with raw rows" : "",
      rows * batches / seconds / 1e6, rows * batches / totals.cpu / 1e6,
      totals.latencies[arguments.batches / 2] * 1e3,
      totals.latencies[arguments.batches * 99 / 100] * 1e3, totals.aggregate / batches * 1e3,
      totals.committing / batches * 1e3, totals.cpu / batches * 1e3);
}

base::Status Bench(const Arguments& arguments) {
  store::StoreOptions options;
  options.data_dir = arguments.dir;
  if (const char* threads = std::getenv("THREADS")) options.threads = std::atoi(threads);
  ASSIGN_OR_RETURN(auto store, store::Store::Open(options));
  RETURN_IF_ERROR(
      store->RunDdl({"CREATE TABLE partials_2(k0 TIMESTAMP, k1 VARCHAR, s0 BIGINT, s1 "
                     "DECIMAL(38,2), s2 DECIMAL(12,2), "
                     "s3 DECIMAL(12,2), s4 BLOB)",
                     "CREATE TABLE raw_1(ts TIMESTAMP, amount DECIMAL(12,2), region VARCHAR, "
                     "__partition INTEGER, __offset BIGINT, "
                     "__incarnation INTEGER, __lane INTEGER, __commit BIGINT)"}));
  const store::LaneSetup setup = Setup(arguments.raw);
  ASSIGN_OR_RETURN(auto lane, store->MakeLane(setup));
  ASSIGN_OR_RETURN(Totals totals, Run(lane.get(), setup, arguments));
  Print(std::move(totals), arguments);
  return {};
}

}  // namespace

int main(int count, char** values) {
  if (count < 2) {
    fmt::print(stderr, "commit_bench DIR [ROWS_PER_BATCH] [BATCHES] [RAW 0|1]\n");
    return 2;
  }
  Arguments arguments{values[1]};
  if (count > 2) arguments.rows = std::strtoul(values[2], nullptr, 10);
  if (count > 3) arguments.batches = std::strtoul(values[3], nullptr, 10);
  if (count > 4) arguments.raw = values[4][0] == '1';
  const base::Status status = Bench(arguments);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
