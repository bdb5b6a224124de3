#pragma once
// WITH options of CREATE statements: read by name, each exactly once; what nobody read is an unknown option, and the error
// names the nearest known one. Threads: values. Errors: kInvalid 22023 / 42601 with HINT.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/statements.h"

namespace catalog {

class OptionReader {
 public:
  OptionReader(const sql::Options& options, std::string what) : options_(options), what_(std::move(what)) {}

  bool Has(const std::string& name) const { return options_.contains(name); }  // not a reading of it
  std::optional<std::string> Text(const std::string& name);
  base::Result<std::string> Required(const std::string& name);
  // One of `values`; the first is the default.
  base::Result<std::string> OneOf(const std::string& name, const std::vector<std::string_view>& values);
  // '10 minutes', '30s', '7 days', '0': microseconds. Months count as 30 days, years as 365.
  base::Result<std::optional<int64_t>> Duration(const std::string& name);
  base::Result<std::optional<int64_t>> Integer(const std::string& name);
  // All options that begin with `prefix`, without it.
  sql::Options WithPrefix(const std::string& prefix);
  // Fails when an option was never asked for.
  base::Status Finish() const;

 private:
  base::Status Wrong(const std::string& name, const std::string& value, const std::string& expected) const;

  const sql::Options& options_;
  std::string what_;               // "source", "materialized view": for messages
  std::set<std::string> asked_;
};

}  // namespace catalog
