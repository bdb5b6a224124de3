// Transcripts of the extended protocol; each was seen the same from PostgreSQL 15.20 where it can say it (test/pgtest).
#include <gtest/gtest.h>

#include "pgwire/scripted_engine.h"
#include "pgwire/session.h"
#include "pgwire/wire_client.h"

namespace pgwire {
namespace {

using Lines = std::vector<std::string>;
using wire::Bind;
using wire::Close;
using wire::Describe;
using wire::Execute;
using wire::Parse;
using wire::Query;
using wire::Sync;

class NoHost : public Host {
 public:
  base::Status Admit(const catalog::Role&) override { return {}; }
  void Cancel(int32_t, std::string_view) override {}
  void Terminate(base::Status) override {}
};

class ExtendedTest : public ::testing::Test {
 protected:
  ExtendedTest() {
    AddTestRoles(&catalog_);
    SessionOptions options;
    options.sign_in.catalog = &catalog_;
    options.sign_in.unix_socket = options.sign_in.same_system_user = true;
    options.engine = &engine_;
    options.cancel_key = std::string(32, 'k');
    session_ = std::make_unique<Session>(std::move(options), &host_);
    EXPECT_EQ(Send(wire::Startup("freshet")).back(), "Z I");
  }
  ~ExtendedTest() override { session_->Release(); }

  Lines Send(std::string_view bytes) {
    session_->Feed(bytes);
    std::string sent;
    Lane lane = Lane::kNetwork;
    for (Wants wants = Wants::kLight; wants != Wants::kInput && wants != Wants::kClose;) {
      wants = session_->Process(lane);
      sent += session_->output().view();
      session_->output().Clear();
      lane = wants == Wants::kHeavy ? Lane::kHeavy : Lane::kLight;
    }
    return wire::Lines(sent);
  }

  catalog::CatalogHolder catalog_;
  ScriptedEngine engine_;
  NoHost host_;
  std::unique_ptr<Session> session_;
};

TEST_F(ExtendedTest, ParseBindDescribeExecuteSync) {
  EXPECT_LINES(Send(Parse("", "SELECT 1") + Bind({}) + Describe('P', "") + Execute("") + Sync()),
             "1", "2", "T ?column?:23", "D 1", "C SELECT 1", "Z I");
  EXPECT_LINES(Send(Parse("s", "SELECT $1") + Describe('S', "s") + Sync()), "1", "t 25", "T ?column?:25", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {}, {"grün"}, {}}) + Execute("") + Sync()), "2", "D grün", "C SELECT 1", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {}, {"<NULL>"}, {}}) + Execute("") + Sync()), "2", "D <NULL>", "C SELECT 1", "Z I");
}

TEST_F(ExtendedTest, TheClientsTypesWinAndItsNumbersComeBack) {
  EXPECT_LINES(Send(Parse("i", "SELECT $1", {23}) + Describe('S', "i") + Sync()), "1", "t 23", "T ?column?:23", "Z I");
  EXPECT_LINES(Send(Parse("v", "SELECT $1", {1043}) + Describe('S', "v") + Sync()), "1", "t 1043", "T ?column?:25", "Z I");
  EXPECT_LINES(Send(Parse("u", "SELECT $1", {0}) + Describe('S', "u") + Sync()), "1", "t 25", "T ?column?:25", "Z I");
  EXPECT_LINES(Send(Parse("p", "SELECT $1", {600}) + Sync()), "E ERROR 0A000*", "Z I");
  EXPECT_LINES(Send(Bind({"", "i", {1}, {std::string("\0\0\1\0", 4)}, {}}) + Execute("") + Sync()), "2", "D 256", "C SELECT 1", "Z I");
}

TEST_F(ExtendedTest, CommandsAndEmptyStatementsHaveNoData) {
  EXPECT_LINES(Send(Parse("", "BEGIN") + Describe('S', "") + Bind({}) + Describe('P', "") + Execute("") + Sync()),
             "1", "t", "n", "2", "n", "C BEGIN", "Z T");
  EXPECT_LINES(Send(Parse("", "COMMIT") + Bind({}) + Execute("") + Sync()), "1", "2", "C COMMIT", "Z I");
  EXPECT_LINES(Send(Parse("", "") + Describe('S', "") + Bind({}) + Execute("") + Sync()), "1", "t", "n", "2", "I", "Z I");
  EXPECT_LINES(Send(Parse("", "SELECT 1;SELECT 1") + Sync()), "E ERROR 42601*", "Z I");
}

TEST_F(ExtendedTest, RowLimitsSuspendThePortal) {
  Send(Query("BEGIN"));
  EXPECT_LINES(Send(Parse("", "series 5") + Bind({"c", "", {}, {}, {}}) + Execute("c", 2) + Sync()), "1", "2", "D 1", "D 2", "s", "Z T");
  EXPECT_LINES(Send(Execute("c", 2) + Sync()), "D 3", "D 4", "s", "Z T");
  EXPECT_LINES(Send(Execute("c", 2) + Sync()), "D 5", "C SELECT 1", "Z T");
  EXPECT_LINES(Send(Execute("c", 2) + Sync()), "C SELECT 0", "Z T");
}

TEST_F(ExtendedTest, AResultThatEndsAtTheLimitIsSuspendedOnce) {
  Send(Query("BEGIN"));
  EXPECT_LINES(Send(Parse("", "series 2") + Bind({"c", "", {}, {}, {}}) + Execute("c", 2) + Execute("c", 2) + Sync()),
             "1", "2", "D 1", "D 2", "s", "C SELECT 0", "Z T");
}

TEST_F(ExtendedTest, PortalsEndWithTheirTransaction) {
  Send(Parse("n", "series 5") + Sync());
  EXPECT_LINES(Send(Bind({"c", "n", {}, {}, {}}) + Execute("c", 1) + Sync() + Execute("c", 1) + Sync()),
             "2", "D 1", "s", "Z I", "E ERROR 34000 portal \"c\" does not exist", "Z I");
  Send(Query("BEGIN"));
  EXPECT_LINES(Send(Bind({"c", "n", {}, {}, {}}) + Sync()), "2", "Z T");
  Send(Query("COMMIT"));
  EXPECT_LINES(Send(Execute("c") + Sync()), "E ERROR 34000*", "Z I");
}

TEST_F(ExtendedTest, BinaryResults) {
  Send(Parse("n", "series 1") + Sync());
  EXPECT_LINES(Send(Bind({"", "n", {}, {}, {1}}) + Describe('P', "") + Execute("") + Sync()),
             "2", "T n:20:binary", std::string("D \0\0\0\0\0\0\0\1", 10), "C SELECT 1", "Z I");
  EXPECT_LINES(Send(Bind({"", "n", {}, {}, {0, 1}}) + Sync()), "E ERROR 08P01 bind message has 2 result formats but query has 1 columns", "Z I");
  EXPECT_LINES(Send(Bind({"", "n", {}, {}, {2}}) + Sync()), "E ERROR 22023 unsupported format code: 2", "Z I");
}

TEST_F(ExtendedTest, BindChecksItsCounts) {
  Send(Parse("s", "SELECT $1") + Sync());
  EXPECT_LINES(Send(Bind({"", "s", {}, {}, {}}) + Sync()), "E ERROR 08P01 bind message supplies 0 parameters*", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {}, {"a", "b"}, {}}) + Sync()), "E ERROR 08P01 bind message supplies 2 parameters*", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {0, 0}, {"a"}, {}}) + Sync()), "E ERROR 08P01 bind message has 2 parameter formats*", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {7}, {"a"}, {}}) + Sync()), "E ERROR 22023*", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {}, {"\xff"}, {}}) + Sync()), "E ERROR 22021*", "Z I");
  std::string negative = wire::Z("") + wire::Z("s") + wire::Int16(0) + wire::Int16(1) + wire::Int32(-2) + wire::Int16(0);
  EXPECT_LINES(Send(wire::Message('B', negative) + Sync()), "E ERROR 08P01*", "Z I");
  negative = wire::Z("") + wire::Z("s") + wire::Int16(0) + wire::Int16(1) + wire::Int32(1 << 30) + "x";
  EXPECT_LINES(Send(wire::Message('B', negative) + Sync()), "E ERROR 08P01*", "Z I");
  std::string many = wire::Z("") + wire::Z("s") + wire::Int16(-1) + "xx";   // claims 65,535 formats
  EXPECT_LINES(Send(wire::Message('B', many) + Sync()), "E ERROR 08P01*", "Z I");
}

TEST_F(ExtendedTest, AnErrorSkipsEverythingUpToSync) {
  EXPECT_LINES(Send(Parse("", "broken") + Bind({}) + Describe('P', "") + Execute("") + Query("SELECT 1") + wire::Message('F', "") + wire::Message('H', "")),
             "E ERROR 42703 column \"x\" does not exist @8");
  EXPECT_LINES(Send(Sync()), "Z I");
  EXPECT_LINES(Send(Parse("", "sleepy") + Sync() + Query("SELECT 1")),
             "E ERROR 0A000 sleepy is not supported", "Z I", "T ?column?:23", "D 1", "C SELECT 1", "Z I");
}

TEST_F(ExtendedTest, FailedBlocksTakeOnlyTheirEnd) {
  Send(Parse("s", "SELECT 1") + Sync());
  Send(Query("BEGIN"));
  EXPECT_LINES(Send(Parse("", "broken") + Sync()), "E ERROR 42703*", "Z E");
  EXPECT_LINES(Send(Parse("", "SELECT 1") + Sync()), "E ERROR 25P02*", "Z E");
  EXPECT_LINES(Send(Bind({"", "s", {}, {}, {}}) + Sync()), "E ERROR 25P02*", "Z E");
  EXPECT_LINES(Send(Parse("", "ROLLBACK") + Bind({}) + Execute("") + Sync()), "1", "2", "C ROLLBACK", "Z I");
}

TEST_F(ExtendedTest, NamesOfStatementsAndPortals) {
  EXPECT_LINES(Send(Parse("s", "SELECT 1") + Parse("s", "SELECT 1") + Sync()), "1", "E ERROR 42P05 prepared statement \"s\" already exists", "Z I");
  EXPECT_LINES(Send(Bind({"", "t", {}, {}, {}}) + Sync()), "E ERROR 26000 prepared statement \"t\" does not exist", "Z I");
  EXPECT_LINES(Send(Bind({}) + Sync()), "E ERROR 26000 unnamed prepared statement does not exist", "Z I");
  EXPECT_LINES(Send(Describe('S', "t") + Sync()), "E ERROR 26000*", "Z I");
  EXPECT_LINES(Send(Describe('P', "p") + Sync()), "E ERROR 34000 portal \"p\" does not exist", "Z I");
  EXPECT_LINES(Send(Execute("p") + Sync()), "E ERROR 34000*", "Z I");
  EXPECT_LINES(Send(Bind({"p", "s", {}, {}, {}}) + Bind({"p", "s", {}, {}, {}}) + Sync()),
             "2", "E ERROR 42P03 cursor \"p\" already exists", "Z I");
  EXPECT_LINES(Send(Close('S', "s") + Close('S', "never was") + Close('P', "p") + Sync()), "3", "3", "3", "Z I");
  EXPECT_LINES(Send(Bind({"", "s", {}, {}, {}}) + Sync()), "E ERROR 26000*", "Z I");
}

TEST_F(ExtendedTest, ASimpleQueryEndsTheUnnamedOnes) {
  Send(Parse("", "SELECT 1") + Sync());
  Send(Query("SELECT 1"));
  EXPECT_LINES(Send(Bind({}) + Sync()), "E ERROR 26000*", "Z I");
}

TEST_F(ExtendedTest, DeallocateReachesStatementsOfTheProtocol) {
  Send(Parse("s", "SELECT 1") + Parse("t", "SELECT 1") + Sync());
  EXPECT_LINES(Send(Query("DEALLOCATE s")), "C DEALLOCATE", "Z I");
  EXPECT_LINES(Send(Describe('S', "s") + Sync()), "E ERROR 26000*", "Z I");
  EXPECT_LINES(Send(Query("DEALLOCATE ALL")), "C DEALLOCATE ALL", "Z I");
  EXPECT_LINES(Send(Describe('S', "t") + Sync()), "E ERROR 26000*", "Z I");
}

TEST_F(ExtendedTest, ACommandPortalRunsOnce) {
  EXPECT_LINES(Send(Parse("", "SET a=b") + Bind({}) + Execute("") + Execute("") + Sync()),
             "1", "2", "C SET", "E ERROR 55000 portal cannot be run any more", "S a=b", "Z I");
}

TEST_F(ExtendedTest, StatementsAndPortalsAreBounded) {
  Lines lines;
  for (size_t i = 0; i <= kMaxStatements; ++i) lines = Send(Parse("s" + std::to_string(i), "SELECT 1") + Sync());
  EXPECT_LINES(lines, "E ERROR 54000 too many prepared statements", "Z I");
  EXPECT_LINES(Send(Close('S', "s0") + Parse("again", "SELECT 1") + Sync()), "3", "1", "Z I");
  Send(Query("BEGIN"));
  for (size_t i = 0; i <= kMaxPortals; ++i) lines = Send(Bind({"p" + std::to_string(i), "again", {}, {}, {}}) + Sync());
  EXPECT_LINES(lines, "E ERROR 54000 too many portals", "Z E");
}

TEST_F(ExtendedTest, StatementTextsAreBounded) {
  const std::string text = "SET a=" + std::string(kMaxStatementBytes / 4, 'x');
  for (int i = 0; i < 3; ++i) EXPECT_LINES(Send(Parse("s" + std::to_string(i), text) + Sync()), "1", "Z I");
  EXPECT_LINES(Send(Parse("s3", text) + Sync()), "E ERROR 54000 too many bytes of prepared statements", "Z I");
}

}  // namespace
}  // namespace pgwire
