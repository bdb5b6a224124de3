// The store as a whole: opening and refusing, settings, types, streams, snapshots, errors in
// PostgreSQL's words.

#include "store/store.h"

#include <duckdb.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "store/test_lane.h"

namespace store {
namespace {

std::string CellText(const model::ColumnView& column, size_t row) {
  if (column.IsNull(row)) return "-";
  switch (column.kind) {
    case model::CellKind::kBool: return column.Get<uint8_t>(row) ? "true" : "false";
    case model::CellKind::kInt8: return std::to_string(column.Get<int8_t>(row));
    case model::CellKind::kInt16: return std::to_string(column.Get<int16_t>(row));
    case model::CellKind::kInt32:
    case model::CellKind::kDate: return std::to_string(column.Get<int32_t>(row));
    case model::CellKind::kUInt8: return std::to_string(column.Get<uint8_t>(row));
    case model::CellKind::kUInt16: return std::to_string(column.Get<uint16_t>(row));
    case model::CellKind::kUInt32: return std::to_string(column.Get<uint32_t>(row));
    case model::CellKind::kUInt64: return std::to_string(column.Get<uint64_t>(row));
    case model::CellKind::kInt64:
    case model::CellKind::kTime:
    case model::CellKind::kTimestamp: return std::to_string(column.Get<int64_t>(row));
    case model::CellKind::kFloat: return std::to_string(column.Get<float>(row));
    case model::CellKind::kDouble: return std::to_string(column.Get<double>(row));
    case model::CellKind::kHugeInt:
    case model::CellKind::kUuid:
      return std::to_string(column.Get<uint64_t>(row)) + "," +
             std::to_string(column.Get<int64_t>(2 * row + 1));
    case model::CellKind::kDecimal:
      return (column.cell_bytes == 2 ? std::to_string(column.Get<int16_t>(row))
              : column.cell_bytes == 4
                  ? std::to_string(column.Get<int32_t>(row))
                  : std::to_string(column.Get<int64_t>(column.cell_bytes == 16 ? 2 * row : row))) +
             "e-" + std::to_string(column.scale);
    case model::CellKind::kString:
    case model::CellKind::kBlob: return std::string(column.Get<model::StringCell>(row).View());
    case model::CellKind::kList: {
      std::string out = "[";
      const auto list = column.Get<model::ListCell>(row);
      for (uint64_t i = 0; i < list.length; ++i)
        out += (i ? "," : "") + CellText(column.child[0], list.offset + i);
      return out + "]";
    }
    default: return "?";
  }
}

// "type value" of the one cell of `SELECT expression`.
std::string Typed(Connection* connection, const std::string& expression) {
  auto rows = connection->Query("SELECT " + expression);
  if (!rows.ok())
    return "ERROR " + std::string(rows.status().sqlstate()) + ": " + rows.status().message();
  auto chunk = (*rows)->Next();
  if (!chunk.ok())
    return "ERROR " + std::string(chunk.status().sqlstate()) + ": " + chunk.status().message();
  return model::NameOf((*rows)->fields()[0].type) + " " + CellText(chunk->columns[0], 0);
}

TEST(StoreTest, TypesComeOverAsPostgresHasThem) {
  auto store = Store::Open({}).Take();
  auto connection = store->Connect().Take();
  const std::pair<const char*, const char*> cases[] = {
      {"true", "boolean true"},
      {"1::TINYINT", "smallint 1"},
      {"-3::SMALLINT", "smallint -3"},
      {"7", "integer 7"},
      {"1::BIGINT", "bigint 1"},
      {"200::UTINYINT", "smallint 200"},
      {"60000::USMALLINT", "integer 60000"},
      {"4000000000::UINTEGER", "bigint 4000000000"},
      {"18446744073709551615::UBIGINT", "numeric 18446744073709551615"},
      {"sum(x) FROM (VALUES (1), (2)) v(x)", "numeric 3,0"},
      {"1.5::DECIMAL(4,2)", "numeric(4,2) 150e-2"},
      {"1.5::DECIMAL(9,2)", "numeric(9,2) 150e-2"},
      {"1.5::DECIMAL(18,2)", "numeric(18,2) 150e-2"},
      {"1.5::DECIMAL(38,2)", "numeric(38,2) 150e-2"},
      {"0.5::FLOAT", "real 0.500000"},
      {"0.5::DOUBLE", "double precision 0.500000"},
      {"'short'", "text short"},
      {"'a text that is longer than twelve'", "text a text that is longer than twelve"},
      {"'abc'::BLOB", "bytea abc"},
      {"DATE '1970-01-03'", "date 2"},
      {"TIME '00:00:01'", "time without time zone 1000000"},
      {"TIMESTAMP '1970-01-01 00:00:01'", "timestamp without time zone 1000000"},
      {"TIMESTAMPTZ '1970-01-01 00:00:01+00'", "timestamp with time zone 1000000"},
      {"'1969-12-31 23:59:59'::TIMESTAMP_S", "timestamp without time zone -1000000"},
      {"'1970-01-01 00:00:00.001'::TIMESTAMP_MS", "timestamp without time zone 1000"},
      {"'1969-12-31 23:59:59.999999999'::TIMESTAMP_NS", "timestamp without time zone -1"},
      {"NULL::TIMESTAMP_S", "timestamp without time zone -"},
      {"'b'::ENUM('a', 'b')", "text b"},
      {"NULL::ENUM('a', 'b')", "text -"},
      {"[1, NULL, 3]", "integer[] [1,-,3]"},
      {"['x', 'y']::VARCHAR[2]", "text[] [x,y]"},
      {"[['a'], []::VARCHAR[]]", "text[] [[a],[]]"},
      {"'{\"a\":1}'::JSON", "json {\"a\":1}"},
  };
  for (const auto& [expression, expected] : cases)
    EXPECT_EQ(Typed(connection.get(), expression), expected) << expression;
  EXPECT_EQ(Typed(connection.get(), "{'a': 1}").substr(0, 12), "ERROR 0A000:");
}

TEST(StoreTest, ErrorsSpeakAsPostgresDoes) {
  auto store = Store::Open({}).Take();
  auto connection = store->Connect().Take();
  const std::pair<const char*, const char*> cases[] = {
      {"SELECT 'abc'::INTEGER", "22P02: invalid input syntax for type integer: \"abc\""},
      {"SELECT '99999999999'::INTEGER",
       "22003: value \"99999999999\" is out of range for type integer"},
      {"SELECT 99999999999::INTEGER", "22003: integer out of range"},
      {"SELECT 2147483647::INTEGER + 1::INTEGER", "22003: integer out of range"},
      {"SELECT 9223372036854775807 * 2::BIGINT", "22003: bigint out of range"},
      {"SELECT 12345.6::DECIMAL(4,2)", "22003: numeric field overflow"},
      {"SELECT 'x'::DECIMAL(4,2)", "22P02: invalid input syntax for type numeric: \"x\""},
      {"SELECT 'x'::DOUBLE", "22P02: invalid input syntax for type double precision: \"x\""},
      {"SELECT 1e300::FLOAT", "22003: real out of range"},
      {"SELECT 'x'::BOOLEAN", "22P02: invalid input syntax for type boolean: \"x\""},
      {"SELECT 'x'::UUID", "22P02: invalid input syntax for type uuid: \"x\""},
      {"SELECT 'x'::INTERVAL", "22P02: invalid input syntax for type interval: \"x\""},
      {"SELECT 'x'::DATE", "22007: invalid input syntax for type date: \"x\""},
      {"SELECT 'x'::TIMESTAMP", "22007: invalid input syntax for type timestamp: \"x\""},
      {"SELECT '2020-13-45'::DATE", "22008: date/time field value out of range: \"2020-13-45\""},
      {"SELECT TIMESTAMP '290000-01-01' + INTERVAL '10000 years'", "22008: timestamp out of range"},
      {"SELECT '{bad'::JSON", "22P02: invalid input syntax for type json"},
      {"SELECT error('division by zero')", "22012: division by zero"},
      {"SELECT sqrt(-1)", "2201F: cannot take square root of a negative number"},
      {"SELECT ln(0)", "2201E: cannot take logarithm of zero"},
      {"SELECT (SELECT * FROM range(3))",
       "21000: more than one row returned by a subquery used as an expression"},
      {"SELECT * FROM nope", "42P01: relation \"nope\" does not exist"},
      {"SELECT nope FROM range(1)", "42703: column \"nope\" does not exist"},
      {"SELECT nopef(1)", "42883: Scalar Function with name nopef does not exist!"},
      {"SELEC 1", "42601: syntax error at or near \"SELEC\""},
      {"SELECT date_trunc('foo', TIMESTAMP '2020-01-01')",
       "22023: unit \"foo\" not recognized for type timestamp"},
      {"SELECT * FROM read_csv('/etc/passwd')",
       "42501: Cannot access file \"/etc/passwd\" - file system operations are disabled by "
       "configuration"},
  };
  for (const auto& [sql, expected] : cases)
    EXPECT_EQ(Answer(connection.get(), sql), std::string("ERROR ") + expected) << sql;
}

TEST(StoreTest, AnErrorInTheMiddleOfAStreamIsTheSame) {
  auto store = Store::Open({}).Take();
  auto connection = store->Connect().Take();
  auto rows = connection->Query(
      "SELECT CASE WHEN range = 399999 THEN error('division by zero') ELSE repeat('x', 50) END "
      "FROM range(400000)");
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  base::Status status;
  while (status.ok()) {
    auto chunk = (*rows)->Next();
    ASSERT_TRUE(!chunk.ok() || chunk->rows > 0);
    if (!chunk.ok()) status = chunk.TakeStatus();
  }
  EXPECT_EQ(status.ToString(), "ERROR 22012: division by zero");
}

TEST(StoreTest, SettingsAreThoseOfPostgresAndLocked) {
  TestStore store;
  EXPECT_EQ(store.Answer("SELECT 7 / 2"), "3");
  EXPECT_EQ(store.Answer("SELECT string_agg(x::VARCHAR, ',') FROM (SELECT x FROM (VALUES (1), "
                         "(NULL), (2)) v(x) ORDER BY x)"),
            "1,2");
  EXPECT_EQ(store.Answer("SELECT last(coalesce(x, -1)) FROM (SELECT x FROM (VALUES (1), (NULL), "
                         "(2)) v(x) ORDER BY x)"),
            "-1");
  EXPECT_EQ(
      store.Answer("SELECT TIMESTAMPTZ '2020-01-01 00:00:00' = TIMESTAMP '2020-01-01 00:00:00'"),
      "true");
  for (const char* sql : {"SET memory_limit = '1TB'", "SET GLOBAL threads = 64",
                          "ATTACH '/tmp/other.db'", "COPY freshet_meta TO '/tmp/x.csv'",
                          "SET enable_external_access = true", "LOAD httpfs", "INSTALL httpfs"})
    EXPECT_FALSE(store.connection()->Run(sql).ok()) << sql;
  EXPECT_TRUE(store.connection()->Run("SET TimeZone = 'Asia/Tokyo'").ok());
}

TEST(StoreTest, SpillsToTheDataDirectory) {
  StoreOptions options;
  options.memory_limit_bytes = size_t{64} << 20;
  TestStore store(options);
  EXPECT_EQ(
      store.Answer("SELECT count(*) FROM (SELECT i FROM range(6000000) r(i) ORDER BY hash(i))"),
      "6000000");
  EXPECT_EQ(store.Answer("SELECT count(*) FROM (SELECT hash(i) AS h, count(*) AS n FROM "
                         "range(2000000) r(i) GROUP BY h)"),
            "2000000");
}

TEST(StoreTest, ASecondServerIsRefusedByName) {
  TestStore store;
  auto second = Store::Open(store.options());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), base::Code::kUnavailable);
  EXPECT_NE(second.status().message().find("is in use by another server (pid " +
                                           std::to_string(getpid()) + ")"),
            std::string::npos)
      << second.status().message();
  EXPECT_EQ(Store::Check(store.options()).status().sqlstate(), "55006");
  store.Close();
  EXPECT_TRUE(Store::Open(store.options()).ok());
}

TEST(StoreTest, AForeignADamagedAndANewerFileAreRefusedAndNotTouched) {
  {
    TempDir dir;
    StoreOptions options;
    options.data_dir = dir.path();
    std::ofstream(dir.path() / "freshet.duckdb") << std::string(20'000, 'x');
    EXPECT_EQ(Store::Open(options).status().code(), base::Code::kCorrupt);
  }
  {
    TempDir dir;
    StoreOptions options;
    options.data_dir = dir.path();
    duckdb_database database;
    duckdb_connection connection;
    ASSERT_EQ(duckdb_open((dir.path() / "freshet.duckdb").c_str(), &database), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
    ASSERT_EQ(duckdb_query(connection, "CREATE TABLE other(a INTEGER)", nullptr), DuckDBSuccess);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    EXPECT_EQ(Store::Open(options).status().message(),
              "the database file was not written by Freshet");
  }
  TestStore store;
  ASSERT_TRUE(
      store.connection()->Run("UPDATE freshet_meta SET value = '999' WHERE key = 'format'").ok());
  store.Close();
  auto opened = Store::Open(store.options());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().message(),
            "the store has format 999, this server knows formats up to 1");
}

TEST(StoreTest, DefinitionsAreReplacedAsAWholeAndSurvive) {
  TestStore store;
  EXPECT_TRUE(store->ReadDefinitions()->empty());
  const std::vector<Definition> first{
      {model::ObjectId(7), "source", "orders", "CREATE SOURCE \"orders\" -- it's\n", "{}"},
      {model::ObjectId(8), "view", "v", "CREATE ...", "{\"suspended\":\"x\"}"}};
  ASSERT_TRUE(store->WriteDefinitions(first).ok());
  store.Open();
  auto read = store->ReadDefinitions();
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].definition, first[0].definition);
  EXPECT_EQ((*read)[1].properties, first[1].properties);
  ASSERT_TRUE(store->WriteDefinitions({}).ok());
  EXPECT_TRUE(store->ReadDefinitions()->empty());
  ASSERT_TRUE(
      store->RunDdl({"CREATE TABLE raw_7(a INTEGER)", "CREATE TABLE partials_8(a INTEGER)"}).ok());
  EXPECT_EQ(*store->ObjectTables(), (std::vector<std::string>{"partials_8", "raw_7"}));
}

TEST(StoreTest, DescribesWithoutRunning) {
  TestStore store;
  auto fields = store.connection()->Describe(
      "SELECT 1 AS \"A b\", error('never run')::BIGINT AS n, count(*) FROM freshet_meta");
  ASSERT_TRUE(fields.ok()) << fields.status().ToString();
  EXPECT_EQ((*fields)[0], (model::Field{"A b", model::kInt4}));
  EXPECT_EQ((*fields)[1], (model::Field{"n", model::kInt8}));
  EXPECT_EQ(store.connection()->Describe("SELECT nope FROM freshet_meta").status().sqlstate(),
            "42703");
}

TEST(StoreTest, AStreamEndsWhenItsConnectionDoesSomethingElse) {
  TestStore store;
  auto rows = store.connection()->Query("SELECT range FROM range(1000000)").Take();
  ASSERT_GT(rows->Next()->rows, 0u);
  EXPECT_EQ(store.Answer("SELECT 1"), "1");
  EXPECT_EQ(rows->Next().status().sqlstate(), "55000");
}

TEST(StoreTest, AnAbandonedStreamHoldsNothingBack) {
  TestStore store;
  ASSERT_TRUE(store->RunDdl({"CREATE TABLE t AS SELECT range AS a FROM range(1000000)"}).ok());
  {
    auto rows = store.connection()->Query("SELECT a FROM t").Take();
    ASSERT_GT(rows->Next()->rows, 0u);
  }
  // A DDL followed by a checkpoint is what an older open transaction refuses.
  ASSERT_TRUE(store->RunDdl({"CREATE TABLE u(a INTEGER)"}).ok());
  EXPECT_TRUE(store->MaintainNow().ok());
  EXPECT_EQ(store->WalBytes(), 0u);
}

TEST(StoreTest, AStreamOutlivesItsConnectionObject) {
  TestStore store;
  auto connection = store->Connect().Take();
  auto rows = connection->Query("SELECT range FROM range(10000)").Take();
  connection.reset();
  size_t total = 0;
  for (auto chunk = rows->Next(); chunk.ok() && chunk->rows > 0; chunk = rows->Next())
    total += chunk->rows;
  EXPECT_EQ(total, 10'000u);
}

TEST(StoreTest, AnErrorInTheMiddleOfAStreamEndsIt) {
  TestStore store;
  auto rows = store.connection()->Query(
      "SELECT CASE WHEN range = 900000 THEN error('division by zero')::BIGINT ELSE range END FROM "
      "range(1000000)");
  base::Status status;
  while (rows.ok() && status.ok()) {
    auto chunk = (*rows)->Next();
    status = chunk.status();
    if (chunk.ok() && chunk->rows == 0) break;
  }
  if (!rows.ok()) status = rows.status();
  EXPECT_EQ(status.sqlstate(), "22012");
  EXPECT_EQ(store.Answer("SELECT 1"), "1");
}

TEST(StoreTest, ASnapshotStaysWhileLanesCommit) {
  TestStore store;
  ASSERT_TRUE(store->RunDdl({"CREATE TABLE partials_5(s0 BIGINT)"}).ok());
  LaneSetup setup = TestSetup();
  setup.deltas = {TestDelta(5, "v", "SELECT count(*) FROM lane_0_rows()")};
  auto lane = store->MakeLane(setup).Take();
  TestBatch batch(setup);
  ASSERT_TRUE(lane->Commit(batch.Make({{1, "a", 0}})).ok());
  ASSERT_TRUE(store.connection()->BeginSnapshot().ok());
  EXPECT_EQ(store.Answer("SELECT sum(s0) FROM partials_5"), "1");
  ASSERT_TRUE(lane->Commit(batch.Make({{1, "a", 0}})).ok());
  EXPECT_EQ(store.Answer("SELECT sum(s0) FROM partials_5"), "1");
  EXPECT_EQ(store.connection()->Run("INSERT INTO partials_5 VALUES (1)").sqlstate(), "25006");
  store.connection()->EndSnapshot();
  EXPECT_EQ(store.Answer("SELECT sum(s0) FROM partials_5"), "2");
}

TEST(StoreTest, InterruptEndsALongStatement) {
  TestStore store;
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    store.connection()->Interrupt();
  });
  const std::string answer = Answer(store.connection(),
                                    "SELECT count(*)::VARCHAR FROM range(10000000) a, "
                                    "range(10000000) b WHERE a.range * b.range % 7 = 3");
  killer.join();
  EXPECT_EQ(answer, "ERROR 57014: canceling statement due to user request");
  EXPECT_EQ(store.Answer("SELECT 1"), "1");
}

TEST(StoreTest, MemoryIsBounded) {
  StoreOptions options;
  options.memory_limit_bytes = size_t{32} << 20;
  options.max_temp_bytes = size_t{1} << 20;
  TestStore store(options);
  const std::string answer =
      Answer(store.connection(),
             "SELECT sum(l)::VARCHAR FROM (SELECT hash(i) AS h, max(i::VARCHAR || ' and a long "
             "text') AS t, len(t) AS l FROM range(5000000) r(i) GROUP BY h)");
  EXPECT_TRUE(answer.starts_with("ERROR 53")) << answer;
  EXPECT_EQ(store.Answer("SELECT 1"), "1");
}

TEST(StoreTest, CheckFindsWhatDoesNotAgree) {
  TestStore store;
  ASSERT_TRUE(store
                  ->RunDdl({"CREATE TABLE partials_5(k0 BIGINT, s0 BLOB)",
                            "CREATE TABLE raw_1(id BIGINT, t VARCHAR, ts TIMESTAMP, __partition "
                            "INTEGER, __offset BIGINT, "
                            "__incarnation INTEGER, __lane INTEGER, __commit BIGINT)"})
                  .ok());
  LaneSetup setup = TestSetup();
  setup.raw_table = "raw_1";
  setup.deltas = {
      TestDelta(5, "v", "SELECT id, freshet_ddsketch(id) FROM lane_0_rows() GROUP BY 1")};
  auto lane = store->MakeLane(setup).Take();
  TestBatch batch(setup);
  ASSERT_TRUE(lane->Commit(batch.Make({{1, "a", 0}, {2, "b", 0}})).ok());
  lane.reset();
  // What SQL wrote into a table has neither a lane nor a position.
  ASSERT_TRUE(
      store
          ->RunDdl({"CREATE TABLE raw_2 AS FROM raw_1 LIMIT 0",
                    "INSERT INTO raw_2(__partition, __offset, __incarnation) VALUES (0, 0, 0)"})
          .ok());
  store.Close();
  auto report = Store::Check(store.options());  // with a write-ahead log to be read
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->problems.empty()) << report->problems[0];
  EXPECT_EQ(report->facts.size(), 2u);
  store.Open();
  ASSERT_TRUE(store.connection()->Run("INSERT INTO raw_1 SELECT * FROM raw_1").ok());
  ASSERT_TRUE(store.connection()
                  ->Run("INSERT INTO raw_1 SELECT * REPLACE (99 AS __offset) FROM raw_1 LIMIT 1")
                  .ok());
  ASSERT_TRUE(store.connection()->Run("INSERT INTO partials_5 VALUES (1, 'rubbish'::BLOB)").ok());
  store.Close();
  report = Store::Check(store.options());
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->problems, (std::vector<std::string>{
                                  "table partials_5: column s0 has states that cannot be read (1)",
                                  "table raw_1: records are stored twice (2)",
                                  "table raw_1: rows lie beyond their partition's position (1)"}));
  StoreOptions nowhere;
  nowhere.data_dir = "/tmp/freshet-there-is-nothing-here";
  EXPECT_EQ(Store::Check(nowhere).status().code(), base::Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(nowhere.data_dir));
}

}  // namespace
}  // namespace store
