#include "source/record_end.h"

namespace source {

size_t RecordEnd::Feed(std::string_view piece) {
  if (csv_) return FeedCsv(piece);
  const size_t at = piece.find('\n');
  return at == std::string_view::npos ? kNotHere : at + 1;
}

size_t RecordEnd::FeedCsv(std::string_view piece) {
  State state = state_;
  for (size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (state == State::kQuoted) {
      if (c == quote_) state = State::kQuoteInQuoted;
      continue;
    }
    if (c == '\n') {
      state_ = State::kFieldBegin;
      return i + 1;
    }
    if (c == delimiter_) state = State::kFieldBegin;
    // A second quote stands for one; anything else after a closing quote is the decoder's to judge.
    else if (c == quote_ && state != State::kPlain) state = State::kQuoted;
    else state = State::kPlain;
  }
  state_ = state;
  return kNotHere;
}

std::string_view WithoutLineEnd(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

}  // namespace source
