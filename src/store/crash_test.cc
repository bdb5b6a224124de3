// What survives: a process killed in mid-commit, an engine stopped by a failed checkpoint, a full
// disk.

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

#include "store/test_lane.h"

namespace store {
namespace {

constexpr const char* kRaw =
    "CREATE TABLE IF NOT EXISTS raw_1(id BIGINT, t VARCHAR, ts TIMESTAMP, __partition INTEGER, "
    "__offset BIGINT, __incarnation INTEGER, "
    "__lane INTEGER, __commit BIGINT)";
constexpr const char* kPartials =
    "CREATE TABLE IF NOT EXISTS partials_5(k0 TIMESTAMP, s0 BIGINT, s1 HUGEINT)";
constexpr const char* kMerge =
    "SELECT k0, CAST(sum(s0) AS BIGINT) AS s0, sum(s1) AS s1 FROM partials_5 GROUP BY 1";
constexpr int64_t kMinute = 60'000'000;

LaneSetup CrashSetup() {
  LaneSetup setup = TestSetup();
  setup.raw_table = "raw_1";
  setup.deltas = {TestDelta(5, "v",
                            "SELECT time_bucket(INTERVAL 1 MINUTE, ts), count(*), sum(id) FROM "
                            "lane_0_rows() GROUP BY 1")};
  return setup;
}

// Record n of the only partition.
TestRow RowAt(int64_t n) {
  return {n * 7919 % 10'007, "row " + std::to_string(n), n % 600 * kMinute / 60};
}

// Commits `rows` records from the stored position on. The batch numbers offsets from 0, so they are
// set here.
base::Result<LaneCommitResult> CommitNext(LaneWriter* lane, int64_t* next, int rows) {
  model::ColumnBatch batch(CrashSetup().column_types);
  for (int i = 0; i < rows; ++i) {
    const TestRow row = RowAt(*next + i);
    batch.columns()[0].Append(row.id);
    batch.columns()[1].Append(batch.MakeString(*row.text));
    batch.columns()[2].Append(*row.ts_us);
    batch.partition().Append<int32_t>(0);
    batch.offset().Append<int64_t>(*next + i);
    batch.kafka_time().AppendNull();
    batch.FinishRow();
  }
  LaneCommit commit;
  commit.rows = &batch;
  commit.positions = {
      {kTestSource, {}, model::PartitionId(0), model::Offset(*next + rows), model::EventTime(0)}};
  auto result = lane->Commit(&commit);
  if (result.ok()) *next += rows;
  return result;
}

int64_t StoredNext(Store* store) {
  auto positions = store->ReadPositions(kTestSource);
  EXPECT_TRUE(positions.ok()) << positions.status().ToString();
  return positions.ok() && !positions->empty() ? (*positions)[0].next_offset.value : 0;
}

// Raw rows and the view hold exactly the records before the position.
void ExpectExact(Store* store) {
  auto connection = store->Connect().Take();
  const int64_t next = StoredNext(store);
  EXPECT_EQ(Answer(connection.get(),
                   "SELECT (count(*) || ' ' || count(DISTINCT __offset) || ' ' || "
                   "coalesce(max(__offset) + 1, 0))::VARCHAR FROM raw_1"),
            std::to_string(next) + " " + std::to_string(next) + " " + std::to_string(next));
  EXPECT_EQ(Answer(connection.get(),
                   "SELECT ((SELECT coalesce(sum(s0), 0) FROM partials_5) || ' ' || (SELECT "
                   "coalesce(sum(s1), 0) FROM partials_5))::VARCHAR"),
            Answer(connection.get(),
                   "SELECT (count(*) || ' ' || coalesce(sum(id), 0))::VARCHAR FROM raw_1"));
}

// Runs in a child until it is killed. Exits with 1 when something fails.
[[noreturn]] void CommitForEver(const StoreOptions& options, unsigned seed) {
  auto opened = Store::Open(options);
  if (!opened.ok()) _exit(1);
  Store& store = **opened;
  if (!store.RunDdl({kRaw, kPartials}).ok()) _exit(1);
  store.SetMaintained(
      {{model::ObjectId(5), "partials_5", kMerge, {"k0"}, "k0", std::nullopt, kMinute}}, nullptr);
  auto lane = store.MakeLane(CrashSetup());
  if (!lane.ok()) _exit(1);
  std::thread maintenance([&] {
    for (;;)
      if (!store.MaintainNow().ok()) _exit(1);
  });
  std::mt19937 random(seed);
  for (int64_t next = StoredNext(&store);;)
    if (!CommitNext(lane->get(), &next, 1 + static_cast<int>(random() % 300)).ok()) _exit(1);
}

TEST(CrashTest, KilledAtAnyMomentTheStoreIsExact) {
  TempDir dir;
  StoreOptions options;
  options.data_dir = dir.path();
  int64_t before = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) CommitForEver(options, seed);
    std::this_thread::sleep_for(std::chrono::milliseconds(250 + seed * 37));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    ASSERT_TRUE((*store)->RunDdl({kRaw, kPartials}).ok());
    ExpectExact(store->get());
    const int64_t now = StoredNext(store->get());
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_GT(before, 0);
  EXPECT_TRUE(Store::Check(options)->problems.empty());
}

TEST(CrashTest, AStoppedEngineIsOpenedAgainWhileTheServerLives) {
  StoreOptions options;
  options.lock_settings = false;
  TestStore store(options);
  ASSERT_TRUE(store->RunDdl({kRaw, kPartials}).ok());
  auto lane = store->MakeLane(CrashSetup()).Take();
  int64_t next = 0;
  for (const char* point :
       {"before_truncate", "before_header", "after_free_list_write", "before_wal_finish"}) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(CommitNext(lane.get(), &next, 100).ok());
    auto idle = store->Connect().Take(), reading = store->Connect().Take(),
         snapshot = store->Connect().Take();
    auto stream = reading->Query("SELECT range FROM range(1000000)").Take();
    ASSERT_GT(stream->Next()->rows, 0u);
    ASSERT_TRUE(snapshot->BeginSnapshot().ok());
    EXPECT_EQ(Answer(snapshot.get(), "SELECT count(*)::VARCHAR FROM raw_1"), std::to_string(next));
    ASSERT_TRUE(store.connection()
                    ->Run(std::string("SET GLOBAL debug_checkpoint_abort = '") + point + "'")
                    .ok());
    EXPECT_FALSE(store->MaintainNow().ok()) << point;
    // A lane goes on where it was: the failed checkpoint lost nothing.
    auto result = CommitNext(lane.get(), &next, 100);
    if (!result.ok()) result = CommitNext(lane.get(), &next, 100);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ExpectExact(store.operator->());
    EXPECT_EQ(StoredNext(store.operator->()), next);
    EXPECT_EQ(Answer(idle.get(), "SELECT 'fine'"), "fine");
    EXPECT_FALSE(stream->Next().ok()) << "its rows are gone with the engine";
    EXPECT_EQ(Answer(reading.get(), "SELECT 'fine'"), "fine");
    EXPECT_EQ(snapshot->Run("SELECT 1").sqlstate(), "25P02")
        << "a snapshot cannot go on over another one";
    snapshot->EndSnapshot();
    EXPECT_EQ(Answer(snapshot.get(), "SELECT count(*)::VARCHAR FROM raw_1"), std::to_string(next));
    EXPECT_TRUE(store->MaintainNow().ok());
  }
  lane.reset();
  store.Open();
  ExpectExact(store.operator->());
}

// A small file system of its own, when this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    mounted_ =
        mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(dir_.path().c_str());
  }
  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  TempDir dir_;
  bool mounted_ = false;
};

TEST(CrashTest, AFullDiskIsAnErrorThatPasses) {
  SmallDisk disk("48m");
  if (!disk.mounted())
    GTEST_SKIP() << "NOT TESTED: a full disk (this process may not mount a tmpfs)";
  StoreOptions options;
  options.data_dir = disk.path() / "data";
  options.min_free_disk_bytes = size_t{8} << 20;
  auto store = Store::Open(options).Take();
  ASSERT_TRUE(store->RunDdl({kRaw, kPartials}).ok());
  auto lane = store->MakeLane(CrashSetup()).Take();
  int64_t next = 0;
  const std::filesystem::path filler = disk.path() / "filler";
  for (int fill = 0; fill < 3; ++fill) {
    EXPECT_TRUE(store->HasRoom());
    std::ofstream(filler) << std::string(size_t{30} << 20, 'x');
    base::Status status;
    // The last round with batches so large that the engine writes rows to the file before COMMIT.
    const int rows = fill == 2 ? 200'000 : 2'000;
    for (int i = 0; i < 1'000 && status.ok(); ++i)
      status = CommitNext(lane.get(), &next, rows).status();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.code(), base::Code::kExhausted) << status.ToString();
    EXPECT_EQ(status.sqlstate(), "53100") << status.ToString();
    EXPECT_FALSE(store->HasRoom());
    EXPECT_EQ(StoredNext(store.get()), next) << "nothing of the failed commit is there";
    ExpectExact(store.get());
    EXPECT_FALSE(store->MaintainNow().ok()) << "a checkpoint is not begun without room";
    std::filesystem::remove(filler);
    auto result = CommitNext(lane.get(), &next, 2'000);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ExpectExact(store.get());
    const base::Status maintained = store->MaintainNow();
    EXPECT_TRUE(maintained.ok()) << maintained.ToString();
    if (fill == 2) break;
    // Room for the next round.
    auto connection = store->Connect().Take();
    ASSERT_TRUE(connection->Run("DELETE FROM raw_1").ok());
    ASSERT_TRUE(connection->Run("DELETE FROM partials_5").ok());
    ASSERT_TRUE(store->MaintainNow().ok());
    ASSERT_TRUE(connection->Run("DELETE FROM freshet_positions").ok());
    next = 0;
  }
}

}  // namespace
}  // namespace store
