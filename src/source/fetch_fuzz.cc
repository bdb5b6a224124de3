// What a broker may send: any bytes as responses of every kind and version, as record batches (with their checksums put
// right, so that what lies behind them is reached), and as compressed text. Never a crash, a read outside, or more output
// than the limit; records that are handed out lie where they may and rise.

#include <cstring>
#include <memory>

#include "base/check.h"
#include "source/crc32c.h"
#include "source/messages.h"
#include "source/record_walker.h"

namespace {

using source::Api;

constexpr size_t kHeader = source::BatchHeader::kBytes;

// The bytes in memory of exactly their size and the padding that readers give.
struct Padded {
  explicit Padded(std::string_view bytes) : memory(std::make_unique<char[]>(bytes.size() + model::kPadding)), size(bytes.size()) {
    std::memcpy(memory.get(), bytes.data(), bytes.size());
    std::memset(memory.get() + size, 0xFF, model::kPadding);  // varints that never end
  }
  std::string_view view() const { return {memory.get(), size}; }
  std::unique_ptr<char[]> memory;
  size_t size;
};

void PutChecksumsRight(char* bytes, size_t size) {
  while (size >= kHeader) {
    uint32_t length = 0;
    std::memcpy(&length, bytes + 8, sizeof length);
    const size_t total = 12 + size_t{be32toh(length)};
    if (total < kHeader || total > size) return;
    const uint32_t sum = htobe32(source::Crc32c({bytes + 21, total - 21}));
    std::memcpy(bytes + 17, &sum, sizeof sum);
    bytes += total;
    size -= total;
  }
}

void WalkRecords(std::string_view bytes, int64_t from, std::vector<source::AbortedTransaction> aborted, size_t step) {
  static source::Decompressor decompressor;
  static source::RecordBuffer buffer(1 << 20);
  source::RecordWalker walker(bytes, from, std::move(aborted));
  int64_t next = from;
  buffer.Clear();
  for (int calls = 0; !walker.done() && calls < 200; ++calls) {
    const bool resuming = walker.in_batch();
    if (!resuming) buffer.Clear();
    model::RecordBatch out;
    const bool ok = walker.Walk({step, 1 << 20, resuming}, &decompressor, &buffer, &out).ok();
    for (const auto& record : out.records) {
      CHECK(record.offset >= next);
      next = record.offset + 1;
      uint32_t sum = 0;
      if (record.value != nullptr) sum += static_cast<unsigned char>(record.value[record.value_bytes + model::kPadding - 1]);
      if (record.key != nullptr && record.key_bytes > 0) sum += static_cast<unsigned char>(record.key[record.key_bytes - 1]);
      if (record.headers != nullptr) sum += static_cast<unsigned char>(record.headers[record.headers_bytes - 1]);
      asm volatile("" : : "r"(sum));
    }
    CHECK(walker.next_offset() >= next);
    if (!ok) return;
  }
}

void DecodeResponse(std::string_view frame, Api api, int version_step) {
  const source::ApiRow& row = source::RowOf(api);
  const auto version = static_cast<int16_t>(row.least + version_step % (row.most - row.least + 1));
  int32_t correlation = 0;
  if (frame.size() >= 4) std::memcpy(&correlation, frame.data(), 4);
  const source::RequestHeader header{api, version, static_cast<int32_t>(be32toh(static_cast<uint32_t>(correlation))), "c"};
  source::FetchResponse fetch;
  source::MetadataResponse metadata;
  source::ListOffsetsResponse offsets;
  source::EpochResponse epoch;
  source::ApiVersionsResponse versions;
  source::SaslHandshakeResponse handshake;
  source::SaslAuthenticateResponse authenticate;
  switch (api) {
    case Api::kFetch:
      if (!DecodeFetch(frame, header, &fetch)) return;
      for (auto& partition : fetch.partitions) WalkRecords(partition.records, 0, std::move(partition.aborted), 100);
      return;
    case Api::kMetadata: (void)DecodeMetadata(frame, header, "t", &metadata); return;
    case Api::kListOffsets: (void)DecodeListOffsets(frame, header, &offsets); return;
    case Api::kOffsetForLeaderEpoch: (void)DecodeEpoch(frame, header, &epoch); return;
    case Api::kApiVersions: (void)DecodeApiVersions(frame, header, &versions); return;
    case Api::kSaslHandshake: (void)DecodeSaslHandshake(frame, header, &handshake); return;
    case Api::kSaslAuthenticate: (void)DecodeSaslAuthenticate(frame, header, &authenticate); return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint8_t what = data[0], detail = data[1];
  const Padded input(std::string_view(reinterpret_cast<const char*>(data) + 2, size - 2));
  if (what < 64) {
    PutChecksumsRight(input.memory.get(), input.size);
    WalkRecords(input.view(), detail % 8, {{detail, 0}, {-1, 5}}, 1 + detail % 50);
  } else if (what < 128) {
    DecodeResponse(input.view(), Api::kFetch, detail);
  } else if (what < 192) {
    const auto apis = source::ApiTable();
    DecodeResponse(input.view(), apis[detail % apis.size()].api, detail / 16);
  } else {
    static source::Decompressor decompressor;
    source::RecordBuffer buffer(0);
    constexpr size_t kLimit = 1 << 20;
    const auto text = decompressor.Decompress(static_cast<source::Codec>(1 + detail % 5), input.view(), &buffer, kLimit);
    CHECK(!text.ok() || text->size() <= kLimit);
  }
  return 0;
}
