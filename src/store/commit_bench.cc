// What lanes' commits cost: orders of twelve columns into a minute view with count, sum, min, max
// and a percentile, and with RAW into the raw rows, while the store is maintained.
//   commit_bench DIR [rows=122880] [commits=8] [lanes=2] [raw=1] [pace_ms=0]
//     rows     of one commit: 122880 is a whole row group
//     pace_ms  a lane starts a commit every so many milliseconds (live); 0 = at once (backlog)
// Ends with CPU per row, the latency of commits and the size of the file.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"

namespace {

using Clock = std::chrono::steady_clock;
using Options = std::map<std::string, long>;

constexpr const char* kRegions[] = {"us-east",  "us-west", "eu-west", "eu-north",
                                    "ap-south", "ap-east", "sa-east", "af-south"};
constexpr const char* kStatuses[] = {"created",   "paid",      "shipped",
                                     "delivered", "cancelled", "returned"};
constexpr const char* kCurrencies[] = {"USD", "EUR", "GBP", "JPY"};
constexpr const char* kChannels[] = {"web", "mobile", "store", "partner"};
constexpr int64_t kFirstUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr const char* kColumns =
    "order_id BIGINT, customer_id BIGINT, region VARCHAR, status VARCHAR, amount DECIMAL(12,2), ts "
    "TIMESTAMP, currency VARCHAR, channel VARCHAR, items INTEGER, session VARCHAR, coupon VARCHAR, "
    "note VARCHAR";

void Fill(model::ColumnBatch* batch, int64_t first, size_t rows) {
  std::mt19937_64 random(static_cast<uint64_t>(first));
  auto& columns = batch->columns();
  auto text = [&](size_t column, std::string_view value) {
    columns[column].Append(batch->MakeString(value));
  };
  for (size_t i = 0; i < rows; ++i) {
    const int64_t n = first + static_cast<int64_t>(i);
    const uint64_t a = random(), b = random();
    columns[0].Append<int64_t>(n);
    columns[1].Append<int64_t>(static_cast<int64_t>(a % 100'000));
    text(2, kRegions[a >> 20 & 7]);
    text(3, kStatuses[(a >> 24) % 6]);
    columns[4].Append<int64_t>(static_cast<int64_t>(100 + b % 99'900));
    columns[5].Append<int64_t>(kFirstUs + n * 100);
    text(6, kCurrencies[a >> 30 & 3]);
    text(7, kChannels[a >> 32 & 3]);
    columns[8].Append<int32_t>(1 + static_cast<int32_t>((a >> 34) % 9));
    text(9, fmt::format("{:016x}", a ^ b));
    columns[10].AppendNull();
    text(11, "seeded");
    batch->partition().Append<int32_t>(0);
    batch->offset().Append<int64_t>(n);
    batch->kafka_time().Append<int64_t>(kFirstUs + n * 100);
    batch->FinishRow();
  }
}

rusage Usage() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double CpuSeconds() {
  const rusage usage = Usage();
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

store::LaneSetup SetupOf(int lane, bool raw) {
  store::LaneSetup setup;
  setup.source = model::ObjectId(1);
  setup.lane = model::LaneId(lane);
  setup.column_names = {"order_id", "customer_id", "region", "status",  "amount", "ts",
                        "currency", "channel",     "items",  "session", "coupon", "note"};
  setup.column_types = {model::kInt8,
                        model::kInt8,
                        model::kText,
                        model::kText,
                        {model::TypeId::kNumeric, 12, 2},
                        model::kTimestampTz,
                        model::kText,
                        model::kText,
                        model::kInt4,
                        model::kText,
                        model::kText,
                        model::kText};
  setup.not_null.assign(setup.column_names.size(), false);
  setup.event_time = 5;
  if (raw) setup.raw_table = "raw_1";
  setup.deltas = {
      {model::ObjectId(2), "per_minute", "partials_2",
       "SELECT time_bucket(INTERVAL '60000000 microseconds', ts, make_timestamp(0)) AS k0, region "
       "AS k1, count(*) AS s0, CAST(sum(amount) AS DECIMAL(38,2)) AS s1, min(amount) AS s2, "
       "max(amount) AS s3, freshet_ddsketch(CAST(amount AS DOUBLE)) AS s4 FROM " +
           store::LaneWriter::RowsFunction(setup.lane) + " GROUP BY 1, 2"}};
  return setup;
}

// The commits of one lane; the milliseconds that each took.
base::Result<std::vector<double>> RunLane(store::Store* store, int lane, Options options) {
  const store::LaneSetup setup = SetupOf(lane, options["raw"] != 0);
  ASSIGN_OR_RETURN(auto writer, store->MakeLane(setup));
  model::ColumnBatch batch(setup.column_types);
  const auto rows = static_cast<size_t>(options["rows"]);
  Fill(&batch, lane * 1'000'000'000LL, rows);
  std::vector<double> latencies;
  const auto begun = Clock::now();
  for (long i = 1; i <= options["commits"]; ++i) {
    store::LaneCommit commit;
    commit.rows = &batch;
    for (int p = 0; p < 4; ++p)
      commit.positions.push_back({setup.source,
                                  {},
                                  model::PartitionId(lane * 4 + p),
                                  model::Offset(i * static_cast<int64_t>(rows)),
                                  model::EventTime(0)});
    const auto start = Clock::now();
    RETURN_IF_ERROR(writer->Commit(&commit).TakeStatus());
    latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    std::this_thread::sleep_until(begun + std::chrono::milliseconds(i * options["pace_ms"]));
  }
  return latencies;
}

base::Status Bench(const std::string& dir, Options options) {
  store::StoreOptions store_options;
  store_options.data_dir = dir;
  store_options.threads = 2;
  ASSIGN_OR_RETURN(auto store, store::Store::Open(store_options));
  RETURN_IF_ERROR(store->RunDdl(
      {"CREATE TABLE partials_2(k0 TIMESTAMP, k1 VARCHAR, s0 BIGINT, s1 DECIMAL(38,2), s2 "
       "DECIMAL(12,2), s3 DECIMAL(12,2), s4 BLOB)",
       std::string("CREATE TABLE raw_1(") + kColumns +
           ", __partition INTEGER, __offset BIGINT, __incarnation INTEGER, __lane INTEGER, "
           "__commit BIGINT)"}));
  store->StartMaintenance();
  const double cpu = CpuSeconds();
  const auto begun = Clock::now();
  std::vector<base::Result<std::vector<double>>> outcomes(static_cast<size_t>(options["lanes"]),
                                                          base::Internal("not run"));
  std::vector<std::thread> threads;
  for (size_t lane = 0; lane < outcomes.size(); ++lane)
    threads.emplace_back(
        [&, lane] { outcomes[lane] = RunLane(store.get(), static_cast<int>(lane), options); });
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  const double spent = CpuSeconds() - cpu;
  std::vector<double> latencies;
  for (auto& outcome : outcomes) {
    RETURN_IF_ERROR(outcome.status());
    latencies.insert(latencies.end(), outcome->begin(), outcome->end());
  }
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return latencies[static_cast<size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  const double rows = static_cast<double>(options["rows"]) * static_cast<double>(latencies.size());
  store->StopMaintenance();
  RETURN_IF_ERROR(store->MaintainNow());
  fmt::print(
      "{:.0f} rows: {:.3f} M rows/s, {:.2f} CPU us a row; a commit p50 {:.1f} p99 {:.1f} max "
      "{:.1f} ms; "
      "peak {} MB, file {:.1f} bytes a row\n",
      rows, rows / seconds / 1e6, spent / rows * 1e6, at(0.5), at(0.99), at(1),
      Usage().ru_maxrss / 1024,
      static_cast<double>(std::filesystem::file_size(dir + "/freshet.duckdb")) / rows);
  return {};
}

}  // namespace

int main(int count, char** values) {
  Options options{{"rows", 122'880}, {"commits", 8}, {"lanes", 2}, {"raw", 1}, {"pace_ms", 0}};
  bool good = count > 1;
  for (int i = 2; i < count; ++i) {
    const std::string argument = values[i];
    const size_t equals = argument.find('=');
    good = good && options.contains(argument.substr(0, equals)) && equals != std::string::npos;
    if (good) options[argument.substr(0, equals)] = std::atol(argument.c_str() + equals + 1);
  }
  if (!good) {
    fmt::print(stderr,
               "commit_bench DIR [rows=122880] [commits=8] [lanes=2] [raw=1] [pace_ms=0]\n");
    return 2;
  }
  const base::Status status = Bench(values[1], options);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
