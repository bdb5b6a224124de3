#pragma once
// Decompressor: the compressed part of a record batch -> contiguous bytes in a RecordBuffer. gzip, snappy (plain and in
// xerial's frames), lz4 frames and zstd; several frames one after the other are one text, as the clients read them.
//
// Threads: one owner. Owns: the codecs' contexts, used again. Borrows: the buffer.
// Errors: Corrupt for bytes that the codec refuses or that grow beyond the limit, Unsupported for an unknown codec.
// Limits: `limit` bytes of output, whatever the input claims of itself.

#include <memory>
#include <string_view>

#include "base/status.h"
#include "source/record_buffer.h"

namespace source {

// As in the low three bits of a batch's attributes.
enum class Codec : uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();

  base::Result<std::string_view> Decompress(Codec codec, std::string_view in, RecordBuffer* out, size_t limit);

 private:
  base::Result<std::string_view> Run(Codec codec, std::string_view in, RecordBuffer* out, size_t limit);

  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
  double growth_ = 4;  // of the last batch: output / input
};

}  // namespace source
