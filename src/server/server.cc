#include "server/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/log.h"
#include "base/private_file.h"
#include "pgwire/server.h"
#include "server/definer.h"
#include "server/endpoints.h"
#include "server/source_access.h"
#include "server/system_relations.h"

namespace server {
namespace {

int LaneCount(const Settings& settings) {
  if (settings.lanes > 0) return settings.lanes;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

store::StoreOptions ToStoreOptions(const Settings& settings) {
  store::StoreOptions options;
  options.data_dir = settings.data_dir;
  options.memory_limit_bytes = settings.memory_limit_bytes;
  options.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.min_free_disk_bytes = settings.min_free_disk_bytes;
  return options;
}

pipeline::PipelineOptions ToPipelineOptions(const Settings& settings) {
  pipeline::PipelineOptions options;
  options.lanes = LaneCount(settings);
  options.linger = settings.linger;
  options.max_batch_rows = static_cast<size_t>(std::max(1, settings.max_batch_rows));
  options.backlog_linger = std::max(settings.linger, options.backlog_linger);
  options.max_fetch_bytes = settings.lane_memory_bytes / 4;
  options.max_batch_bytes = settings.lane_memory_bytes - options.max_fetch_bytes;
  return options;
}

query::EngineOptions ToEngineOptions(const Settings& settings) {
  query::EngineOptions options;
  options.max_running = settings.max_running_queries;
  options.statement_timeout = settings.statement_timeout;
  return options;
}

pgwire::ServerOptions ToPgwireOptions(const Settings& settings) {
  pgwire::ServerOptions options;
  options.listen = settings.listen;
  options.unix_socket_dir = settings.data_dir;
  options.tls_certificate = settings.tls_certificate;
  options.tls_key = settings.tls_key;
  options.max_connections = settings.max_connections;
  options.query_threads = settings.max_running_queries + 2;
  return options;
}

// Tells systemd (Type=notify) without its library: one datagram to $NOTIFY_SOCKET.
void NotifySystemd(const char* message) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = std::min(std::strlen(path), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (sendto(fd, message, std::strlen(message), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
             size) < 0)
    base::Log(base::Level::kWarning, "server", "systemd was not told",
              {{"error", std::strerror(errno)}});
  close(fd);
}

class WiredServer : public Server {
 public:
  explicit WiredServer(const Settings& settings) : settings_(settings) {}
  ~WiredServer() override { Stop(); }

  base::Status Start(const std::vector<std::filesystem::path>& pipelines) {
    access_.catalog = &catalog_;
    ASSIGN_OR_RETURN(access_.rules,
                     base::AccessRules::Parse(settings_.file_folders, settings_.allowed_hosts));
    ASSIGN_OR_RETURN(access_.secret_folders,
                     base::AccessRules::Parse(settings_.secret_folders, "", "secret_folders"));
    RETURN_IF_ERROR(OpenStore());
    RETURN_IF_ERROR(MakeQueries());
    RETURN_IF_ERROR(definer_->Load(SystemCatalogOf(), PasswordFile(settings_)));
    for (const auto& file : pipelines) RETURN_IF_ERROR(definer_->ApplyFile(file));
    ASSIGN_OR_RETURN(pgwire_,
                     pgwire::Server::Start(ToPgwireOptions(settings_), engine_.get(), &catalog_));
    RETURN_IF_ERROR(StartHttp());
    store_->StartMaintenance();
    const std::string host = settings_.listen.substr(0, settings_.listen.rfind(':'));
    RETURN_IF_ERROR(base::WritePrivateFile(AddressFile(settings_),
                                           host + ":" + std::to_string(pgwire_->port()) + "\n"));
    base::Log(base::Level::kInfo, "server", "ready",
              {{"listen", host + ":" + std::to_string(pgwire_->port())},
               {"http", http_ ? std::to_string(http_->port()) : "none"},
               {"data_dir", settings_.data_dir.string()}});
    NotifySystemd("READY=1");
    return {};
  }

  void Stop() override {
    if (stopped_) return;
    stopped_ = true;
    NotifySystemd("STOPPING=1");
    if (pgwire_) pgwire_->Stop();
    if (http_) http_->Stop();
    if (definer_) definer_->Stop();
    if (stage_two_) stage_two_->Stop();
    if (pipeline_) pipeline_->Stop();
    if (store_) {
      store_->StopMaintenance();
      std::error_code ignored;
      std::filesystem::remove(AddressFile(settings_), ignored);
    }
    pgwire_.reset();
    engine_.reset();
    definer_.reset();
    stage_two_.reset();
    pipeline_.reset();
    store_.reset();
    base::Log(base::Level::kInfo, "server", "stopped");
  }

 private:
  base::Status OpenStore() {
    std::error_code error;
    std::filesystem::create_directories(settings_.data_dir, error);
    if (error)
      return base::Unavailable("cannot create data directory " + settings_.data_dir.string() +
                               ": " + error.message());
    settings_.data_dir = std::filesystem::absolute(settings_.data_dir);
    if (chmod(settings_.data_dir.c_str(), 0700) != 0)
      base::Log(base::Level::kWarning, "server", "data directory stays readable for others",
                {{"error", std::strerror(errno)}});
    ASSIGN_OR_RETURN(store_, store::Store::Open(ToStoreOptions(settings_)));
    return {};
  }

  base::Status MakeQueries() {
    const auto& clock = base::Clock::System();
    pipeline::RunnerEvents events;
    events.lane.view_failed = [this](model::ObjectId view, const base::Status& why) {
      definer_->PostViewFailed(view, why);
    };
    events.topic_seen = [this](model::ObjectId source, const std::string& id) {
      definer_->PostTopicSeen(source, id);
    };
    events.join_watermark = [this](model::ObjectId rows, int64_t offset) {
      return stage_two_ ? stage_two_->JoinWatermark(rows, offset) : std::nullopt;
    };
    pipeline_ = std::make_unique<pipeline::Pipeline>(pipeline::SourceRunner::Environment{
        ToPipelineOptions(settings_), store_.get(), &clock,
        MakeReaders(settings_.reader, access_, store_.get()), std::move(events)});
    stage_two_ = std::make_unique<pipeline::StageTwo>(
        pipeline::StageTwo::Environment{store_.get(), pipeline_.get(), &clock,
                                        [this](model::ObjectId view, const base::Status& why) {
                                          definer_->PostViewFailed(view, why);
                                        }});
    definer_ = std::make_unique<Definer>(Definer::Environment{
        store_.get(), pipeline_.get(), stage_two_.get(), &catalog_,
        MakeReaders(settings_.reader, access_, store_.get()),
        [this](const catalog::Source& source) { return access_.Check(source); },
        [this](const catalog::Secret& secret) {
          return SecretValue(secret, access_.secret_folders).status();
        }});
    const auto engine_options = ToEngineOptions(settings_);
    system_catalog_ = pgwire::MakeSystemCatalog(&catalog_, engine_options);
    engine_ = query::Engine::Make(engine_options, store_.get(), &catalog_, definer_.get(),
                                  system_catalog_.get());
    state_ = {&catalog_, pipeline_.get(), stage_two_.get(), engine_.get(), &settings_, &clock};
    relations_ = MakeSystemRelations(&state_);
    for (const auto& relation : relations_) {
      if (relation.rows) engine_->AddSystemRows(relation.name, relation.fields, relation.rows);
      else engine_->AddSystemQuery(relation.name, relation.fields, relation.sql);
    }
    return {};
  }

  catalog::Catalog SystemCatalogOf() const {
    catalog::Catalog empty;
    for (const auto& relation : relations_)
      empty.AddSystemRelation({"freshet", relation.name, relation.fields, ""});
    return empty;
  }

  base::Status StartHttp() {
    if (settings_.http.empty()) return {};
    ASSIGN_OR_RETURN(
        http_,
        HttpServer::Start(
            settings_.http,
            {{"/metrics",
              [this] { return AnswerMetrics(*catalog_.Get(), *pipeline_, *stage_two_, *store_); }},
             {"/healthz", [this] { return AnswerHealth(store_.get()); }},
             {"/readyz", [this] { return AnswerReady(*catalog_.Get(), *pipeline_, *store_); }}}));
    return {};
  }

  Settings settings_;
  SourceAccess access_;
  catalog::CatalogHolder catalog_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::unique_ptr<pipeline::StageTwo> stage_two_;
  std::unique_ptr<Definer> definer_;
  std::unique_ptr<query::SystemCatalog> system_catalog_;
  std::unique_ptr<query::Engine> engine_;
  SystemState state_{};
  std::vector<SystemRelation> relations_;
  std::unique_ptr<pgwire::Server> pgwire_;
  std::unique_ptr<HttpServer> http_;
  bool stopped_ = false;
};

}  // namespace

std::filesystem::path AddressFile(const Settings& settings) {
  return settings.data_dir / "server.address";
}
std::filesystem::path PasswordFile(const Settings& settings) {
  return settings.data_dir / "admin-password";
}

base::Result<std::unique_ptr<Server>> Server::Start(
    const Settings& settings, const std::vector<std::filesystem::path>& pipelines) {
  auto server = std::make_unique<WiredServer>(settings);
  RETURN_IF_ERROR(server->Start(pipelines));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace server
