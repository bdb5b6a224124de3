#include "pipeline/delivery.h"

#include <pthread.h>

#include <algorithm>
#include <span>

#include "base/failure_point.h"
#include "base/log.h"
#include "sql/printer.h"
#include "view/json_text.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50}, kFirstBackoff{200}, kMaxBackoff{5'000};

bool PassesByItself(const base::Status& status) {
  return status.code() == base::Code::kUnavailable || status.code() == base::Code::kNotFound ||
         status.code() == base::Code::kDenied || status.sqlstate() == "53100";
}

std::string Outbox(const catalog::Sink& sink) { return "outbox_" + std::to_string(sink.id.value); }

size_t BytesOf(const sink::Message& message) {
  return sizeof message + message.kind.size() + (message.key ? message.key->size() : 0) +
         (message.value ? message.value->size() : 0);
}

std::optional<std::string> TextOf(const model::ColumnView& column, size_t row) {
  if (column.IsNull(row)) return std::nullopt;
  return std::string(column.Get<model::StringCell>(row).View());
}

}  // namespace

std::vector<std::string> Delivery::CreateTables(const catalog::Sink& sink) {
  return {"CREATE TABLE " + sql::QuoteIdentifier(sink.SentTable()) + " (k VARCHAR, v VARCHAR)",
          "CREATE TABLE " + sql::QuoteIdentifier(Outbox(sink)) +
              " (k VARCHAR, v VARCHAR, \"__number\" BIGINT)"};
}

std::vector<std::string> Delivery::Tables(const catalog::Sink& sink) {
  return {sink.SentTable(), Outbox(sink)};
}

std::string Delivery::Waiting(const catalog::Sink& sink, const catalog::View& view,
                              const sink::Mark& delivered) {
  return "SELECT greatest(count(*) - " + std::to_string(delivered.messages) + ", 0) FROM " +
         sql::QuoteIdentifier(view.emission ? view.ReleasedTable() : Outbox(sink)) +
         " WHERE \"__number\" > " + std::to_string(delivered.number);
}

Delivery::Delivery(Environment environment, std::shared_ptr<const catalog::Sink> sink,
                   std::shared_ptr<const catalog::View> view)
    : env_(std::move(environment)), sink_(std::move(sink)), view_(std::move(view)) {}

Delivery::~Delivery() { Stop(); }

void Delivery::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Delivery::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

SinkProgress Delivery::Progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

bool Delivery::Stopped() const {
  std::lock_guard lock(mutex_);
  return stop_;
}

bool Delivery::WaitFor(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stop_; });
  return !stop_;
}

void Delivery::SetState(SourceState state, base::Status error) {
  std::lock_guard lock(mutex_);
  if (progress_.state != state || progress_.error.message() != error.message())
    base::Log(error.ok() ? base::Level::kInfo : base::Level::kWarning, "pipeline", "sink state",
              {{"sink", sink_->name},
               {"state", NameOf(state)},
               {"error", error.ok() ? "" : error.ToString()}});
  progress_.state = state;
  progress_.error = std::move(error);
  progress_.delivered = delivered_;
}

void Delivery::Run() {
  pthread_setname_np(pthread_self(),
                     ("sink-" + std::to_string(sink_->id.value)).substr(0, 15).c_str());
  stage_ = env_.store->MakeStage();
  milliseconds wait{0}, backoff = kFirstBackoff;
  while (WaitFor(wait)) {
    base::Status status = writer_ ? base::Status() : Open();
    if (status.ok() && sends_changes()) status = LookForChanges();
    if (status.ok()) status = Send();
    if (status.ok()) {
      SetState(SourceState::kRunning);
      wait = kTick;
      backoff = kFirstBackoff;
      continue;
    }
    writer_.reset();  // its transaction's outcome is read by the next one
    if (Stopped()) return;
    const bool passes = PassesByItself(status);
    SetState(passes ? SourceState::kWaiting : SourceState::kStopped, std::move(status));
    if (!passes) return;
    wait = backoff;
    backoff = std::min(backoff * 2, kMaxBackoff);
  }
}

// The columns of the one row; NULL reads as -1.
base::Result<std::vector<int64_t>> Delivery::Numbers(const std::string& sql) {
  ASSIGN_OR_RETURN(const auto rows, reader_->Query(sql));
  ASSIGN_OR_RETURN(const auto chunk, rows->Next());
  std::vector<int64_t> out;
  for (const auto& column : chunk.columns)
    out.push_back(chunk.rows == 0 || column.IsNull(0) ? -1 : column.Get<int64_t>(0));
  return out;
}

// The store's mark of a sink is two rows: the number under its id, the messages after it under its
// id's negative.
std::vector<std::string> Delivery::KeepMark(const sink::Mark& mark) const {
  const std::string id = std::to_string(sink_->id.value);
  const std::string now =
      "make_timestamp(" + std::to_string(env_.clock->Wall().time_since_epoch().count()) + ")";
  return {"DELETE FROM freshet_emissions WHERE \"view\" IN (" + id + ", -" + id + ")",
          "INSERT INTO freshet_emissions VALUES (" + id + ", NULL, " + std::to_string(mark.number) +
              ", " + now + "), (-" + id + ", NULL, " + std::to_string(mark.messages) + ", " + now +
              ")"};
}

base::Status Delivery::Open() {
  ASSIGN_OR_RETURN(reader_, env_.store->Connect());
  ASSIGN_OR_RETURN(writer_, sink::OpenKafkaWriter({sink_->topic, sink_->properties, sink_->writer,
                                                   [this] { return Stopped(); }}));
  ASSIGN_OR_RETURN(const sink::Mark on_brokers, writer_->Delivered());
  // The brokers forget a group that was quiet for long; the store's mark may be one transaction
  // old.
  const std::string id = std::to_string(sink_->id.value);
  ASSIGN_OR_RETURN(const auto stored, Numbers("SELECT max(number) FILTER (\"view\" = " + id +
                                              "), coalesce(max(number) FILTER (\"view\" = -" + id +
                                              "), 0)::BIGINT FROM freshet_emissions"));
  delivered_ = std::max({on_brokers, sink::Mark{stored[0], stored[1]}, sink::Mark{0, 0}});
  produced_ = delivered_.number;
  if (sends_changes()) {
    ASSIGN_OR_RETURN(const auto waiting, Numbers("SELECT max(\"__number\") FROM " + Table()));
    produced_ = std::max(produced_, waiting[0]);
  }
  seen_commit_.reset();
  return {};
}

std::string Delivery::Table() const {
  return sql::QuoteIdentifier(view_->emission ? view_->ReleasedTable() : Outbox(*sink_));
}

// Puts what differs from what was sent into the outbox, and notes it as sent, in one commit.
base::Status Delivery::LookForChanges() {
  const auto now = env_.clock->Monotonic();
  if (now - looked_ < std::chrono::microseconds(sink_->interval_us)) return {};
  const base::WallTime commit = env_.last_commit();
  const auto floors = env_.store->Floors();
  const auto floor = floors.find(view_->id);
  const auto kept = floor == floors.end() ? std::nullopt : std::optional(floor->second);
  if (!look_again_.exchange(false) && seen_commit_ == commit && seen_floor_ == kept) return {};
  looked_ = now;
  const std::string sent = sql::QuoteIdentifier(sink_->SentTable()), outbox = Table();
  const std::string number = std::to_string(produced_ + 1);
  ASSIGN_OR_RETURN(
      const auto changed,
      stage_->Commit(
          {"CREATE OR REPLACE TEMP TABLE sink_now AS SELECT " + view::JsonObject(sink_->key) +
               " AS k, " + view::JsonObject(view_->plan->fields) + " AS v FROM (" +
               view_->plan->Finalize(sql::QuoteIdentifier(view_->Table())) + ")",
           "INSERT INTO " + outbox + " SELECT n.k, n.v, " + number +
               " FROM temp.sink_now AS n ANTI JOIN " + sent + " AS s ON n.k = s.k AND n.v = s.v",
           "INSERT INTO " + outbox + " SELECT s.k, NULL, " + number + " FROM " + sent +
               " AS s ANTI JOIN temp.sink_now AS n ON s.k = n.k",
           "DELETE FROM " + sent + " WHERE k IN (SELECT k FROM " + outbox +
               " WHERE \"__number\" = " + number + ")",
           "INSERT INTO " + sent + " SELECT k, v FROM " + outbox +
               " WHERE \"__number\" = " + number + " AND v IS NOT NULL",
           "DROP TABLE temp.sink_now"}));
  if (changed[1] + changed[2] > 0) ++produced_;
  seen_commit_ = commit;
  seen_floor_ = kept;
  return {};
}

// Key, value and kind of a message.
std::string Delivery::MessagesText() const {
  if (sends_changes()) return "k, v, CASE WHEN v IS NULL THEN 2 ELSE 0 END::BIGINT";
  const std::string key = sink_->key.empty() ? "NULL" : view::JsonObject(sink_->key);
  const std::string value = view::JsonObject(view_->emission->fields());
  return key + "::VARCHAR, " + value + ", \"__kind\"::BIGINT";
}

// Outputs are committed whole, so what the snapshot shows ends with the end of one.
base::Status Delivery::Send() {
  ASSIGN_OR_RETURN(const auto rows,
                   reader_->Query("SELECT \"__number\", " + MessagesText() + " FROM " + Table() +
                                  " WHERE \"__number\" > " + std::to_string(delivered_.number) +
                                  " ORDER BY \"__number\", rowid OFFSET " +
                                  std::to_string(delivered_.messages)));
  Part part;
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) break;
    for (size_t row = 0; row < chunk.rows; ++row) RETURN_IF_ERROR(Add(chunk, row, &part));
  }
  if (part.messages.empty()) return {};
  part.whole = part.messages.size();
  part.whole_through = part.number;
  return SendWhole(&part);
}

base::Status Delivery::Add(const model::ChunkView& chunk, size_t row, Part* part) {
  const int64_t number = chunk.columns[0].Get<int64_t>(row);
  if (number != part->number) {
    part->whole = part->messages.size();
    part->whole_through = part->number;
  }
  if (part->Full()) {
    if (part->whole > 0) RETURN_IF_ERROR(SendWhole(part));
    if (part->Full()) RETURN_IF_ERROR(SendCut(part));
  }
  const int64_t kind = chunk.columns[3].Get<int64_t>(row);
  sink::Message message{TextOf(chunk.columns[1], row), TextOf(chunk.columns[2], row), ""};
  if (sink_->upsert && kind == 2) message.value.reset();
  else if (!sink_->upsert && kind > 0) message.kind = kind == 1 ? "correction" : "retraction";
  part->bytes += BytesOf(message);
  part->messages.push_back(std::move(message));
  part->number = number;
  return {};
}

base::Status Delivery::SendWhole(Part* part) {
  return SendFirst(part->whole, {part->whole_through, 0}, part);
}

// All of it, though the last output goes on.
base::Status Delivery::SendCut(Part* part) {
  const auto count = static_cast<int64_t>(part->messages.size());
  return SendFirst(part->messages.size(), {delivered_.number, delivered_.messages + count}, part);
}

base::Status Delivery::SendFirst(size_t count, const sink::Mark& mark, Part* part) {
  RETURN_IF_ERROR(writer_->Write(std::span(part->messages).first(count), mark));
  base::FailurePoint("sink.delivered");
  auto kept = KeepMark(mark);
  if (sends_changes() && mark.number > delivered_.number)
    kept.push_back("DELETE FROM " + Table() +
                   " WHERE \"__number\" <= " + std::to_string(mark.number));
  delivered_ = mark;
  part->messages.erase(part->messages.begin(),
                       part->messages.begin() + static_cast<ptrdiff_t>(count));
  part->whole = 0;
  part->bytes = 0;
  for (const sink::Message& message : part->messages) part->bytes += BytesOf(message);
  {
    std::lock_guard lock(mutex_);
    progress_.delivered = delivered_;
    progress_.messages += static_cast<int64_t>(count);
    progress_.last_delivery = env_.clock->Wall();
  }
  RETURN_IF_ERROR(stage_->Commit(kept).TakeStatus());
  return Stopped() ? base::Cancelled("the sink is being stopped") : base::Status();
}

}  // namespace pipeline
