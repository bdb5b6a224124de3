#include "pipeline/join_reader.h"

#include <condition_variable>
#include <mutex>

#include "sql/printer.h"

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{20}, kIdleLook{100};
constexpr model::PartitionId kOnly(0);

class JoinReader : public source::Reader {
 public:
  JoinReader(std::unique_ptr<store::Connection> connection, const source::ReaderOptions& options)
      : connection_(std::move(connection)), options_(options) {}

  base::Status Assign(const std::vector<source::PartitionStart>& partitions) override {
    assigned_ = !partitions.empty();
    if (assigned_) next_ = partitions.front().offset.value;
    return {};
  }

  base::Status Poll(milliseconds timeout, model::RecordBatch* out) override {
    out->Clear();
    for (milliseconds left = timeout;; left -= look_) {
      if (assigned_ && !paused_) RETURN_IF_ERROR(Take(out));
      look_ = out->records.empty() ? std::min(look_ * 2, kIdleLook) : kLook;
      if (!out->records.empty() || left.count() <= 0) return {};
      std::unique_lock lock(mutex_);
      if (!wake_.wait_for(lock, std::min(left, look_), [this] { return woken_; })) continue;
      woken_ = false;
      return {};
    }
  }

  void Pause(const std::vector<model::PartitionId>&) override { paused_ = true; }
  void Resume(const std::vector<model::PartitionId>&) override { paused_ = false; }
  std::vector<source::PartitionState> States() const override {
    if (!assigned_) return {};
    return {{kOnly, 0, end_}};
  }
  void Wake() override {
    std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_all();
  }
  std::string_view kind() const override { return "join"; }

 private:
  base::Status Take(model::RecordBatch* out) {
    const std::string log = sql::QuoteIdentifier(options_.topic);
    const auto end = next_ + static_cast<int64_t>(options_.max_poll_records);  // numbers are dense
    ASSIGN_OR_RETURN(
        const auto rows,
        connection_->Query("SELECT number, value, (SELECT max(number) FROM " + log + ") FROM " +
                           log + " WHERE number >= " + std::to_string(next_) + " AND number < " +
                           std::to_string(end) + " ORDER BY number"));
    values_.clear();
    std::vector<size_t> begins;
    end_ = std::max(end_, next_);
    while (values_.size() < options_.max_bytes) {
      ASSIGN_OR_RETURN(const model::ChunkView chunk, rows->Next());
      if (chunk.rows == 0) break;
      for (size_t row = 0; row < chunk.rows; ++row) {
        out->records.emplace_back().offset = chunk.columns[0].Get<int64_t>(row);
        begins.push_back(values_.size());
        values_ += chunk.columns[1].Get<model::StringCell>(row).View();
        end_ = chunk.columns[2].Get<int64_t>(row) + 1;
      }
    }
    if (out->records.empty()) return {};
    out->bytes = values_.size();
    begins.push_back(values_.size());
    values_.append(model::kPadding, '\0');
    for (size_t i = 0; i < out->records.size(); ++i) {
      out->records[i].value = values_.data() + begins[i];
      out->records[i].value_bytes = static_cast<uint32_t>(begins[i + 1] - begins[i]);
    }
    next_ = out->records.back().offset + 1;
    model::RecordRun run;
    run.partition = kOnly;
    run.end = static_cast<uint32_t>(out->records.size());
    run.next_offset = model::Offset(next_);
    out->runs.push_back(run);
    return {};
  }

  const std::unique_ptr<store::Connection> connection_;
  const source::ReaderOptions options_;
  std::string values_;
  int64_t next_ = 0, end_ = -1;
  milliseconds look_ = kLook;  // how long it waits before it looks again
  bool assigned_ = false, paused_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;  // guarded by mutex_
};

class JoinAdmin : public source::TopicAdmin {
 public:
  base::Result<source::TopicInfo> Describe(milliseconds) override {
    return source::TopicInfo{"", {kOnly}, {}};
  }
  base::Result<model::Offset> Resolve(model::PartitionId, source::StartAt, int64_t,
                                      milliseconds) override {
    return model::Offset(0);
  }
  void Cancel() override {}
};

}  // namespace

base::Result<std::unique_ptr<source::Reader>> MakeJoinReader(store::Store* store,
                                                             const source::ReaderOptions& options) {
  ASSIGN_OR_RETURN(auto connection, store->Connect());
  return std::unique_ptr<source::Reader>(
      std::make_unique<JoinReader>(std::move(connection), options));
}

std::unique_ptr<source::TopicAdmin> MakeJoinAdmin() { return std::make_unique<JoinAdmin>(); }

}  // namespace pipeline
