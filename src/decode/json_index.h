#pragma once
// StructuralIndex: where the tokens of a JSON document begin: every { } [ ] : , outside strings, every opening quote, and
// every first byte of a number or literal. simdjson's first stage, behind the room's only door to it.
//
// What kOk means: valid UTF-8, every string closed, no control characters in strings. Everything else of the grammar is
// for JsonCursor to check.
//
// Threads: one owner. Owns: the index. Limits: kMaxBytes a document; memory of large documents is given back.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace decode {

enum class Indexed { kOk, kEmpty, kInvalidUtf8, kUnclosedString, kControlCharacter, kTooLarge };

class StructuralIndex {
 public:
  static constexpr size_t kMaxBytes = 16 << 20;

  StructuralIndex();
  ~StructuralIndex();

  Indexed Build(std::string_view document);
  const uint32_t* begin() const { return begin_; }
  size_t count() const { return count_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  const uint32_t* begin_ = nullptr;
  size_t count_ = 0;
};

bool IsUtf8(std::string_view text);

}  // namespace decode
