#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace base {
namespace {

// What Log writes to stderr for one event.
std::string Logged(Level level, std::string_view message, std::initializer_list<LogField> fields = {}) {
  testing::internal::CaptureStderr();
  Log(level, "room", message, fields);
  return testing::internal::GetCapturedStderr();
}

bool EndsWith(const std::string& line, const std::string& end) { return line.ends_with(end + "\n"); }

TEST(Log, WritesTimeLevelRoomMessageAndFields) {
  const std::string line = Logged(Level::kInfo, "source started", {{"source", "orders"}, {"lanes", "2"}});
  EXPECT_TRUE(EndsWith(line, " info room: source started source=orders lanes=2")) << line;
  EXPECT_EQ(line[4], '-');
  EXPECT_EQ(line[10], 'T');
  EXPECT_EQ(line[23], 'Z');
}

TEST(Log, QuotesValuesThatWouldBeMisread) {
  EXPECT_TRUE(EndsWith(Logged(Level::kInfo, "m", {{"a", "two words"}}), "a=\"two words\""));
  EXPECT_TRUE(EndsWith(Logged(Level::kInfo, "m", {{"a", "x=\"y\"\\"}}), "a=\"x=\\\"y\\\"\\\\\""));
  EXPECT_TRUE(EndsWith(Logged(Level::kInfo, "m", {{"a", ""}}), "a=\"\""));
}

TEST(Log, AnEventIsOneLineWhateverItsFieldsHold) {
  const std::string line = Logged(Level::kWarning, "m", {{"record", "one\r\ntwo\nforged 2026 error"}});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\r'), 0);
  EXPECT_TRUE(EndsWith(line, "record=\"one\\r\\ntwo\\nforged 2026 error\"")) << line;
}

TEST(Log, ALineIsBounded) {
  const std::string line = Logged(Level::kError, "m", {{"record", std::string(1 << 20, 'x')}});
  EXPECT_LT(line.size(), 8'300u);
  EXPECT_EQ(line.back(), '\n');
}

TEST(Log, LevelsBelowTheSetOneAreSilent) {
  SetLogLevel(Level::kWarning);
  EXPECT_EQ(Logged(Level::kInfo, "quiet"), "");
  EXPECT_NE(Logged(Level::kWarning, "loud"), "");
  SetLogLevel(Level::kInfo);
  EXPECT_EQ(Logged(Level::kDebug, "quiet"), "");
  EXPECT_NE(Logged(Level::kInfo, "loud"), "");
}

}  // namespace
}  // namespace base
