// Both readers against a real Kafka: the same topics give the same records. Set FRESHET_TEST_KAFKA=host:port (plaintext, one
// node is enough) to run them; FRESHET_TEST_KAFKA_SECURE=host:port with FRESHET_TEST_KAFKA_CA=file, user and password in
// FRESHET_TEST_KAFKA_USER and FRESHET_TEST_KAFKA_PASSWORD, for TLS and sign-in.

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <thread>

#include "source/direct_reader.h"
#include "source/kafka_client.h"
#include "source/kafka_reader.h"

namespace source {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Message {
  int64_t offset = 0, timestamp_ms = 0;
  std::optional<std::string> key, value;
  std::string headers;
  bool operator==(const Message&) const = default;
};
using Topic = std::map<int32_t, std::vector<Message>>;  // by partition

using Maker = base::Result<std::unique_ptr<Reader>> (*)(const ReaderOptions&);

class KafkaSystem : public testing::Test {
 protected:
  void SetUp() override {
    const char* servers = std::getenv("FRESHET_TEST_KAFKA");
    if (servers == nullptr) GTEST_SKIP() << "FRESHET_TEST_KAFKA is not set to host:port: the tests against a real Kafka are SKIPPED";
    servers_ = servers;
    topic_ = "freshet-test-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    client_ = KafkaClient::Make(topic_, {{"bootstrap.servers", servers_}}, {}).Take();
  }
  void TearDown() override {
    if (client_) Delete();
  }

  // Runs an admin request and waits for its result; the error's name, empty when there is none.
  std::string Admin(const std::function<void(rd_kafka_queue_t*)>& request, const std::function<std::string(rd_kafka_event_t*)>& read) {
    RdPtr<rd_kafka_queue_t> queue(rd_kafka_queue_new(client_->handle()));
    request(queue.get());
    RdPtr<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 20'000));
    if (!event) return "timeout";
    if (rd_kafka_event_error(event.get())) return rd_kafka_event_error_string(event.get());
    return read(event.get());
  }
  void Create(int partitions, const std::map<std::string, std::string>& config = {}) {
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(topic_.c_str(), partitions, 1, nullptr, 0);
    for (const auto& [name, value] : config) rd_kafka_NewTopic_set_config(topic, name.c_str(), value.c_str());
    const std::string error = Admin([&](rd_kafka_queue_t* queue) { rd_kafka_CreateTopics(client_->handle(), &topic, 1, nullptr, queue); },
                                    [](rd_kafka_event_t* event) -> std::string {
                                      size_t count = 0;
                                      const auto* const* topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
                                      return rd_kafka_topic_result_error(topics[0]) ? rd_kafka_err2name(rd_kafka_topic_result_error(topics[0])) : "";
                                    });
    rd_kafka_NewTopic_destroy(topic);
    ASSERT_EQ(error, "");
    partitions_ = partitions;
    std::this_thread::sleep_for(milliseconds(500));  // until the brokers know of it
  }
  void Delete() {
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(topic_.c_str());
    Admin([&](rd_kafka_queue_t* queue) { rd_kafka_DeleteTopics(client_->handle(), &topic, 1, nullptr, queue); },
          [](rd_kafka_event_t*) { return std::string(); });
    rd_kafka_DeleteTopic_destroy(topic);
  }

  RdPtr<rd_kafka_t> Producer(const std::map<std::string, std::string>& settings) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", servers_.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "message.max.bytes", "4000000", nullptr, 0);
    for (const auto& [name, value] : settings)
      EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0), RD_KAFKA_CONF_OK) << name;
    std::array<char, 512> why{};
    RdPtr<rd_kafka_t> producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
    EXPECT_TRUE(producer) << why.data();
    return producer;
  }
  void Send(rd_kafka_t* producer, int32_t partition, const std::optional<std::string>& key, const std::optional<std::string>& value,
            int headers = 0) {
    rd_kafka_headers_t* list = nullptr;
    if (headers > 0) {
      list = rd_kafka_headers_new(static_cast<size_t>(headers));
      for (int i = 0; i < headers; ++i)
        rd_kafka_header_add(list, ("h" + std::to_string(i)).c_str(), -1, i % 3 == 2 ? nullptr : "value", i % 3 == 2 ? 0 : i % 3 == 1 ? 0 : 5);
    }
    char* const key_data = key ? const_cast<char*>(key->data()) : nullptr;
    char* const value_data = value ? const_cast<char*>(value->data()) : nullptr;
    const size_t key_bytes = key ? key->size() : 0, value_bytes = value ? value->size() : 0;
    rd_kafka_resp_err_t error;
    do {
      error = list ? rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_KEY(key_data, key_bytes), RD_KAFKA_V_VALUE(value_data, value_bytes),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END)
                   : rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_KEY(key_data, key_bytes), RD_KAFKA_V_VALUE(value_data, value_bytes),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(producer, 50);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    ASSERT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2name(error);
    rd_kafka_poll(producer, 0);
  }
  // Records of every shape, seeded.
  void SendMany(rd_kafka_t* producer, int count, uint64_t seed) {
    for (int i = 0; i < count; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      const auto random = static_cast<uint32_t>(seed >> 33);
      std::optional<std::string> key, value;
      if (random % 5 != 0) key = std::string(random % 7 == 0 ? 0 : 1 + random % 30, static_cast<char>('a' + random % 26));
      if (random % 11 != 0) value = std::string(random % 13 == 0 ? 0 : random % 500, static_cast<char>('A' + random % 26));
      if (i == count / 2) value = std::string(1 << 20, 'm');
      Send(producer, static_cast<int32_t>(random % static_cast<uint32_t>(partitions_)), key, value, random % 9 == 0 ? 1 + static_cast<int>(random % 4) : 0);
    }
    ASSERT_EQ(rd_kafka_flush(producer, 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // Reads every partition from its beginning to its last stable offset.
  Topic ReadAll(Maker make, ReaderOptions options = {}) {
    options.topic = topic_;
    if (options.properties.empty()) options.properties = {{"bootstrap.servers", servers_}};
    auto reader = make(options).Take();
    auto admin = MakeKafkaAdmin(topic_, {{"bootstrap.servers", servers_}}).Take();
    std::vector<PartitionStart> starts;
    std::map<int32_t, int64_t> ends, next;
    for (int32_t id = 0; id < partitions_; ++id) {
      const auto first = admin->Resolve(model::PartitionId(id), StartAt::kEarliest, 0, milliseconds(10'000));
      const auto last = admin->Resolve(model::PartitionId(id), StartAt::kLatest, 0, milliseconds(10'000));
      EXPECT_TRUE(first.ok() && last.ok());
      starts.push_back({model::PartitionId(id), *first});
      next[id] = first->value;
      ends[id] = last->value;
    }
    EXPECT_TRUE(reader->Assign(starts).ok());
    Topic out;
    model::RecordBatch batch;
    const auto deadline = steady_clock::now() + std::chrono::seconds(60);
    while (next != ends && steady_clock::now() < deadline) {
      const auto status = reader->Poll(milliseconds(200), &batch);
      EXPECT_TRUE(status.ok()) << status.ToString();
      if (!status.ok()) break;
      for (const auto& run : batch.runs) {
        for (uint32_t i = run.begin; i < run.end; ++i) {
          const auto& record = batch.records[i];
          EXPECT_GE(record.offset, next[run.partition.value]);
          Message message{record.offset, record.timestamp_ms, {}, {}, {}};
          if (record.key) message.key = record.Key();
          if (record.value) message.value = record.Value();
          if (record.headers) message.headers.assign(record.headers, record.headers_bytes);
          out[run.partition.value].push_back(std::move(message));
        }
        EXPECT_GE(run.next_offset.value, next[run.partition.value]);
        next[run.partition.value] = run.next_offset.value;
      }
    }
    EXPECT_EQ(next, ends) << "every partition is read to its last stable offset, over markers too";
    return out;
  }
  // Both readers see the same; the number of records. When the cleaner came between, the topic is read again.
  size_t Compare() {
    Topic reference = ReadAll(&MakeKafkaReader);
    for (const size_t max_bytes : {size_t{32} << 20, size_t{1} << 20}) {
      ReaderOptions options;
      options.max_bytes = max_bytes;
      options.max_poll_records = max_bytes == 1 << 20 ? 37 : 20'000;
      bool compared = false;
      for (int attempt = 0; attempt < 10 && !compared; ++attempt) {
        const Topic direct = ReadAll(&MakeDirectReader, options);
        Topic again = ReadAll(&MakeKafkaReader);
        compared = again == reference;
        EXPECT_TRUE(!compared || direct == reference) << "the readers differ";
        reference = std::move(again);
      }
      EXPECT_TRUE(compared) << "the topic never stood still";
    }
    size_t count = 0;
    for (const auto& [id, messages] : reference) count += messages.size();
    return count;
  }
  base::Status FirstError(Reader* reader, std::chrono::seconds patience) {
    model::RecordBatch batch;
    const auto deadline = steady_clock::now() + patience;
    while (steady_clock::now() < deadline)
      if (base::Status status = reader->Poll(milliseconds(100), &batch); !status.ok() && status.code() != base::Code::kUnavailable) return status;
    return {};
  }

  std::string servers_, topic_;
  int partitions_ = 0;
  std::unique_ptr<KafkaClient> client_;
};

TEST_F(KafkaSystem, EveryCodecAndShapeReadsTheSame) {
  Create(3, {{"max.message.bytes", "4000000"}});
  uint64_t seed = 1;
  for (const char* codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    const auto producer = Producer({{"compression.codec", codec}, {"linger.ms", "20"}});
    SendMany(producer.get(), 3000, ++seed);
  }
  EXPECT_EQ(Compare(), 15'000u);
}

TEST_F(KafkaSystem, OnlyCommittedTransactionsAreRead) {
  Create(2);
  size_t committed = 0;
  std::vector<RdPtr<rd_kafka_t>> producers;
  for (int i = 0; i < 3; ++i) {
    producers.push_back(Producer({{"transactional.id", topic_ + std::to_string(i)}, {"compression.codec", i == 1 ? "lz4" : "none"}, {"linger.ms", "1"}}));
    ASSERT_EQ(rd_kafka_init_transactions(producers.back().get(), 30'000), nullptr);
  }
  const auto plain = Producer({{"linger.ms", "1"}});
  for (int round = 0; round < 12; ++round) {
    for (auto& producer : producers) ASSERT_EQ(rd_kafka_begin_transaction(producer.get()), nullptr);
    for (int i = 0; i < 20; ++i)
      for (size_t p = 0; p < producers.size(); ++p)
        Send(producers[p].get(), i % 2, "k", "transaction " + std::to_string(round) + " of " + std::to_string(p));
    for (size_t p = 0; p < producers.size(); ++p) {
      rd_kafka_flush(producers[p].get(), 30'000);
      const bool commit = (round + p) % 2 == 0;
      ASSERT_EQ(commit ? rd_kafka_commit_transaction(producers[p].get(), 30'000) : rd_kafka_abort_transaction(producers[p].get(), 30'000), nullptr);
      committed += commit ? 20 : 0;
    }
    Send(plain.get(), round % 2, "k", "of no transaction");
    ++committed;
    rd_kafka_flush(plain.get(), 30'000);
  }
  EXPECT_EQ(Compare(), committed) << "with a marker at the end";
  ASSERT_EQ(rd_kafka_begin_transaction(producers[0].get()), nullptr);
  for (int i = 0; i < 10; ++i) Send(producers[0].get(), i % 2, "k", "open");
  rd_kafka_flush(producers[0].get(), 30'000);
  Send(plain.get(), 0, "k", "behind the open one");
  rd_kafka_flush(plain.get(), 30'000);
  EXPECT_EQ(Compare(), committed) << "nothing behind an open transaction is read";
  ASSERT_EQ(rd_kafka_commit_transaction(producers[0].get(), 30'000), nullptr);
  EXPECT_EQ(Compare(), committed + 11);
}

TEST_F(KafkaSystem, GapsOfACompactedTopic) {
  Create(1, {{"cleanup.policy", "compact"}, {"segment.ms", "200"}, {"min.cleanable.dirty.ratio", "0.0"}, {"delete.retention.ms", "0"},
             {"min.compaction.lag.ms", "0"}, {"max.compaction.lag.ms", "200"}});
  const auto producer = Producer({{"compression.codec", "lz4"}, {"linger.ms", "5"}});
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i)
      Send(producer.get(), 0, "key" + std::to_string(i % 25), round % 7 == 3 && i % 10 == 0 ? std::nullopt : std::optional<std::string>(std::to_string(round)));
    rd_kafka_flush(producer.get(), 30'000);
    std::this_thread::sleep_for(milliseconds(50));
  }
  size_t count = 2000;
  for (int i = 0; i < 60 && count == 2000; ++i) {  // the cleaner comes by every 15 seconds
    std::this_thread::sleep_for(milliseconds(1000));
    Send(producer.get(), 0, "other", "x");
    rd_kafka_flush(producer.get(), 30'000);
    count = Compare() - static_cast<size_t>(i) - 1;
  }
  EXPECT_LT(count, 2000u) << "nothing was compacted in a minute";
  Compare();
}

TEST_F(KafkaSystem, DeletedRecordsAreAGapThatIsNamed) {
  Create(1);
  const auto producer = Producer({});
  for (int i = 0; i < 100; ++i) Send(producer.get(), 0, "k", "v");
  rd_kafka_flush(producer.get(), 30'000);
  RdPtr<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), 0)->offset = 60;
  rd_kafka_DeleteRecords_t* before = rd_kafka_DeleteRecords_new(list.get());
  EXPECT_EQ(Admin([&](rd_kafka_queue_t* queue) { rd_kafka_DeleteRecords(client_->handle(), &before, 1, nullptr, queue); },
                  [](rd_kafka_event_t*) { return std::string(); }),
            "");
  rd_kafka_DeleteRecords_destroy(before);
  for (const Maker make : {&MakeKafkaReader, &MakeDirectReader}) {
    ReaderOptions options;
    options.topic = topic_;
    options.properties = {{"bootstrap.servers", servers_}};
    auto reader = make(options).Take();
    ASSERT_TRUE(reader->Assign({{model::PartitionId(0), model::Offset(10)}}).ok());
    const auto status = FirstError(reader.get(), std::chrono::seconds(20));
    EXPECT_EQ(status.code(), base::Code::kCorrupt) << status.ToString();
    EXPECT_EQ(status.message(), "topic \"" + topic_ + "\" partition 0 has no offset 10: the broker has offsets 60 to 100");
    EXPECT_NE(status.hint().find("deleted before they were read"), std::string::npos);
  }
  EXPECT_EQ(Compare(), 40u);
}

TEST_F(KafkaSystem, ARecreatedTopicStopsTheDirectReader) {
  Create(1);
  const auto producer = Producer({});
  for (int i = 0; i < 10; ++i) Send(producer.get(), 0, "k", "old");
  rd_kafka_flush(producer.get(), 30'000);
  ReaderOptions options;
  options.topic = topic_;
  options.properties = {{"bootstrap.servers", servers_}};
  auto reader = MakeDirectReader(options).Take();
  ASSERT_TRUE(reader->Assign({{model::PartitionId(0), model::Offset(0)}}).ok());
  model::RecordBatch batch;
  size_t count = 0;
  for (int i = 0; i < 100 && count < 10; ++i) {
    ASSERT_TRUE(reader->Poll(milliseconds(100), &batch).ok());
    count += batch.records.size();
  }
  ASSERT_EQ(count, 10u);
  Delete();
  std::this_thread::sleep_for(milliseconds(2000));
  Create(1);
  const auto status = FirstError(reader.get(), std::chrono::seconds(30));
  EXPECT_EQ(status.code(), base::Code::kCorrupt) << status.ToString();
  EXPECT_NE(status.message().find("made anew"), std::string::npos) << status.message();
}

TEST_F(KafkaSystem, AMissingTopicIsSaidOnceTheBrokersHadTimeToKnowIt) {
  ReaderOptions options;
  options.topic = topic_;
  options.properties = {{"bootstrap.servers", servers_}};
  auto reader = MakeDirectReader(options).Take();
  ASSERT_TRUE(reader->Assign({{model::PartitionId(0), model::Offset(0)}}).ok());
  EXPECT_EQ(FirstError(reader.get(), std::chrono::seconds(30)).code(), base::Code::kNotFound);
}

TEST_F(KafkaSystem, PausingUnderLoadLosesAndDoublesNothing) {
  Create(2);
  const auto producer = Producer({{"compression.codec", "lz4"}, {"linger.ms", "20"}});
  SendMany(producer.get(), 20'000, 99);
  for (const Maker make : {&MakeKafkaReader, &MakeDirectReader}) {
    ReaderOptions options;
    options.topic = topic_;
    options.properties = {{"bootstrap.servers", servers_}};
    options.max_poll_records = 333;
    options.max_bytes = 2 << 20;
    auto reader = make(options).Take();
    ASSERT_TRUE(reader->Assign({{model::PartitionId(0), model::Offset(0)}, {model::PartitionId(1), model::Offset(0)}}).ok());
    std::map<int32_t, int64_t> next;
    model::RecordBatch batch;
    size_t count = 0;
    for (int i = 0; i < 2000 && count < 20'000; ++i) {
      ASSERT_TRUE(reader->Poll(milliseconds(100), &batch).ok());
      for (const auto& run : batch.runs)
        for (uint32_t at = run.begin; at < run.end; ++at, ++count) ASSERT_EQ(batch.records[at].offset, next[run.partition.value]++);
      if (i % 7 == 0) reader->Pause({model::PartitionId(i / 7 % 2)});
      if (i % 7 == 3) reader->Resume({model::PartitionId(0), model::PartitionId(1)});
    }
    EXPECT_EQ(count, 20'000u);
  }
}

TEST_F(KafkaSystem, TlsAndEverySignIn) {
  const char* secure = std::getenv("FRESHET_TEST_KAFKA_SECURE");
  const char* ca = std::getenv("FRESHET_TEST_KAFKA_CA");
  const char* user = std::getenv("FRESHET_TEST_KAFKA_USER");
  const char* password = std::getenv("FRESHET_TEST_KAFKA_PASSWORD");
  if (!secure || !ca || !user || !password) GTEST_SKIP() << "FRESHET_TEST_KAFKA_SECURE and its companions are not set: TLS and sign-in are SKIPPED";
  Create(2);
  const auto producer = Producer({{"compression.codec", "zstd"}, {"linger.ms", "20"}});
  SendMany(producer.get(), 5000, 5);
  const Topic reference = ReadAll(&MakeKafkaReader);
  std::stringstream pem;
  pem << std::ifstream(ca).rdbuf();
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    for (const Maker make : {&MakeKafkaReader, &MakeDirectReader}) {
      ReaderOptions options;
      options.properties = {{"bootstrap.servers", secure}, {"security.protocol", "sasl_ssl"}, {"sasl.mechanisms", mechanism},
                            {"sasl.username", user}, {"sasl.password", password}, {"ssl.ca.pem", pem.str()}};
      EXPECT_TRUE(ReadAll(make, options) == reference) << mechanism;
      options.topic = topic_;
      options.properties["sasl.password"] = "wrong";
      auto reader = make(options).Take();
      ASSERT_TRUE(reader->Assign({{model::PartitionId(0), model::Offset(0)}}).ok());
      model::RecordBatch batch;
      base::Status status;
      for (int i = 0; i < 100 && status.message().find("sign-in") == std::string::npos; ++i) status = reader->Poll(milliseconds(100), &batch);
      EXPECT_EQ(status.code(), base::Code::kUnavailable);
      EXPECT_NE(status.message().find("refuses the sign-in"), std::string::npos) << mechanism << ": " << status.message();
    }
  }
  auto admin = MakeKafkaAdmin(topic_, {{"bootstrap.servers", secure}, {"security.protocol", "sasl_ssl"}, {"sasl.mechanisms", "PLAIN"},
                                       {"sasl.username", user}, {"sasl.password", "wrong"}, {"ssl.ca.pem", pem.str()}}).Take();
  EXPECT_EQ(admin->Describe(milliseconds(10'000)).status().code(), base::Code::kDenied);
}

}  // namespace
}  // namespace source
