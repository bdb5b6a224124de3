#include "decode/schema_registry.h"

#include <pthread.h>

#include <algorithm>

#include <simdjson.h>

#include "base/log.h"

namespace decode {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxDepth = 16;
constexpr size_t kMaxReferences = 100;
constexpr size_t kMaxSchemaBytes = size_t{1} << 20;

size_t BytesOf(const RegisteredSchema& schema) {
  size_t bytes = schema.text.size();
  for (const auto& [name, text] : schema.references) bytes += text.size();
  return bytes;
}

base::Status NoAnswer(const std::string& path) {
  return base::Unavailable("the schema registry's answer to " + path + " cannot be read");
}

// A text field of a JSON object; empty when it is not there.
std::string TextField(const simdjson::dom::object& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

SchemaRegistry::SchemaRegistry(Options options) : options_(std::move(options)) {
  thread_ = std::thread([this] { Run(); });
}

SchemaRegistry::~SchemaRegistry() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

base::Result<SchemaPtr> SchemaRegistry::Find(int32_t id) {
  const auto now = base::Clock::System().Monotonic();
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[id];
  entry.used = now;
  if (entry.schema) return entry.schema;
  const bool absent = entry.status.code() == base::Code::kNotFound;
  if (absent && now - entry.asked < kAbsentFor) return entry.status;
  if (!entry.wanted) {
    entry.wanted = true;
    if (entry.status.ok() || absent)
      entry.status = base::Unavailable("schema " + std::to_string(id) + " is asked for from " +
                                       options_.url);
    DropUnused();
    wake_.notify_all();
  }
  return entry.status;
}

void SchemaRegistry::DropUnused() {
  while (entries_.size() > kMaxSchemas) {
    const auto oldest = std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    entries_.erase(oldest);
  }
}

std::optional<int32_t> SchemaRegistry::NextWanted(milliseconds* wait) {
  const auto now = base::Clock::System().Monotonic();
  *wait = milliseconds(60'000);
  for (const auto& [id, entry] : entries_) {
    if (!entry.wanted) continue;
    const auto due = entry.asked + entry.backoff;
    if (entry.backoff.count() == 0 || due <= now) return id;
    *wait = std::min(*wait, std::chrono::duration_cast<milliseconds>(due - now) + milliseconds(1));
  }
  return std::nullopt;
}

void SchemaRegistry::Run() {
  pthread_setname_np(pthread_self(), "registry");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    milliseconds wait{0};
    const auto id = NextWanted(&wait);
    if (!id) {
      wake_.wait_for(lock, wait);
      continue;
    }
    lock.unlock();
    auto answer = Fetch(*id);
    lock.lock();
    Keep(*id, std::move(answer));
  }
}

void SchemaRegistry::Keep(int32_t id, base::Result<SchemaPtr> answer) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  entry.asked = base::Clock::System().Monotonic();
  if (answer.ok()) {
    entry = {answer.Take(), {}, entry.asked, entry.used, milliseconds(0), false};
    return;
  }
  const bool told = entry.status.message() == answer.status().message();
  entry.status = answer.TakeStatus();
  entry.wanted = entry.status.code() != base::Code::kNotFound;
  entry.backoff = entry.wanted ? std::min(std::max(entry.backoff * 2, options_.first_backoff),
                                          options_.max_backoff)
                               : milliseconds(0);
  if (!told && !stop_)
    base::Log(base::Level::kWarning, "decode", "schema is not here",
              {{"id", std::to_string(id)}, {"error", entry.status.ToString()}});
}

base::Result<std::string> SchemaRegistry::Get(const std::string& path) {
  base::HttpRequest request;
  request.url = options_.url + path;
  request.user = options_.user;
  request.password = options_.password;
  request.timeout = options_.timeout;
  request.accept = "application/vnd.schemaregistry.v1+json, application/json";
  request.may_connect = options_.may_connect;
  request.cancelled = &stop_;
  ASSIGN_OR_RETURN(auto response, base::HttpGet(request));
  if (response.status == 200) return std::move(response.body);
  if (response.status == 404) return base::NotFound("the schema registry has no " + path);
  // The body is not shown: who may define a source must not read other services by it.
  if (response.status == 401 || response.status == 403)
    return base::Denied("the schema registry at " + options_.url + " refused the sign-in");
  return base::Unavailable("the schema registry at " + options_.url + " answered " +
                           std::to_string(response.status));
}

base::Result<SchemaPtr> SchemaRegistry::Fetch(int32_t id) {
  const std::string path = "/schemas/ids/" + std::to_string(id);
  ASSIGN_OR_RETURN(auto body, Get(path));
  simdjson::dom::parser parser;
  simdjson::dom::object document;
  if (parser.parse(body).get(document) != simdjson::SUCCESS) return NoAnswer(path);
  auto schema = std::make_shared<RegisteredSchema>();
  schema->text = TextField(document, "schema");
  schema->type = TextField(document, "schemaType");
  if (schema->type.empty()) schema->type = "AVRO";
  if (schema->text.empty()) return NoAnswer(path);
  RETURN_IF_ERROR(AddReferences(body, 0, schema.get()));
  return SchemaPtr(std::move(schema));
}

base::Status SchemaRegistry::AddReferences(const std::string& document, int depth,
                                           RegisteredSchema* schema) {
  if (BytesOf(*schema) > kMaxSchemaBytes)
    return base::NotFound("a schema of the registry has over " + std::to_string(kMaxSchemaBytes) +
                          " bytes");
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::array references;
  if (parser.parse(document).get(object) != simdjson::SUCCESS) return NoAnswer("a reference");
  if (object["references"].get(references) != simdjson::SUCCESS) return {};
  for (const auto element : references) {
    simdjson::dom::object reference;
    int64_t version = 0;
    if (element.get(reference) != simdjson::SUCCESS ||
        reference["version"].get(version) != simdjson::SUCCESS)
      return NoAnswer("a reference");
    RETURN_IF_ERROR(AddReference(TextField(reference, "name"), TextField(reference, "subject"),
                                 version, depth + 1, schema));
  }
  return {};
}

base::Status SchemaRegistry::AddReference(const std::string& name, const std::string& subject,
                                          int64_t version, int depth, RegisteredSchema* schema) {
  for (const auto& [known, text] : schema->references)
    if (known == name) return {};
  if (depth > kMaxDepth || schema->references.size() >= kMaxReferences)
    return base::NotFound("a schema of the registry refers to too many others");
  const std::string path =
      "/subjects/" + base::UrlEscaped(subject) + "/versions/" + std::to_string(version);
  ASSIGN_OR_RETURN(auto body, Get(path));
  simdjson::dom::parser parser;
  simdjson::dom::object document;
  if (parser.parse(body).get(document) != simdjson::SUCCESS) return NoAnswer(path);
  const std::string text = TextField(document, "schema");
  RETURN_IF_ERROR(AddReferences(body, depth, schema));
  schema->references.emplace_back(name, text);
  return {};
}

}  // namespace decode
