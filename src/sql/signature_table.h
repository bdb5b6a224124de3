#pragma once
// The overloads as text; signatures.h says how to read them. Threads: any.

#include <cstdint>
#include <span>
#include <string_view>

namespace sql {

enum class SignatureKind : uint8_t { kScalar, kAggregate, kOrderedSet, kWindow };

struct Signature {
  SignatureKind kind;
  std::string_view text;
};

std::span<const Signature> Signatures();
std::span<const Signature> OperatorSignatures();

}  // namespace sql
