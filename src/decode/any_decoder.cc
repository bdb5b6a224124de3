#include "decode/decoder.h"

namespace decode {

base::Result<std::unique_ptr<Decoder>> MakeDecoder(const model::SourceSchema& schema,
                                                   const model::RecordFormat& format,
                                                   DecoderOptions options) {
  switch (format.encoding) {
    case model::Encoding::kJson: return MakeJsonDecoder(schema, std::move(options));
    case model::Encoding::kCsv: return MakeCsvDecoder(schema, format.csv, std::move(options));
  }
  return base::Internal("a source has no encoding");
}

}  // namespace decode
