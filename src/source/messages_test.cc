#include "source/messages.h"

#include <gtest/gtest.h>

#include <string>

namespace source {
namespace {

// A frame's body as a broker would send it, written here by hand.
class Body {
 public:
  explicit Body(bool flexible) : out_(flexible) {}
  WireWriter& operator()() { return out_; }
  std::string Take() { return out_.Take(); }

 private:
  WireWriter out_;
};

RequestHeader Header(Api api, int16_t version) { return {api, version, 77, "me"}; }

std::string FetchBody(int16_t version) {
  Body body(version >= 12);
  body().Int32(77);
  body().NoTags();
  body().Int32(5);  // throttle
  body().Int16(0);
  body().Int32(0);
  body().Array(1);
  if (version >= 13) body().Id({});
  else body().String("t");
  body().Array(2);
  for (int partition : {4, 9}) {
    body().Int32(partition);
    body().Int16(partition == 9 ? 6 : 0);
    body().Int64(1000);
    body().Int64(900);
    body().Int64(10);
    body().Array(1);
    body().Int64(33);
    body().Int64(44);
    body().NoTags();
    body().Int32(-1);
    body().Bytes("records");
    body().NoTags();
  }
  body().NoTags();
  body().NoTags();
  return body().Take();
}

TEST(Messages, AFetchRequestIsWhatTheProtocolSays) {
  const FetchPartition partitions[] = {{1, 2, 3, 4}};
  FetchRequest request;
  request.topic = "t";
  request.max_wait_ms = 5;
  request.min_bytes = 6;
  request.max_bytes = 7;
  request.partitions = partitions;
  const std::string expected(
      "\0\0\0\x4f"                        // length
      "\0\x01\0\x0c\0\0\0\x4d\0\x02me\0"  // key, version, correlation, client, tags
      "\xff\xff\xff\xff\0\0\0\x05\0\0\0\x06\0\0\0\x07\x01"      // replica, wait, min, max, read
                                                                // committed
      "\0\0\0\0\xff\xff\xff\xff"                                // session
      "\x02\x02t\x02"                                           // one topic, one partition
      "\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x03\xff\xff\xff\xff"  // partition, epoch, offset, last
                                                                // epoch
      "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x04\0\0"  // log start, max, tags of partition and
                                                        // topic
      "\x01\x01\0",                                     // forgotten, rack, tags
      83);
  EXPECT_EQ(EncodeFetch(Header(Api::kFetch, 12), request), expected);
}

TEST(Messages, FetchResponsesOfEveryVersion) {
  for (int16_t version = RowOf(Api::kFetch).least; version <= RowOf(Api::kFetch).most; ++version) {
    const std::string body = FetchBody(version);
    FetchResponse response;  // views into `body`
    ASSERT_TRUE(DecodeFetch(body, Header(Api::kFetch, version), &response)) << version;
    EXPECT_EQ(response.throttle_ms, 5);
    ASSERT_EQ(response.partitions.size(), 2u);
    EXPECT_EQ(response.partitions[0].partition, 4);
    EXPECT_EQ(response.partitions[0].high_watermark, 1000);
    EXPECT_EQ(response.partitions[0].last_stable_offset, 900);
    EXPECT_EQ(response.partitions[0].log_start_offset, 10);
    ASSERT_EQ(response.partitions[0].aborted.size(), 1u);
    EXPECT_EQ(response.partitions[0].aborted[0].producer_id, 33);
    EXPECT_EQ(response.partitions[0].records, "records");
    EXPECT_EQ(response.partitions[1].error, kNotLeaderOrFollower);
  }
}

TEST(Messages, ACutOrForeignFrameIsNeverAResponse) {
  for (int16_t version = RowOf(Api::kFetch).least; version <= RowOf(Api::kFetch).most; ++version) {
    const std::string body = FetchBody(version);
    FetchResponse response;
    for (size_t cut = 0; cut < body.size(); ++cut)
      EXPECT_FALSE(DecodeFetch(std::string_view(body).substr(0, cut), Header(Api::kFetch, version),
                               &response))
          << version << " " << cut;
    RequestHeader other = Header(Api::kFetch, version);
    other.correlation = 78;
    EXPECT_FALSE(DecodeFetch(body, other, &response)) << "another request's answer";
  }
}

TEST(Messages, ACountWithoutElementsTakesNoMemory) {
  for (const bool flexible : {false, true}) {
    Body body(flexible);
    body().Int32(77);
    body().NoTags();
    body().Int32(0);
    body().Int16(0);
    body().Int32(0);
    body().Array(2'000'000'000);
    FetchResponse response;
    EXPECT_FALSE(DecodeFetch(body().Take(), Header(Api::kFetch, flexible ? 12 : 11), &response));
    EXPECT_TRUE(response.partitions.empty());
  }
}

TEST(Messages, MetadataOfEveryVersion) {
  for (int16_t version = RowOf(Api::kMetadata).least; version <= RowOf(Api::kMetadata).most;
       ++version) {
    Body body(true);
    body().Int32(77);
    body().NoTags();
    body().Int32(3);
    body().Array(1);
    body().Int32(5);
    body().String("host");
    body().Int32(9092);
    body().Uvarint(0);  // no rack
    body().NoTags();
    body().String("cluster");
    body().Int32(5);
    body().Array(2);
    for (const char* name : {"other", "t"}) {
      body().Int16(0);
      body().String(name);
      if (version >= 10) body().Id({'i', 'd'});
      body().Bool(false);
      body().Array(1);
      body().Int16(0);
      body().Int32(8);
      body().Int32(name[0] == 't' ? 5 : 6);
      body().Int32(12);
      for (int list = 0; list < 3; ++list) {
        body().Array(1);
        body().Int32(5);
      }
      body().NoTags();
      body().Int32(0);
      body().NoTags();
    }
    if (version <= 10) body().Int32(0);
    body().NoTags();
    const std::string bytes = body().Take();
    MetadataResponse response;
    ASSERT_TRUE(DecodeMetadata(bytes, Header(Api::kMetadata, version), "t", &response)) << version;
    ASSERT_EQ(response.brokers.size(), 1u);
    EXPECT_EQ(response.brokers[0].host, "host");
    EXPECT_EQ(response.topic_error, 0);
    EXPECT_EQ(response.topic_id != Uuid{}, version >= 10);
    ASSERT_EQ(response.partitions.size(), 1u);
    EXPECT_EQ(response.partitions[0].leader, 5);
    EXPECT_EQ(response.partitions[0].leader_epoch, 12);
    ASSERT_TRUE(DecodeMetadata(bytes, Header(Api::kMetadata, version), "absent", &response));
    EXPECT_EQ(response.topic_error, kUnknownTopicOrPartition);
    for (size_t cut = 0; cut < bytes.size(); ++cut)
      EXPECT_FALSE(DecodeMetadata(std::string_view(bytes).substr(0, cut),
                                  Header(Api::kMetadata, version), "t", &response))
          << cut;
  }
}

TEST(Messages, ApiVersionsOfAnOlderBrokerIsReadForItsError) {
  Body body(false);
  body().Int32(77);
  body().Int16(kUnsupportedVersion);
  body().Array(0);
  ApiVersionsResponse response;
  ASSERT_TRUE(DecodeApiVersions(body().Take(), Header(Api::kApiVersions, 3), &response));
  EXPECT_EQ(response.error, kUnsupportedVersion);
}

TEST(Messages, TaggedFieldsAreSkipped) {
  Body body(true);
  body().Int32(77);
  body().Uvarint(1);  // a tag in the header
  body().Uvarint(9);
  body().Uvarint(2);
  body().Int16(0);
  body().Int32(0);
  body().Array(0);
  body().NoTags();
  ListOffsetsResponse response;
  EXPECT_FALSE(DecodeListOffsets(body().Take(), Header(Api::kListOffsets, 7), &response))
      << "no topic in it";
}

}  // namespace
}  // namespace source
