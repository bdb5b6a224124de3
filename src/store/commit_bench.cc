// What a lane's commit costs: rows/s of batches into a minute view with count, sum, min, max and a percentile, and the
// latency of small commits.  commit_bench DIR [ROWS_PER_BATCH] [BATCHES] [RAW 0|1]

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
    batch->columns()[0].Append<int64_t>(1'700'000'000'000'000 + n * 100);  // 10,000 rows a second of event time
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

int Fail(const base::Status& status) {
  fmt::print(stderr, "{}\n", status.ToString());
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const size_t rows = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 50'000;
  const size_t batches = count > 3 ? std::strtoul(arguments[3], nullptr, 10) : 100;
  const bool raw = count > 4 && arguments[4][0] == '1';
  const model::Type amount{model::TypeId::kNumeric, 12, 2};
  store::StoreOptions options;
  options.data_dir = arguments[1];
  auto store = store::Store::Open(options);
  if (!store.ok()) return Fail(store.status());
  auto status = (*store)->RunDdl(
      {"CREATE TABLE partials_2(k0 TIMESTAMP, k1 VARCHAR, s0 BIGINT, s1 DECIMAL(38,2), s2 DECIMAL(12,2), s3 DECIMAL(12,2), s4 BLOB)",
       "CREATE TABLE raw_1(ts TIMESTAMP, amount DECIMAL(12,2), region VARCHAR, __partition INTEGER, __offset BIGINT, "
       "__incarnation INTEGER, __lane INTEGER, __commit BIGINT)"});
  if (!status.ok()) return Fail(status);
  store::LaneSetup setup;
  setup.source = model::ObjectId(1);
  setup.lane = model::LaneId(0);
  setup.column_names = {"ts", "amount", "region"};
  setup.column_types = {model::kTimestampTz, amount, model::kText};
  setup.not_null = {false, false, false};
  if (raw) setup.raw_table = "raw_1";
  const std::string bucket = std::getenv("TRUNC") ? "date_trunc('minute', ts)" : "time_bucket(INTERVAL '60000000 microseconds', ts, make_timestamp(0))";
  setup.deltas = {{model::ObjectId(2), "per_minute", "partials_2",
                   std::getenv("DELTA") ? std::getenv("DELTA") : "SELECT " + bucket + " AS k0, region AS k1, count(*) AS s0, CAST(sum(amount) AS DECIMAL(38,2)) AS s1, "
                   "min(amount) AS s2, max(amount) AS s3, freshet_ddsketch(CAST(amount AS DOUBLE)) AS s4 "
                   "FROM lane_0_rows() GROUP BY 1, 2"}};
  auto lane = (*store)->MakeLane(setup);
  if (!lane.ok()) return Fail(lane.status());

  model::ColumnBatch batch(setup.column_types);
  std::vector<double> latencies;
  double aggregate = 0, committing = 0, cpu = 0;
  for (size_t i = 0; i < batches; ++i) {
    batch.Clear();
    Fill(&batch, static_cast<int64_t>(i * rows), rows);
    store::LaneCommit commit;
    commit.rows = &batch;
    for (int p = 0; p < 8; ++p)
      commit.positions.push_back({setup.source, {}, model::PartitionId(p), model::Offset(static_cast<int64_t>((i + 1) * rows)), model::EventTime(0)});
    const double cpu_before = CpuSeconds();
    const auto start = Clock::now();
    auto result = (*lane)->Commit(&commit);
    latencies.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cpu += CpuSeconds() - cpu_before;
    if (!result.ok()) return Fail(result.status());
    aggregate += static_cast<double>(result->aggregate_time.count()) / 1e6;
    committing += static_cast<double>(result->commit_time.count()) / 1e6;
  }
  double total = 0;
  for (double latency : latencies) total += latency;
  std::sort(latencies.begin(), latencies.end());
  fmt::print("{} batches of {} rows{}: {:.2f} M rows/s; a commit: p50 {:.2f} ms, p99 {:.2f} ms; delta {:.2f} ms, COMMIT {:.2f} ms, "
             "CPU {:.2f} ms\n",
             batches, rows, raw ? " with raw rows" : "", static_cast<double>(rows * batches) / total / 1e6,
             latencies[latencies.size() / 2] * 1e3, latencies[latencies.size() * 99 / 100] * 1e3, aggregate / static_cast<double>(batches) * 1e3,
             committing / static_cast<double>(batches) * 1e3, cpu / static_cast<double>(batches) * 1e3);
  return 0;
}
