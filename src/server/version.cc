#include <openssl/crypto.h>

#include "server/server.h"
#include "source/kafka_reader.h"
#include "sql/parser.h"
#include "store/store.h"

#ifndef FRESHET_VERSION
#error "FRESHET_VERSION comes from CMake"
#endif

namespace server {

std::string VersionText() {
  std::string text = "freshet " FRESHET_VERSION "\n";
  text += "store format " + std::to_string(store::Store::kFormatVersion) + "\n";
  text += store::Store::EngineVersion() + "\n";
  text += sql::ParserVersion() + "\n";
  text += "librdkafka " + source::KafkaClientVersion() + "\n";
  text += std::string(OpenSSL_version(OPENSSL_VERSION)) + "\n";
  text += "compiled by g++ " __VERSION__;
  return text;
}

}  // namespace server
