#include "query/settings.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/check.h"

namespace query {
namespace {

using Kind = SettingKind;

constexpr int kMaxInt = 2'147'483'647;
constexpr const char* kLevels = "debug5 debug4 debug3 debug2 debug1 log notice warning error";
constexpr const char* kIsolation = "serializable|repeatable read|read committed|read uncommitted";

// By name. What has no meaning here (planner switches, work_mem ...) is taken because clients set
// it; it changes nothing that they could see.
constexpr SettingRow kSettings[] = {
    {"application_name", Kind::kText, "", true, 0, 0, "",
     "Name of the application, as freshet.queries shows it."},
    {"bytea_output", Kind::kEnum, "hex", false, 0, 0, "hex", "Output format of bytea."},
    {"check_function_bodies", Kind::kBool, "on", false, 0, 0, "",
     "There are no functions to check."},
    {"client_encoding", Kind::kEncoding, "UTF8", true, 0, 0, "",
     "Character set of the client; only UTF8."},
    {"client_min_messages", Kind::kEnum, "notice", false, 0, 0, kLevels,
     "Lowest level of messages sent to the client."},
    {"DateStyle", Kind::kDateStyle, "ISO, MDY", true, 0, 0, "",
     "Output format of dates; only ISO."},
    {"default_table_access_method", Kind::kText, "heap", false, 0, 0, "", "Has no meaning here."},
    {"default_text_search_config", Kind::kText, "pg_catalog.simple", false, 0, 0, "",
     "Has no meaning here."},
    {"default_transaction_deferrable", Kind::kBool, "off", false, 0, 0, "", "Has no meaning here."},
    {"default_transaction_isolation", Kind::kEnum, "read committed", false, 0, 0, kIsolation,
     "Every transaction block reads one snapshot, whatever level is asked for."},
    {"default_transaction_read_only", Kind::kBool, "off", true, 0, 0, "",
     "Read-only state of new transactions."},
    {"enable_bitmapscan", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"enable_hashjoin", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"enable_indexscan", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"enable_mergejoin", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"enable_nestloop", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"enable_seqscan", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"escape_string_warning", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"extra_float_digits", Kind::kInteger, "1", false, -15, 3, "",
     "Digits of floating-point numbers; above 0 the shortest exact text."},
    {"geqo", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"idle_in_transaction_session_timeout", Kind::kMilliseconds, "0", false, 0, kMaxInt, "",
     "Ends a session that is idle in a transaction for so long."},
    {"in_hot_standby", Kind::kFixed, "off", true, 0, 0, "", "Whether the server is a standby."},
    {"integer_datetimes", Kind::kFixed, "on", true, 0, 0, "",
     "Whether timestamps are 64-bit integers."},
    {"IntervalStyle", Kind::kEnum, "postgres", true, 0, 0, "postgres",
     "Output format of intervals."},
    {"is_superuser", Kind::kFixed, "off", true, 0, 0, "", "Whether the role is the administrator."},
    {"jit", Kind::kBool, "off", false, 0, 0, "", "Has no meaning here."},
    {"lc_collate", Kind::kFixed, "C", false, 0, 0, "", "Order of text: by code point."},
    {"lc_ctype", Kind::kFixed, "C.UTF-8", false, 0, 0, "", "Character classes."},
    {"lc_messages", Kind::kText, "C", false, 0, 0, "",
     "Language of messages; there is only English."},
    {"lc_monetary", Kind::kText, "C", false, 0, 0, "", "Has no meaning here."},
    {"lc_numeric", Kind::kText, "C", false, 0, 0, "", "Has no meaning here."},
    {"lc_time", Kind::kText, "C", false, 0, 0, "", "Has no meaning here."},
    {"lock_timeout", Kind::kMilliseconds, "0", false, 0, kMaxInt, "", "Readers take no locks."},
    {"max_identifier_length", Kind::kFixed, "63", false, 0, 0, "", "Longest identifier in bytes."},
    {"max_index_keys", Kind::kFixed, "32", false, 0, 0, "", "Has no meaning here."},
    {"row_security", Kind::kBool, "on", false, 0, 0, "", "Row-level security applies always."},
    {"search_path", Kind::kSearchPath, "\"$user\", public", false, 0, 0, "",
     "Schemas in which unqualified names are looked up."},
    {"server_encoding", Kind::kFixed, "UTF8", true, 0, 0, "", "Character set of the server."},
    {"server_version", Kind::kFixed, "15.0", true, 0, 0, "",
     "Version of PostgreSQL that is spoken."},
    {"server_version_num", Kind::kFixed, "150000", false, 0, 0, "", "The same as a number."},
    {"session_authorization", Kind::kFixed, "", true, 0, 0, "", "Role of the session."},
    {"standard_conforming_strings", Kind::kEnum, "on", true, 0, 0, "on",
     "Backslashes in '...' are ordinary characters."},
    {"statement_timeout", Kind::kMilliseconds, "0", false, 0, kMaxInt, "",
     "Longest time a statement may take; 0 = no limit."},
    {"synchronize_seqscans", Kind::kBool, "on", false, 0, 0, "", "Has no meaning here."},
    {"synchronous_commit", Kind::kEnum, "on", false, 0, 0, "on off local remote_write remote_apply",
     "Every commit is on disk."},
    {"TimeZone", Kind::kTimeZone, "UTC", true, 0, 0, "",
     "Time zone in which times are shown and read."},
    {"transaction_deferrable", Kind::kBool, "off", false, 0, 0, "", "Has no meaning here."},
    {"transaction_isolation", Kind::kEnum, "read committed", false, 0, 0, kIsolation,
     "Isolation level of the transaction."},
    {"transaction_read_only", Kind::kBool, "off", false, 0, 0, "",
     "Read-only state of the transaction."},
    {"work_mem", Kind::kText, "4MB", false, 0, 0, "",
     "Has no meaning here; memory is bounded for the whole server."},
    {"xmloption", Kind::kEnum, "content", false, 0, 0, "content document", "Has no meaning here."},
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return std::string(text);
}

// PostgreSQL's other names of a setting, and the words of SET that stand for one.
std::string KeyOf(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower == "time zone") return "timezone";
  if (lower == "names") return "client_encoding";
  if (lower == "transaction isolation level") return "transaction_isolation";
  if (lower == "session characteristics" ||
      lower == "session characteristics as transaction isolation level")
    return "default_transaction_isolation";
  return lower;
}

base::Status InvalidValue(const SettingRow& row, const std::string& value) {
  return base::Invalid("invalid value for parameter \"" + std::string(row.name) + "\": \"" + value +
                       "\"")
      .WithSqlstate("22023");
}

std::vector<std::string> Choices(const SettingRow& row) {
  std::vector<std::string> choices;
  const std::string_view text = row.choices;
  const char separator = text.find('|') == std::string_view::npos ? ' ' : '|';
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    choices.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

base::Result<std::string> CheckedEnum(const SettingRow& row, const std::string& value) {
  const auto choices = Choices(row);
  const std::string lower = Lower(value);
  if (std::find(choices.begin(), choices.end(), lower) != choices.end()) return lower;
  std::string list;
  for (const auto& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  if (choices.size() == 1)
    return base::Unsupported("\"" + value + "\" is not supported as a value of parameter \"" +
                             row.name + "\"")
        .WithHint("The value is " + list + ".");
  return InvalidValue(row, value).WithHint("Available values: " + list + ".");
}

base::Result<std::string> CheckedBool(const SettingRow& row, const std::string& value) {
  const std::string lower = Lower(Trimmed(value));
  const auto begins = [&](std::string_view word, size_t least) {
    return lower.size() >= least && word.starts_with(lower);
  };
  if (lower == "1" || begins("on", 2) || begins("true", 1) || begins("yes", 1))
    return std::string("on");
  if (lower == "0" || begins("off", 2) || begins("false", 1) || begins("no", 1))
    return std::string("off");
  return base::Invalid("parameter \"" + std::string(row.name) + "\" requires a Boolean value")
      .WithSqlstate("22023");
}

base::Status OutsideRange(const SettingRow& row, const std::string& value) {
  return base::Invalid(value + " is outside the valid range for parameter \"" + row.name + "\" (" +
                       std::to_string(row.minimum) + " .. " + std::to_string(row.maximum) + ")")
      .WithSqlstate("22023");
}

base::Result<std::string> CheckedInteger(const SettingRow& row, const std::string& value) {
  const std::string text = Trimmed(value);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return InvalidValue(row, value);
  if (number < row.minimum || number > row.maximum) return OutsideRange(row, text);
  return std::to_string(number);
}

// As PostgreSQL shows a time: in the largest unit that leaves no rest.
std::string ShownMilliseconds(int64_t value) {
  struct Unit {
    const char* name;
    int64_t ms;
  };
  constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1'000}};
  if (value == 0) return "0";
  for (const Unit& unit : kUnits)
    if (value % unit.ms == 0) return std::to_string(value / unit.ms) + unit.name;
  return std::to_string(value) + "ms";
}

base::Result<std::string> CheckedEncoding(const std::string& value) {
  std::string key;
  for (char c : Lower(value))
    if (std::isalnum(static_cast<unsigned char>(c))) key += c;
  if (key == "utf8" || key == "unicode") return std::string("UTF8");
  return base::Unsupported("client encoding \"" + value + "\" is not supported")
      .WithHint("Use UTF8.");
}

base::Result<std::string> CheckedDateStyle(const SettingRow& row, const std::string& value) {
  std::string order = "MDY";
  std::string text = value + ",";
  for (size_t at = 0, end; (end = text.find(',', at)) != std::string::npos; at = end + 1) {
    const std::string word = Lower(Trimmed(std::string_view(text).substr(at, end - at)));
    if (word == "iso" || word == "default") continue;
    if (word == "mdy" || word == "us" || word == "noneuro" || word == "noneuropean") order = "MDY";
    else if (word == "dmy" || word == "euro" || word == "european") order = "DMY";
    else if (word == "ymd") order = "YMD";
    else if (word == "sql" || word == "postgres" || word == "german")
      return base::Unsupported("DateStyle \"" + word + "\" is not supported")
          .WithHint("Dates are written as ISO.");
    else return InvalidValue(row, value).WithDetail("Unrecognized key word: \"" + word + "\".");
  }
  return "ISO, " + order;
}

// A list of identifiers, written back as PostgreSQL writes it.
base::Result<std::string> CheckedSearchPath(const SettingRow& row, const std::string& value) {
  std::string out, word;
  bool quoted = false, was_quoted = false;
  const auto flush = [&] {
    if (word.empty() && !was_quoted) return;
    const bool plain =
        !word.empty() &&
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    out += (out.empty() ? "" : ", ") + (plain ? word : "\"" + word + "\"");
    word.clear();
    was_quoted = false;
  };
  for (char c : value) {
    if (c == '"') quoted = !quoted, was_quoted = true;
    else if (quoted) word += c;
    else if (c == ',') flush();
    else if (!std::isspace(static_cast<unsigned char>(c)))
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (quoted) return InvalidValue(row, value).WithDetail("List syntax is invalid.");
  flush();
  return out;
}

}  // namespace

std::span<const SettingRow> SettingTable() { return kSettings; }

base::Result<int64_t> ParseMilliseconds(std::string_view name, std::string_view text) {
  const std::string trimmed = Trimmed(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  const std::string unit = Trimmed(std::string_view(end, trimmed.data() + trimmed.size()));
  static const std::map<std::string, double, std::less<>> kUnits{
      {"", 1},         {"us", 0.001},    {"ms", 1},        {"s", 1000},
      {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto known = kUnits.find(unit);
  base::Status invalid = base::Invalid("invalid value for parameter \"" + std::string(name) +
                                       "\": \"" + std::string(text) + "\"")
                             .WithSqlstate("22023");
  if (error != std::errc()) return invalid;
  if (known == kUnits.end())
    return std::move(invalid).WithHint(
        "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".");
  const double milliseconds = number * known->second;
  if (!(milliseconds >= 0 && milliseconds <= kMaxInt))
    return base::Invalid(trimmed + " is outside the valid range for parameter \"" +
                         std::string(name) + "\" (0 .. 2147483647)")
        .WithSqlstate("22023");
  return static_cast<int64_t>(milliseconds + 0.5);
}

Settings::Settings(TimeZoneNames zones) : zones_(std::move(zones)) {
  for (const SettingRow& row : kSettings) values_[Lower(row.name)] = row.value;
  defaults_ = values_;
}

const SettingRow* Settings::Find(std::string_view name) {
  for (const SettingRow& row : kSettings)
    if (Lower(row.name) == name) return &row;
  return nullptr;
}

std::optional<std::string> Settings::Get(std::string_view name) const {
  std::string key = KeyOf(name);
  if (!in_block_ && (key == "transaction_isolation" || key == "transaction_read_only" ||
                     key == "transaction_deferrable"))
    key = "default_" + key;
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Settings::ShownName(std::string_view name) const {
  const std::string key = KeyOf(name);
  if (const SettingRow* row = Find(key)) return row->name;
  return values_.contains(key) ? std::optional(key) : std::nullopt;
}

base::Status Settings::Set(std::string_view name, const std::string& value, bool local) {
  constexpr size_t kMaxCustom = 200, kMaxValueBytes = 64 << 10;
  const std::string key = KeyOf(name);
  if (value.size() > kMaxValueBytes)
    return base::Invalid("value of parameter \"" + key + "\" is too long").WithSqlstate("22023");
  if (const SettingRow* row = Find(key)) {
    ASSIGN_OR_RETURN(const std::string checked, Checked(*row, value));
    Put(key, checked, local);
    return {};
  }
  if (key.find('.') != std::string::npos) {  // an application's own: app.region
    if (!values_.contains(key) && values_.size() >= std::size(kSettings) + kMaxCustom)
      return base::Exhausted("too many parameters of applications are set").WithSqlstate("54000");
    Put(key, value, local);
    return {};
  }
  return Unknown(name);
}

base::Status Settings::Unknown(std::string_view name) {
  std::vector<std::string_view> known;
  for (const SettingRow& row : kSettings) known.push_back(row.name);
  base::Status unknown =
      base::NotFound("unrecognized configuration parameter \"" + std::string(name) + "\"")
          .WithSqlstate("42704");
  if (const auto near = base::NearestName(Lower(name), known))
    return std::move(unknown).WithHint("Perhaps you meant \"" + *near + "\".");
  return unknown;
}

base::Result<std::string> Settings::Checked(const SettingRow& row, const std::string& value) const {
  switch (row.kind) {
    case Kind::kFixed:
      return base::Invalid("parameter \"" + std::string(row.name) + "\" cannot be changed")
          .WithSqlstate("55P02");
    case Kind::kBool: return CheckedBool(row, value);
    case Kind::kInteger: return CheckedInteger(row, value);
    case Kind::kMilliseconds: {
      ASSIGN_OR_RETURN(const int64_t milliseconds, ParseMilliseconds(row.name, value));
      return ShownMilliseconds(milliseconds);
    }
    case Kind::kEnum: return CheckedEnum(row, value);
    case Kind::kText: return value;
    case Kind::kEncoding: return CheckedEncoding(value);
    case Kind::kDateStyle: return CheckedDateStyle(row, value);
    case Kind::kSearchPath: return CheckedSearchPath(row, value);
    case Kind::kTimeZone: {
      const auto zone = zones_(value);
      if (!zone) return InvalidValue(row, value);
      return *zone;
    }
  }
  return base::Internal("setting without a kind");
}

void Settings::Put(const std::string& name, const std::string& value, bool local) {
  values_[name] = value;
  if (in_block_ && !local) after_block_[name] = value;
}

base::Status Settings::Reset(std::string_view name, bool local) {
  const std::string key = KeyOf(name);
  const SettingRow* row = Find(key);
  if (row == nullptr && key.find('.') == std::string::npos) return Unknown(name);
  if (row != nullptr && row->kind == Kind::kFixed)
    return base::Invalid("parameter \"" + std::string(row->name) + "\" cannot be changed")
        .WithSqlstate("55P02");
  const auto found = defaults_.find(key);
  Put(key, found == defaults_.end() ? "" : found->second, local);
  return {};
}

void Settings::ResetAll() {
  CHECK(!in_block_);
  values_ = defaults_;
}

void Settings::SetDefault(std::string_view name, const std::string& value) {
  const std::string key = KeyOf(name);
  const SettingRow* row = Find(key);
  CHECK(row != nullptr);
  const auto checked =
      row->kind == Kind::kFixed ? base::Result<std::string>(value) : Checked(*row, value);
  values_[key] = defaults_[key] = checked.ok() ? *checked : value;
}

int64_t Settings::Milliseconds(std::string_view name) const {
  const auto text = Get(name);
  if (!text) return 0;
  auto value = ParseMilliseconds(name, *text);
  return value.ok() ? *value : 0;
}

bool Settings::On(std::string_view name) const { return Get(name) == "on"; }

std::vector<std::string> Settings::SearchPath() const {
  std::vector<std::string> schemas;
  const std::string text = Get("search_path").value_or("");
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    std::string word = Trimmed(std::string_view(text).substr(at, end - at));
    if (word.size() >= 2 && word.front() == '"') word = word.substr(1, word.size() - 2);
    if (!word.empty() && word != "$user") schemas.push_back(word);
    at = end + 1;
  }
  return schemas;
}

std::vector<std::vector<std::string>> Settings::All() const {
  std::vector<std::vector<std::string>> rows;
  for (const SettingRow& row : kSettings)
    rows.push_back({row.name, values_.at(Lower(row.name)), row.description});
  return rows;
}

std::vector<std::pair<std::string, std::string>> Settings::TakeChanged() {
  std::vector<std::pair<std::string, std::string>> changed;
  for (const SettingRow& row : kSettings) {
    if (!row.reported) continue;
    const std::string& value = values_.at(Lower(row.name));
    const auto [told, first] = reported_.try_emplace(row.name, value);
    if (!first && told->second == value) continue;
    told->second = value;
    changed.emplace_back(row.name, value);
  }
  return changed;
}

void Settings::Begin() {
  in_block_ = true;
  before_block_ = after_block_ = values_;
}

void Settings::End(bool committed) {
  if (!in_block_) return;
  values_ = committed ? after_block_ : before_block_;
  in_block_ = false;
  savepoints_.clear();
}

void Settings::Save() { savepoints_.emplace_back(values_, after_block_); }

void Settings::RollBackTo(size_t depth) {
  CHECK(depth > 0 && depth <= savepoints_.size());
  std::tie(values_, after_block_) = savepoints_[depth - 1];
  savepoints_.resize(depth);
}

void Settings::Release(size_t depth) {
  CHECK(depth <= savepoints_.size());
  savepoints_.resize(depth);
}

}  // namespace query
