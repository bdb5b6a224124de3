#include "server/settings.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Settings, SizesAndDurationsTakeUnits) {
  Settings settings;
  ASSERT_TRUE(ApplySettings({{"memory_limit", "1GB"}, {"linger", "2s"}, {"lanes", "3"}}, &settings).ok());
  EXPECT_EQ(settings.memory_limit_bytes, 1'000'000'000u);
  EXPECT_EQ(settings.linger.count(), 2000);
  EXPECT_EQ(settings.lanes, 3);
}

TEST(Settings, WrongValueSaysWhatWasExpected) {
  Settings settings;
  const auto status = ApplySettings({{"memory_limit", "lots"}}, &settings);
  EXPECT_EQ(status.message(), "invalid value for setting \"memory_limit\": \"lots\"");
  EXPECT_EQ(status.hint(), "Expected a size such as 256MB or 1GB.");
  EXPECT_FALSE(ApplySettings({{"lanes", "-1"}}, &settings).ok());
  EXPECT_FALSE(ApplySettings({{"linger", "5 parsecs"}}, &settings).ok());
}

TEST(Settings, UnknownNameNamesTheNearest) {
  Settings settings;
  EXPECT_EQ(ApplySettings({{"data_dri", "x"}}, &settings).hint(), "Perhaps you meant \"data_dir\".");
}

TEST(Settings, FileErrorsNameTheLine) {
  const auto file = std::filesystem::temp_directory_path() / "freshet_settings_test.toml";
  std::ofstream(file) << "lanes = 2\nlisten = oops\n";
  const auto values = ReadSettingsFile(file);
  ASSERT_FALSE(values.ok());
  EXPECT_NE(values.status().message().find("line 2"), std::string::npos) << values.status().message();
  std::ofstream(file) << "lanes = 2\nmemory_limit = \"300MB\"\n";
  EXPECT_EQ((*ReadSettingsFile(file)).at("memory_limit"), "300MB");
  std::filesystem::remove(file);
}

TEST(Settings, EveryRowIsDescribedAndAccepted) {
  Settings settings;
  const auto rows = DescribeSettings(settings);
  ASSERT_EQ(rows.size(), SettingTable().size());
  for (const auto& row : SettingTable()) {
    if (*row.default_text == '\0') continue;
    EXPECT_TRUE(ApplySettings({{row.name, row.default_text}}, &settings).ok()) << row.name;
  }
}

TEST(Settings, ReferenceIsFresh) {
  std::ostringstream text;
  text << "<!-- Made by src/server/settings_test.cc; `make docs` writes it again. -->\n"
          "# Settings\n\nEach setting is a flag of `freshet run` (`--data-dir`), a name in the TOML file given by `--config` "
          "(`data_dir`) and\nan environment variable (`FRESHET_DATA_DIR`). The command line beats the environment, the "
          "environment beats the file.\nSizes take KB, MB, GB, KiB, MiB, GiB; durations ms, s, min, h.\n\n"
          "| name | unit | default | meaning |\n|---|---|---|---|\n";
  for (const auto& row : SettingTable())
    text << "| `" << row.name << "` | " << row.unit << " | " << (*row.default_text ? row.default_text : "none") << " | "
         << row.description << " |\n";
  const std::filesystem::path file = "docs/reference/settings.md";
  if (std::getenv("FRESHET_UPDATE_DOCS") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text.str();
  }
  std::ifstream in(file);
  std::stringstream known;
  known << in.rdbuf();
  EXPECT_EQ(known.str(), text.str()) << "run `make docs`";
}

}  // namespace
}  // namespace server
