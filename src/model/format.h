#pragma once
// FORMAT and ENCODE of a source with their options, validated by the catalog and used by the decode
// room. Threads: values.

#include <cstdint>
#include <optional>
#include <string>

namespace model {

enum class Encoding : uint8_t { kJson, kCsv };

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool header = false;    // files only: the first record names the fields
  std::string null_text;  // a field without quotes that reads so is NULL
};

struct RecordFormat {
  Encoding encoding = Encoding::kJson;
  CsvOptions csv;
};

}  // namespace model
