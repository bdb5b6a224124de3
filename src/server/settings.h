#pragma once
// Settings of the server: one table from which the command line, the configuration file (TOML), the
// environment (FRESHET_...) and docs/reference/settings.md are read. Later beats earlier: default,
// file, environment, command line. Threads: values.

#include <chrono>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace server {

struct Settings {
  std::filesystem::path data_dir = "freshet-data";
  std::string listen = "127.0.0.1:7432";
  std::string http = "127.0.0.1:7480";
  std::filesystem::path tls_certificate, tls_key;
  int lanes = 0;                // 0 = one per core
  std::string reader = "auto";  // or "librdkafka"
  size_t memory_limit_bytes = size_t{256} << 20;
  size_t lane_memory_bytes = size_t{40} << 20;
  int max_batch_rows = 122'880;
  std::chrono::milliseconds linger{50};
  std::chrono::milliseconds statement_timeout{60'000};
  int max_connections = 500;
  int max_running_queries = 4;
  size_t min_free_disk_bytes = size_t{256} << 20;
  std::string file_folders, secret_folders;
  std::string allowed_hosts = "*";
  std::string log_level = "info";
  std::string database = "freshet";
};

struct SettingRow {
  const char* name;  // in the file, with underscores; --with-dashes; FRESHET_UPPER_CASE
  const char* unit;  // "path", "host:port", "bytes", "milliseconds", "count", "text"
  const char* default_text;
  const char* description;
};
std::span<const SettingRow> SettingTable();

using SettingValues = std::map<std::string, std::string>;

// Values of the file; unknown keys are errors that name the nearest known one. Sizes take KB, MB,
// GB; durations ms, s, min.
base::Result<SettingValues> ReadSettingsFile(const std::filesystem::path& file);
SettingValues ReadEnvironment();
base::Status ApplySettings(const SettingValues& values, Settings* settings);

// For freshet.settings: name, value as it stands, unit, description.
std::vector<std::vector<std::string>> DescribeSettings(const Settings& settings);

}  // namespace server
