#include "source/record_walker.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "source/batch_builder.h"

namespace source {
namespace {

constexpr int16_t kLogAppendTime = 8, kTransactional = 16, kControl = 32;
constexpr RecordWalker::Limits kNoLimits{SIZE_MAX, SIZE_MAX};

struct Seen {
  int64_t offset, timestamp_ms;
  std::optional<std::string> key, value;
  std::string headers;
  bool operator==(const Seen&) const = default;
};

// Walks bytes that lie in memory of exactly their size and padding.
class Walking {
 public:
  explicit Walking(std::string_view bytes, int64_t from = 0, std::vector<AbortedTransaction> aborted = {})
      : memory_(std::make_unique<char[]>(bytes.size() + model::kPadding)) {
    std::memcpy(memory_.get(), bytes.data(), bytes.size());
    std::memset(memory_.get() + bytes.size(), 0x7F, model::kPadding);
    walker_ = std::make_unique<RecordWalker>(std::string_view(memory_.get(), bytes.size()), from, std::move(aborted));
  }
  base::Status All() {
    while (!walker_->done()) {
      const bool resuming = walker_->in_batch();
      if (!resuming) buffer_.Clear();
      RETURN_IF_ERROR(Some(kNoLimits));
    }
    return {};
  }
  base::Status Some(const RecordWalker::Limits& limits) {
    model::RecordBatch out;
    base::Status status = walker_->Walk(limits, &decompressor_, &buffer_, &out);
    last_count_ = out.records.size();
    for (const auto& record : out.records) {
      Seen one{record.offset, record.timestamp_ms, {}, {}, std::string(record.headers ? record.headers : "", record.headers_bytes)};
      if (record.key) one.key = record.Key();
      if (record.value) one.value = record.Value();
      seen.push_back(one);
    }
    return status;
  }
  RecordWalker& walker() { return *walker_; }
  RecordBuffer& buffer() { return buffer_; }
  size_t last_count() const { return last_count_; }
  std::vector<int64_t> Offsets() const {
    std::vector<int64_t> out;
    for (const auto& one : seen) out.push_back(one.offset);
    return out;
  }
  std::vector<Seen> seen;

 private:
  std::unique_ptr<char[]> memory_;
  std::unique_ptr<RecordWalker> walker_;
  Decompressor decompressor_;
  RecordBuffer buffer_{64 << 20};
  size_t last_count_ = 0;
};

BatchBuilder Batch(int64_t base, int count, int16_t attributes = 0) {
  BatchBuilder batch;
  batch.base_offset = base;
  batch.attributes = attributes;
  for (int i = 0; i < count; ++i) batch.records.push_back({i, i * 10, "k" + std::to_string(base + i), std::string(i * 7 % 40, 'v'), {}});
  return batch;
}

using Offsets = std::vector<int64_t>;

TEST(RecordWalker, EveryCodecGivesTheSameRecords) {
  for (int16_t codec = 0; codec <= 4; ++codec) {
    BatchBuilder batch = Batch(100, 3, codec);
    batch.records[1].headers = {{"trace", "one"}, {"x", std::nullopt}};
    batch.records[1].key = std::nullopt;
    batch.records[2].value = std::nullopt;
    batch.records.push_back({3, -1000, "", "", {}});
    Walking walking(batch.Build(), 100);
    ASSERT_TRUE(walking.All().ok()) << codec;
    const std::vector<Seen> expected = {{100, 1000, "k100", "", ""},
                                        {101, 1010, std::nullopt, "vvvvvvv", std::string("\x04\x0atrace\x06one\x02x\x01", 14)},
                                        {102, 1020, "k102", std::nullopt, ""},
                                        {103, 0, "", "", ""}};
    EXPECT_EQ(walking.seen, expected) << codec;
    EXPECT_EQ(walking.walker().next_offset(), 104);
    EXPECT_EQ(walking.walker().leader_epoch(), 3);
  }
}

TEST(RecordWalker, BeginsInTheMiddleOfABatchAndGoesOverGaps) {
  BatchBuilder compacted;
  compacted.base_offset = 10;
  compacted.last_offset_delta = 90;
  for (int delta : {2, 5, 50}) compacted.records.push_back({delta, 0, "k", std::to_string(10 + delta), {}});
  Walking walking(compacted.Build() + Batch(101, 2).Build(), 13);
  ASSERT_TRUE(walking.All().ok());
  EXPECT_EQ(walking.Offsets(), (Offsets{15, 60, 101, 102}));
  BatchBuilder empty;
  empty.base_offset = 200;
  empty.last_offset_delta = 9;
  Walking gone(empty.Build(), 200);
  ASSERT_TRUE(gone.All().ok());
  EXPECT_TRUE(gone.seen.empty());
  EXPECT_EQ(gone.walker().next_offset(), 210) << "a batch whose records were all compacted away still moves the position";
}

TEST(RecordWalker, LogAppendTimeIsOfTheBatchAndNoTimeIsNone) {
  BatchBuilder batch = Batch(0, 2, kLogAppendTime);
  batch.max_timestamp = 777;
  Walking walking(batch.Build());
  ASSERT_TRUE(walking.All().ok());
  EXPECT_EQ(walking.seen[0].timestamp_ms, 777);
  EXPECT_EQ(walking.seen[1].timestamp_ms, 777);
  BatchBuilder none = Batch(0, 1);
  none.base_timestamp = -1;
  Walking without(none.Build());
  ASSERT_TRUE(without.All().ok());
  EXPECT_EQ(without.seen[0].timestamp_ms, -1);
}

TEST(RecordWalker, ACutLastBatchIsLeftForTheNextFetch) {
  const std::string first = Batch(0, 2).Build(), second = Batch(2, 2).Build();
  for (size_t cut = 0; cut < second.size(); ++cut) {
    Walking walking(first + second.substr(0, cut));
    ASSERT_TRUE(walking.All().ok()) << cut;
    EXPECT_EQ(walking.Offsets(), (Offsets{0, 1})) << cut;
    EXPECT_EQ(walking.walker().next_offset(), 2);
    EXPECT_EQ(FindEnd(first + second.substr(0, cut)).next_offset, 2);
  }
  EXPECT_EQ(FindEnd(first + second).next_offset, 4);
  EXPECT_EQ(FindEnd("").next_offset, -1);
}

TEST(RecordWalker, EveryFlippedBitBehindTheLengthIsNoticed) {
  const std::string good = Batch(5, 3).Build();
  for (size_t byte = 16; byte < good.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ 1 << bit);
      Walking walking(bad, 5);
      EXPECT_FALSE(walking.All().ok()) << byte << "." << bit;
      EXPECT_TRUE(walking.seen.empty());
    }
  }
}

TEST(RecordWalker, OldFormatsAreRefusedWithTheirName) {
  for (int8_t magic : {0, 1}) {
    BatchBuilder batch = Batch(0, 1);
    batch.magic = magic;
    Walking walking(batch.Build());
    const auto status = walking.All();
    EXPECT_EQ(status.code(), base::Code::kUnsupported);
    EXPECT_NE(status.message().find("format " + std::to_string(magic)), std::string::npos) << status.message();
  }
  BatchBuilder batch = Batch(0, 1);
  batch.magic = 3;
  Walking walking(batch.Build());
  EXPECT_EQ(walking.All().code(), base::Code::kCorrupt);
}

TEST(RecordWalker, UncommittedAndAbortedTransactionsAreLeftOut) {
  const auto transaction = [](int64_t base, int64_t producer, int count) {
    BatchBuilder batch = Batch(base, count, kTransactional);
    batch.producer_id = producer;
    return batch.Build();
  };
  const auto marker = [](int64_t base, int64_t producer, char type) {
    BatchBuilder batch;
    batch.base_offset = base;
    batch.producer_id = producer;
    batch.attributes = kTransactional | kControl;
    batch.records.push_back({0, 0, std::string("\0\0\0", 3) + type, std::string(6, '\0'), {}});
    return batch.Build();
  };
  // Producer 1 aborts 0-1 and 8-9, commits 4-5 between; producer 2 commits 2; 6 is of no transaction.
  const std::string bytes = transaction(0, 1, 2) + transaction(2, 2, 1) + marker(3, 1, 0) + transaction(4, 1, 2) + Batch(6, 1).Build() +
                            marker(7, 1, 1) + transaction(8, 1, 2) + marker(10, 2, 1) + marker(11, 1, 0);
  Walking walking(bytes, 0, {{1, 8}, {1, 0}});
  ASSERT_TRUE(walking.All().ok());
  EXPECT_EQ(walking.Offsets(), (Offsets{2, 4, 5, 6}));
  EXPECT_EQ(walking.walker().next_offset(), 12) << "markers move the position";
}

TEST(RecordWalker, ABatchCanBeHandedOutInParts) {
  for (int16_t codec : {0, 3}) {
    const std::string bytes = Batch(0, 100, codec).Build() + Batch(100, 10, codec).Build();
    Walking walking(bytes);
    size_t calls = 0;
    while (!walking.walker().done()) {
      const bool resuming = walking.walker().in_batch();
      const size_t held = walking.buffer().bytes();
      if (!resuming) walking.buffer().Clear();
      ASSERT_TRUE(walking.Some({7, SIZE_MAX, resuming}).ok());
      EXPECT_LE(walking.last_count(), 7u);
      if (resuming) {
        EXPECT_EQ(walking.buffer().bytes(), held) << "no other batch is opened while one is gone on with";
      }
      ASSERT_LT(++calls, 100u);
    }
    ASSERT_EQ(walking.seen.size(), 110u);
    for (int64_t i = 0; i < 110; ++i) EXPECT_EQ(walking.seen[static_cast<size_t>(i)].offset, i);
  }
}

TEST(RecordWalker, BytesLimitStopsBetweenBatches) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += Batch(i * 50, 50, 3).Build();
  Walking walking(bytes);
  ASSERT_TRUE(walking.Some({SIZE_MAX, 3000}).ok());
  EXPECT_LT(walking.seen.size(), 300u);
  ASSERT_TRUE(walking.All().ok());
  EXPECT_EQ(walking.seen.size(), 1000u);
}

TEST(RecordWalker, ABombIsRefused) {
  for (int codec : {1, 3, 4}) {
    BatchBuilder batch = Batch(0, 1, static_cast<int16_t>(codec));
    batch.body = BatchBuilder::Compress(codec, std::string(RecordWalker::kMaxBatchBytes + 1, '\0'));
    Walking walking(batch.Build());
    const auto status = walking.All();
    EXPECT_EQ(status.code(), base::Code::kCorrupt) << codec;
    EXPECT_NE(status.message().find("grows to more than"), std::string::npos) << status.message();
  }
}

TEST(RecordWalker, RecordsThatMakeNoSenseAreCorrupt) {
  const auto with_body = [](std::string body, int32_t count) {
    BatchBuilder batch;
    batch.last_offset_delta = 10;
    batch.record_count = count;
    batch.body = std::move(body);
    return batch.Build();
  };
  const std::string good = Batch(0, 2).Records();
  EXPECT_TRUE(Walking(with_body(good, 2)).All().ok());
  EXPECT_EQ(Walking(with_body(good, 1)).All().code(), base::Code::kCorrupt) << "bytes are left over";
  EXPECT_EQ(Walking(with_body(good, 3)).All().code(), base::Code::kCorrupt) << "records are missing";
  EXPECT_EQ(Walking(with_body(good, -1)).All().code(), base::Code::kCorrupt);
  EXPECT_EQ(Walking(with_body(good, INT32_MAX)).All().code(), base::Code::kCorrupt);
  EXPECT_EQ(Walking(with_body(Batch(0, 1).Records() + Batch(0, 1).Records(), 2)).All().code(), base::Code::kCorrupt)
      << "the same offset twice";
  for (size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_EQ(Walking(with_body(good.substr(0, cut), 2)).All().code(), base::Code::kCorrupt) << cut;
  for (const std::string& length : {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10), std::string("\x00", 1),
                                    std::string("\x01", 1), std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)})
    EXPECT_EQ(Walking(with_body(length + good, 1)).All().code(), base::Code::kCorrupt);
}

TEST(RecordWalker, AnUnknownCodecAndDamagedCompressionAreErrors) {
  EXPECT_EQ(Walking(Batch(0, 1, 5).Build()).All().code(), base::Code::kUnsupported);
  for (int16_t codec = 1; codec <= 4; ++codec) {
    BatchBuilder batch = Batch(0, 50, codec);
    const std::string whole = BatchBuilder::Compress(codec, batch.Records());
    for (size_t cut = 0; cut < whole.size(); cut += 3) {
      batch.body = whole.substr(0, cut);
      EXPECT_EQ(Walking(batch.Build()).All().code(), base::Code::kCorrupt) << codec << " cut at " << cut;
    }
    batch.body = "this is not compressed";
    EXPECT_EQ(Walking(batch.Build()).All().code(), base::Code::kCorrupt) << codec;
  }
}

TEST(RecordWalker, SeveralFramesOfACodecAreOneText) {
  for (int16_t codec : {1, 3, 4}) {
    BatchBuilder batch = Batch(0, 10, codec);
    const std::string text = batch.Records();
    batch.body = BatchBuilder::Compress(codec, text.substr(0, 33)) + BatchBuilder::Compress(codec, text.substr(33));
    Walking walking(batch.Build());
    ASSERT_TRUE(walking.All().ok()) << codec;
    EXPECT_EQ(walking.seen.size(), 10u);
  }
}

}  // namespace
}  // namespace source
