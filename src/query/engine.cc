#include "query/engine_impl.h"

#include <pthread.h>

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "query/session.h"

namespace query {
namespace {

constexpr std::chrono::milliseconds kTick{20};  // how late a deadline may be noticed

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// "+3", "-8", "3" as PostgreSQL reads them: hours east of Greenwich. POSIX's Etc/GMT-3 is the zone
// three hours east.
std::string OffsetZone(std::string_view text) {
  if (text.starts_with("+")) text.remove_prefix(1);
  int hours = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hours);
  if (error != std::errc() || end != text.data() + text.size() || hours < -12 || hours > 14)
    return std::string(text);
  if (hours == 0) return "UTC";
  return std::string("Etc/GMT") + (hours > 0 ? "-" : "+") +
         std::to_string(hours > 0 ? hours : -hours);
}

}  // namespace

std::unique_ptr<Engine> Engine::Make(const EngineOptions& options, store::Store* store,
                                     catalog::CatalogHolder* catalog, Definer* definer,
                                     SystemCatalog* system_catalog) {
  return std::make_unique<EngineImpl>(options, store, catalog, definer, system_catalog);
}

EngineImpl::EngineImpl(const EngineOptions& options, store::Store* store,
                       catalog::CatalogHolder* catalog, Definer* definer,
                       SystemCatalog* system_catalog)
    : options_(options),
      pool_(std::make_shared<ConnectionPool>(
          store, static_cast<size_t>(std::max(1, options.max_running)) * 2)),
      places_(options.max_running, options.max_waiting),
      planner_(catalog, &system_relations_, options.max_plans),
      kept_budget_(std::make_shared<KeptBudget>(options.max_kept_bytes)),
      definer_(definer),
      store_(store),
      system_catalog_(system_catalog) {
  watch_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "query-watch");
    Watch();
  });
}

EngineImpl::~EngineImpl() {
  {
    std::lock_guard lock(sessions_mutex_);
    CHECK(sessions_.empty());  // the server ends sessions before the engine
    stopping_ = true;
  }
  wake_.notify_all();
  watch_.join();
}

base::Result<std::unique_ptr<Session>> EngineImpl::Connect(const SessionInfo& info) {
  if (info.database != options_.database)
    return base::NotFound("database \"" + info.database + "\" does not exist")
        .WithSqlstate("3D000")
        .WithHint("Connect to \"" + options_.database + "\".");
  if (!planner_.catalog()->roles.contains(info.role))
    return base::Denied("role \"" + info.role + "\" does not exist").WithSqlstate("28000");
  auto session = std::make_unique<SessionImpl>(this, info);
  RETURN_IF_ERROR(session->Start());
  {
    std::lock_guard lock(sessions_mutex_);
    sessions_.insert(session.get());
  }
  wake_.notify_all();
  return std::unique_ptr<Session>(std::move(session));
}

void EngineImpl::Forget(SessionImpl* session) {
  std::lock_guard lock(sessions_mutex_);
  sessions_.erase(session);
}

void EngineImpl::AddSystemRows(const std::string& relation, model::Fields fields, SystemRows rows) {
  system_relations_.Add({{"freshet", relation, std::move(fields), ""}, std::move(rows), nullptr});
}

void EngineImpl::AddSystemQuery(const std::string& relation, model::Fields fields,
                                std::function<std::string()> sql) {
  system_relations_.Add({{"freshet", relation, std::move(fields), ""}, nullptr, std::move(sql)});
}

bool EngineImpl::CancelBackend(int pid, bool terminate) {
  std::lock_guard lock(sessions_mutex_);
  for (SessionImpl* session : sessions_)
    if (session->pid() == pid) return session->Stop(terminate);
  return false;
}

std::vector<Engine::Running> EngineImpl::Backends() const {
  std::lock_guard lock(sessions_mutex_);
  std::vector<Running> backends;
  for (const SessionImpl* session : sessions_) backends.push_back(session->Look());
  return backends;
}

void EngineImpl::Watch() {
  std::unique_lock lock(sessions_mutex_);
  while (!stopping_) {
    if (sessions_.empty()) {
      wake_.wait(lock);
      continue;
    }
    wake_.wait_for(lock, kTick);
    const auto now = options_.clock->Monotonic();
    for (SessionImpl* session : sessions_) session->Tick(now);
  }
}

std::optional<std::string> EngineImpl::TimeZone(std::string_view name) {
  const std::string key = Lower(name);
  if (key == "utc" || key == "gmt" || key == "z" || key == "zulu") return "UTC";
  std::lock_guard lock(zones_mutex_);
  if (zones_.empty()) {
    if (base::Status status = LoadTimeZones(); !status.ok())
      base::Log(base::Level::kError, "query", "time zones cannot be read",
                {{"error", status.ToString()}});
  }
  const auto found = zones_.find(Lower(OffsetZone(name)));
  return found == zones_.end() ? std::nullopt : std::optional(found->second);
}

base::Status EngineImpl::LoadTimeZones() {
  ASSIGN_OR_RETURN(auto connection, pool_->Take());
  ASSIGN_OR_RETURN(auto rows, connection->Query("SELECT name FROM pg_timezone_names()"));
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) return {};
    for (size_t row = 0; row < chunk.rows; ++row) {
      const auto name = chunk.columns[0].Get<model::StringCell>(row);
      zones_[Lower(name.View())] = std::string(name.View());
    }
  }
}

}  // namespace query
