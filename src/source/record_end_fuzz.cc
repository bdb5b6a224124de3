// Any bytes as a file, cut into any pieces: the records found do not depend on how it is cut, and
// every byte belongs to one.

#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "source/record_end.h"

namespace {

std::vector<size_t> Ends(const model::FileFolder& folder, std::string_view text, size_t piece) {
  source::RecordEnd end(folder);
  std::vector<size_t> ends;
  for (size_t at = 0; at < text.size();) {
    const std::string_view next = text.substr(at, piece);
    const size_t found = end.Feed(next);
    at += found == source::RecordEnd::kNotHere ? next.size() : found;
    if (found != source::RecordEnd::kNotHere) ends.push_back(at);
  }
  return ends;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  model::FileFolder folder;
  folder.framing =
      (data[0] & 1) != 0 ? model::FileFolder::Framing::kCsv : model::FileFolder::Framing::kLines;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = Ends(folder, text, text.size() + 1);
  CHECK(whole == Ends(folder, text, 1u + data[1]));
  size_t before = 0;
  for (const size_t end : whole) {
    CHECK(end > before && text[end - 1] == '\n');
    const auto record = source::WithoutLineEnd(text.substr(before, end - before));
    CHECK(record.size() < end - before);
    before = end;
  }
  return 0;
}
