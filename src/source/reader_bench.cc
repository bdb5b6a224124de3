// Drains a topic through a reader and prints records a second and CPU: reader_bench SERVERS TOPIC PARTITIONS COUNT READER
// where READER is kafka or direct. Nothing is decoded.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "source/direct_reader.h"
#include "source/kafka_reader.h"

namespace {

double CpuSeconds(const rusage& usage) {
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Drain(source::Reader* reader, int partitions, size_t count) {
  std::vector<source::PartitionStart> starts;
  for (int i = 0; i < partitions; ++i) starts.push_back({model::PartitionId(i), model::Offset(0)});
  if (const auto status = reader->Assign(starts); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  model::RecordBatch batch;
  size_t records = 0, bytes = 0, polls = 0;
  uint64_t sum = 0;
  auto start = base::Clock::System().Monotonic();
  while (records < count) {
    const auto status = reader->Poll(std::chrono::milliseconds(200), &batch);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    if (status.code() == base::Code::kCorrupt) return 1;
    if (records == 0) start = base::Clock::System().Monotonic();
    records += batch.records.size();
    bytes += batch.bytes;
    polls += batch.records.empty() ? 0 : 1;
    for (const auto& record : batch.records) sum += static_cast<uint64_t>(record.offset) * record.value_bytes;
  }
  const double seconds = std::chrono::duration<double>(base::Clock::System().Monotonic() - start).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%zu records, %.1f MB in %.2f s = %.2f M records/s, %zu polls, cpu %.2f s = %.2f M per CPU-s, rss %ld MB, sum %016llx\n",
              records, static_cast<double>(bytes) / 1e6, seconds, static_cast<double>(records) / seconds / 1e6, polls,
              CpuSeconds(usage), static_cast<double>(records) / CpuSeconds(usage) / 1e6, usage.ru_maxrss / 1024,
              static_cast<unsigned long long>(sum));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: reader_bench SERVERS TOPIC PARTITIONS COUNT kafka|direct\n");
    return 2;
  }
  source::ReaderOptions options;
  options.properties = {{"bootstrap.servers", argv[1]}};
  options.topic = argv[2];
  options.headers = false;
  auto reader = std::strcmp(argv[5], "direct") == 0 ? source::MakeDirectReader(options) : source::MakeKafkaReader(options);
  if (!reader.ok()) {
    std::fprintf(stderr, "%s\n", reader.status().ToString().c_str());
    return 1;
  }
  return Drain(reader->get(), std::atoi(argv[3]), std::strtoull(argv[4], nullptr, 10));
}
