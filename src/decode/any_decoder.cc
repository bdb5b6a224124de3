#include "decode/decoder.h"
#include "decode/schema_registry.h"

namespace decode {

base::Result<std::unique_ptr<Decoder>> MakeDecoder(const model::SourceSchema& schema,
                                                   const model::RecordFormat& format,
                                                   DecoderOptions options) {
  switch (format.encoding) {
    case model::Encoding::kJson: return MakeJsonDecoder(schema, std::move(options), format.debezium);
    case model::Encoding::kCsv: return MakeCsvDecoder(schema, format.csv, std::move(options));
    case model::Encoding::kAvro: return MakeAvroDecoder(schema, format, std::move(options));
    case model::Encoding::kProtobuf: return MakeProtobufDecoder(schema, format, std::move(options));
  }
  return base::Internal("a source has no encoding");
}

std::unique_ptr<SchemaRegistry> MakeRegistry(const model::RecordFormat& format,
                                             std::function<bool(const sockaddr*)> may_connect) {
  if (format.registry.url.empty()) return nullptr;
  SchemaRegistry::Options options;
  options.url = format.registry.url;
  while (options.url.ends_with('/')) options.url.pop_back();
  options.user = format.registry.user;
  options.password = format.registry.password;
  options.may_connect = std::move(may_connect);
  return std::make_unique<SchemaRegistry>(std::move(options));
}

}  // namespace decode
