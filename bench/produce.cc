// Writes seeded orders of about 220 bytes as JSON to a topic: the same seed gives the same bytes, keys and partitions.
//   bench_produce BROKERS TOPIC COUNT [key=value ...]
//     seed=42 codec=lz4 partitions=8 keys=100000 disorder_ms=2000
//     event_rate=10000   event time advances 1/event_rate s a record, from 2026-01-01T00:00:00Z
//     live_rate=0        records per second in real time; event time is then the wall clock (latency measurements)
// Ends with one line: records, bytes, seconds, records per second, failed deliveries.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <thread>

namespace {

using Options = std::map<std::string, std::string>;
using Clock = std::chrono::steady_clock;

constexpr int64_t kFirstEventMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr const char* kRegions[] = {"us-east", "us-west", "eu-west", "eu-north", "ap-south", "ap-east", "sa-east", "af-south"};
constexpr const char* kStatuses[] = {"created", "paid", "shipped", "delivered", "cancelled", "returned"};
constexpr const char* kCurrencies[] = {"USD", "EUR", "GBP", "JPY"};
constexpr const char* kChannels[] = {"web", "mobile", "store", "partner"};

int64_t failed_deliveries = 0;

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err) ++failed_deliveries;
}

Options ParseOptions(int argc, char** argv) {
  Options options{{"seed", "42"}, {"codec", "lz4"}, {"partitions", "8"}, {"keys", "100000"}, {"disorder_ms", "2000"},
                  {"event_rate", "10000"}, {"live_rate", "0"}};
  for (int i = 4; i < argc; ++i) {
    const char* equals = std::strchr(argv[i], '=');
    const std::string key = equals ? std::string(argv[i], static_cast<size_t>(equals - argv[i])) : argv[i];
    if (!equals || !options.contains(key)) {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      std::exit(2);
    }
    options[key] = equals + 1;
  }
  return options;
}

rd_kafka_t* MakeProducer(const char* brokers, const Options& options) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const bool live = options.at("live_rate") != "0";
  const std::map<std::string, std::string> settings{
      {"bootstrap.servers", brokers}, {"compression.codec", options.at("codec")}, {"linger.ms", live ? "5" : "50"},
      {"batch.size", "500000"}, {"batch.num.messages", "20000"}, {"queue.buffering.max.messages", "500000"},
      {"queue.buffering.max.kbytes", "400000"}, {"enable.idempotence", "true"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "%s\n", error);
      std::exit(1);
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, OnDelivery);
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(1);
  }
  return producer;
}

int FormatOrder(int64_t id, uint64_t a, uint64_t b, unsigned customer, int64_t event_ms, char* out, size_t size) {
  const unsigned cents = 100 + static_cast<unsigned>((b >> 8) % 99'900);
  return std::snprintf(out, size,
                       "{\"order_id\":%lld,\"customer_id\":%u,\"region\":\"%s\",\"status\":\"%s\",\"amount\":%u.%02u,\"ts\":%lld,"
                       "\"currency\":\"%s\",\"channel\":\"%s\",\"items\":%d,\"session\":\"%016llx\",\"coupon\":null,\"note\":\"seeded\"}",
                       static_cast<long long>(id), customer, kRegions[(a >> 20) & 7], kStatuses[(a >> 24) % 6], cents / 100,
                       cents % 100, static_cast<long long>(event_ms), kCurrencies[(a >> 30) & 3], kChannels[(a >> 32) & 3],
                       1 + static_cast<int>((a >> 34) % 9), static_cast<unsigned long long>(a ^ b));
}

int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_produce BROKERS TOPIC COUNT [key=value ...]\n");
    return 2;
  }
  const Options options = ParseOptions(argc, argv);
  const int64_t count = std::atoll(argv[3]);
  const int64_t event_rate = std::atoll(options.at("event_rate").c_str());
  const int64_t live_rate = std::atoll(options.at("live_rate").c_str());
  const auto disorder = static_cast<uint64_t>(std::atoll(options.at("disorder_ms").c_str()));
  const auto keys = static_cast<uint64_t>(std::atoll(options.at("keys").c_str()));
  const int partitions = std::atoi(options.at("partitions").c_str());
  rd_kafka_t* producer = MakeProducer(argv[1], options);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  std::mt19937_64 random(static_cast<uint64_t>(std::atoll(options.at("seed").c_str())));
  const auto begun = Clock::now();
  int64_t bytes = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t a = random(), b = random();
    const auto customer = static_cast<unsigned>(a % keys);
    int64_t event_ms = kFirstEventMs + i * 1000 / event_rate - static_cast<int64_t>((b >> 40) % (disorder + 1));
    if (live_rate > 0) {
      std::this_thread::sleep_until(begun + std::chrono::nanoseconds(i * 1'000'000'000 / live_rate / 1'000'000 * 1'000'000));
      event_ms = WallMs();
    }
    char value[320], key[16];
    const int length = FormatOrder(i, a, b, customer, event_ms, value, sizeof value);
    const int key_length = std::snprintf(key, sizeof key, "%u", customer);
    bytes += length;
    while (rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(static_cast<int>(customer) % partitions),
                             RD_KAFKA_V_KEY(key, static_cast<size_t>(key_length)), RD_KAFKA_V_VALUE(value, static_cast<size_t>(length)),
                             RD_KAFKA_V_TIMESTAMP(event_ms), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
      rd_kafka_poll(producer, 20);
    if ((i & 1023) == 0) rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 120'000);
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("records %lld bytes %lld seconds %.3f records_per_second %.0f failed %lld\n", static_cast<long long>(count),
              static_cast<long long>(bytes), seconds, static_cast<double>(count) / seconds, static_cast<long long>(failed_deliveries));
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return failed_deliveries == 0 ? 0 : 1;
}
