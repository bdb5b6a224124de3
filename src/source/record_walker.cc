// Invariants:
// 1. Every read of a record stays below `end_` + model::kPadding: varints are read without a check of their own because
//    three of them are shorter than the padding, and after each length that is used the position is checked.
// 2. next_offset_ only rises; it is moved over a batch when the last of its records was read or it was left out whole.

#include "source/record_walker.h"

#include <algorithm>

#include "source/crc32c.h"

namespace source {
namespace {

constexpr size_t kLengthEnd = 12;        // base offset and length, which the length does not count
constexpr size_t kChecksummedFrom = 21;  // the attributes

template <typename T>
T Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
int16_t Int16At(const char* at) { return static_cast<int16_t>(be16toh(Load<uint16_t>(at))); }
int32_t Int32At(const char* at) { return static_cast<int32_t>(be32toh(Load<uint32_t>(at))); }
int64_t Int64At(const char* at) { return static_cast<int64_t>(be64toh(Load<uint64_t>(at))); }

// A zigzag varint of at most ten bytes; longer ones end after ten and mean nothing, which the lengths around them tell.
inline int64_t Varint(const char** at) {
  const char* p = *at;
  uint64_t value = static_cast<unsigned char>(*p++);
  if (value >= 0x80) {
    value &= 0x7F;
    for (int shift = 7; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(*p++);
      value |= uint64_t{byte & 0x7Fu} << (shift & 63);
      if (byte < 0x80) break;
    }
  }
  *at = p;
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

// Whether [at, end) is `count` whole headers and nothing else.
bool AreHeaders(const char* at, const char* end, int64_t count) {
  for (; count > 0; --count) {
    const int64_t key = Varint(&at);
    if (key < 0 || at > end || key > end - at) return false;
    at += key;
    const int64_t value = Varint(&at);
    if (at > end || value < -1 || value > end - at) return false;
    at += std::max<int64_t>(value, 0);
  }
  return at == end;
}

}  // namespace

BatchRead ReadBatchHeader(std::string_view bytes, BatchHeader* out) {
  if (bytes.size() < kLengthEnd + 5) return BatchRead::kCut;
  const char* at = bytes.data();
  const int32_t length = Int32At(at + 8);
  out->base_offset = Int64At(at);
  out->magic = at[16];
  if (out->magic == 0 || out->magic == 1) return BatchRead::kOldFormat;
  if (out->magic != 2 || length < static_cast<int32_t>(BatchHeader::kBytes - kLengthEnd) || out->base_offset < 0)
    return BatchRead::kMalformed;
  out->total_bytes = kLengthEnd + static_cast<size_t>(length);
  if (bytes.size() < out->total_bytes) return BatchRead::kCut;
  out->leader_epoch = Int32At(at + 12);
  out->checksum = static_cast<uint32_t>(Int32At(at + 17));
  out->attributes = Int16At(at + 21);
  out->last_offset_delta = Int32At(at + 23);
  out->base_timestamp = Int64At(at + 27);
  out->max_timestamp = Int64At(at + 35);
  out->producer_id = Int64At(at + 43);
  out->record_count = Int32At(at + 57);
  const bool fits = out->last_offset_delta >= 0 && out->base_offset <= INT64_MAX - out->last_offset_delta - 1;
  return fits ? BatchRead::kWhole : BatchRead::kMalformed;
}

BatchesEnd FindEnd(std::string_view bytes) {
  BatchesEnd end;
  BatchHeader batch;
  while (ReadBatchHeader(bytes, &batch) == BatchRead::kWhole) {
    end = {batch.next_offset(), batch.leader_epoch};
    bytes.remove_prefix(batch.total_bytes);
  }
  return end;
}

RecordWalker::RecordWalker(std::string_view bytes, int64_t next_offset, std::vector<AbortedTransaction> aborted)
    : bytes_(bytes), next_offset_(next_offset), aborted_(std::move(aborted)) {
  std::sort(aborted_.begin(), aborted_.end(), [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
}

base::Status RecordWalker::Malformed(const char* what) const {
  return base::Corrupt("the record batch at offset " + std::to_string(batch_.base_offset) + " is damaged: " + what);
}

base::Status RecordWalker::Walk(const Limits& limits, Decompressor* decompressor, RecordBuffer* buffer, model::RecordBatch* out) {
  const size_t first = out->records.size();
  const size_t first_bytes = buffer->bytes();
  while (!done_) {
    if (left_ == 0) RETURN_IF_ERROR(OpenBatch(decompressor, buffer));
    if (left_ > 0) RETURN_IF_ERROR(ReadRecords(limits, first, out));
    if (limits.only_open_batch) break;
    if (out->records.size() - first >= limits.records || buffer->bytes() - first_bytes >= limits.bytes ||
        out->bytes >= limits.bytes)
      break;
  }
  return {};
}

// Goes to the next batch that has records for us, past those that have none.
base::Status RecordWalker::OpenBatch(Decompressor* decompressor, RecordBuffer* buffer) {
  switch (ReadBatchHeader(bytes_, &batch_)) {
    case BatchRead::kCut: done_ = true; return {};
    case BatchRead::kMalformed: return Malformed("its header makes no sense");
    case BatchRead::kOldFormat:
      return base::Unsupported("the records at offset " + std::to_string(next_offset_) + " are in format " +
                               std::to_string(batch_.magic) + ", from before Kafka 0.11");
    case BatchRead::kWhole: break;
  }
  const std::string_view whole = bytes_.substr(0, batch_.total_bytes);
  bytes_.remove_prefix(batch_.total_bytes);
  if (Crc32c(whole.substr(kChecksummedFrom)) != batch_.checksum) return Malformed("its checksum is wrong");
  if (batch_.next_offset() <= next_offset_) return {};
  at_ = whole.data() + BatchHeader::kBytes;
  end_ = whole.data() + whole.size();
  if (batch_.record_count < 0 || batch_.record_count > kMaxRecordsPerBatch) return Malformed("its record count makes no sense");
  leader_epoch_ = batch_.leader_epoch;
  if (IsAborted() || batch_.record_count == 0) {
    next_offset_ = batch_.next_offset();
    return {};
  }
  const std::string_view compressed(at_, static_cast<size_t>(end_ - at_));
  auto records = decompressor->Decompress(batch_.codec(), compressed, buffer, kMaxBatchBytes);
  if (!records.ok())
    return records.TakeStatus().WithContext("offset " + std::to_string(batch_.base_offset));
  at_ = records->data();
  end_ = at_ + records->size();
  left_ = batch_.record_count;
  last_delta_ = -1;
  return {};
}

// Whether the open batch is a transaction's end or part of an aborted one.
bool RecordWalker::IsAborted() {
  for (; aborted_at_ < aborted_.size() && aborted_[aborted_at_].first_offset < batch_.next_offset(); ++aborted_at_)
    aborting_.push_back(aborted_[aborted_at_].producer_id);
  if (batch_.control()) {
    // A marker ends the producer's transaction whichever way: a committed one is not in the list.
    std::erase(aborting_, batch_.producer_id);
    return true;
  }
  return batch_.transactional() && std::find(aborting_.begin(), aborting_.end(), batch_.producer_id) != aborting_.end();
}

base::Status RecordWalker::ReadRecords(const Limits& limits, size_t first, model::RecordBatch* out) {
  for (; left_ > 0; --left_) {
    if (out->records.size() - first >= limits.records || out->bytes >= limits.bytes) return {};
    model::RecordView record;
    bool wanted = false;
    if (!ReadRecord(&record, &wanted)) return Malformed("a record makes no sense");
    if (!wanted) continue;
    next_offset_ = record.offset + 1;
    out->bytes += record.key_bytes + record.value_bytes;
    out->records.push_back(record);
  }
  if (at_ != end_) return Malformed("bytes follow its last record");
  next_offset_ = batch_.next_offset();
  return {};
}

bool RecordWalker::ReadRecord(model::RecordView* out, bool* wanted) {
  const char* at = at_;
  const int64_t length = Varint(&at);
  if (at > end_ || length <= 0 || length > end_ - at) return false;
  const char* end = at + length;
  ++at;  // attributes
  const int64_t timestamp_delta = Varint(&at);
  const int64_t offset_delta = Varint(&at);
  const int64_t key_bytes = Varint(&at);
  if (at > end || key_bytes < -1 || key_bytes > end - at) return false;
  if (key_bytes >= 0) {
    out->key = at;
    out->key_bytes = static_cast<uint32_t>(key_bytes);
    at += key_bytes;
  }
  const int64_t value_bytes = Varint(&at);
  if (at > end || value_bytes < -1 || value_bytes > end - at) return false;
  if (value_bytes >= 0) {
    out->value = at;
    out->value_bytes = static_cast<uint32_t>(value_bytes);
    at += value_bytes;
  }
  const char* headers = at;
  const int64_t header_count = Varint(&at);
  if (header_count < 0 || !AreHeaders(at, end, header_count)) return false;
  if (header_count > 0) {
    out->headers = headers;
    out->headers_bytes = static_cast<uint32_t>(end - headers);
  }
  if (offset_delta <= last_delta_ || offset_delta > batch_.last_offset_delta) return false;
  last_delta_ = offset_delta;
  out->offset = batch_.base_offset + offset_delta;
  // Timestamps are the producers' to choose, so they may wrap; kafka's own -1 means none.
  const auto timestamp = static_cast<int64_t>(static_cast<uint64_t>(batch_.base_timestamp) + static_cast<uint64_t>(timestamp_delta));
  out->timestamp_ms = batch_.log_append_time() ? batch_.max_timestamp : timestamp;
  if (out->timestamp_ms < 0) out->timestamp_ms = -1;
  *wanted = out->offset >= next_offset_;
  at_ = end;
  return true;
}

}  // namespace source
