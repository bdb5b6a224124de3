#pragma once
// SchemaRegistry: writer schemas by id from a registry with Confluent's REST interface, asked for by
// a thread of its own, so that a lane never waits for it.
//
// An id that is not here is asked for and told as kUnavailable until it came; the thread tries again
// with a back-off. Ids that are here stay usable however long the registry is away.
//
// Threads: any; `registry` runs the requests. Owns: the thread, the schemas. Errors: Find tells
// kUnavailable (wait), kNotFound (the registry has no such id; asked again after kAbsentFor), kDenied
// (sign-in refused; asked again like kUnavailable).
// Limits: kMaxSchemas schemas kept, the longest unused go; 1 MiB a schema with all it refers to,
// 100 references 16 levels deep.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/status.h"

namespace decode {

struct RegisteredSchema {
  std::string type;  // AVRO, PROTOBUF, JSON
  std::string text;
  // What it refers to, by the name it is imported as; what these need stands before them.
  std::vector<std::pair<std::string, std::string>> references;
};
using SchemaPtr = std::shared_ptr<const RegisteredSchema>;

class SchemaRegistry {
 public:
  struct Options {
    std::string url;  // http://host:port/path
    std::string user, password;
    std::chrono::milliseconds timeout{5'000};
    std::chrono::milliseconds first_backoff{200}, max_backoff{10'000};
    std::function<bool(const sockaddr*)> may_connect;
  };
  static constexpr size_t kMaxSchemas = 1'000;
  static constexpr std::chrono::seconds kAbsentFor{30};

  explicit SchemaRegistry(Options options);
  ~SchemaRegistry();  // ends a request under way

  base::Result<SchemaPtr> Find(int32_t id);

 private:
  struct Entry {
    SchemaPtr schema;     // nullptr = not here
    base::Status status;  // why not
    base::MonotonicTime asked{}, used{};
    std::chrono::milliseconds backoff{0};
    bool wanted = false;
  };

  void Run();
  std::optional<int32_t> NextWanted(std::chrono::milliseconds* wait);  // under mutex_
  void Keep(int32_t id, base::Result<SchemaPtr> answer);
  void DropUnused();  // under mutex_
  base::Result<SchemaPtr> Fetch(int32_t id);
  base::Result<std::string> Get(const std::string& path);
  base::Status AddReferences(const std::string& document, int depth, RegisteredSchema* schema);
  base::Status AddReference(const std::string& name, const std::string& subject, int64_t version,
                            int depth, RegisteredSchema* schema);

  const Options options_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<int32_t, Entry> entries_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace decode
