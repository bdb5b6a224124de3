#include "source/decompressor.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <climits>

#include "base/check.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "source/snappy.h"

namespace source {
namespace {

constexpr int kGzipOnly = 15 + 16;  // window bits, and nothing but gzip's header

const char* NameOf(Codec codec) {
  switch (codec) {
    case Codec::kNone: return "none";
    case Codec::kGzip: return "gzip";
    case Codec::kSnappy: return "snappy";
    case Codec::kLz4: return "lz4";
    case Codec::kZstd: return "zstd";
  }
  return "unknown";
}

Decoded Lz4(LZ4F_dctx* context, std::string_view in, char* out, size_t capacity, size_t* written) {
  LZ4F_resetDecompressionContext(context);
  LZ4F_decompressOptions_t options{};
  options.stableDst = 1;  // what was written stays where it is, so it need not be copied for later blocks
  size_t at = 0, filled = 0, wanted = 1;
  while (at < in.size() || wanted != 0) {
    size_t room = capacity - filled, taken = in.size() - at;
    wanted = LZ4F_decompress(context, out + filled, &room, in.data() + at, &taken, &options);
    if (LZ4F_isError(wanted)) return Decoded::kBad;
    filled += room;
    at += taken;
    if (room > 0 || taken > 0) continue;
    return filled == capacity ? Decoded::kFull : Decoded::kBad;  // no room, or the input is cut
  }
  *written = filled;
  return Decoded::kDone;
}

Decoded Zstd(ZSTD_DCtx* context, std::string_view in, char* out, size_t capacity, size_t* written) {
  const size_t size = ZSTD_decompressDCtx(context, out, capacity, in.data(), in.size());
  if (!ZSTD_isError(size)) {
    *written = size;
    return Decoded::kDone;
  }
  return ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall ? Decoded::kFull : Decoded::kBad;
}

Decoded Gzip(z_stream* stream, std::string_view in, char* out, size_t capacity, size_t* written) {
  if (in.size() > UINT_MAX || capacity > UINT_MAX || inflateReset(stream) != Z_OK) return Decoded::kBad;
  stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream->avail_in = static_cast<uInt>(in.size());
  stream->next_out = reinterpret_cast<Bytef*>(out);
  stream->avail_out = static_cast<uInt>(capacity);
  while (true) {
    const int outcome = inflate(stream, Z_NO_FLUSH);
    if (outcome == Z_STREAM_END) {
      if (stream->avail_in == 0) break;
      if (inflateReset(stream) != Z_OK) return Decoded::kBad;  // another member follows
      continue;
    }
    if (stream->avail_out == 0 && (outcome == Z_OK || outcome == Z_BUF_ERROR)) return Decoded::kFull;
    if (outcome != Z_OK || stream->avail_in == 0) return Decoded::kBad;
  }
  *written = capacity - stream->avail_out;
  return Decoded::kDone;
}

}  // namespace

struct Decompressor::Contexts {
  LZ4F_dctx* lz4 = nullptr;
  ZSTD_DCtx* zstd = nullptr;
  z_stream gzip{};

  Contexts() {
    CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)));
    zstd = ZSTD_createDCtx();
    CHECK(zstd != nullptr && inflateInit2(&gzip, kGzipOnly) == Z_OK);
  }
  ~Contexts() {
    LZ4F_freeDecompressionContext(lz4);
    ZSTD_freeDCtx(zstd);
    inflateEnd(&gzip);
  }
  Decoded Run(Codec codec, std::string_view in, char* out, size_t capacity, size_t* written) {
    switch (codec) {
      case Codec::kGzip: return Gzip(&gzip, in, out, capacity, written);
      case Codec::kSnappy: return DecodeSnappy(in, out, capacity, written);
      case Codec::kLz4: return Lz4(lz4, in, out, capacity, written);
      case Codec::kZstd: return Zstd(zstd, in, out, capacity, written);
      case Codec::kNone: break;
    }
    return Decoded::kBad;
  }
};

Decompressor::Decompressor() : contexts_(std::make_unique<Contexts>()) {}

Decompressor::~Decompressor() = default;

base::Result<std::string_view> Decompressor::Decompress(Codec codec, std::string_view in, RecordBuffer* out, size_t limit) {
  static base::Counter& cpu =
      base::Metrics().GetCounter("freshet_source_decompress_cpu_microseconds_total",
                                 "CPU time of lanes that goes into decompressing record batches");
  if (codec == Codec::kNone) return in;
  const auto begun = base::ThreadCpuTime();
  auto text = Run(codec, in, out, limit);
  cpu.Add(static_cast<uint64_t>((base::ThreadCpuTime() - begun).count()));
  return text;
}

base::Result<std::string_view> Decompressor::Run(Codec codec, std::string_view in, RecordBuffer* out, size_t limit) {
  if (codec > Codec::kZstd)
    return base::Unsupported("a record batch is compressed by codec " + std::to_string(static_cast<int>(codec)) + ", which is unknown");
  const double guess = static_cast<double>(in.size()) * growth_ * 1.125 + 1024;
  size_t capacity = std::min(limit, static_cast<size_t>(guess));
  while (true) {
    char* to = out->Reserve(capacity);
    size_t written = 0;
    switch (contexts_->Run(codec, in, to, capacity, &written)) {
      case Decoded::kDone:
        out->Commit(written);
        growth_ = std::clamp(static_cast<double>(written) / static_cast<double>(in.size() + 1), 1.0, 64.0);
        return std::string_view(to, written);
      case Decoded::kBad: return base::Corrupt(std::string("a record batch is no valid ") + NameOf(codec));
      case Decoded::kFull: break;
    }
    if (capacity == limit)
      return base::Corrupt(std::string("a record batch of ") + std::to_string(in.size()) + " bytes grows to more than " +
                           std::to_string(limit) + " bytes by " + NameOf(codec));
    capacity = std::min(limit, capacity * 4);
  }
}

}  // namespace source
