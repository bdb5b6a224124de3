#pragma once
// A query engine for the protocol's own tests: it knows a handful of statements by their words, so that a transcript can
// bring a session into every state. The real engine is tested with real clients (server_clients_test.cc, test/pgtest).
//
//   SELECT 1                 one int4 row            SELECT $1          its parameter back (type as declared, else text)
//   series N                 N int8 rows             sleep              runs until it is cancelled
//   broken                   42703 at position 8     crash              57P01 while running
//   BEGIN, COMMIT, ROLLBACK  a block                 SET name=value, SHOW name, COPY (refused), DEALLOCATE name
// Threads: as query::Engine.

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/scram.h"
#include "query/engine.h"

namespace pgwire {

class SeriesRows : public model::RowSource {
 public:
  explicit SeriesRows(int64_t count) : left_(count) {}
  const model::Fields& fields() const override { return fields_; }
  base::Result<model::ChunkView> Next() override {
    const size_t rows = static_cast<size_t>(std::min<int64_t>(left_, 2048));
    left_ -= static_cast<int64_t>(rows);
    values_.resize(rows);
    for (auto& value : values_) value = ++last_;
    model::ColumnView column;
    column.kind = model::CellKind::kInt64;
    column.data = values_.data();
    return model::ChunkView{rows, {column}};
  }

 private:
  const model::Fields fields_{{"n", model::kInt8}};
  int64_t left_, last_ = 0;
  std::vector<int64_t> values_;
};

class ScriptedSession : public query::Session {
 public:
  explicit ScriptedSession(query::SessionInfo info) : info_(std::move(info)) {
    settings_ = {{"application_name", info_.application_name}, {"client_encoding", "UTF8"}, {"DateStyle", "ISO, MDY"},
                 {"default_transaction_read_only", "on"}, {"in_hot_standby", "off"}, {"integer_datetimes", "on"},
                 {"IntervalStyle", "postgres"}, {"is_superuser", "off"}, {"server_encoding", "UTF8"},
                 {"server_version", "15.0 (Scripted)"}, {"session_authorization", info_.role},
                 {"standard_conforming_strings", "on"}, {"TimeZone", "UTC"}, {"extra_float_digits", "1"}};
    for (const auto& [name, value] : info_.startup_settings) settings_[name] = value;
  }

  base::Result<std::vector<sql::Statement>> Parse(const std::string& text) override {
    std::vector<sql::Statement> statements;
    size_t begin = 0;
    while (begin <= text.size()) {
      const size_t end = std::min(text.find(';', begin), text.size());
      const size_t first = text.find_first_not_of(' ', begin);
      if (first < end) statements.push_back(One(text.substr(first, end - first)));
      begin = end + 1;
    }
    if (text.find("syntax") != std::string::npos) return base::Invalid("syntax error").WithSqlstate("42601").WithPosition(1);
    return statements;
  }

  base::Result<std::shared_ptr<query::Prepared>> Prepare(sql::Statement statement, std::vector<model::Type> types) override {
    auto prepared = std::make_shared<query::Prepared>();
    const std::string text = statement.text;
    prepared->statement = std::move(statement);
    prepared->light = !text.starts_with("series") && text != "sleep";
    if (text == "broken") return base::NotFound("column \"x\" does not exist").WithSqlstate("42703").WithPosition(8);
    if (text == "COPY") return base::Unsupported("COPY is not supported");
    if (text == "SELECT 1") prepared->fields = {{"?column?", model::kInt4}};
    else if (text == "SELECT $1") {
      prepared->parameter_types = types.empty() || types[0].id == model::TypeId::kUnknown ? std::vector{model::kText} : types;
      prepared->fields = {{"?column?", prepared->parameter_types[0]}};
    } else if (text.starts_with("series") || text == "sleep" || text == "crash") prepared->fields = {{"n", model::kInt8}};
    else if (text.starts_with("SHOW ")) prepared->fields = {{text.substr(5), model::kText}};
    else if (std::holds_alternative<sql::RefusedStatement>(prepared->statement.body)) return base::Unsupported(text + " is not supported");
    prepared->returns_rows = !prepared->fields.empty();
    return prepared;
  }

  base::Result<query::Execution> Execute(const std::shared_ptr<query::Prepared>& prepared,
                                         const std::vector<query::Parameter>& parameters) override {
    const std::string& text = prepared->statement.text;
    if (text == "SELECT 1") return Rows({{"1"}}, {{"?column?", model::kInt4}});
    if (text == "SELECT $1") return Rows({{parameters[0].value_or("<NULL>")}}, prepared->fields);
    if (text.starts_with("series ")) return query::Execution{std::make_unique<SeriesRows>(std::strtoll(text.c_str() + 7, nullptr, 10)), "SELECT", {}};
    if (text == "sleep") return Sleep();
    if (text == "crash") return base::Cancelled("terminating connection due to administrator command").WithSqlstate("57P01");
    if (text.starts_with("SHOW ")) return Rows({{Setting(text.substr(5))}}, prepared->fields, "SHOW");
    return Command(text);
  }

  char TransactionState() const override { return state_; }
  void Fail() override { state_ = 'E'; }
  std::string Setting(std::string_view name) const override {
    const auto found = settings_.find(std::string(name));
    return found == settings_.end() ? "" : found->second;
  }
  base::Status Set(const std::string& name, const std::string& value) override {
    settings_[name] = value;
    changed_.emplace_back(name, value);
    return {};
  }
  std::vector<std::pair<std::string, std::string>> TakeChangedSettings() override { return std::exchange(changed_, {}); }
  void Cancel() override {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    wake_.notify_all();
  }
  const std::string& role() const override { return info_.role; }

  const query::SessionInfo& info() const { return info_; }

 private:
  static sql::Statement One(const std::string& text) {
    sql::Statement statement;
    statement.text = text;
    using Kind = sql::TransactionStatement::Kind;
    if (text == "BEGIN" || text == "COMMIT" || text == "ROLLBACK")
      statement.body = sql::TransactionStatement{text == "BEGIN" ? Kind::kBegin : text == "COMMIT" ? Kind::kCommit : Kind::kRollback, "", false};
    else if (text.starts_with("SET ")) statement.body = sql::SetStatement{};
    else if (text.starts_with("SHOW ")) statement.body = sql::ShowStatement{};
    else if (text.starts_with("DEALLOCATE ")) statement.body = sql::DeallocateStatement{text.substr(11) == "ALL" ? "" : text.substr(11)};
    else if (text.starts_with("SELECT") || text.starts_with("series") || text == "sleep" || text == "crash" || text == "broken")
      statement.body = sql::SelectStatement{};
    else statement.body = sql::RefusedStatement{text};
    return statement;
  }

  static base::Result<query::Execution> Rows(std::vector<std::vector<std::string>> rows, model::Fields fields, const char* tag = "SELECT") {
    return query::Execution{std::make_unique<model::TextRows>(std::move(fields), std::move(rows)), tag, {}};
  }

  base::Result<query::Execution> Sleep() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return cancelled_; });
    cancelled_ = false;
    return base::Cancelled("canceling statement due to user request");
  }

  base::Result<query::Execution> Command(const std::string& text) {
    query::Execution execution;
    execution.tag = text;
    if (text == "BEGIN" && state_ != 'I') execution.notices = {{"WARNING", "there is already a transaction in progress"}};
    if (text == "BEGIN") state_ = 'T';
    if (text == "COMMIT" && state_ == 'E') execution.tag = "ROLLBACK";
    if (text == "COMMIT" || text == "ROLLBACK") state_ = 'I';
    if (text.starts_with("DEALLOCATE ")) execution.tag = "DEALLOCATE ALL";
    if (text.starts_with("SET ")) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) return base::Invalid("syntax error").WithSqlstate("42601");
      RETURN_IF_ERROR(Set(text.substr(4, equals - 4), text.substr(equals + 1)));
      execution.tag = "SET";
    }
    return execution;
  }

  const query::SessionInfo info_;
  std::map<std::string, std::string> settings_;
  std::vector<std::pair<std::string, std::string>> changed_;
  char state_ = 'I';
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;
};

class ScriptedEngine : public query::Engine {
 public:
  base::Result<std::unique_ptr<query::Session>> Connect(const query::SessionInfo& info) override {
    if (info.database != "freshet") return base::NotFound("database \"" + info.database + "\" does not exist").WithSqlstate("3D000");
    auto session = std::make_unique<ScriptedSession>(info);
    last_info = info;
    return std::unique_ptr<query::Session>(std::move(session));
  }
  void AddSystemRows(const std::string&, model::Fields, query::SystemRows) override {}
  void AddSystemQuery(const std::string&, model::Fields, std::function<std::string()>) override {}
  bool CancelBackend(int, bool) override { return false; }
  std::vector<Running> Backends() const override { return {}; }

  query::SessionInfo last_info;
};

// Roles freshet (administrator, password "secret"), reader (password "pass"), nologin (password "pass", may not sign in) and
// nopass (no password).
inline void AddTestRoles(catalog::CatalogHolder* holder) {
  auto catalog = std::make_shared<catalog::Catalog>();
  const auto add = [&](const std::string& name, const std::string& password, bool login, bool administrator) {
    auto role = std::make_shared<catalog::Role>();
    role->name = name;
    role->login = login;
    role->administrator = administrator;
    if (!password.empty()) role->scram_verifier = base::ToText(base::MakeScramVerifier(password, "salt of " + name, 4096));
    catalog->roles[name] = role;
  };
  add("freshet", "secret", true, true);
  add("reader", "pass", true, false);
  add("nologin", "pass", false, false);
  add("nopass", "", true, false);
  holder->Set(catalog);
}

}  // namespace pgwire
