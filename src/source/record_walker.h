#pragma once
// Walks the record batches that a Fetch response holds for one partition and hands their records out as views: into the
// response itself where a batch is not compressed, else into the buffer that it was decompressed to.
//
// On the way: batches of format 2 only, their checksum, lengths before use, offsets that rise, transaction markers and
// aborted transactions left out (read committed), records before the wanted offset left out, a cut last batch ignored.
//
// Threads: one owner. Borrows: the response's bytes, which stay until everything was walked and may be read
// model::kPadding bytes past their end; the decompressor and the buffer.
// Errors: Corrupt (checksum, structure, codec), Unsupported (formats 0 and 1, unknown codec).
// Limits: kMaxBatchBytes decompressed, kMaxRecordsPerBatch.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/record_batch.h"
#include "source/decompressor.h"
#include "source/messages.h"

namespace source {

struct BatchHeader {
  static constexpr size_t kBytes = 61;
  int64_t base_offset = 0;
  size_t total_bytes = 0;  // of the batch with its header
  int32_t leader_epoch = -1;
  int8_t magic = 0;
  uint32_t checksum = 0;
  int16_t attributes = 0;
  int32_t last_offset_delta = 0;
  int64_t base_timestamp = 0, max_timestamp = 0;
  int64_t producer_id = -1;
  int32_t record_count = 0;

  Codec codec() const { return static_cast<Codec>(attributes & 7); }
  bool log_append_time() const { return attributes & 8; }
  bool transactional() const { return attributes & 16; }
  bool control() const { return attributes & 32; }
  int64_t next_offset() const { return base_offset + last_offset_delta + 1; }
};

// kCut: the bytes end before the batch does, or there is none.
enum class BatchRead : uint8_t { kWhole, kCut, kOldFormat, kMalformed };
BatchRead ReadBatchHeader(std::string_view bytes, BatchHeader* out);

// Where the whole batches of `bytes` end, by their headers alone: what to fetch next while they are worked on. -1: there
// is none.
struct BatchesEnd {
  int64_t next_offset = -1;
  int32_t leader_epoch = -1;
};
BatchesEnd FindEnd(std::string_view bytes);

class RecordWalker {
 public:
  static constexpr size_t kMaxBatchBytes = size_t{128} << 20;
  static constexpr int32_t kMaxRecordsPerBatch = 10'000'000;

  // Records from `next_offset` on of the response's bytes for a partition.
  RecordWalker(std::string_view bytes, int64_t next_offset, std::vector<AbortedTransaction> aborted);

  struct Limits {
    size_t records, bytes;         // of what is handed out by one call, and of what it decompresses
    bool only_open_batch = false;  // stop where the batch that was begun before ends
  };
  // Appends records to `out` until a limit is reached or all is walked. A batch that is begun may be left in the middle; it is
  // gone on with by the next call, for which `buffer` must still hold it.
  base::Status Walk(const Limits& limits, Decompressor* decompressor, RecordBuffer* buffer, model::RecordBatch* out);

  void Abandon() {
    done_ = true;
    left_ = 0;
  }
  bool done() const { return done_ && left_ == 0; }
  bool in_batch() const { return left_ > 0; }
  int64_t next_offset() const { return next_offset_; }
  int32_t leader_epoch() const { return leader_epoch_; }  // of the last batch that was walked; -1 = none

 private:
  base::Status OpenBatch(Decompressor* decompressor, RecordBuffer* buffer);
  base::Status ReadRecords(const Limits& limits, size_t first, model::RecordBatch* out);
  bool ReadRecord(model::RecordView* out, bool* wanted);
  bool IsAborted();
  base::Status Malformed(const char* what) const;

  std::string_view bytes_;             // not yet walked
  int64_t next_offset_;
  int32_t leader_epoch_ = -1;
  std::vector<AbortedTransaction> aborted_;  // by first offset; those before `aborted_at_` have begun
  size_t aborted_at_ = 0;
  std::vector<int64_t> aborting_;      // producers whose transaction is one of the aborted
  BatchHeader batch_;
  const char* at_ = nullptr;           // in the open batch's records
  const char* end_ = nullptr;
  int32_t left_ = 0;                   // records of it not yet read
  int64_t last_delta_ = -1;
  bool done_ = false;
};

}  // namespace source
