#include "store/lane_record.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "store/appender.h"
#include "store/duckdb_types.h"

namespace store {
namespace {

std::string_view Cut(const std::string& bytes) {
  return std::string_view(bytes).substr(0, model::DeadLetter::kMaxBytes);
}

// An error text may quote bytes of the record; what is not UTF-8 is shown as question marks.
std::string Utf8(const std::string& text) {
  duckdb_error_data error = duckdb_valid_utf8_check(text.data(), text.size());
  const bool valid = error == nullptr || !duckdb_error_data_has_error(error);
  duckdb_destroy_error_data(&error);
  std::string out = text;
  if (!valid)
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

void AppendDeadLetter(const LaneRecord& record, const model::DeadLetter& letter, Appender* to) {
  const std::string_view key = Cut(letter.key), value = Cut(letter.value);
  const size_t bytes = key.size() + value.size() + letter.reason.size() +
                       letter.reason_code.size() + letter.view.size() + 64;
  to->Int64(record.source.value)
      .Text(Utf8(letter.view))
      .Int32(record.incarnation.value)
      .Int32(letter.partition.value);
  to->Int64(letter.offset.value);
  to->Timestamp(letter.timestamp_ms < 0 ? std::nullopt : std::optional(letter.timestamp_ms * 1000));
  to->Blob(key, letter.key_null)
      .Blob(value, letter.value_null)
      .Text(Utf8(letter.reason_code))
      .Text(Utf8(letter.reason));
  to->Int32(record.lane.value)
      .Int64(record.commit.value)
      .Timestamp(record.now_us)
      .Int64(static_cast<int64_t>(bytes));
  to->EndRow();
}

bool AllEmpty(const auto& groups) {
  return std::all_of(groups.begin(), groups.end(),
                     [](const auto* group) { return group->empty(); });
}

base::Status AppendFloors(const LaneRecord& record, const std::map<int64_t, int64_t>& floors) {
  if (floors.empty()) return {};
  Appender to(record.engine, record.connection, "freshet_floors");
  for (const auto& [object, floor] : floors)
    to.Int64(object).Timestamp(floor).Timestamp(record.now_us).EndRow();
  return to.Flush();
}

}  // namespace

namespace {
const std::vector<std::string> kPositionColumns{"source",      "incarnation", "partition",
                                                "next_offset", "lane",        "commit",
                                                "watermark",   "committed_at"};
const std::vector<model::Type> kPositionTypes{model::kInt8,        model::kInt4,       model::kInt4,
                                              model::kInt8,        model::kInt4,       model::kInt8,
                                              model::kTimestampTz, model::kTimestampTz};
}  // namespace

PositionInsert::PositionInsert(std::shared_ptr<LaneRows> rows)
    : rows_(std::move(rows)), batch_(kPositionTypes) {}

base::Status PositionInsert::Prepare(Engine* engine, const Session::Use& use) {
  RETURN_IF_ERROR(rows_->Register(use));
  RETURN_IF_ERROR(rows_->SetColumns(kPositionColumns, kPositionTypes));
  std::string columns;
  for (const std::string& name : kPositionColumns)
    columns += (columns.empty() ? "" : ", ") + QuoteName(name);
  return insert_.Prepare(engine, use.connection,
                         "INSERT INTO freshet_positions(" + columns + ") SELECT " + columns +
                             " FROM " + rows_->function() + "()");
}

base::Status PositionInsert::Run(const LaneRecord& record, const std::vector<Position>& positions) {
  batch_.Clear();
  std::vector<model::Column>& columns = batch_.columns();
  for (const Position& p : positions) {
    columns[0].Append(p.source.value);
    columns[1].Append(p.incarnation.value);
    columns[2].Append(p.partition.value);
    columns[3].Append(p.next_offset.value);
    columns[4].Append(record.lane.value);
    columns[5].Append(record.commit.value);
    if (p.watermark) columns[6].Append(p.watermark->value);
    else columns[6].AppendNull();
    columns[7].Append(record.now_us);
    batch_.FinishRow();
  }
  rows_->ShowAll(&batch_);
  base::Status status = insert_.Execute(record.engine).TakeStatus();
  rows_->Hide();
  return status;
}

base::Status AppendDeadLetters(const LaneRecord& record,
                               const std::vector<const std::vector<model::DeadLetter>*>& groups) {
  if (AllEmpty(groups)) return {};
  Appender to(record.engine, record.connection, "freshet_dead_letters");
  for (const auto* group : groups)
    for (const model::DeadLetter& letter : *group) AppendDeadLetter(record, letter, &to);
  return to.Flush();
}

base::Status AppendLateRows(const LaneRecord& record,
                            const std::vector<const std::vector<LateRows>*>& groups,
                            const std::map<int64_t, int64_t>& floors) {
  if (AllEmpty(groups)) return {};
  Appender to(record.engine, record.connection, "freshet_late_rows");
  for (const auto* group : groups) {
    for (const LateRows& late : *group) {
      to.Int64(record.source.value)
          .Int64(late.object)
          .Int32(record.incarnation.value)
          .Int32(late.partition.value);
      to.Int64(late.first_offset)
          .Int64(late.last_offset)
          .Int64(static_cast<int64_t>(late.rows))
          .Text("retention");
      to.Int32(record.lane.value).Int64(record.commit.value).Timestamp(record.now_us).EndRow();
    }
  }
  RETURN_IF_ERROR(to.Flush());
  return AppendFloors(record, floors);
}

base::Status AppendLeftOut(const LaneRecord& record, const std::vector<LeftOut>& views) {
  if (views.empty()) return {};
  Appender to(record.engine, record.connection, "freshet_left_out");
  for (const LeftOut& view : views)
    to.Int64(view.view.value).Text(Utf8(view.reason)).Timestamp(record.now_us).EndRow();
  return to.Flush();
}

}  // namespace store
