// SET, RESET, SHOW, DISCARD.

#include <algorithm>

#include "query/session.h"
#include "query/set_config.h"

namespace query {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return upper;
}

model::Fields TextFields(const std::vector<std::string>& names) {
  model::Fields fields;
  for (const auto& name : names) fields.push_back({name, model::kText});
  return fields;
}

// The kinds of objects that SHOW lists, and its columns; empty for the name of a setting.
std::vector<std::string> ObjectColumns(const std::string& kind) {
  if (kind == "SOURCES") return {"name", "connector", "topic", "state"};
  if (kind == "SINKS") return {"name", "input", "topic", "format"};
  if (kind == "VIEWS" || kind == "MATERIALIZED VIEWS") return {"name", "source", "state"};
  if (kind == "TABLES") return {"name", "kind"};
  if (kind == "SECRETS") return {"name", "kind"};
  return {};
}

// SET TRANSACTION: for the block alone.
bool IsTransactionSetting(std::string_view name) { return name.starts_with("transaction_"); }

}  // namespace

base::Result<Execution> SessionImpl::RunSet(const sql::SetStatement& set) {
  Execution execution{nullptr, "SET", {}};
  const bool local = set.local || IsTransactionSetting(set.name);
  if (local && !block_) {
    const bool transaction = IsTransactionSetting(set.name);
    execution.notices.emplace_back("WARNING",
                                   std::string(transaction ? "SET TRANSACTION" : "SET LOCAL") +
                                       " can only be used in transaction blocks");
    return execution;
  }
  RETURN_IF_ERROR(set.to_default ? settings_.Reset(set.name, local)
                                 : settings_.Set(set.name, set.value, local));
  for (const auto& [name, value] : set.also) RETURN_IF_ERROR(settings_.Set(name, value, local));
  SettingsChanged();
  const auto most = engine_->options().statement_timeout;
  if (set.name == "statement_timeout" && !administrator() && most.count() > 0) {
    const int64_t asked = settings_.Milliseconds("statement_timeout");
    if (asked == 0 || asked > most.count())
      execution.notices.emplace_back(
          "NOTICE", "statements of role \"" + info_.role + "\" are stopped after " +
                        std::to_string(most.count()) + " ms, whatever statement_timeout says");
  }
  return execution;
}

base::Result<Execution> SessionImpl::RunSetConfig(const sql::Select& select) {
  std::vector<std::string> values;
  for (const auto& item : select.items) {
    const SetConfigCall call = SetConfigOf(*item.expr);
    if (!call.local || block_) RETURN_IF_ERROR(settings_.Set(call.name, call.value, call.local));
    values.push_back(call.local && !block_ ? call.value : Setting(call.name));
  }
  SettingsChanged();
  return Execution{
      std::make_unique<model::TextRows>(SetConfigFields(select), Rows{std::move(values)}),
      "SELECT",
      {}};
}

base::Result<Execution> SessionImpl::RunReset(const sql::ResetStatement& reset) {
  if (reset.name != "all") {
    RETURN_IF_ERROR(settings_.Reset(reset.name));
  } else {
    for (const auto& row : SettingTable())
      if (row.kind != SettingKind::kFixed) RETURN_IF_ERROR(settings_.Reset(row.name));
  }
  SettingsChanged();
  return Execution{nullptr, "RESET", {}};
}

base::Result<model::Fields> SessionImpl::ShowFields(const sql::ShowStatement& show) const {
  const std::string kind = Upper(show.name);
  if (kind == "ALL") return TextFields({"name", "setting", "description"});
  if (const auto columns = ObjectColumns(kind); !columns.empty()) return TextFields(columns);
  const auto name = settings_.ShownName(show.name);
  if (!name) return settings_.Unknown(show.name);
  return TextFields({*name});
}

base::Result<Execution> SessionImpl::RunShow(const sql::ShowStatement& show) const {
  ASSIGN_OR_RETURN(auto fields, ShowFields(show));
  const std::string kind = Upper(show.name);
  Rows rows;
  if (kind == "ALL") rows = settings_.All();
  else if (!ObjectColumns(kind).empty()) rows = ShownObjects(kind);
  else rows = {{Setting(show.name)}};
  return Execution{
      std::make_unique<model::TextRows>(std::move(fields), std::move(rows)), "SHOW", {}};
}

// What the role may read, by name.
std::vector<std::vector<std::string>> SessionImpl::ShownObjects(const std::string& kind) const {
  const auto catalog = engine_->planner()->catalog();
  Rows rows;
  const auto visible = [&](const std::string& name) {
    return catalog->MaySelect(info_.role, name);
  };
  if (kind == "SECRETS") {
    for (const auto& [name, secret] : catalog->secrets)
      if (administrator()) rows.push_back({name, secret->file.empty() ? "environment" : "file"});
    return rows;
  }
  if (kind == "SOURCES" || kind == "TABLES")
    for (const auto& [name, source] : catalog->sources) {
      if (!visible(name) || source->join) continue;
      if (kind == "TABLES") rows.push_back({name, source->is_table ? "table" : "source"});
      else if (source->IsFed())
        rows.push_back(
            {name, source->connector, source->topic, source->paused ? "paused" : "running"});
    }
  if (kind == "SINKS")
    for (const auto& [name, sink] : catalog->sinks)
      if (visible(sink->input))
        rows.push_back({name, sink->input, sink->topic, sink->upsert ? "UPSERT" : "PLAIN"});
  if (kind != "SOURCES" && kind != "SINKS")
    for (const auto& [name, view] : catalog->views) {
      if (!visible(name) || !view->owner.empty()) continue;
      if (kind == "TABLES") rows.push_back({name, "materialized view"});
      else
        rows.push_back({name, view->input,
                        view->suspended.empty() ? "running" : "suspended: " + view->suspended});
    }
  std::sort(rows.begin(), rows.end());
  return rows;
}

base::Result<Execution> SessionImpl::RunDiscard() {
  if (block_)
    return base::Invalid("DISCARD ALL cannot run inside a transaction block").WithSqlstate("25001");
  CloseCursors(true);
  named_.clear();
  settings_.ResetAll();
  SettingsChanged();
  return Execution{nullptr, "DISCARD ALL", {}};
}

}  // namespace query
