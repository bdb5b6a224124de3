#pragma once
// The reader and the questions for some options, by their connector. Kafka is read by the direct reader, or by librdkafka
// where a property needs it; which one it is is said once in the log and by Reader::kind(). Threads and errors: reader.h.

#include <memory>

#include "base/status.h"
#include "source/reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeReader(const ReaderOptions& options);
base::Result<std::unique_ptr<TopicAdmin>> MakeAdmin(const ReaderOptions& options);

}  // namespace source
