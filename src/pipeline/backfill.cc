// Invariants:
// 1. What lies before `history` is filled here and nowhere else; what begins there comes from the
//    lanes. The two never overlap, so each record counts once.
// 2. The view's position commits with the partials that it covers; a new run goes on from it.

#include "pipeline/backfill.h"

#include <pthread.h>

#include <algorithm>
#include <set>

#include "base/failure_point.h"
#include "base/log.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{200}, kPoll{200};

bool PassesByItself(const base::Status& status) {
  return status.code() == base::Code::kUnavailable || status.sqlstate() == "53100";
}

}  // namespace

Backfill::Backfill(Environment environment, SourceSetup setup,
                   std::function<void(const base::Status&)> done)
    : env_(std::move(environment)), setup_(std::move(setup)), done_(std::move(done)) {}

Backfill::~Backfill() { Stop(); }

void Backfill::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Backfill::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Backfill::Stopped() const {
  std::lock_guard lock(mutex_);
  return stop_;
}

bool Backfill::WaitFor(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
  return !stop_;
}

double Backfill::Progress() const {
  const auto all = static_cast<double>(all_offsets_.load());
  return all <= 0 ? 0 : std::min(1.0, static_cast<double>(done_offsets_.load()) / all);
}

model::LaneId Backfill::lane() const {
  return model::LaneId(static_cast<int32_t>(view().id.value * kLanesPerSource));
}

void Backfill::Run() {
  pthread_setname_np(pthread_self(),
                     ("fill-" + std::to_string(view().id.value)).substr(0, 15).c_str());
  milliseconds backoff = kFirstBackoff;
  while (!Stopped()) {
    const base::Status status = Fill();
    if (Stopped()) return;
    if (status.ok() || !PassesByItself(status)) {
      done_(status);
      return;
    }
    base::Log(base::Level::kWarning, "pipeline", "filling a view waits",
              {{"view", view().name}, {"error", status.ToString()}});
    if (!WaitFor(backoff)) return;
    backoff = std::min(backoff * 2, env_.options.max_backoff);
  }
}

base::Status Backfill::Fill() {
  base::FailurePoint("backfill.begin");
  // A table's rows are the newest versions alone; a join as of event time asks for the others too.
  const bool versions = setup_.source->is_table;
  return !versions && setup_.source->KeepsRaw(view().RootPlan().used_columns) ? FromRows()
                                                                              : FromSource();
}

base::Result<std::map<Backfill::Key, int64_t>> Backfill::Reached() const {
  ASSIGN_OR_RETURN(const auto positions, env_.store->ReadPositions(view().id));
  std::map<Key, int64_t> reached;
  for (const auto& position : positions)
    reached[{position.incarnation.value, position.partition.value}] = position.next_offset.value;
  return reached;
}

base::Status Backfill::FromRows() {
  const auto fill = env_.store->MakeFill(
      {setup_.source->id, view().id, lane(), view().name, view().Table(), setup_.source->RawTable(),
       [view = setup_.views.front()](const std::string& rows) { return view->DeltaOfRows(rows); }});
  ASSIGN_OR_RETURN(const auto reached, Reached());
  ASSIGN_OR_RETURN(const auto stored, fill->Ranges());
  std::vector<store::OffsetRange> ranges;
  int64_t all = 0, done = 0;
  for (store::OffsetRange range : stored) {
    const auto end = std::find_if(
        view().history.begin(), view().history.end(), [&](const catalog::HistoryEnd& h) {
          return h.incarnation == range.incarnation.value && h.partition == range.partition.value;
        });
    range.end = end == view().history.end() ? range.first : std::min(range.end, end->offset);
    if (range.end <= range.first) continue;
    all += range.end - range.first;
    const auto at = reached.find({range.incarnation.value, range.partition.value});
    const int64_t from = at == reached.end() ? range.first : std::max(range.first, at->second);
    done += std::min(from, range.end) - range.first;
    range.first = from;
    ranges.push_back(range);
  }
  all_offsets_ = all;
  done_offsets_ = done;
  for (const store::OffsetRange& range : ranges) {
    for (int64_t first = range.first; first < range.end && !Stopped(); first += kStepOffsets) {
      store::OffsetRange step = range;
      step.first = first;
      step.end = std::min(range.end, first + kStepOffsets);
      ASSIGN_OR_RETURN(const size_t letters, fill->Step(step));
      done_offsets_ += step.end - step.first;
      base::FailurePoint("backfill.step");
      if (letters > 0)
        base::Log(base::Level::kWarning, "pipeline",
                  "stored rows are left out of a new view, see freshet.dead_letters",
                  {{"view", view().name}, {"rows", std::to_string(letters)}});
    }
  }
  return {};
}

int64_t Backfill::EndOf(model::PartitionId partition) const {
  for (const catalog::HistoryEnd& end : view().history)
    if (end.incarnation == setup_.source->incarnation && end.partition == partition.value)
      return end.offset;
  return 0;
}

// Where the source itself began; what Kafka no longer has is said and left out.
base::Result<int64_t> Backfill::StartOf(source::TopicAdmin* admin, const catalog::HistoryEnd& end,
                                        const std::map<Key, int64_t>& first) const {
  const model::PartitionId partition(end.partition);
  ASSIGN_OR_RETURN(const auto earliest, admin->Resolve(partition, source::StartAt::kEarliest, 0,
                                                       env_.options.broker_timeout));
  const auto begun = first.find({end.incarnation, end.partition});
  const int64_t start = begun == first.end() ? 0 : begun->second;
  if (earliest.value > start)
    base::Log(base::Level::kWarning, "pipeline", "a view begins later than its source",
              {{"view", view().name},
               {"partition", std::to_string(end.partition)},
               {"source began at", std::to_string(start)},
               {"Kafka begins at", std::to_string(earliest.value)}});
  return std::max(earliest.value, start);
}

base::Result<std::vector<source::PartitionStart>> Backfill::Starts() {
  const catalog::Source& source = *setup_.source;
  // Of a source that has read nothing the lanes give all; its topic may not even be there yet.
  if (std::none_of(view().history.begin(), view().history.end(), [&](const auto& end) {
        return end.incarnation == source.incarnation && end.offset > 0;
      }))
    return std::vector<source::PartitionStart>{};
  ASSIGN_OR_RETURN(const auto admin, env_.readers.admin(ReaderOptionsOf(source)));
  ASSIGN_OR_RETURN(const auto info, admin->Describe(env_.options.broker_timeout));
  if (!source.topic_id.empty() && !info.topic_id.empty() && info.topic_id != source.topic_id)
    return base::Corrupt("topic \"" + source.topic + "\" was deleted and made anew")
        .WithHint("Accept it with ALTER SOURCE " + source.name +
                  " RESET ACCEPT; a view then begins "
                  "with the rows that the source keeps.");
  ASSIGN_OR_RETURN(const auto reached, Reached());
  ASSIGN_OR_RETURN(const auto starts, env_.store->ReadPositions(StartsOf(setup_.source->id)));
  std::map<Key, int64_t> first;
  for (const auto& position : starts)
    if (position.partition.value >= 0)
      first[{position.incarnation.value, position.partition.value}] = position.next_offset.value;
  std::vector<source::PartitionStart> open;
  int64_t all = 0, done = 0;
  for (const catalog::HistoryEnd& end : view().history) {
    if (end.incarnation != setup_.source->incarnation) continue;  // that topic is gone
    ASSIGN_OR_RETURN(const int64_t start, StartOf(admin.get(), end, first));
    const auto at = reached.find({end.incarnation, end.partition});
    const int64_t from = at == reached.end() ? start : std::max(start, at->second);
    all += std::max<int64_t>(0, end.offset - start);
    done += std::max<int64_t>(0, std::min(from, end.offset) - start);
    if (from < end.offset) open.push_back({model::PartitionId(end.partition), model::Offset(from)});
  }
  all_offsets_ = all;
  done_offsets_ = done;
  return open;
}

base::Result<std::shared_ptr<source::PartitionNames>> Backfill::Names() const {
  auto names = std::make_shared<source::PartitionNames>();
  ASSIGN_OR_RETURN(const auto stored, env_.store->ReadPartitionNames(setup_.source->id));
  for (const auto& name : stored) names->Add(name.partition, name.name);
  return names;
}

base::Status Backfill::FromSource() {
  ASSIGN_OR_RETURN(auto open, Starts());
  if (open.empty()) return {};
  ASSIGN_OR_RETURN(auto lane_setup, MakeLaneSetup(setup_, lane()));
  lane_setup.raw_table.clear();
  lane_setup.fills = true;
  lane_setup.whole = true;
  writer_.reset();  // of a try before: it has the lane
  ASSIGN_OR_RETURN(writer_, env_.store->MakeLane(lane_setup));
  if (!registry_ && env_.readers.registry) {
    ASSIGN_OR_RETURN(registry_, env_.readers.registry(*setup_.source));
  }
  ASSIGN_OR_RETURN(decoder_, decode::MakeDecoder(setup_.source->schema, setup_.source->format,
                                                 {UsedColumns(setup_), registry_.get()}));
  std::vector<model::Type> types;
  for (const auto& column : setup_.source->schema.columns) types.push_back(column.type);
  batch_ = std::make_unique<model::ColumnBatch>(types);
  moved_.clear();
  ASSIGN_OR_RETURN(has_letters_, HasLetters());
  source::ReaderOptions options = ReaderOptionsOf(*setup_.source);
  options.max_bytes = env_.options.max_fetch_bytes;
  ASSIGN_OR_RETURN(options.names, Names());
  ASSIGN_OR_RETURN(const auto reader, env_.readers.reader(options));
  return ReadAll(reader.get(), std::move(open));
}

base::Status Backfill::ReadAll(source::Reader* reader, std::vector<source::PartitionStart> open) {
  RETURN_IF_ERROR(reader->Assign(open));
  model::RecordBatch records;
  while (!open.empty() && !Stopped()) {
    RETURN_IF_ERROR(reader->Poll(kPoll, &records));
    const size_t before = open.size();
    RETURN_IF_ERROR(Take(records, &open));
    if (records.runs.empty() || open.empty()) RETURN_IF_ERROR(CommitRows());
    if (open.size() != before && !open.empty()) RETURN_IF_ERROR(reader->Assign(open));
  }
  return {};
}

// Decodes what lies before the end of history. A partition that reached it leaves `open`.
base::Status Backfill::Take(const model::RecordBatch& records,
                            std::vector<source::PartitionStart>* open) {
  for (model::RecordRun run : records.runs) {
    const auto part = std::find_if(open->begin(), open->end(), [&](const auto& start) {
      return start.partition == run.partition;
    });
    if (part == open->end()) continue;
    const int64_t end = EndOf(run.partition);
    while (run.end > run.begin && records.records[run.end - 1].offset >= end) --run.end;
    if (batch_->rows() + (run.end - run.begin) > env_.options.max_batch_rows ||
        batch_->bytes() >= env_.options.max_batch_bytes)
      RETURN_IF_ERROR(CommitRows());
    RETURN_IF_ERROR(AwaitSchemas(records, run));
    std::vector<model::DeadLetter> known;  // written when the source read them
    const size_t first_row = batch_->rows();
    decoder_->Decode(records, run, batch_.get(), &known);
    RETURN_IF_ERROR(LeaveOutLetters(run.partition, first_row));
    const int64_t next = std::min(run.next_offset.value, end);
    done_offsets_ += next - part->offset.value;
    moved_[run.partition.value] = next;
    part->offset = model::Offset(next);
    if (next >= end) open->erase(part);
  }
  return {};
}

// Records that are dead letters of the source are in no view, also where the source's present
// definition could take them: REPLAY DEAD LETTERS brings them.
base::Status Backfill::LeaveOutLetters(model::PartitionId partition, size_t first_row) {
  if (!has_letters_ || first_row == batch_->rows()) return {};
  const auto offset = [&](size_t row) { return batch_->offset().Get<int64_t>(row); };
  ASSIGN_OR_RETURN(const auto connection, env_.store->Connect());
  ASSIGN_OR_RETURN(const auto rows,
                   connection->Query("SELECT \"offset\"" + Letters() + " AND \"partition\" = " +
                                     std::to_string(partition.value) + " AND \"offset\" BETWEEN " +
                                     std::to_string(offset(first_row)) + " AND " +
                                     std::to_string(offset(batch_->rows() - 1))));
  std::set<int64_t> letters;
  while (true) {
    ASSIGN_OR_RETURN(const model::ChunkView chunk, rows->Next());
    if (chunk.rows == 0) break;
    for (size_t row = 0; row < chunk.rows; ++row)
      letters.insert(chunk.columns[0].Get<int64_t>(row));
  }
  if (letters.empty()) return {};
  std::vector<bool> keep(batch_->rows(), true);
  for (size_t row = first_row; row < keep.size(); ++row) keep[row] = !letters.contains(offset(row));
  batch_->Filter(keep);
  return {};
}

std::string Backfill::Letters() const {
  return " FROM freshet_dead_letters WHERE source = " + std::to_string(setup_.source->id.value) +
         " AND incarnation = " + std::to_string(setup_.source->incarnation) + " AND \"view\" = ''";
}

base::Result<bool> Backfill::HasLetters() const {
  ASSIGN_OR_RETURN(const auto connection, env_.store->Connect());
  ASSIGN_OR_RETURN(const auto rows, connection->Query("SELECT 1" + Letters() + " LIMIT 1"));
  ASSIGN_OR_RETURN(const model::ChunkView chunk, rows->Next());
  return chunk.rows > 0;
}

// Until what the records of `run` need is here.
base::Status Backfill::AwaitSchemas(const model::RecordBatch& records,
                                    const model::RecordRun& run) {
  while (true) {
    uint32_t ready = run.begin;
    base::Status status = decoder_->Prepare(records, run, &ready);
    if (status.ok() && ready == run.end) return status;
    if (!status.ok() && status.code() != base::Code::kUnavailable) return status;
    if (!WaitFor(kPoll)) return base::Cancelled("the view is not filled any more");
  }
}

base::Status Backfill::CommitRows() {
  if (moved_.empty()) return {};
  store::LaneCommit commit;
  commit.rows = batch_.get();
  commit.incarnation = model::Incarnation(setup_.source->incarnation);
  for (const auto& [partition, next] : moved_)
    commit.positions.push_back({view().id, commit.incarnation, model::PartitionId(partition),
                                model::Offset(next), std::nullopt});
  ASSIGN_OR_RETURN(const auto result, writer_->Commit(&commit));
  base::FailurePoint("backfill.step");
  batch_->Clear();
  moved_.clear();
  return result.failures.empty() ? base::Status() : result.failures.front();
}

}  // namespace pipeline
