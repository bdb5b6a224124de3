#pragma once
// Reader: Kafka partitions -> record batches. The first stage of a record's journey; one lane owns
// one reader.
//
// Two readers stand behind this interface: librdkafka (kafka_reader.h) and our own of the Fetch
// protocol. The caller names the partitions and where to stand; a reader never decides a position
// by itself.
//
// Threads: one owner; only Wake may be called from elsewhere. Owns: sockets, buffers. Borrows:
// nothing. Errors: Poll returns kUnavailable for what passes by itself (broker away: the reader
// goes on trying, the text says what
//   and since when; in Poll also a refused sign-in or a lost right), kCorrupt for what must not be
//   skipped: offset out of range, truncation, a recreated topic, bad CRC. kNotFound for a topic
//   that went away.
// Limits: ReaderOptions::max_bytes of records in memory (fetched and not yet polled); beyond that
// it stops fetching.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/connector.h"
#include "model/record_batch.h"

namespace source {

class PartitionNames;

struct ReaderOptions {
  std::string topic;
  std::map<std::string, std::string>
      properties;  // librdkafka's names, already checked against the allow list
  size_t max_bytes = 32 << 20;
  size_t max_poll_records = 20'000;
  bool headers =
      true;  // false: records come without their headers, which librdkafka's reader has to allocate
  std::map<std::string, std::string> secrets;  // property -> name of the secret with its value
  std::string connector = "kafka";
  std::shared_ptr<const model::GeneratedRows> generated;  // connector "datagen"
  std::shared_ptr<const model::FileFolder> folder;        // connector "file"
  std::shared_ptr<const PartitionNames> names;            // connector "file": of its partitions
};

struct PartitionStart {
  model::PartitionId partition;
  model::Offset offset;
};

// What is known of one partition; -1 = not known yet.
struct PartitionState {
  model::PartitionId partition;
  int64_t low_watermark_offset = -1;
  int64_t high_watermark_offset = -1;
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Replaces the set of partitions. Records of partitions that stay are not lost.
  virtual base::Status Assign(const std::vector<PartitionStart>& partitions) = 0;

  // Waits until there are records or the timeout passes; fills `out` (cleared first). OK with no
  // records = nothing new.
  virtual base::Status Poll(std::chrono::milliseconds timeout, model::RecordBatch* out) = 0;

  virtual void Pause(const std::vector<model::PartitionId>& partitions) = 0;
  virtual void Resume(const std::vector<model::PartitionId>& partitions) = 0;
  virtual std::vector<PartitionState> States() const = 0;

  // Ends a Poll that waits. Any thread.
  virtual void Wake() = 0;

  // Which reader it is, for people: "direct", "librdkafka".
  virtual std::string_view kind() const { return "other"; }
};

// What a topic looks like, asked once when a source starts and then each `metadata` interval.
struct TopicInfo {
  std::string topic_id;  // empty when the client does not tell
  std::vector<model::PartitionId> partitions;
  // Of a connector whose partitions have names and get their numbers from the caller: `partitions`
  // is empty then. In the order in which new ones shall be numbered.
  std::vector<std::string> names;
};

enum class StartAt { kEarliest, kLatest, kTimestamp };

// Questions about a topic that need no assignment. Threads: one owner. Errors: kNotFound for a
// missing topic (message names topic and brokers), kUnavailable when no broker answers within the
// timeout, kDenied for authentication.
class TopicAdmin {
 public:
  virtual ~TopicAdmin() = default;
  virtual base::Result<TopicInfo> Describe(std::chrono::milliseconds timeout) = 0;
  virtual base::Result<model::Offset> Resolve(model::PartitionId partition, StartAt at,
                                              int64_t timestamp_ms,
                                              std::chrono::milliseconds timeout) = 0;
  // How soon to ask again for new partitions; nullopt = as the caller likes.
  virtual std::optional<std::chrono::milliseconds> DescribeAgainAfter() const {
    return std::nullopt;
  }
  // Ends the question under way, and every later one, with kCancelled. Any thread.
  virtual void Cancel() = 0;
};

}  // namespace source
