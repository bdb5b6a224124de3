#pragma once
// The requests and responses of Kafka's protocol that reading a topic takes, as values, with their bytes in every version
// that we speak (ApiTable). Sans-I/O: nothing here knows of sockets.
//
// Encode gives a whole frame, length and header included. Decode takes a frame's body without its length and checks the
// correlation id; false means that the bytes are not such a response. Views in responses point into the frame.
//
// Threads: any. Limits: an array never has more elements than the frame has bytes for.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/wire.h"

namespace source {

enum class Api : int16_t {
  kFetch = 1,
  kListOffsets = 2,
  kMetadata = 3,
  kSaslHandshake = 17,
  kApiVersions = 18,
  kOffsetForLeaderEpoch = 23,
  kSaslAuthenticate = 36,
};

struct ApiRow {
  Api api;
  const char* name;
  int16_t least, most;      // versions that we speak
  int16_t first_flexible;   // from here on in compact form with tagged fields
};
std::span<const ApiRow> ApiTable();
const ApiRow& RowOf(Api api);

struct RequestHeader {
  Api api;
  int16_t version;
  int32_t correlation;
  std::string_view client_id;
};

// Error codes that the reader tells apart; others are only named.
enum BrokerError : int16_t {
  kNoError = 0,
  kOffsetOutOfRange = 1,
  kCorruptMessage = 2,
  kUnknownTopicOrPartition = 3,
  kLeaderNotAvailable = 5,
  kNotLeaderOrFollower = 6,
  kReplicaNotAvailable = 9,
  kTopicAuthorizationFailed = 29,
  kUnsupportedSaslMechanism = 33,
  kUnsupportedVersion = 35,
  kStorageError = 56,
  kSaslAuthenticationFailed = 58,
  kFencedLeaderEpoch = 74,
  kUnknownLeaderEpoch = 75,
  kOffsetNotAvailable = 78,
  kUnknownTopicId = 100,
  kInconsistentTopicId = 103,
};
std::string NameOfError(int16_t error);

// --- ApiVersions
struct ApiVersion {
  int16_t api, least, most;
};
struct ApiVersionsResponse {
  int16_t error = 0;
  std::vector<ApiVersion> apis;
};
std::string EncodeApiVersions(const RequestHeader& header, std::string_view software_version);
bool DecodeApiVersions(std::string_view frame, const RequestHeader& header, ApiVersionsResponse* out);

// --- SaslHandshake, SaslAuthenticate
struct SaslHandshakeResponse {
  int16_t error = 0;
  std::vector<std::string> mechanisms;
};
struct SaslAuthenticateResponse {
  int16_t error = 0;
  std::string error_message;
  std::string bytes;
  int64_t session_lifetime_ms = 0;
};
std::string EncodeSaslHandshake(const RequestHeader& header, std::string_view mechanism);
bool DecodeSaslHandshake(std::string_view frame, const RequestHeader& header, SaslHandshakeResponse* out);
std::string EncodeSaslAuthenticate(const RequestHeader& header, std::string_view bytes);
bool DecodeSaslAuthenticate(std::string_view frame, const RequestHeader& header, SaslAuthenticateResponse* out);

// --- Metadata of one topic
struct BrokerNode {
  int32_t id = -1;
  std::string host;
  int32_t port = 0;
};
struct PartitionLeader {
  int32_t partition = -1;
  int16_t error = 0;
  int32_t leader = -1;
  int32_t leader_epoch = -1;
};
struct MetadataResponse {
  int32_t throttle_ms = 0;
  std::vector<BrokerNode> brokers;
  int16_t topic_error = kUnknownTopicOrPartition;  // when the topic is not in the response at all
  Uuid topic_id{};                                 // zero below version 10
  std::vector<PartitionLeader> partitions;
};
std::string EncodeMetadata(const RequestHeader& header, std::string_view topic);
bool DecodeMetadata(std::string_view frame, const RequestHeader& header, std::string_view topic, MetadataResponse* out);

// --- ListOffsets of one partition
struct ListOffsetsRequest {
  std::string_view topic;
  int32_t partition;
  int32_t leader_epoch;
  int64_t timestamp;  // -2 earliest, -1 latest
};
struct ListOffsetsResponse {
  int16_t error = 0;
  int64_t offset = -1;
};
std::string EncodeListOffsets(const RequestHeader& header, const ListOffsetsRequest& request);
bool DecodeListOffsets(std::string_view frame, const RequestHeader& header, ListOffsetsResponse* out);

// --- OffsetForLeaderEpoch of one partition
struct EpochRequest {
  std::string_view topic;
  int32_t partition;
  int32_t leader_epoch;  // of the leader that is asked
  int32_t epoch;         // whose end is asked for
};
struct EpochResponse {
  int16_t error = 0;
  int32_t partition = -1;
  int32_t epoch = -1;
  int64_t end_offset = -1;
};
std::string EncodeEpoch(const RequestHeader& header, const EpochRequest& request);
bool DecodeEpoch(std::string_view frame, const RequestHeader& header, EpochResponse* out);

// --- Fetch of one topic, read committed, without a session
struct FetchPartition {
  int32_t partition;
  int32_t leader_epoch;
  int64_t offset;
  int32_t max_bytes;
};
struct FetchRequest {
  std::string_view topic;
  Uuid topic_id{};  // from version 13 on in place of the name
  int32_t max_wait_ms = 500, min_bytes = 1, max_bytes = 1 << 20;
  std::span<const FetchPartition> partitions;
};
struct AbortedTransaction {
  int64_t producer_id, first_offset;
};
struct FetchedPartition {
  int32_t partition = -1;
  int16_t error = 0;
  int64_t high_watermark = -1, last_stable_offset = -1, log_start_offset = -1;
  std::vector<AbortedTransaction> aborted;
  std::string_view records;
};
struct FetchResponse {
  int32_t throttle_ms = 0;
  int16_t error = 0;
  std::vector<FetchedPartition> partitions;
};
std::string EncodeFetch(const RequestHeader& header, const FetchRequest& request);
bool DecodeFetch(std::string_view frame, const RequestHeader& header, FetchResponse* out);

}  // namespace source
