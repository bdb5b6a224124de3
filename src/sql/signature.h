#pragma once
// The function table as the binder and the printers use it: argument types read, and PostgreSQL's
// choice among overloads.
//
// Threads: any; made once.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/types.h"
#include "sql/functions.h"

namespace sql {

struct ArgumentType {
  enum class Kind : uint8_t {
    kExact,
    kAny,
    kAnyNonArray,
    kAnyElement,
    kAnyArray
  } kind = Kind::kExact;
  model::Type type;
};

struct Signature {
  const FunctionInfo* info = nullptr;
  std::vector<ArgumentType> arguments;  // those of WITHIN GROUP (ORDER BY ...) last
  size_t ordered = 0;                   // how many of them come from ORDER BY
  bool variadic = false;                // the last one repeats, at least once
  enum class Result : uint8_t { kExact, kSame, kElement, kArray } result = Result::kExact;
  size_t result_argument = 0;  // kSame, kElement, kArray: 0-based
  model::Type result_type;
};

struct Resolved {
  const Signature* signature = nullptr;
  std::vector<model::Type> arguments;  // what each argument must be cast to; kUnknown = leave it
  model::Type result;                  // numeric without precision
};

std::span<const Signature* const> SignaturesOf(std::string_view name, bool operators);

// PostgreSQL's choice for arguments of these types. nullopt: there is none, or (ambiguous) no best
// one.
std::optional<Resolved> Resolve(std::string_view name, bool operators,
                                std::span<const model::Type> arguments, size_t ordered,
                                bool* ambiguous);

// Names of all functions, for HINTs.
std::span<const std::string_view> FunctionNames();

}  // namespace sql
