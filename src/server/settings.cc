#include "server/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <variant>

#include <toml++/toml.h>

namespace server {
namespace {

constexpr std::array kRows{
    SettingRow{"data_dir", "path", "freshet-data",
               "folder of the store, the Unix socket and the administrator's password"},
    SettingRow{"listen", "host:port", "127.0.0.1:7432",
               "address of the PostgreSQL protocol; beyond loopback TLS is required"},
    SettingRow{"http", "host:port", "127.0.0.1:7480",
               "address of /metrics, /healthz and /readyz; empty = none"},
    SettingRow{"tls_certificate", "path", "", "PEM file with the server's certificate chain"},
    SettingRow{"tls_key", "path", "", "PEM file with the certificate's private key"},
    SettingRow{"lanes", "count", "0", "lanes per source at most; 0 = one per core"},
    SettingRow{"reader", "text", "auto",
               "Kafka client: auto (direct, librdkafka where a property needs it) or librdkafka"},
    SettingRow{"memory_limit", "bytes", "256MB", "memory of the column store"},
    SettingRow{"lane_memory", "bytes", "40MB",
               "fetched (a quarter) and decoded records that one lane may hold"},
    SettingRow{"max_batch_rows", "count", "122880",
               "rows after which a lane commits its micro-batch"},
    SettingRow{"linger", "milliseconds", "50ms",
               "a micro-batch is committed at the latest so long after its first record"},
    SettingRow{"statement_timeout", "milliseconds", "60s", "longest run of one query; 0 = none"},
    SettingRow{"max_connections", "count", "500", "client connections at once"},
    SettingRow{"max_running_queries", "count", "4", "queries that run at once; more wait"},
    SettingRow{"min_free_disk", "bytes", "256MB",
               "below so much free disk space the sources pause"},
    SettingRow{"file_folders", "paths", "",
               "folders that sources with connector = 'file' may read, separated by commas, and "
               "what lies below them"},
    SettingRow{"secret_folders", "paths", "",
               "folders whose files may be secrets (CREATE SECRET), separated by commas"},
    SettingRow{"allowed_hosts", "text", "*",
               "hosts that definitions may name, separated by commas: *, names, *.suffix, "
               "addresses, networks such as 10.0.0.0/8; link-local addresses only when listed"},
    SettingRow{"log_level", "text", "info", "debug, info, warning or error"},
    SettingRow{"database", "text", "freshet", "name of the one database that clients connect to"},
};

std::optional<std::pair<double, std::string>> SplitNumber(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  std::erase(unit, ' ');
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::pair(number, unit);
}

base::Status Wrong(const std::string& name, const std::string& value, const char* expected) {
  return base::Invalid("invalid value for setting \"" + name + "\": \"" + value + "\"")
      .WithHint(std::string("Expected ") + expected + ".");
}

base::Status ParseBytes(const std::string& name, const std::string& value, size_t* out) {
  static const std::map<std::string, double> kUnits{
      {"", 1},     {"b", 1},        {"kb", 1e3},        {"mb", 1e6},
      {"gb", 1e9}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}};
  const auto split = SplitNumber(value);
  if (!split || !kUnits.contains(split->second))
    return Wrong(name, value, "a size such as 256MB or 1GB");
  *out = static_cast<size_t>(split->first * kUnits.at(split->second));
  return {};
}

base::Status ParseDuration(const std::string& name, const std::string& value,
                           std::chrono::milliseconds* out) {
  static const std::map<std::string, double> kUnits{
      {"", 1}, {"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"h", 3.6e6}};
  const auto split = SplitNumber(value);
  if (!split || !kUnits.contains(split->second))
    return Wrong(name, value, "a duration such as 50ms, 30s or 5min");
  *out = std::chrono::milliseconds(static_cast<int64_t>(split->first * kUnits.at(split->second)));
  return {};
}

base::Status ParseCount(const std::string& name, const std::string& value, int* out) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *out);
  if (error != std::errc() || end != value.data() + value.size() || *out < 0)
    return Wrong(name, value, "a count");
  return {};
}

struct Slot {
  std::variant<std::filesystem::path Settings::*, std::string Settings::*, size_t Settings::*,
               int Settings::*, std::chrono::milliseconds Settings::*>
      member;
  std::vector<std::string> allowed;  // of a text; empty = any
};

const std::map<std::string, Slot>& Slots() {
  static const std::map<std::string, Slot> kSlots{
      {"data_dir", {&Settings::data_dir, {}}},
      {"listen", {&Settings::listen, {}}},
      {"http", {&Settings::http, {}}},
      {"tls_certificate", {&Settings::tls_certificate, {}}},
      {"tls_key", {&Settings::tls_key, {}}},
      {"lanes", {&Settings::lanes, {}}},
      {"reader", {&Settings::reader, {"auto", "librdkafka"}}},
      {"memory_limit", {&Settings::memory_limit_bytes, {}}},
      {"lane_memory", {&Settings::lane_memory_bytes, {}}},
      {"max_batch_rows", {&Settings::max_batch_rows, {}}},
      {"linger", {&Settings::linger, {}}},
      {"statement_timeout", {&Settings::statement_timeout, {}}},
      {"max_connections", {&Settings::max_connections, {}}},
      {"max_running_queries", {&Settings::max_running_queries, {}}},
      {"min_free_disk", {&Settings::min_free_disk_bytes, {}}},
      {"file_folders", {&Settings::file_folders, {}}},
      {"secret_folders", {&Settings::secret_folders, {}}},
      {"allowed_hosts", {&Settings::allowed_hosts, {}}},
      {"log_level", {&Settings::log_level, {"debug", "info", "warning", "error"}}},
      {"database", {&Settings::database, {}}},
  };
  return kSlots;
}

base::Status Parse(const std::string& name, const std::string& value, const Slot&, size_t* out) {
  return ParseBytes(name, value, out);
}
base::Status Parse(const std::string& name, const std::string& value, const Slot&, int* out) {
  return ParseCount(name, value, out);
}
base::Status Parse(const std::string& name, const std::string& value, const Slot&,
                   std::chrono::milliseconds* out) {
  return ParseDuration(name, value, out);
}
base::Status Parse(const std::string&, const std::string& value, const Slot&,
                   std::filesystem::path* out) {
  *out = value;
  return {};
}
base::Status Parse(const std::string& name, const std::string& value, const Slot& slot,
                   std::string* out) {
  const auto& allowed = slot.allowed;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    std::string expected;
    for (const auto& word : allowed)
      expected += (expected.empty() ? "" : word == allowed.back() ? " or " : ", ") + word;
    return Wrong(name, value, expected.c_str());
  }
  *out = value;
  return {};
}

std::string TextOf(const std::filesystem::path& value) { return value.string(); }
std::string TextOf(const std::string& value) { return value; }
std::string TextOf(size_t value) { return std::to_string(value); }
std::string TextOf(int value) { return std::to_string(value); }
std::string TextOf(std::chrono::milliseconds value) { return std::to_string(value.count()); }

base::Status Assign(const std::string& name, const std::string& value, Settings* settings) {
  const auto slot = Slots().find(name);
  if (slot != Slots().end())
    return std::visit(
        [&](auto member) { return Parse(name, value, slot->second, &(settings->*member)); },
        slot->second.member);
  std::vector<std::string_view> known;
  for (const auto& row : kRows) known.push_back(row.name);
  auto error = base::Invalid("unknown setting \"" + name + "\"");
  if (const auto near = base::NearestName(name, known))
    return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
  return error;
}

}  // namespace

std::span<const SettingRow> SettingTable() { return kRows; }

base::Result<SettingValues> ReadSettingsFile(const std::filesystem::path& file) {
  SettingValues values;
  try {
    const toml::table table = toml::parse_file(file.string());
    for (const auto& [key, node] : table) {
      std::string text;
      if (const auto* string = node.as_string()) text = string->get();
      else if (const auto* integer = node.as_integer()) text = std::to_string(integer->get());
      else if (const auto* boolean = node.as_boolean()) text = boolean->get() ? "true" : "false";
      else
        return base::Invalid("setting \"" + std::string(key.str()) + "\" in " + file.string() +
                             " must be a text or a number");
      values[std::string(key.str())] = text;
    }
  } catch (const toml::parse_error& error) {
    return base::Invalid(file.string() + " line " + std::to_string(error.source().begin.line) +
                         ": " + std::string(error.description()));
  } catch (const std::exception& error) {
    return base::NotFound("cannot read " + file.string() + ": " + error.what());
  }
  return values;
}

SettingValues ReadEnvironment() {
  SettingValues values;
  for (const auto& row : kRows) {
    std::string name = "FRESHET_";
    for (const char* c = row.name; *c; ++c)
      name.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(*c))));
    if (const char* value = std::getenv(name.c_str())) values[row.name] = value;
  }
  return values;
}

base::Status ApplySettings(const SettingValues& values, Settings* settings) {
  for (const auto& [name, value] : values) RETURN_IF_ERROR(Assign(name, value, settings));
  return {};
}

std::vector<std::vector<std::string>> DescribeSettings(const Settings& settings) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : kRows) {
    const std::string value = std::visit([&](auto member) { return TextOf(settings.*member); },
                                         Slots().at(row.name).member);
    rows.push_back({row.name, value, row.unit, row.description});
  }
  return rows;
}

}  // namespace server
