#include "pipeline/replay.h"

#include <algorithm>
#include <thread>

#include "base/failure_point.h"
#include "sql/printer.h"

namespace pipeline {
namespace {

constexpr std::chrono::milliseconds kSchemaPatience{3'000};
constexpr size_t kStepBytes = size_t{8} << 20, kStepRows = 10'000;

struct Letter {
  int64_t partition, offset, timestamp_ms;
  std::optional<std::string> key, value;
};

std::optional<std::string> BlobOf(const model::ColumnView& column, size_t row) {
  if (column.IsNull(row)) return std::nullopt;
  return std::string(column.Get<model::StringCell>(row).View());
}

class Replay {
 public:
  explicit Replay(const ReplayRequest& request)
      : request_(request),
        source_(*request.setup.source),
        lane_(static_cast<int32_t>(source_.id.value * kLanesPerSource + kLanesPerSource - 1)) {}

  base::Result<ReplayResult> Run() {
    ASSIGN_OR_RETURN(auto positions, request_.store->ReadPositions(source_.id));
    std::erase_if(positions,
                  [&](const auto& p) { return p.incarnation.value != source_.incarnation; });
    if (positions.empty()) return result_;
    position_ = positions.front();
    ASSIGN_OR_RETURN(auto lane_setup, MakeLaneSetup(request_.setup, lane_));
    lane_setup.whole = true;
    ASSIGN_OR_RETURN(writer_, request_.store->MakeLane(lane_setup));
    if (request_.readers->registry) {
      ASSIGN_OR_RETURN(registry_, request_.readers->registry(source_));
    }
    ASSIGN_OR_RETURN(decoder_, decode::MakeDecoder(source_.schema, source_.format,
                                                   {UsedColumns(request_.setup), registry_.get()}));
    std::vector<model::Type> types;
    for (const auto& column : source_.schema.columns) types.push_back(column.type);
    batch_ = std::make_unique<model::ColumnBatch>(types);
    before_us_ = base::Clock::System().Wall().time_since_epoch().count();
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<Letter> letters, Read());
      if (letters.empty()) return result_;
      RETURN_IF_ERROR(Commit(letters));
    }
  }

 private:
  // Of this source, not yet tried by this replay. Letters that name a view are that view's: its
  // source has the row.
  std::string Chosen() const {
    return "source = " + std::to_string(source_.id.value) +
           " AND incarnation = " + std::to_string(source_.incarnation) +
           " AND \"view\" = '' AND \"at\" <= make_timestamp(" + std::to_string(before_us_) + ")";
  }

  // A letter that was cut has not all its bytes.
  base::Result<std::vector<Letter>> Read() {
    const std::string most = std::to_string(model::DeadLetter::kMaxBytes);
    const std::string sql =
        "SELECT \"partition\"::BIGINT, \"offset\", epoch_ms(kafka_time), \"key\", \"value\" FROM "
        "(SELECT *, sum(bytes) OVER (ORDER BY \"partition\", \"offset\") - bytes AS before FROM "
        "(SELECT " +
        sql::QuoteLiteral(source_.name) +
        " AS source, NULL::VARCHAR AS \"view\", \"partition\", \"offset\", kafka_time, \"key\", "
        "\"value\", reason_code, reason, \"at\", bytes FROM freshet_dead_letters WHERE " +
        Chosen() + ") WHERE coalesce(octet_length(\"key\"), 0) < " + most +
        " AND coalesce(octet_length(\"value\"), 0) < " + most +
        (request_.condition.empty() ? "" : " AND (" + request_.condition + ")") +
        ") WHERE before < " + std::to_string(kStepBytes) +
        " ORDER BY \"partition\", \"offset\" LIMIT " + std::to_string(kStepRows);
    ASSIGN_OR_RETURN(const auto connection, request_.store->Connect());
    ASSIGN_OR_RETURN(const auto rows, connection->Query(sql));
    std::vector<Letter> letters;
    while (true) {
      ASSIGN_OR_RETURN(const model::ChunkView chunk, rows->Next());
      if (chunk.rows == 0) return letters;
      for (size_t row = 0; row < chunk.rows; ++row)
        letters.push_back({chunk.columns[0].Get<int64_t>(row), chunk.columns[1].Get<int64_t>(row),
                           chunk.columns[2].IsNull(row) ? -1 : chunk.columns[2].Get<int64_t>(row),
                           BlobOf(chunk.columns[3], row), BlobOf(chunk.columns[4], row)});
    }
  }

  // The records as a reader gives them: runs of one partition, values with room after them.
  model::RecordBatch RecordsOf(const std::vector<Letter>& letters) {
    bytes_.clear();
    for (const Letter& letter : letters)
      for (const auto* text : {&letter.key, &letter.value})
        bytes_ += text->value_or("") + std::string(model::kPadding, '\0');
    model::RecordBatch records;
    const char* at = bytes_.data();
    const auto place = [&at](const std::optional<std::string>& text) {
      const char* here = text ? at : nullptr;
      at += (text ? text->size() : 0) + model::kPadding;
      return here;
    };
    for (const Letter& letter : letters) {
      model::RecordView record;
      record.offset = letter.offset;
      record.timestamp_ms = letter.timestamp_ms;
      record.key = place(letter.key);
      record.value = place(letter.value);
      record.key_bytes = static_cast<uint32_t>(letter.key ? letter.key->size() : 0);
      record.value_bytes = static_cast<uint32_t>(letter.value ? letter.value->size() : 0);
      const model::PartitionId partition(static_cast<int32_t>(letter.partition));
      const auto index = static_cast<uint32_t>(records.records.size());
      if (records.runs.empty() || records.runs.back().partition != partition)
        records.runs.push_back({partition, index, index, model::Offset(0)});
      records.runs.back().end = index + 1;
      records.runs.back().next_offset = model::Offset(letter.offset + 1);
      records.records.push_back(record);
    }
    return records;
  }

  // What the records need must be here soon: lanes stand still meanwhile.
  base::Status AwaitSchemas(const model::RecordBatch& records, const model::RecordRun& run) {
    const auto deadline = base::Clock::System().Monotonic() + kSchemaPatience;
    while (true) {
      uint32_t ready = run.begin;
      base::Status status = decoder_->Prepare(records, run, &ready);
      if (status.ok() && ready == run.end) return status;
      if (base::Clock::System().Monotonic() > deadline || status.code() != base::Code::kUnavailable)
        return status.ok() ? base::Unavailable("a record's schema is not here yet") : status;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  base::Status Commit(const std::vector<Letter>& letters) {
    const model::RecordBatch records = RecordsOf(letters);
    store::LaneCommit commit;
    batch_->Clear();
    for (const model::RecordRun& run : records.runs) RETURN_IF_ERROR(AwaitSchemas(records, run));
    for (const model::RecordRun& run : records.runs)
      decoder_->Decode(records, run, batch_.get(), &commit.dead_letters);
    commit.rows = batch_.get();
    commit.incarnation = model::Incarnation(source_.incarnation);
    commit.positions = {position_};  // where it stands: a commit tells a position
    std::string gone;
    for (const Letter& letter : letters)
      gone += (gone.empty() ? "(" : ", (") + std::to_string(letter.partition) + ", " +
              std::to_string(letter.offset) + ")";
    commit.first = "DELETE FROM freshet_dead_letters WHERE " + Chosen() +
                   " AND (\"partition\", \"offset\") IN (VALUES " + gone + ")";
    base::FailurePoint("replay.before");
    ASSIGN_OR_RETURN(const auto done, writer_->Commit(&commit));
    base::FailurePoint("replay.after");
    result_.tried += letters.size();
    result_.failed_again += commit.dead_letters.size();
    return done.failures.empty() ? base::Status() : done.failures.front();
  }

  const ReplayRequest& request_;
  const catalog::Source& source_;
  const model::LaneId lane_;
  store::Position position_;
  int64_t before_us_ = 0;
  std::string bytes_;
  std::shared_ptr<decode::SchemaRegistry> registry_;  // outlives the decoder
  std::unique_ptr<decode::Decoder> decoder_;
  std::unique_ptr<store::LaneWriter> writer_;
  std::unique_ptr<model::ColumnBatch> batch_;
  ReplayResult result_;
};

}  // namespace

base::Result<ReplayResult> ReplayDeadLetters(const ReplayRequest& request) {
  return Replay(request).Run();
}

}  // namespace pipeline
