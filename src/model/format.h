#pragma once
// FORMAT and ENCODE of a source with their options, validated by the catalog and used by the decode
// room. Threads: values.

#include <cstdint>
#include <optional>
#include <string>

namespace model {

enum class Encoding : uint8_t { kJson, kCsv, kAvro, kProtobuf };

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool header = false;        // files only: the first record names the fields
  std::string null_text;      // a field without quotes that reads so is NULL
};

// Where writer schemas are; an empty url means that the definition has the one schema.
struct RegistryOptions {
  std::string url;  // http://host:port[/path]
  std::string user, password;
};

struct RecordFormat {
  Encoding encoding = Encoding::kJson;
  bool debezium = false;  // kJson: change events
  CsvOptions csv;
  RegistryOptions registry;  // kAvro, kProtobuf
  std::string schema;        // the same, without a registry: its text
  std::string message;       // kProtobuf without a registry: the name of the message
};

}  // namespace model
