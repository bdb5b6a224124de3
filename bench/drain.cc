// The physical limit that Freshet is measured against: librdkafka's batch consumer takes COUNT records of a topic from its
// beginning and looks at none of them.
//   bench_drain BROKERS TOPIC COUNT PARTITIONS [librdkafka.property=value ...]
// Ends with one line: records, seconds, records per second, CPU seconds, peak memory.

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void Set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) == RD_KAFKA_CONF_OK) return;
  std::fprintf(stderr, "%s\n", error);
  std::exit(2);
}

double CpuSeconds(const rusage& usage) {
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_drain BROKERS TOPIC COUNT PARTITIONS [property=value ...]\n");
    return 2;
  }
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", argv[1]);
  Set(conf, "group.id", "bench-drain");
  Set(conf, "enable.auto.commit", "false");
  Set(conf, "check.crcs", "true");
  for (int i = 5; i < argc; ++i) {
    char* equals = std::strchr(argv[i], '=');
    if (equals == nullptr) return 2;
    *equals = '\0';
    Set(conf, argv[i], equals + 1);
  }
  char error[512];
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    return 1;
  }
  rd_kafka_poll_set_consumer(consumer);
  const int64_t count = std::atoll(argv[3]);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(8);
  for (int p = 0; p < std::atoi(argv[4]); ++p) rd_kafka_topic_partition_list_add(list, argv[2], p)->offset = 0;
  rd_kafka_assign(consumer, list);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  std::vector<rd_kafka_message_t*> messages(4096);
  int64_t records = 0;
  const auto begun = Clock::now();
  auto last = begun;
  while (records < count) {
    const ssize_t n = rd_kafka_consume_batch_queue(queue, 200, messages.data(), messages.size());
    for (ssize_t i = 0; i < n; ++i) {
      records += messages[static_cast<size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      rd_kafka_message_destroy(messages[static_cast<size_t>(i)]);
    }
    if (n > 0) last = Clock::now();
    else if (Clock::now() - last > std::chrono::seconds(20)) {
      std::fprintf(stderr, "stalled after %lld records\n", static_cast<long long>(records));
      return 1;
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("records %lld seconds %.3f records_per_second %.0f cpu_seconds %.3f peak_mb %ld\n", static_cast<long long>(records),
              seconds, static_cast<double>(records) / seconds, CpuSeconds(usage), usage.ru_maxrss / 1024);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return 0;
}
