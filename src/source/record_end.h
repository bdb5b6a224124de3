#pragma once
// RecordEnd: finds where a record of a file ends, over as many pieces as it takes. A line ends with
// its line feed; a row of CSV with the first that stands outside quotes.
//
// A quote opens a field only where the field begins, so a quote inside a field (5" pipe) is a
// character like any other. Threads: one owner.

#include <cstddef>
#include <string_view>

#include "model/connector.h"

namespace source {

class RecordEnd {
 public:
  explicit RecordEnd(const model::FileFolder& folder)
      : csv_(folder.framing == model::FileFolder::Framing::kCsv),
        delimiter_(folder.delimiter),
        quote_(folder.quote) {}

  static constexpr size_t kNotHere = static_cast<size_t>(-1);

  // The index after the record's line feed; the next call begins the next record. kNotHere = the
  // record goes on after the piece.
  size_t Feed(std::string_view piece);
  void Reset() { state_ = State::kFieldBegin; }

 private:
  enum class State : unsigned char { kFieldBegin, kPlain, kQuoted, kQuoteInQuoted };
  size_t FeedCsv(std::string_view piece);

  const bool csv_;
  const char delimiter_, quote_;
  State state_ = State::kFieldBegin;
};

// Without the line feed and a carriage return before it.
std::string_view WithoutLineEnd(std::string_view record);

}  // namespace source
