#include "model/kafka_properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace model {
namespace {

constexpr size_t kMaxValueBytes = 8 << 10;
constexpr size_t kMaxPemBytes = 64 << 10;

using enum PropertyKind;

constexpr std::array kProperties{
    KafkaProperty{"bootstrap.servers", "bootstrap.server", kServers, "", 0, 0, "brokers to ask first, host:port separated by commas"},
    KafkaProperty{"client.id", "", kText, "", 0, 0, "the name that brokers show for this client"},
    KafkaProperty{"client.rack", "", kText, "", 0, 0, "the rack of this server, to fetch from a near replica"},
    KafkaProperty{"security.protocol", "", kOneOf, "plaintext|ssl|sasl_plaintext|sasl_ssl", 0, 0, "encryption and sign-in"},
    KafkaProperty{"sasl.mechanisms", "sasl.mechanism", kOneOf, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER", 0, 0,
                  "how to sign in"},
    KafkaProperty{"sasl.username", "", kText, "", 0, 0, "user for PLAIN and SCRAM"},
    KafkaProperty{"sasl.password", "", kSecret, "", 0, 0, "password for PLAIN and SCRAM"},
    KafkaProperty{"sasl.oauthbearer.config", "", kText, "", 0, 0, "claims of an unsecured token, for test clusters"},
    KafkaProperty{"enable.sasl.oauthbearer.unsecure.jwt", "", kBool, "", 0, 0, "allow unsecured tokens, for test clusters"},
    KafkaProperty{"ssl.ca.pem", "", kPem, "", 0, 0, "certificates to trust, as PEM text; else the system's"},
    KafkaProperty{"ssl.certificate.pem", "", kPem, "", 0, 0, "client certificate, as PEM text"},
    KafkaProperty{"ssl.key.pem", "", kPem, "", 0, 0, "client key, as PEM text"},
    KafkaProperty{"ssl.key.password", "", kSecret, "", 0, 0, "passphrase of the client key"},
    KafkaProperty{"ssl.endpoint.identification.algorithm", "", kOneOf, "https|none", 0, 0, "whether the host name must match"},
    KafkaProperty{"enable.ssl.certificate.verification", "", kBool, "", 0, 0, "whether the broker's certificate is checked"},
    KafkaProperty{"broker.address.family", "", kOneOf, "any|v4|v6", 0, 0, "addresses to use"},
    KafkaProperty{"socket.timeout.ms", "", kInteger, "", 1'000, 300'000, "how long a request may take"},
    KafkaProperty{"socket.connection.setup.timeout.ms", "", kInteger, "", 1'000, 120'000, "how long connecting may take"},
    KafkaProperty{"socket.keepalive.enable", "", kBool, "", 0, 0, "TCP keep-alive"},
    KafkaProperty{"connections.max.idle.ms", "", kInteger, "", 0, 86'400'000, "close connections that idle so long"},
    KafkaProperty{"reconnect.backoff.ms", "", kInteger, "", 0, 60'000, "first wait before connecting again"},
    KafkaProperty{"reconnect.backoff.max.ms", "", kInteger, "", 0, 300'000, "longest wait before connecting again"},
    KafkaProperty{"metadata.max.age.ms", "topic.metadata.refresh.interval.ms", kInteger, "", 1'000, 86'400'000,
                  "how often leaders and partitions are looked up"},
    KafkaProperty{"fetch.wait.max.ms", "fetch.max.wait.ms", kInteger, "", 0, 10'000, "how long a broker may wait for records"},
    KafkaProperty{"fetch.min.bytes", "", kInteger, "", 1, 10'000'000, "how much a broker waits for"},
    KafkaProperty{"max.partition.fetch.bytes", "fetch.message.max.bytes", kInteger, "", 16'384, 67'108'864,
                  "how much of a partition to fetch at once"},
};

// Why a property that the client library has cannot be set. Prefixes end in '*'.
struct Refusal {
  std::string_view name, why;
};
constexpr std::array kRefusals{
    Refusal{"plugin.library.paths", "It loads code."},
    Refusal{"ssl.engine*", "It loads code."},
    Refusal{"ssl.providers", "It loads code."},
    Refusal{"sasl.jaas.config", "It is for Java clients; use sasl.username and sasl.password."},
    Refusal{"sasl.kerberos.*", "Kerberos runs a shell command; it is not offered."},
    Refusal{"sasl.oauthbearer.token.endpoint.url", "It would make the server call an address of the definition's choosing."},
    Refusal{"sasl.oauthbearer.*", "Tokens from an identity provider are not offered."},
    Refusal{"ssl.ca.location", "It reads a file of the server; give the text as ssl.ca.pem."},
    Refusal{"ssl.certificate.location", "It reads a file of the server; give the text as ssl.certificate.pem."},
    Refusal{"ssl.key.location", "It reads a file of the server; give the text as ssl.key.pem."},
    Refusal{"ssl.keystore.*", "It reads a file of the server; give PEM texts as ssl.certificate.pem and ssl.key.pem."},
    Refusal{"ssl.truststore.*", "It reads a file of the server; give the text as ssl.ca.pem."},
    Refusal{"ssl.crl.location", "It reads a file of the server."},
    Refusal{"https.ca.*", "It reads a file of the server."},
    Refusal{"auto.offset.reset", "Positions are kept in the store; use scan.startup.mode."},
    Refusal{"group.*", "Positions are kept in the store; there is no consumer group."},
    Refusal{"enable.auto.*", "Positions are kept in the store."},
    Refusal{"isolation.level", "Only committed records are read."},
    Refusal{"check.crcs", "Checksums are always checked."},
    Refusal{"queued.*", "The server sizes its queues by max_bytes."},
    Refusal{"debug", "It would write to the server's log without a bound."},
};

const KafkaProperty* Find(std::string_view name) {
  for (const auto& property : kProperties)
    if (property.name == name || (!property.alias.empty() && property.alias == name)) return &property;
  return nullptr;
}

bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

base::Status Refuse(const std::string& name) {
  for (const auto& refusal : kRefusals)
    if (Matches(refusal.name, name))
      return base::Invalid("property \"properties." + name + "\" cannot be set").WithHint(std::string(refusal.why));
  std::vector<std::string_view> known;
  for (const auto& property : kProperties) known.push_back(property.name);
  auto error = base::Invalid("unknown property \"properties." + name + "\"");
  if (const auto near = base::NearestName(name, known))
    return std::move(error).WithHint("Perhaps you meant \"properties." + *near + "\".");
  std::string list;
  for (std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
  return std::move(error).WithHint("Known properties are: " + list + ".");
}

base::Status Wrong(const KafkaProperty& property, const std::string& value, const std::string& expected) {
  const bool hidden = property.kind == kSecret || property.kind == kPem;
  return base::Invalid("invalid value for property \"properties." + std::string(property.name) + "\"" +
                       (hidden ? "" : ": \"" + value.substr(0, 100) + "\""))
      .WithHint("Expected " + expected + ".");
}

bool IsOneOf(std::string_view values, std::string_view value) {
  while (!values.empty()) {
    const size_t bar = std::min(values.find('|'), values.size());
    if (values.substr(0, bar) == value) return true;
    values.remove_prefix(std::min(bar + 1, values.size()));
  }
  return false;
}

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// host, host:port, [v6]:port
bool IsServer(std::string_view server) {
  if (server.empty()) return false;
  std::string_view host = server;
  if (server.front() == '[') {
    const size_t close = server.find(']');
    if (close == std::string_view::npos) return false;
    host = server.substr(1, close - 1);
    const std::string_view rest = server.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) return false;
    return !host.empty() && host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  }
  if (const size_t colon = server.find(':'); colon != std::string_view::npos) {
    host = server.substr(0, colon);
    if (!IsPort(server.substr(colon + 1))) return false;
  }
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; };
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), fits);
}

bool IsServerList(std::string_view list) {
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view server = list.substr(0, comma);
    while (!server.empty() && server.front() == ' ') server.remove_prefix(1);
    while (!server.empty() && server.back() == ' ') server.remove_suffix(1);
    if (!IsServer(server)) return false;
    if (comma == list.size()) return true;
    list.remove_prefix(comma + 1);
  }
}

base::Status CheckValue(const KafkaProperty& property, const std::string& value) {
  if (value.size() > (property.kind == kPem ? kMaxPemBytes : kMaxValueBytes))
    return Wrong(property, "", "at most " + std::to_string(property.kind == kPem ? kMaxPemBytes : kMaxValueBytes) + " bytes");
  const auto control = [](unsigned char c) { return c < 0x20 && c != '\n' && c != '\r'; };
  if (std::any_of(value.begin(), value.end(), control) ||
      (property.kind != kPem && value.find_first_of("\r\n") != std::string::npos))
    return Wrong(property, "", "text without control characters");
  switch (property.kind) {
    case kServers:
      if (!IsServerList(value)) return Wrong(property, value, "host:port, several separated by commas");
      break;
    case kOneOf:
      if (!IsOneOf(property.values, value)) {
        std::string list(property.values);
        for (size_t bar; (bar = list.find('|')) != std::string::npos;) list.replace(bar, 1, ", ");
        return Wrong(property, value, "one of " + list);
      }
      break;
    case kBool:
      if (value != "true" && value != "false") return Wrong(property, value, "true or false");
      break;
    case kInteger: {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size() || number < property.least || number > property.most)
        return Wrong(property, value, "an integer from " + std::to_string(property.least) + " to " + std::to_string(property.most));
      break;
    }
    case kPem:
      if (value.find("-----BEGIN ") == std::string::npos) return Wrong(property, "", "PEM text (-----BEGIN ...)");
      break;
    case kText:
    case kSecret: break;
  }
  return {};
}

}  // namespace

std::span<const KafkaProperty> KafkaProperties() { return kProperties; }

base::Status CheckKafkaProperties(const Properties& properties) {
  for (const auto& [name, value] : properties) {
    const KafkaProperty* property = Find(name);
    if (property == nullptr) return Refuse(name);
    RETURN_IF_ERROR(CheckValue(*property, value));
  }
  return {};
}

Properties CanonicalKafkaProperties(const Properties& properties) {
  Properties out;
  for (const auto& [name, value] : properties)
    if (const KafkaProperty* property = Find(name); property != nullptr && property->name != name)
      out[std::string(property->name)] = value;
  for (const auto& [name, value] : properties)
    if (const KafkaProperty* property = Find(name); property == nullptr || property->name == name) out[name] = value;
  return out;
}

}  // namespace model
