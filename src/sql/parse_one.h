#pragma once
// For this room's tests: a text that is one statement, or why it is none. Threads: one test.
// Errors: fail the test.

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sql/parser.h"

namespace sql {

template <typename T>
T One(std::string_view text) {
  base::Result<std::vector<Statement>> parsed = ParseStatements(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString() << " in " << text;
  if (!parsed.ok() || parsed->size() != 1 || !std::holds_alternative<T>((*parsed)[0].body)) {
    ADD_FAILURE() << text;
    return T{};
  }
  return std::move(std::get<T>((*parsed)[0].body));
}

inline base::Status Fails(std::string_view text) {
  base::Result<std::vector<Statement>> parsed = ParseStatements(text);
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? base::Status() : parsed.TakeStatus();
}

}  // namespace sql
