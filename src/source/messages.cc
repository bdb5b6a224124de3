#include "source/messages.h"

#include <array>

#include "base/check.h"

namespace source {
namespace {

constexpr std::array kApis{
    ApiRow{Api::kFetch, "Fetch", 11, 13, 12},
    ApiRow{Api::kListOffsets, "ListOffsets", 6, 7, 6},
    ApiRow{Api::kMetadata, "Metadata", 9, 12, 9},
    ApiRow{Api::kSaslHandshake, "SaslHandshake", 1, 1, 2},
    ApiRow{Api::kApiVersions, "ApiVersions", 0, 3, 3},
    ApiRow{Api::kOffsetForLeaderEpoch, "OffsetForLeaderEpoch", 2, 4, 4},
    ApiRow{Api::kSaslAuthenticate, "SaslAuthenticate", 1, 2, 2},
};

constexpr int8_t kReadCommitted = 1, kReadUncommitted = 0;
constexpr int32_t kNoReplica = -1;

bool IsFlexible(const RequestHeader& header) { return header.version >= RowOf(header.api).first_flexible; }

WireWriter Begin(const RequestHeader& header) {
  WireWriter out(IsFlexible(header));
  out.Int32(0);  // the length, written by Finish
  out.Int16(static_cast<int16_t>(header.api));
  out.Int16(header.version);
  out.Int32(header.correlation);
  out.PlainString(header.client_id);
  out.NoTags();
  return out;
}

std::string Finish(WireWriter* writer) {
  std::string frame = writer->Take();
  const uint32_t length = htobe32(static_cast<uint32_t>(frame.size() - 4));
  std::memcpy(frame.data(), &length, sizeof length);
  return frame;
}

// The response header. ApiVersions' has no tags in any version, so that a client that knows no better can read it.
WireReader Open(std::string_view frame, const RequestHeader& header) {
  WireReader in(frame, IsFlexible(header));
  if (in.Int32() != header.correlation) in.Fail();
  if (header.api != Api::kApiVersions) in.SkipTags();
  return in;
}

void WriteOnePartitionTopic(WireWriter* out, std::string_view topic, int32_t partition) {
  out->Array(1);
  out->String(topic);
  out->Array(1);
  out->Int32(partition);
}

}  // namespace

std::span<const ApiRow> ApiTable() { return kApis; }

const ApiRow& RowOf(Api api) {
  for (const ApiRow& row : kApis)
    if (row.api == api) return row;
  CHECK(false);
  __builtin_unreachable();
}

std::string NameOfError(int16_t error) {
  switch (error) {
    case -1: return "UNKNOWN_SERVER_ERROR";
    case kNoError: return "NONE";
    case kOffsetOutOfRange: return "OFFSET_OUT_OF_RANGE";
    case kCorruptMessage: return "CORRUPT_MESSAGE";
    case kUnknownTopicOrPartition: return "UNKNOWN_TOPIC_OR_PARTITION";
    case kLeaderNotAvailable: return "LEADER_NOT_AVAILABLE";
    case kNotLeaderOrFollower: return "NOT_LEADER_OR_FOLLOWER";
    case kReplicaNotAvailable: return "REPLICA_NOT_AVAILABLE";
    case kTopicAuthorizationFailed: return "TOPIC_AUTHORIZATION_FAILED";
    case kUnsupportedSaslMechanism: return "UNSUPPORTED_SASL_MECHANISM";
    case kUnsupportedVersion: return "UNSUPPORTED_VERSION";
    case kStorageError: return "KAFKA_STORAGE_ERROR";
    case kSaslAuthenticationFailed: return "SASL_AUTHENTICATION_FAILED";
    case kFencedLeaderEpoch: return "FENCED_LEADER_EPOCH";
    case kUnknownLeaderEpoch: return "UNKNOWN_LEADER_EPOCH";
    case kOffsetNotAvailable: return "OFFSET_NOT_AVAILABLE";
    case kUnknownTopicId: return "UNKNOWN_TOPIC_ID";
    case kInconsistentTopicId: return "INCONSISTENT_TOPIC_ID";
    default: return "error " + std::to_string(error);
  }
}

std::string EncodeApiVersions(const RequestHeader& header, std::string_view software_version) {
  WireWriter out = Begin(header);
  if (header.version >= 3) {
    out.String("freshet");
    out.String(software_version);
    out.NoTags();
  }
  return Finish(&out);
}

bool DecodeApiVersions(std::string_view frame, const RequestHeader& header, ApiVersionsResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  out->error = in.Int16();
  if (out->error == kUnsupportedVersion) return in.ok();  // what follows is in version 0's form
  for (size_t count = in.Array(6); count > 0; --count) {
    const int16_t api = in.Int16(), least = in.Int16(), most = in.Int16();
    in.SkipTags();
    out->apis.push_back({api, least, most});
  }
  return in.ok();
}

std::string EncodeSaslHandshake(const RequestHeader& header, std::string_view mechanism) {
  WireWriter out = Begin(header);
  out.String(mechanism);
  return Finish(&out);
}

bool DecodeSaslHandshake(std::string_view frame, const RequestHeader& header, SaslHandshakeResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  out->error = in.Int16();
  for (size_t count = in.Array(2); count > 0; --count) out->mechanisms.emplace_back(in.String());
  return in.ok();
}

std::string EncodeSaslAuthenticate(const RequestHeader& header, std::string_view bytes) {
  WireWriter out = Begin(header);
  out.Bytes(bytes);
  out.NoTags();
  return Finish(&out);
}

bool DecodeSaslAuthenticate(std::string_view frame, const RequestHeader& header, SaslAuthenticateResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  out->error = in.Int16();
  out->error_message = in.String();
  out->bytes = in.Bytes();
  out->session_lifetime_ms = in.Int64();
  in.SkipTags();
  return in.ok();
}

std::string EncodeMetadata(const RequestHeader& header, std::string_view topic) {
  WireWriter out = Begin(header);
  out.Array(1);
  if (header.version >= 10) out.Id({});
  out.String(topic);
  out.NoTags();
  out.Bool(false);                            // create the topic
  if (header.version <= 10) out.Bool(false);  // the cluster's authorized operations
  out.Bool(false);                            // the topic's
  out.NoTags();
  return Finish(&out);
}

bool DecodeMetadata(std::string_view frame, const RequestHeader& header, std::string_view topic, MetadataResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  out->throttle_ms = in.Int32();
  for (size_t count = in.Array(10); count > 0; --count) {
    BrokerNode broker;
    broker.id = in.Int32();
    broker.host = in.String();
    broker.port = in.Int32();
    in.String();  // rack
    in.SkipTags();
    out->brokers.push_back(std::move(broker));
  }
  in.String();  // cluster id
  in.Int32();   // controller
  for (size_t topics = in.Array(10); topics > 0; --topics) {
    const int16_t error = in.Int16();
    const bool ours = in.String() == topic;
    const Uuid id = header.version >= 10 ? in.Id() : Uuid{};
    in.Bool();  // internal
    if (ours) {
      out->topic_error = error;
      out->topic_id = id;
    }
    for (size_t count = in.Array(18); count > 0; --count) {
      PartitionLeader partition;
      partition.error = in.Int16();
      partition.partition = in.Int32();
      partition.leader = in.Int32();
      partition.leader_epoch = in.Int32();
      for (int list = 0; list < 3; ++list)  // replicas, in-sync ones, offline ones
        for (size_t nodes = in.Array(4); nodes > 0; --nodes) in.Int32();
      in.SkipTags();
      if (ours) out->partitions.push_back(partition);
    }
    in.Int32();  // authorized operations
    in.SkipTags();
  }
  if (header.version <= 10) in.Int32();
  in.SkipTags();
  return in.ok();
}

std::string EncodeListOffsets(const RequestHeader& header, const ListOffsetsRequest& request) {
  WireWriter out = Begin(header);
  out.Int32(kNoReplica);
  out.Int8(kReadUncommitted);
  WriteOnePartitionTopic(&out, request.topic, request.partition);
  out.Int32(request.leader_epoch);
  out.Int64(request.timestamp);
  for (int level = 0; level < 3; ++level) out.NoTags();
  return Finish(&out);
}

bool DecodeListOffsets(std::string_view frame, const RequestHeader& header, ListOffsetsResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  in.Int32();  // throttle
  if (in.Array(3) != 1) return false;
  in.String();
  if (in.Array(26) != 1) return false;
  in.Int32();  // partition
  out->error = in.Int16();
  in.Int64();  // timestamp
  out->offset = in.Int64();
  in.Int32();  // leader epoch
  for (int level = 0; level < 3; ++level) in.SkipTags();
  return in.ok();
}

std::string EncodeEpoch(const RequestHeader& header, const EpochRequest& request) {
  WireWriter out = Begin(header);
  if (header.version >= 3) out.Int32(kNoReplica);
  WriteOnePartitionTopic(&out, request.topic, request.partition);
  out.Int32(request.leader_epoch);
  out.Int32(request.epoch);
  for (int level = 0; level < 3; ++level) out.NoTags();
  return Finish(&out);
}

bool DecodeEpoch(std::string_view frame, const RequestHeader& header, EpochResponse* out) {
  WireReader in = Open(frame, header);
  *out = {};
  in.Int32();  // throttle
  if (in.Array(3) != 1) return false;
  in.String();
  if (in.Array(18) != 1) return false;
  out->error = in.Int16();
  out->partition = in.Int32();
  out->epoch = in.Int32();
  out->end_offset = in.Int64();
  for (int level = 0; level < 3; ++level) in.SkipTags();
  return in.ok();
}

std::string EncodeFetch(const RequestHeader& header, const FetchRequest& request) {
  WireWriter out = Begin(header);
  out.Int32(kNoReplica);
  out.Int32(request.max_wait_ms);
  out.Int32(request.min_bytes);
  out.Int32(request.max_bytes);
  out.Int8(kReadCommitted);
  out.Int32(0);   // no session
  out.Int32(-1);  // nor a new one
  out.Array(1);
  if (header.version >= 13) out.Id(request.topic_id);
  else out.String(request.topic);
  out.Array(request.partitions.size());
  for (const FetchPartition& partition : request.partitions) {
    out.Int32(partition.partition);
    out.Int32(partition.leader_epoch);
    out.Int64(partition.offset);
    if (header.version >= 12) out.Int32(-1);  // last fetched epoch: truncation is looked for by OffsetForLeaderEpoch
    out.Int64(-1);                            // log start, for followers
    out.Int32(partition.max_bytes);
    out.NoTags();
  }
  out.NoTags();
  out.Array(0);    // forgotten topics
  out.String("");  // rack
  out.NoTags();
  return Finish(&out);
}

bool DecodeFetch(std::string_view frame, const RequestHeader& header, FetchResponse* out) {
  WireReader in = Open(frame, header);
  out->partitions.clear();
  out->throttle_ms = in.Int32();
  out->error = in.Int16();
  in.Int32();  // session
  for (size_t topics = in.Array(3); topics > 0; --topics) {
    if (header.version >= 13) in.Id();
    else in.String();
    for (size_t count = in.Array(35); count > 0; --count) {
      FetchedPartition& partition = out->partitions.emplace_back();
      partition.partition = in.Int32();
      partition.error = in.Int16();
      partition.high_watermark = in.Int64();
      partition.last_stable_offset = in.Int64();
      partition.log_start_offset = in.Int64();
      for (size_t aborted = in.Array(16); aborted > 0; --aborted) {
        const int64_t producer = in.Int64(), first = in.Int64();
        in.SkipTags();
        partition.aborted.push_back({producer, first});
      }
      in.Int32();  // preferred read replica
      partition.records = in.Bytes();
      in.SkipTags();
    }
    in.SkipTags();
  }
  in.SkipTags();
  return in.ok();
}

}  // namespace source
