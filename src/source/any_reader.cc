#include "source/any_reader.h"

#include "base/log.h"
#include "source/direct_reader.h"
#include "source/file_reader.h"
#include "source/generated_reader.h"
#include "source/kafka_reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeReader(const ReaderOptions& options) {
  if (options.connector == "file") return MakeFileReader(options);
  if (options.connector == "datagen") return MakeGeneratedReader(options);
  auto direct = MakeDirectReader(options);
  if (direct.ok() || direct.status().code() != base::Code::kUnsupported) return direct;
  base::Log(base::Level::kInfo, "source", "read by librdkafka", {{"topic", options.topic}, {"because", direct.status().message()}});
  return MakeKafkaReader(options);
}

base::Result<std::unique_ptr<TopicAdmin>> MakeAdmin(const ReaderOptions& options) {
  if (options.connector == "file") return MakeFileAdmin(options);
  if (options.connector == "datagen") return MakeGeneratedAdmin(options);
  return MakeKafkaAdmin(options.topic, options.properties);
}

}  // namespace source
