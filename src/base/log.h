#pragma once
// The structured log: one line an event, `time level room message key=value ...`, to stderr.
//   base::Log(base::Level::kInfo, "pipeline", "source started", {{"source", name}, {"lanes", "2"}});
// Values are quoted when they hold spaces or quotes; a line is at most 8 KiB. Threads: any.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace base {

enum class Level { kDebug, kInfo, kWarning, kError };

using LogField = std::pair<std::string_view, std::string>;

void SetLogLevel(Level lowest);
void Log(Level level, std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace base
