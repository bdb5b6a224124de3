#include "source/any_reader.h"

#include "base/log.h"
#include "source/direct_reader.h"
#include "source/kafka_reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeReader(const ReaderOptions& options) {
  auto direct = MakeDirectReader(options);
  if (direct.ok() || direct.status().code() != base::Code::kUnsupported) return direct;
  base::Log(base::Level::kInfo, "source", "read by librdkafka", {{"topic", options.topic}, {"because", direct.status().message()}});
  return MakeKafkaReader(options);
}

}  // namespace source
