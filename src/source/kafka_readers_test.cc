// Both readers and the admin against librdkafka's own mock brokers: real sockets and the clients' real code, no Kafka.
// What only a real broker does (transactions, compaction, sign-in) is in kafka_system_test.cc.

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <chrono>
#include <map>
#include <thread>

#include "source/any_reader.h"
#include "source/direct_reader.h"
#include "source/kafka_reader.h"

namespace source {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Message {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::optional<std::string> key, value;
  std::string headers;
};

using Maker = base::Result<std::unique_ptr<Reader>> (*)(const ReaderOptions&);

// One mock cluster with one topic "t" and a producer.
class ReadersTest : public testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    std::array<char, 512> why{};
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size());
    cluster_ = rd_kafka_mock_cluster_new(host_, 1);
    rd_kafka_mock_set_controller_id(cluster_, 1);  // admin requests go there
    servers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_, "t", 3, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", servers_.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "linger.ms", "0", nullptr, 0);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  }
  void TearDown() override {
    rd_kafka_destroy(producer_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }

  void Produce(int32_t partition, const std::vector<std::string>& values) {
    for (const auto& value : values)
      ASSERT_EQ(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_KEY("k", 1),
                                  RD_KAFKA_V_TIMESTAMP(1000), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_flush(producer_, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  std::unique_ptr<Reader> Open(ReaderOptions options = {}) {
    options.topic = options.topic.empty() ? "t" : options.topic;
    options.properties["bootstrap.servers"] = servers_;
    options.properties["reconnect.backoff.max.ms"] = "200";
    auto reader = GetParam()(options);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return reader.Take();
  }

  // Polls until there are `count` messages or ten seconds have passed; checks what every batch promises.
  std::vector<Message> Read(Reader* reader, size_t count) {
    std::vector<Message> out;
    model::RecordBatch batch;
    const auto deadline = steady_clock::now() + std::chrono::seconds(10);
    while (out.size() < count && steady_clock::now() < deadline) {
      const auto status = reader->Poll(milliseconds(100), &batch);
      EXPECT_TRUE(status.ok()) << status.ToString();
      uint32_t at = 0;
      for (const auto& run : batch.runs) {
        EXPECT_EQ(run.begin, at) << "runs follow one another";
        for (at = run.begin; at < run.end; ++at) {
          const auto& record = batch.records[at];
          Message message{run.partition.value, record.offset, record.timestamp_ms, {}, {}, {}};
          if (record.key != nullptr) message.key = record.Key();
          if (record.value != nullptr) message.value = record.Value();
          if (record.headers != nullptr) message.headers.assign(record.headers, record.headers_bytes);
          out.push_back(message);
          if (record.value != nullptr) padding_ += record.value[record.value_bytes + model::kPadding - 1];
        }
        if (run.end > run.begin) {
          EXPECT_GT(run.next_offset.value, batch.records[run.end - 1].offset);
        }
      }
    }
    return out;
  }

  static std::vector<std::string> Numbered(int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i < to; ++i) out.push_back("v" + std::to_string(i));
    return out;
  }

  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  rd_kafka_t* producer_ = nullptr;
  std::string servers_;
  int padding_ = 0;
};

PartitionStart At(int32_t partition, int64_t offset) { return {model::PartitionId(partition), model::Offset(offset)}; }

TEST_P(ReadersTest, ReadsFromWhereItIsTold) {
  Produce(0, Numbered(0, 500));
  Produce(1, Numbered(0, 500));
  auto reader = Open();
  ASSERT_TRUE(reader->Assign({At(0, 0), At(1, 490)}).ok());
  const auto messages = Read(reader.get(), 510);
  ASSERT_EQ(messages.size(), 510u);
  std::map<int32_t, int64_t> next{{0, 0}, {1, 490}};
  for (const auto& message : messages) {
    EXPECT_EQ(message.offset, next[message.partition]++);
    EXPECT_EQ(message.value, "v" + std::to_string(message.offset));
    EXPECT_EQ(message.key, "k");
    EXPECT_EQ(message.timestamp_ms, 1000);
    EXPECT_EQ(message.headers, "");
  }
  for (const auto& state : reader->States()) EXPECT_EQ(state.high_watermark_offset, 500);
}

TEST_P(ReadersTest, TombstonesEmptyValuesAndHeaders) {
  ASSERT_EQ(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_KEY("gone", 4), RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  char nothing = 0;
  ASSERT_EQ(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE(&nothing, 0),
                              RD_KAFKA_V_HEADER("trace", "one", 3), RD_KAFKA_V_HEADER("x", nullptr, 0), RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  Produce(0, {std::string(300'000, 'x')});
  auto reader = Open();
  ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
  const auto messages = Read(reader.get(), 3);
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].key, "gone");
  EXPECT_EQ(messages[0].value, std::nullopt);
  EXPECT_EQ(messages[1].key, std::nullopt);
  EXPECT_EQ(messages[1].value, "");
  EXPECT_EQ(messages[1].headers, std::string("\x04\x0atrace\x06one\x02x\x01", 14));
  EXPECT_EQ(messages[2].value->size(), 300'000u);
}

TEST_P(ReadersTest, AnotherAssignmentLosesNothingOfThePartitionsThatStay) {
  Produce(0, Numbered(0, 1000));
  Produce(1, Numbered(0, 10));
  Produce(2, Numbered(0, 10));
  ReaderOptions options;
  options.max_poll_records = 7;
  auto reader = Open(options);
  ASSERT_TRUE(reader->Assign({At(0, 0), At(1, 0)}).ok());
  auto messages = Read(reader.get(), 50);
  ASSERT_TRUE(reader->Assign({At(0, 0), At(2, 5)}).ok());
  const auto rest = Read(reader.get(), 1000 - std::count_if(messages.begin(), messages.end(), [](auto& m) { return m.partition == 0; }) + 5);
  const size_t before = messages.size();
  messages.insert(messages.end(), rest.begin(), rest.end());
  std::map<int32_t, int64_t> next{{0, 0}, {1, 0}, {2, 5}};
  for (const auto& message : messages) EXPECT_EQ(message.offset, next[message.partition]++) << message.partition;
  EXPECT_EQ(next[0], 1000);
  EXPECT_EQ(next[2], 10);
  for (size_t i = before; i < messages.size(); ++i) EXPECT_NE(messages[i].partition, 1) << "was taken away";
}

TEST_P(ReadersTest, PausedPartitionsAreSilentAndGoOnWhereTheyStood) {
  Produce(0, Numbered(0, 1000));
  ReaderOptions options;
  options.max_poll_records = 10;
  auto reader = Open(options);
  ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
  int64_t next = 0;
  for (int round = 0; round < 5; ++round) {
    for (const auto& message : Read(reader.get(), 100)) EXPECT_EQ(message.offset, next++);
    reader->Pause({model::PartitionId(0)});
    model::RecordBatch batch;
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(reader->Poll(milliseconds(20), &batch).ok());
      EXPECT_TRUE(batch.records.empty());
    }
    reader->Resume({model::PartitionId(0)});
  }
  while (next < 1000) {
    const auto messages = Read(reader.get(), 100);
    ASSERT_FALSE(messages.empty());
    for (const auto& message : messages) EXPECT_EQ(message.offset, next++);
  }
}

TEST_P(ReadersTest, AnOffsetThatIsNotThereIsAnErrorThatNamesTheGapAndStays) {
  Produce(0, Numbered(0, 10));
  auto reader = Open();
  ASSERT_TRUE(reader->Assign({At(0, 77)}).ok());
  model::RecordBatch batch;
  base::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = reader->Poll(milliseconds(100), &batch);
  EXPECT_EQ(status.code(), base::Code::kCorrupt) << status.ToString();
  EXPECT_EQ(status.message(), "topic \"t\" partition 0 has no offset 77: the broker has offsets 0 to 10");
  EXPECT_NE(status.hint().find("ALTER SOURCE"), std::string::npos);
  EXPECT_EQ(reader->Poll(milliseconds(0), &batch).code(), base::Code::kCorrupt);
  EXPECT_TRUE(batch.records.empty());
}

TEST_P(ReadersTest, ABrokerThatGoesAndComesBackCostsOnlyTime) {
  Produce(0, Numbered(0, 10));
  auto reader = Open();
  ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
  EXPECT_EQ(Read(reader.get(), 10).size(), 10u);
  rd_kafka_mock_broker_set_down(cluster_, 1);
  model::RecordBatch batch;
  base::Status status;
  for (int i = 0; i < 100 && status.message().find(servers_) == std::string::npos; ++i)
    status = reader->Poll(milliseconds(100), &batch);
  EXPECT_EQ(status.code(), base::Code::kUnavailable) << status.ToString();
  EXPECT_NE(status.message().find(servers_), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(" since 2"), std::string::npos) << status.message();
  const auto again = reader->Poll(milliseconds(300), &batch);
  EXPECT_EQ(again.message(), status.message()) << "the text stands still while the broker is away";
  rd_kafka_mock_broker_set_up(cluster_, 1);
  for (int i = 0; i < 100 && !status.ok(); ++i) status = reader->Poll(milliseconds(100), &batch);
  EXPECT_TRUE(status.ok()) << "an idle partition notices too: " << status.ToString();
  Produce(0, Numbered(10, 20));
  const auto messages = Read(reader.get(), 10);
  ASSERT_EQ(messages.size(), 10u);
  EXPECT_EQ(messages[0].offset, 10);
}

TEST_P(ReadersTest, WakeEndsAPollThatWaits) {
  auto reader = Open();
  ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
  model::RecordBatch batch;
  for (int i = 0; i < 20; ++i) (void)reader->Poll(milliseconds(20), &batch);
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(100));
    reader->Wake();
  });
  const auto start = steady_clock::now();
  EXPECT_TRUE(reader->Poll(std::chrono::seconds(20), &batch).ok());
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  other.join();
}

TEST_P(ReadersTest, APollIsBoundedByItsRecordsAndBytes) {
  Produce(0, Numbered(0, 3000));
  ReaderOptions options;
  options.max_poll_records = 100;
  auto reader = Open(options);
  ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
  model::RecordBatch batch;
  size_t total = 0;
  for (int i = 0; i < 200 && total < 3000; ++i) {
    ASSERT_TRUE(reader->Poll(milliseconds(100), &batch).ok());
    EXPECT_LE(batch.records.size(), 100u);
    total += batch.records.size();
  }
  EXPECT_EQ(total, 3000u);
}

INSTANTIATE_TEST_SUITE_P(Both, ReadersTest, testing::Values(&MakeKafkaReader, &MakeDirectReader),
                         [](const auto& info) { return info.param == &MakeKafkaReader ? "Librdkafka" : "Direct"; });

class AdminTest : public ReadersTest {};

TEST_F(AdminTest, AdminDescribesTheTopicAndResolvesPositions) {
  Produce(1, Numbered(0, 10));
  auto admin = MakeKafkaAdmin("t", {{"bootstrap.servers", servers_}}).Take();
  const auto info = admin->Describe(milliseconds(5000));
  ASSERT_TRUE(info.ok()) << info.status().ToString();
  ASSERT_EQ(info->partitions.size(), 3u);
  EXPECT_EQ(info->partitions[2].value, 2);
  const auto resolve = [&](StartAt at) { return admin->Resolve(model::PartitionId(1), at, 0, milliseconds(5000)); };
  ASSERT_TRUE(resolve(StartAt::kEarliest).ok()) << resolve(StartAt::kEarliest).status().ToString();
  EXPECT_EQ(resolve(StartAt::kEarliest)->value, 0);
  EXPECT_EQ(resolve(StartAt::kLatest)->value, 10);
}

TEST_F(AdminTest, AdminOnAMissingTopicNamesItWithAHint) {
  auto admin = MakeKafkaAdmin("missing", {{"bootstrap.servers", servers_}}).Take();
  rd_kafka_mock_topic_set_error(cluster_, "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto info = admin->Describe(milliseconds(5000));
  EXPECT_EQ(info.status().code(), base::Code::kNotFound) << info.status().ToString();
  EXPECT_NE(info.status().message().find("\"missing\""), std::string::npos);
  EXPECT_FALSE(info.status().hint().empty());
}

TEST(ReadersAlone, AnUnreachableBrokerIsNamed) {
  const std::string server = "127.0.0.1:1";  // nothing listens there
  auto admin = MakeKafkaAdmin("t", {{"bootstrap.servers", server}}).Take();
  const auto info = admin->Describe(milliseconds(1500));
  EXPECT_EQ(info.status().code(), base::Code::kUnavailable) << info.status().ToString();
  EXPECT_NE(info.status().message().find(server), std::string::npos) << info.status().message();
  ReaderOptions options;
  options.topic = "t";
  options.properties = {{"bootstrap.servers", server}};
  for (const Maker make : {&MakeKafkaReader, &MakeDirectReader}) {
    auto reader = make(options).Take();
    ASSERT_TRUE(reader->Assign({At(0, 0)}).ok());
    model::RecordBatch batch;
    base::Status status;
    for (int i = 0; i < 50 && status.ok(); ++i) status = reader->Poll(milliseconds(100), &batch);
    EXPECT_EQ(status.code(), base::Code::kUnavailable);
    EXPECT_NE(status.message().find(server), std::string::npos) << status.message();
  }
}

TEST(ReadersAlone, LibrdkafkaReadsWhatTheDirectReaderLacks) {
  ReaderOptions options;
  options.topic = "t";
  options.properties = {{"bootstrap.servers", "127.0.0.1:1"}};
  EXPECT_EQ(MakeReader(options).Take()->kind(), "direct");
  options.properties["client.rack"] = "r1";
  EXPECT_EQ(MakeReader(options).Take()->kind(), "librdkafka");
  options.properties["plugin.library.paths"] = "x";
  EXPECT_EQ(MakeReader(options).status().code(), base::Code::kInvalid);
}

TEST(ReadersAlone, RefusedPropertiesMakeNoClient) {
  ReaderOptions options;
  options.topic = "t";
  options.properties = {{"bootstrap.servers", "a:1"}, {"plugin.library.paths", "/tmp/evil.so"}};
  EXPECT_EQ(MakeKafkaReader(options).status().code(), base::Code::kInvalid);
  EXPECT_EQ(MakeDirectReader(options).status().code(), base::Code::kInvalid);
  options.properties = {{"bootstrap.servers", "a:1"}, {"ssl.key.pem", "-----BEGIN nonsense"}, {"security.protocol", "ssl"}};
  for (const Maker make : {&MakeKafkaReader, &MakeDirectReader}) {
    const auto status = make(options).status();
    EXPECT_EQ(status.code(), base::Code::kInvalid);
    EXPECT_EQ(status.ToString().find("nonsense"), std::string::npos) << "secrets are not repeated: " << status.ToString();
  }
}

}  // namespace
}  // namespace source
