#include "server/source_access.h"

#include "pipeline/join_reader.h"
#include "source/any_reader.h"
#include "source/kafka_reader.h"

namespace server {
namespace {

base::Status CheckOptions(const base::AccessRules& rules, const source::ReaderOptions& options) {
  if (options.folder) return rules.CheckFolder(options.folder->path).status();
  const auto servers = options.properties.find("bootstrap.servers");
  return servers == options.properties.end() ? base::Status() : rules.CheckServers(servers->second);
}

// The options with the values of their secrets, and the folder as it was checked.
base::Result<source::ReaderOptions> Complete(const SourceAccess& access,
                                             const source::ReaderOptions& options) {
  RETURN_IF_ERROR(CheckOptions(access.rules, options));
  source::ReaderOptions complete = options;
  const auto snapshot = access.catalog->Get();
  for (const auto& [property, name] : options.secrets) {
    ASSIGN_OR_RETURN(complete.properties[property],
                     SecretNamed(*snapshot, name, access.secret_folders));
  }
  if (options.folder) {
    auto folder = std::make_shared<model::FileFolder>(*options.folder);
    ASSIGN_OR_RETURN(folder->path, access.rules.CheckFolder(folder->path));
    complete.folder = std::move(folder);
  }
  return complete;
}

base::Result<std::unique_ptr<decode::SchemaRegistry>> MakeRegistry(const SourceAccess& access,
                                                                   const catalog::Source& source) {
  if (source.format.registry.url.empty()) return std::unique_ptr<decode::SchemaRegistry>();
  RETURN_IF_ERROR(access.rules.CheckServers(source.format.registry.url));
  model::RecordFormat format = source.format;
  const auto secret = source.secrets.find("schema.registry.password");
  if (secret != source.secrets.end()) {
    ASSIGN_OR_RETURN(format.registry.password,
                     SecretNamed(*access.catalog->Get(), secret->second, access.secret_folders));
  }
  return decode::MakeRegistry(format, [rules = access.rules](const sockaddr* address) {
    return rules.MayConnect(address);
  });
}

}  // namespace

base::Status SourceAccess::Check(const catalog::Source& source) const {
  if (!source.format.registry.url.empty())
    RETURN_IF_ERROR(rules.CheckServers(source.format.registry.url));
  return CheckOptions(rules, pipeline::ReaderOptionsOf(source));
}

pipeline::ReaderFactory MakeReaders(const std::string& reader, const SourceAccess& access,
                                    store::Store* store) {
  const bool librdkafka = reader == "librdkafka";
  return {[access, librdkafka, store](const source::ReaderOptions& options)
              -> base::Result<std::unique_ptr<source::Reader>> {
            if (options.connector == "join") return pipeline::MakeJoinReader(store, options);
            ASSIGN_OR_RETURN(const auto complete, Complete(access, options));
            if (librdkafka && options.connector == "kafka")
              return source::MakeKafkaReader(complete);
            return source::MakeReader(complete);
          },
          [access](const source::ReaderOptions& options)
              -> base::Result<std::unique_ptr<source::TopicAdmin>> {
            if (options.connector == "join") return pipeline::MakeJoinAdmin();
            ASSIGN_OR_RETURN(const auto complete, Complete(access, options));
            return source::MakeAdmin(complete);
          },
          [access](const catalog::Source& source) { return MakeRegistry(access, source); }};
}

}  // namespace server
