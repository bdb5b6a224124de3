#include "store/lane_record.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "store/appender.h"

namespace store {
namespace {

std::string_view Cut(const std::string& bytes) { return std::string_view(bytes).substr(0, model::DeadLetter::kMaxBytes); }

// An error text may quote bytes of the record; what is not UTF-8 is shown as question marks.
std::string Utf8(const std::string& text) {
  duckdb_error_data error = duckdb_valid_utf8_check(text.data(), text.size());
  const bool valid = error == nullptr || !duckdb_error_data_has_error(error);
  duckdb_destroy_error_data(&error);
  std::string out = text;
  if (!valid) std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

void AppendDeadLetter(const LaneRecord& record, const model::DeadLetter& letter, Appender* to) {
  const std::string_view key = Cut(letter.key), value = Cut(letter.value);
  const size_t bytes = key.size() + value.size() + letter.reason.size() + letter.reason_code.size() + letter.view.size() + 64;
  to->Int64(record.source.value).Text(Utf8(letter.view)).Int32(record.incarnation.value).Int32(letter.partition.value);
  to->Int64(letter.offset.value);
  to->Timestamp(letter.timestamp_ms < 0 ? std::nullopt : std::optional(letter.timestamp_ms * 1000));
  to->Blob(key, letter.key_null).Blob(value, letter.value_null).Text(Utf8(letter.reason_code)).Text(Utf8(letter.reason));
  to->Int32(record.lane.value).Int64(record.commit.value).Timestamp(record.now_us).Int64(static_cast<int64_t>(bytes));
  to->EndRow();
}

bool AllEmpty(const auto& groups) {
  return std::all_of(groups.begin(), groups.end(), [](const auto* group) { return group->empty(); });
}

base::Status AppendFloors(const LaneRecord& record, const std::map<int64_t, int64_t>& floors) {
  if (floors.empty()) return {};
  Appender to(record.engine, record.connection, "freshet_floors");
  for (const auto& [object, floor] : floors) to.Int64(object).Timestamp(floor).Timestamp(record.now_us).EndRow();
  return to.Flush();
}

}  // namespace

base::Status AppendPositions(const LaneRecord& record, const std::vector<Position>& positions) {
  Appender to(record.engine, record.connection, "freshet_positions");
  for (const Position& p : positions) {
    to.Int64(p.source.value).Int32(p.incarnation.value).Int32(p.partition.value).Int64(p.next_offset.value);
    to.Int32(record.lane.value).Int64(record.commit.value);
    to.Timestamp(p.watermark ? std::optional(p.watermark->value) : std::nullopt).Timestamp(record.now_us).EndRow();
  }
  return to.Flush();
}

base::Status AppendDeadLetters(const LaneRecord& record, const std::vector<const std::vector<model::DeadLetter>*>& groups) {
  if (AllEmpty(groups)) return {};
  Appender to(record.engine, record.connection, "freshet_dead_letters");
  for (const auto* group : groups)
    for (const model::DeadLetter& letter : *group) AppendDeadLetter(record, letter, &to);
  return to.Flush();
}

base::Status AppendLateRows(const LaneRecord& record, const std::vector<const std::vector<LateRows>*>& groups,
                            const std::map<int64_t, int64_t>& floors) {
  if (AllEmpty(groups)) return {};
  Appender to(record.engine, record.connection, "freshet_late_rows");
  for (const auto* group : groups) {
    for (const LateRows& late : *group) {
      to.Int64(record.source.value).Int64(late.object).Int32(record.incarnation.value).Int32(late.partition.value);
      to.Int64(late.first_offset).Int64(late.last_offset).Int64(static_cast<int64_t>(late.rows)).Text("retention");
      to.Int32(record.lane.value).Int64(record.commit.value).Timestamp(record.now_us).EndRow();
    }
  }
  RETURN_IF_ERROR(to.Flush());
  return AppendFloors(record, floors);
}

}  // namespace store
