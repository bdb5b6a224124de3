#include "pipeline/delivery.h"

#include <pthread.h>

#include <algorithm>

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
                              int64_t delivered) {
  return "SELECT count(*) FROM " +
         sql::QuoteIdentifier(view.emission ? view.ReleasedTable() : Outbox(sink)) +
         " WHERE \"__number\" > " + std::to_string(delivered);
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
    const bool passes = PassesByItself(status);
    SetState(passes ? SourceState::kWaiting : SourceState::kStopped, std::move(status));
    if (!passes) return;
    wait = backoff;
    backoff = std::min(backoff * 2, kMaxBackoff);
  }
}

// NULL reads as -1.
base::Result<int64_t> Delivery::Number(const std::string& sql) {
  ASSIGN_OR_RETURN(const auto rows, reader_->Query(sql));
  ASSIGN_OR_RETURN(const auto chunk, rows->Next());
  return chunk.rows == 0 || chunk.columns[0].IsNull(0) ? -1 : chunk.columns[0].Get<int64_t>(0);
}

base::Status Delivery::Open() {
  ASSIGN_OR_RETURN(reader_, env_.store->Connect());
  ASSIGN_OR_RETURN(writer_,
                   sink::OpenKafkaWriter({sink_->topic, sink_->properties, sink_->writer}));
  ASSIGN_OR_RETURN(const int64_t on_brokers, writer_->Delivered());
  // The brokers forget a group that was quiet for long; the store's number may be one output old.
  ASSIGN_OR_RETURN(const int64_t stored,
                   Number("SELECT max(number) FROM freshet_emissions WHERE \"view\" = " +
                          std::to_string(sink_->id.value)));
  delivered_ = std::max({on_brokers, stored, int64_t{0}});
  produced_ = delivered_;
  if (sends_changes()) {
    ASSIGN_OR_RETURN(const int64_t waiting,
                     Number("SELECT max(\"__number\") FROM " +
                            sql::QuoteIdentifier(Outbox(*sink_))));
    produced_ = std::max(produced_, waiting);
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
  if (seen_commit_ == commit) return {};
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
           "INSERT INTO " + sent + " SELECT k, v FROM " + outbox + " WHERE \"__number\" = " +
               number + " AND v IS NOT NULL",
           "DROP TABLE temp.sink_now"}));
  if (changed[1] + changed[2] > 0) ++produced_;
  seen_commit_ = commit;
  return {};
}

// key, value, kind of the outputs that wait.
std::string Delivery::MessagesText() const {
  if (sends_changes()) return "k, v, CASE WHEN v IS NULL THEN 2 ELSE 0 END::BIGINT";
  const std::string key = sink_->key.empty() ? "NULL" : view::JsonObject(sink_->key);
  const std::string value = view::JsonObject(view_->emission->fields());
  return key + "::VARCHAR, " + value + ", \"__kind\"::BIGINT";
}

base::Result<int64_t> Delivery::NextThrough() {
  ASSIGN_OR_RETURN(const auto rows,
                   reader_->Query("SELECT \"__number\", count(*) FROM " + Table() +
                                  " WHERE \"__number\" > " + std::to_string(delivered_) +
                                  " GROUP BY 1 ORDER BY 1"));
  int64_t through = delivered_, count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) return through;
    for (size_t row = 0; row < chunk.rows; ++row) {
      count += chunk.columns[1].Get<int64_t>(row);
      if (through > delivered_ && count > kMostRows) return through;
      through = chunk.columns[0].Get<int64_t>(row);
    }
  }
}

base::Status Delivery::Send() {
  while (true) {
    ASSIGN_OR_RETURN(const int64_t through, NextThrough());
    if (through == delivered_) return {};
    RETURN_IF_ERROR(SendThrough(through));
    std::lock_guard lock(mutex_);
    progress_.delivered = delivered_;
    progress_.last_delivery = env_.clock->Wall();
    if (stop_) return {};
  }
}

base::Status Delivery::SendThrough(int64_t number) {
  std::vector<sink::Message> messages;
  {
    ASSIGN_OR_RETURN(const auto rows,
                     reader_->Query("SELECT " + MessagesText() + " FROM " + Table() +
                                    " WHERE \"__number\" > " + std::to_string(delivered_) +
                                    " AND \"__number\" <= " + std::to_string(number) +
                                    " ORDER BY \"__number\", rowid"));
    while (true) {
      ASSIGN_OR_RETURN(const auto chunk, rows->Next());
      if (chunk.rows == 0) break;
      for (size_t row = 0; row < chunk.rows; ++row) {
        const int64_t kind = chunk.columns[2].Get<int64_t>(row);
        sink::Message message{TextOf(chunk.columns[0], row), TextOf(chunk.columns[1], row), ""};
        if (sink_->upsert && kind == 2) message.value.reset();
        else if (!sink_->upsert && kind > 0) message.kind = kind == 1 ? "correction" : "retraction";
        messages.push_back(std::move(message));
      }
    }
  }
  RETURN_IF_ERROR(writer_->Write(messages, number));
  base::FailurePoint("sink.delivered");
  const std::string id = std::to_string(sink_->id.value);
  std::vector<std::string> kept{
      "DELETE FROM freshet_emissions WHERE \"view\" = " + id,
      "INSERT INTO freshet_emissions VALUES (" + id + ", NULL, " + std::to_string(number) +
          ", make_timestamp(" +
          std::to_string(env_.clock->Wall().time_since_epoch().count()) + "))"};
  if (sends_changes())
    kept.push_back("DELETE FROM " + Table() +
                   " WHERE \"__number\" <= " + std::to_string(number));
  delivered_ = number;
  {
    std::lock_guard lock(mutex_);
    progress_.messages += static_cast<int64_t>(messages.size());
  }
  return stage_->Commit(kept).TakeStatus();
}

}  // namespace pipeline
