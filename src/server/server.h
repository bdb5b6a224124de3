#pragma once
// Server: everything wired together, started and stopped in order. Owns all rooms' objects; nothing else does.
//
// Start order: store, catalog and definitions, sources, pipeline files, PostgreSQL port, HTTP port, maintenance. Stop runs the
// other way round and is idempotent; what is decoded is committed.
// Threads: the caller's. Errors: as the rooms have them, each naming what was being started.

#include <filesystem>
#include <memory>
#include <vector>

#include "base/status.h"
#include "server/settings.h"

namespace server {

class Server {
 public:
  virtual ~Server() = default;
  static base::Result<std::unique_ptr<Server>> Start(const Settings& settings, const std::vector<std::filesystem::path>& pipelines);
  virtual void Stop() = 0;
};

// "freshet 0.1.0" and a line for each part it is made of.
std::string VersionText();

// DATA_DIR/server.address: where the running server listens, for `freshet psql`.
std::filesystem::path AddressFile(const Settings& settings);
std::filesystem::path PasswordFile(const Settings& settings);

}  // namespace server
