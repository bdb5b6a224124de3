#include "model/kafka_properties.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace model {
namespace {

std::string KindOf(const KafkaProperty& property) {
  switch (property.kind) {
    case PropertyKind::kText: return "text";
    case PropertyKind::kSecret: return "secret";
    case PropertyKind::kServers: return "host:port, ...";
    case PropertyKind::kBool: return "true, false";
    case PropertyKind::kPem: return "PEM text";
    case PropertyKind::kInteger: return std::to_string(property.least) + " to " + std::to_string(property.most);
    case PropertyKind::kOneOf: {
      std::string values(property.values);
      for (size_t bar; (bar = values.find('|')) != std::string::npos;) values.replace(bar, 1, ", ");
      return values;
    }
  }
  return "?";
}

std::string Page() {
  std::ostringstream page;
  page << "<!-- Made by src/model/kafka_properties_test.cc; `make docs` writes it again. -->\n"
       << "# Kafka properties\n\n"
       << "`WITH (properties.NAME = '...')` of a Kafka source takes these names and no others. What loads code, runs a command,\n"
       << "reads a file of the server or calls an address beside the brokers is refused.\n\n"
       << "| property | also as | values | meaning |\n|---|---|---|---|\n";
  for (const auto& property : KafkaProperties())
    page << "| `" << property.name << "` | " << (property.alias.empty() ? "" : "`" + std::string(property.alias) + "`") << " | "
         << KindOf(property) << " | " << property.meaning << " |\n";
  return page.str();
}

TEST(KafkaProperties, DocumentationIsCurrent) {
  const char* path = "docs/reference/kafka-properties.md";
  if (std::getenv("FRESHET_UPDATE_DOCS")) std::ofstream(path) << Page();
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), Page()) << path << " is stale: run 'make docs'";
}

TEST(KafkaProperties, NamesAreUniqueAmongAliasesToo) {
  std::set<std::string_view> names;
  for (const auto& property : KafkaProperties()) {
    EXPECT_TRUE(names.insert(property.name).second) << property.name;
    if (!property.alias.empty()) {
      EXPECT_TRUE(names.insert(property.alias).second) << property.alias;
    }
  }
}

TEST(KafkaProperties, WhatLoadsCodeRunsCommandsOrReadsFilesIsRefusedWithTheReason) {
  for (const char* name :
       {"plugin.library.paths", "ssl.engine.location", "ssl.engine.id", "ssl.providers", "sasl.jaas.config",
        "sasl.kerberos.kinit.cmd", "sasl.kerberos.keytab", "sasl.oauthbearer.token.endpoint.url", "ssl.ca.location",
        "ssl.key.location", "ssl.certificate.location", "ssl.keystore.location", "ssl.crl.location", "https.ca.location",
        "auto.offset.reset", "group.id", "enable.auto.commit", "isolation.level", "debug", "queued.min.messages"}) {
    const auto status = CheckKafkaProperties({{name, "x"}});
    EXPECT_EQ(status.code(), base::Code::kInvalid) << name;
    EXPECT_NE(status.message().find("cannot be set"), std::string::npos) << name << ": " << status.message();
    EXPECT_FALSE(status.hint().empty()) << name;
  }
}

TEST(KafkaProperties, UnknownNamesGetTheNearestOne) {
  EXPECT_EQ(CheckKafkaProperties({{"sasl.pasword", "x"}}).hint(), "Perhaps you meant \"properties.sasl.password\".");
  EXPECT_EQ(CheckKafkaProperties({{"zebra", "x"}}).code(), base::Code::kInvalid);
}

TEST(KafkaProperties, ValuesMustFitAndSecretsAreNotRepeated) {
  EXPECT_TRUE(CheckKafkaProperties({{"security.protocol", "sasl_ssl"}, {"sasl.mechanism", "SCRAM-SHA-512"}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"sasl.mechanisms", "GSSAPI"}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"socket.timeout.ms", "10"}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"socket.timeout.ms", "60000 "}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"socket.keepalive.enable", "yes"}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"client.id", std::string("a\nb")}}).ok());
  EXPECT_FALSE(CheckKafkaProperties({{"client.id", std::string(9000, 'x')}}).ok());
  const auto status = CheckKafkaProperties({{"ssl.key.pem", "hunter2"}});
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.ToString().find("hunter2"), std::string::npos);
}

TEST(KafkaProperties, ServersAreHostsAndPortsOnly) {
  for (const char* good : {"localhost:9092", "a", "a.b-c_d:1, 10.0.0.1:9093", "[::1]:9092", "[fe80::1%2]:9"})
    EXPECT_TRUE(CheckKafkaProperties({{"bootstrap.servers", good}}).ok()) << good;
  for (const char* bad : {"", ",", "a:", "a:0", "a:65536", "a:9092,", "http://a:1", "a b:1", "[::1", "[]:1", "a:9092/x"})
    EXPECT_FALSE(CheckKafkaProperties({{"bootstrap.servers", bad}}).ok()) << bad;
}

TEST(KafkaProperties, AliasesAreTheSameProperty) {
  EXPECT_TRUE(CheckKafkaProperties({{"bootstrap.server", "a:1"}}).ok());
  const auto canonical = CanonicalKafkaProperties({{"bootstrap.server", "a:1"}, {"sasl.mechanism", "PLAIN"}});
  EXPECT_EQ(canonical, (Properties{{"bootstrap.servers", "a:1"}, {"sasl.mechanisms", "PLAIN"}}));
  EXPECT_EQ(CanonicalKafkaProperties({{"bootstrap.server", "a:1"}, {"bootstrap.servers", "b:1"}}),
            (Properties{{"bootstrap.servers", "b:1"}}));
}

}  // namespace
}  // namespace model
