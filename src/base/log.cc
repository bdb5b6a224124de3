#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace base {
namespace {

constexpr size_t kMaxLineBytes = 8192;

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = spdlog::stderr_logger_mt("freshet");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

void AppendValue(std::string* line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"\n\r\t=\\") == std::string_view::npos;
  if (plain) {
    line->append(value);
    return;
  }
  line->push_back('"');
  for (char c : value) {
    if (c == '"' || c == '\\') line->push_back('\\');
    if (c == '\n') line->append("\\n");
    else if (c == '\r') line->append("\\r");
    else line->push_back(c);
  }
  line->push_back('"');
}

}  // namespace

void SetLogLevel(Level lowest) { Logger().set_level(ToSpdlog(lowest)); }

void Log(Level level, std::string_view room, std::string_view message, std::initializer_list<LogField> fields) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  std::string line = fmt::format("{}: {}", room, message);
  for (const auto& [key, value] : fields) {
    line += fmt::format(" {}=", key);
    AppendValue(&line, value);
  }
  if (line.size() > kMaxLineBytes) line.resize(kMaxLineBytes);
  Logger().log(ToSpdlog(level), "{}", line);
}

}  // namespace base
