#pragma once
// Settings of a session: PostgreSQL's names, checks and texts. SET in a transaction block is undone
// by ROLLBACK, SET LOCAL by the end of the block.
//
// Threads: values; one owner. Errors: 42704 for an unknown setting (with the nearest name), 22023
// for a value it cannot have, 55P02 for one that cannot be changed, 0A000 for a value of
// PostgreSQL's that Freshet does not speak.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace query {

enum class SettingKind : uint8_t {
  kFixed,  // cannot be changed
  kBool,
  kInteger,       // minimum..maximum
  kMilliseconds,  // an integer or '30s', '5 min'; shown as PostgreSQL shows it
  kEnum,          // one of `choices`, separated by spaces
  kText,
  kTimeZone,
  kEncoding,
  kDateStyle,
  kSearchPath,
};

struct SettingRow {
  const char* name;  // as shown
  SettingKind kind;
  const char* value;      // at the start of a session
  bool reported = false;  // as ParameterStatus
  int minimum = 0, maximum = 0;
  const char* choices = "";
  const char* description;
};

std::span<const SettingRow> SettingTable();

// The canonical spelling of a time zone, or nullopt when it is not known. Given by the engine (the
// store knows the zones).
using TimeZoneNames = std::function<std::optional<std::string>(std::string_view)>;

// '30s', '5 min', '1500' ... -> milliseconds.
base::Result<int64_t> ParseMilliseconds(std::string_view name, std::string_view text);

class Settings {
 public:
  explicit Settings(TimeZoneNames zones);

  // nullopt for an unknown name.
  std::optional<std::string> Get(std::string_view name) const;
  // As SHOW calls it; nullopt for an unknown name.
  std::optional<std::string> ShownName(std::string_view name) const;
  static base::Status Unknown(std::string_view name);
  base::Status Set(std::string_view name, const std::string& value, bool local = false);
  base::Status Reset(std::string_view name, bool local = false);
  void ResetAll();
  // For what only the server decides: is_superuser, session_authorization ... Also the value that
  // RESET goes back to.
  void SetDefault(std::string_view name, const std::string& value);
  // After start-up: what is set now is what RESET goes back to.
  void KeepAsDefaults() { defaults_ = values_; }

  int64_t Milliseconds(std::string_view name) const;
  bool On(std::string_view name) const;
  std::vector<std::string> SearchPath() const;  // without "$user"

  // Name, value, description of all, by name.
  std::vector<std::vector<std::string>> All() const;
  std::vector<std::pair<std::string, std::string>> TakeChanged();

  void Begin();  // a transaction block
  void End(bool committed);
  void Save();                    // SAVEPOINT
  void RollBackTo(size_t depth);  // keeps the first `depth` savepoints
  void Release(size_t depth);

 private:
  using Values = std::map<std::string, std::string, std::less<>>;  // by lower-case name
  static const SettingRow* Find(std::string_view name);
  base::Result<std::string> Checked(const SettingRow& row, const std::string& value) const;
  void Put(const std::string& name, const std::string& value, bool local);

  TimeZoneNames zones_;
  Values values_, defaults_;
  Values reported_;  // as last told to the client
  bool in_block_ = false;
  Values before_block_;                                // for ROLLBACK
  Values after_block_;                                 // for COMMIT: without SET LOCAL
  std::vector<std::pair<Values, Values>> savepoints_;  // values_, after_block_
};

}  // namespace query
