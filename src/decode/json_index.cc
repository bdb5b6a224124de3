#include "decode/json_index.h"

#include <simdjson.h>

#include <algorithm>

#include "base/check.h"

namespace decode {
namespace {

constexpr size_t kFirstBytes = 16 << 10;
constexpr size_t kKeptBytes = 1 << 20;  // the index takes four bytes for each byte of the largest document it holds
constexpr size_t kDepth = 1;            // of simdjson's own second stage, which is not used

using Parser = simdjson::internal::dom_parser_implementation;

Indexed OutcomeOf(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS: return Indexed::kOk;
    case simdjson::EMPTY: return Indexed::kEmpty;
    case simdjson::UTF8_ERROR: return Indexed::kInvalidUtf8;
    case simdjson::UNESCAPED_CHARS: return Indexed::kControlCharacter;
    default: return Indexed::kUnclosedString;
  }
}

}  // namespace

struct StructuralIndex::Impl {
  std::unique_ptr<Parser> parser;
  size_t capacity = 0;

  bool Resize(size_t bytes) {
    parser.reset();
    capacity = bytes;
    return simdjson::get_active_implementation()->create_dom_parser_implementation(bytes, kDepth, parser) == simdjson::SUCCESS;
  }
};

StructuralIndex::StructuralIndex() : impl_(std::make_unique<Impl>()) { CHECK(impl_->Resize(kFirstBytes)); }

StructuralIndex::~StructuralIndex() = default;

Indexed StructuralIndex::Build(std::string_view document) {
  if (document.empty()) return Indexed::kEmpty;
  if (document.size() > kMaxBytes) return Indexed::kTooLarge;
  if (document.size() > impl_->capacity) {
    if (!impl_->Resize(std::min(kMaxBytes, std::max(document.size(), impl_->capacity * 2)))) {
      CHECK(impl_->Resize(kFirstBytes));
      return Indexed::kTooLarge;
    }
  } else if (impl_->capacity > kKeptBytes && document.size() <= kKeptBytes) {
    CHECK(impl_->Resize(kKeptBytes));
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(document.data());
  const auto error = impl_->parser->stage1(bytes, document.size(), simdjson::stage1_mode::regular);
  begin_ = impl_->parser->structural_indexes.get();
  count_ = error ? 0 : impl_->parser->n_structural_indexes;
  return OutcomeOf(error);
}

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace decode
