#include "source/direct_settings.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "source/kafka_statistics.h"

namespace source {
namespace {

TEST(DirectSettings, ServersAndTimes) {
  const auto settings = MakeDirectSettings({{"bootstrap.server", "a, b:1 ,[::1]:2,[fe80::1]"},
                                            {"socket.timeout.ms", "5000"},
                                            {"fetch.max.wait.ms", "7"},
                                            {"broker.address.family", "v4"}});
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  EXPECT_EQ(settings->bootstrap, (std::vector<HostPort>{{"a", 9092}, {"b", 1}, {"::1", 2}, {"fe80::1", 9092}}));
  EXPECT_EQ(settings->bootstrap[2].Text(), "[::1]:2");
  EXPECT_EQ(settings->request_timeout, std::chrono::milliseconds(5000));
  EXPECT_EQ(settings->fetch_wait_ms, 7);
  EXPECT_EQ(settings->address_family, AF_INET);
  EXPECT_FALSE(settings->use_tls);
}

TEST(DirectSettings, SecurityComesTogether) {
  const auto settings = MakeDirectSettings({{"bootstrap.servers", "a:1"},
                                            {"security.protocol", "sasl_ssl"},
                                            {"sasl.mechanism", "SCRAM-SHA-512"},
                                            {"sasl.username", "u"},
                                            {"sasl.password", "p"},
                                            {"ssl.endpoint.identification.algorithm", "none"}});
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  EXPECT_TRUE(settings->use_tls);
  EXPECT_TRUE(settings->use_sasl);
  EXPECT_FALSE(settings->tls.verify_host);
  EXPECT_TRUE(settings->tls.verify_certificate);
  EXPECT_EQ(settings->sasl.mechanism, "SCRAM-SHA-512");
}

TEST(DirectSettings, WhatItLacksOrWhatIsMissingIsSaid) {
  const auto code = [](const model::Properties& properties) { return MakeDirectSettings(properties).status().code(); };
  EXPECT_EQ(code({{"bootstrap.servers", "a:1"}, {"client.rack", "r1"}}), base::Code::kUnsupported);
  EXPECT_EQ(code({}), base::Code::kInvalid);
  EXPECT_EQ(code({{"bootstrap.servers", "a:1"}, {"security.protocol", "sasl_plaintext"}}), base::Code::kInvalid);
  EXPECT_EQ(code({{"bootstrap.servers", "a:1"}, {"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "PLAIN"}}), base::Code::kInvalid);
  EXPECT_EQ(code({{"bootstrap.servers", "a:1"}, {"plugin.library.paths", "x"}}), base::Code::kInvalid);
}

// As the pinned librdkafka writes it, cut down to what is read and its surroundings.
TEST(KafkaStatistics, BrokersAndPartitionsAreFound) {
  const auto statistics = ParseKafkaStatistics(
      R"({ "name": "rdkafka#consumer-1", "brokers":{ "127.0.0.1:19092/bootstrap": { "name":"127.0.0.1:19092/bootstrap", )"
      R"("nodeid":-1, "nodename":"127.0.0.1:19092", "source":"configured", "state":"DOWN", "rtt": { "min":0, "max":0, "avg":0 }, "toppars":{ } }, )"
      R"("127.0.0.1:19092/1": { "name":"127.0.0.1:19092/1", "nodeid":1, "nodename":"127.0.0.1:19092", "source":"learned", "state":"UP", )"
      R"("rtt": { "min":100, "max":900, "avg":250 }, "toppars":{ "big-0": { "topic":"big", "partition":0} } } }, )"
      R"("topics":{ "big": { "topic":"big", "age":1, "partitions":{ "0": { "partition":0, "broker":1, "leader":1, "fetchq_cnt":4, "fetchq_size":872 }, )"
      R"("-1": { "partition":-1, "broker":-1, "leader":-1, "fetchq_cnt":0, "fetchq_size":0 } } } } })");
  ASSERT_EQ(statistics.brokers.size(), 2u);
  EXPECT_FALSE(statistics.brokers[0].up);
  EXPECT_EQ(statistics.brokers[1].id, 1);
  EXPECT_EQ(statistics.brokers[1].address, "127.0.0.1:19092");
  EXPECT_TRUE(statistics.brokers[1].up);
  EXPECT_EQ(statistics.brokers[1].rtt_average_us, 250);
  ASSERT_EQ(statistics.partitions.size(), 2u);
  EXPECT_EQ(statistics.partitions[0].leader, 1);
  EXPECT_EQ(statistics.partitions[0].queued_bytes, 872);
  EXPECT_TRUE(ParseKafkaStatistics("").brokers.empty());
}

}  // namespace
}  // namespace source
