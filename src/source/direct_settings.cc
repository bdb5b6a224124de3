#include "source/direct_settings.h"

#include <sys/socket.h>

#include <charconv>

namespace source {
namespace {

class Reading {
 public:
  explicit Reading(const model::Properties& properties) : properties_(properties) {}
  const std::string* Find(const char* name) const {
    const auto it = properties_.find(name);
    return it == properties_.end() ? nullptr : &it->second;
  }
  void Text(const char* name, std::string* out) const {
    if (const std::string* value = Find(name)) *out = *value;
  }
  void Flag(const char* name, bool* out) const {
    if (const std::string* value = Find(name)) *out = *value == "true";
  }
  void Number(const char* name, int32_t* out) const {
    if (const std::string* value = Find(name)) std::from_chars(value->data(), value->data() + value->size(), *out);
  }
  void Time(const char* name, std::chrono::milliseconds* out) const {
    auto value = static_cast<int32_t>(out->count());
    Number(name, &value);
    *out = std::chrono::milliseconds(value);
  }

 private:
  const model::Properties& properties_;
};

// host, host:port or [v6]:port; the properties were checked.
HostPort ParseServer(std::string_view text) {
  HostPort server;
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    host_end = text.find(']') + 1;
    server.host = text.substr(1, host_end - 2);
  } else {
    server.host = text.substr(0, host_end);
  }
  if (host_end < text.size()) {
    const std::string_view port = text.substr(host_end + 1);
    std::from_chars(port.data(), port.data() + port.size(), server.port);
  }
  return server;
}

std::vector<HostPort> ParseServers(std::string_view list) {
  std::vector<HostPort> out;
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    out.push_back(ParseServer(list.substr(0, comma)));
    if (comma == list.size()) return out;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string HostPort::Text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

base::Result<DirectSettings> MakeDirectSettings(const model::Properties& given) {
  RETURN_IF_ERROR(model::CheckKafkaProperties(given));
  const model::Properties properties = model::CanonicalKafkaProperties(given);
  const Reading reading(properties);
  DirectSettings out;
  const std::string* servers = reading.Find("bootstrap.servers");
  if (servers == nullptr) return base::Invalid("property \"properties.bootstrap.server\" is required");
  out.bootstrap = ParseServers(*servers);
  if (const std::string* rack = reading.Find("client.rack"); rack != nullptr && !rack->empty())
    return base::Unsupported("client.rack (fetching from a near replica) needs librdkafka");
  std::string protocol = "plaintext", family = "any", identification = "https";
  reading.Text("security.protocol", &protocol);
  reading.Text("broker.address.family", &family);
  reading.Text("ssl.endpoint.identification.algorithm", &identification);
  out.use_tls = protocol.ends_with("ssl");
  out.use_sasl = protocol.starts_with("sasl");
  out.address_family = family == "v4" ? AF_INET : family == "v6" ? AF_INET6 : AF_UNSPEC;
  out.tls.verify_host = identification != "none";
  reading.Text("client.id", &out.client_id);
  reading.Text("ssl.ca.pem", &out.tls.ca_pem);
  reading.Text("ssl.certificate.pem", &out.tls.certificate_pem);
  reading.Text("ssl.key.pem", &out.tls.key_pem);
  reading.Text("ssl.key.password", &out.tls.key_password);
  reading.Flag("enable.ssl.certificate.verification", &out.tls.verify_certificate);
  reading.Text("sasl.mechanisms", &out.sasl.mechanism);
  reading.Text("sasl.username", &out.sasl.username);
  reading.Text("sasl.password", &out.sasl.password);
  reading.Text("sasl.oauthbearer.config", &out.sasl.token_config);
  reading.Flag("enable.sasl.oauthbearer.unsecure.jwt", &out.sasl.allow_unsecured_token);
  reading.Flag("socket.keepalive.enable", &out.keepalive);
  reading.Time("socket.connection.setup.timeout.ms", &out.setup_timeout);
  reading.Time("socket.timeout.ms", &out.request_timeout);
  reading.Time("reconnect.backoff.ms", &out.first_backoff);
  reading.Time("reconnect.backoff.max.ms", &out.max_backoff);
  reading.Time("metadata.max.age.ms", &out.metadata_interval);
  reading.Number("fetch.wait.max.ms", &out.fetch_wait_ms);
  reading.Number("fetch.min.bytes", &out.fetch_min_bytes);
  reading.Number("max.partition.fetch.bytes", &out.partition_bytes);
  if (out.use_sasl && out.sasl.mechanism.empty())
    return base::Invalid("properties.sasl.mechanisms is required with security.protocol = '" + protocol + "'");
  if (out.use_sasl) RETURN_IF_ERROR(MakeSaslMechanism(out.sasl).status());
  return out;
}

}  // namespace source
