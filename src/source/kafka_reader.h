#pragma once
// The librdkafka side of the source room: a Reader that consumes with explicit positions, and the TopicAdmin.
//
// The reader joins no group and commits nothing to Kafka: it is told where to stand, and a position that the broker does
// not have is an error, never a reset. Records are copied once, from the library's messages to the reader's own padded
// buffer, which is used again for every Poll.
//
// Threads: as reader.h says; librdkafka runs its own threads (named rdk:*) beneath.
// Owns: the client handle, its queue, the record buffer. Errors: reader.h.
// Limits: ReaderOptions::max_bytes over the library's fetch queue and the buffer together; the queue may pass its part by
//   one fetch response, so the share that it gets is halved once for that.

#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "source/reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeKafkaReader(const ReaderOptions& options);

base::Result<std::unique_ptr<TopicAdmin>> MakeKafkaAdmin(const std::string& topic,
                                                         const std::map<std::string, std::string>& properties);

// Version of the linked librdkafka, "2.15.1".
std::string KafkaClientVersion();

}  // namespace source
