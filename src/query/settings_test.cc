#include "query/settings.h"

#include <gtest/gtest.h>

namespace query {
namespace {

Settings Make() {
  return Settings([](std::string_view name) -> std::optional<std::string> {
    if (name == "asia/tokyo" || name == "Asia/Tokyo") return "Asia/Tokyo";
    return std::nullopt;
  });
}

std::string After(std::string_view name, const std::string& value) {
  Settings settings = Make();
  const auto status = settings.Set(name, value);
  return status.ok() ? *settings.Get(name)
                     : std::string(status.sqlstate()) + " " + status.message();
}

TEST(Settings, ValuesAreWrittenAsPostgresWritesThem) {
  EXPECT_EQ(After("statement_timeout", "30000"), "30s");
  EXPECT_EQ(After("statement_timeout", "1500"), "1500ms");
  EXPECT_EQ(After("statement_timeout", "5 min"), "5min");
  EXPECT_EQ(After("statement_timeout", "0"), "0");
  EXPECT_EQ(After("jit", "TRUE"), "on");
  EXPECT_EQ(After("jit", "of"), "off");
  EXPECT_EQ(After("DATESTYLE", "iso, dmy"), "ISO, DMY");
  EXPECT_EQ(After("client_encoding", "utf-8"), "UTF8");
  EXPECT_EQ(After("names", "unicode"), "UTF8");
  EXPECT_EQ(After("time zone", "asia/tokyo"), "Asia/Tokyo");
  EXPECT_EQ(After("transaction isolation level", "x").substr(0, 5), "22023");
  EXPECT_EQ(After("search_path", "\"$user\", Public , \"My Schema\""),
            "\"$user\", public, \"My Schema\"");
  EXPECT_EQ(After("app.region", "eu"), "eu");
}

TEST(Settings, WrongValuesAndNamesSayWhy) {
  EXPECT_EQ(
      After("statement_timeout", "-1"),
      "22023 -1 is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)");
  EXPECT_EQ(After("statement_timeout", "soon").substr(0, 5), "22023");
  EXPECT_EQ(After("extra_float_digits", "4"),
            "22023 4 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)");
  EXPECT_EQ(After("jit", "maybe"), "22023 parameter \"jit\" requires a Boolean value");
  EXPECT_EQ(After("TimeZone", "Mars/Olympus"),
            "22023 invalid value for parameter \"TimeZone\": \"Mars/Olympus\"");
  EXPECT_EQ(After("server_version", "16"), "55P02 parameter \"server_version\" cannot be changed");
  EXPECT_EQ(After("client_encoding", "LATIN1").substr(0, 5), "0A000");
  EXPECT_EQ(After("standard_conforming_strings", "off").substr(0, 5), "0A000");
  EXPECT_EQ(After("DateStyle", "German").substr(0, 5), "0A000");
  const auto unknown = Make().Set("statement_timout", "1");
  EXPECT_EQ(unknown.sqlstate(), "42704");
  EXPECT_EQ(unknown.hint(), "Perhaps you meant \"statement_timeout\".");
}

TEST(Settings, RollbackUndoesSetAndCommitUndoesSetLocal) {
  Settings settings = Make();
  ASSERT_TRUE(settings.Set("application_name", "a").ok());
  settings.Begin();
  ASSERT_TRUE(settings.Set("application_name", "b").ok());
  ASSERT_TRUE(settings.Set("jit", "on", true).ok());
  settings.End(false);
  EXPECT_EQ(settings.Get("application_name"), "a");
  settings.Begin();
  ASSERT_TRUE(settings.Set("application_name", "b").ok());
  ASSERT_TRUE(settings.Set("jit", "on", true).ok());
  EXPECT_EQ(settings.Get("jit"), "on");
  settings.End(true);
  EXPECT_EQ(settings.Get("application_name"), "b");
  EXPECT_EQ(settings.Get("jit"), "off");
}

TEST(Settings, ASavepointBringsBackWhatWasSetAtIt) {
  Settings settings = Make();
  settings.Begin();
  ASSERT_TRUE(settings.Set("application_name", "a").ok());
  settings.Save();
  ASSERT_TRUE(settings.Set("application_name", "b").ok());
  settings.Save();
  ASSERT_TRUE(settings.Set("application_name", "c").ok());
  settings.RollBackTo(2);
  EXPECT_EQ(settings.Get("application_name"), "b");
  settings.RollBackTo(1);
  EXPECT_EQ(settings.Get("application_name"), "a");
  settings.End(true);
  EXPECT_EQ(settings.Get("application_name"), "a");
}

TEST(Settings, ReportedOnesAreToldOnceAndWhenTheyChange) {
  Settings settings = Make();
  const auto first = settings.TakeChanged();
  EXPECT_EQ(first.size(), 13u);  // PostgreSQL 15's ParameterStatus messages
  EXPECT_TRUE(settings.TakeChanged().empty());
  ASSERT_TRUE(settings.Set("TimeZone", "Asia/Tokyo").ok());
  ASSERT_TRUE(settings.Set("jit", "on").ok());
  const std::vector<std::pair<std::string, std::string>> expected{{"TimeZone", "Asia/Tokyo"}};
  EXPECT_EQ(settings.TakeChanged(), expected);
}

TEST(Settings, ResetGoesBackToWhatTheSessionBeganWith) {
  Settings settings = Make();
  ASSERT_TRUE(settings.Set("statement_timeout", "30s").ok());  // from the startup message
  settings.KeepAsDefaults();
  ASSERT_TRUE(settings.Set("statement_timeout", "1s").ok());
  ASSERT_TRUE(settings.Reset("statement_timeout").ok());
  EXPECT_EQ(settings.Milliseconds("statement_timeout"), 30'000);
  EXPECT_EQ(settings.Reset("server_version").sqlstate(), "55P02");
}

TEST(Settings, ApplicationsCannotFillTheMemory) {
  Settings settings = Make();
  base::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i)
    status = settings.Set("app.s" + std::to_string(i), "x");
  EXPECT_EQ(status.sqlstate(), "54000");
  EXPECT_FALSE(Make().Set("app.x", std::string(100'000, 'x')).ok());
}

}  // namespace
}  // namespace query
