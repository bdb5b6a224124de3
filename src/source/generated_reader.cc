#include "source/generated_reader.h"

#include <algorithm>

#include "source/generated_value.h"
#include "source/waker.h"

namespace source {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int64_t kMillisecondUs = 1'000;

class GeneratedReader final : public Reader {
 public:
  GeneratedReader(const ReaderOptions& options, const base::Clock& clock)
      : options_(options), rows_(*options.generated), clock_(clock) {}

  base::Status Assign(const std::vector<PartitionStart>& starts) override {
    std::vector<Partition> partitions;
    for (const auto& start : starts) {
      Partition next{start.partition, start.offset.value, false};
      for (const auto& known : partitions_)  // what was read of it and not yet committed stays read
        if (known.id == start.partition) next = known;
      partitions.push_back(next);
    }
    partitions_ = std::move(partitions);
    return {};
  }

  base::Status Poll(milliseconds timeout, model::RecordBatch* out) override {
    out->Clear();
    Fill(out);
    if (!out->runs.empty()) return {};
    if (waker_.Wait(std::min<microseconds>(timeout, UntilNextRow()))) return {};
    Fill(out);
    return {};
  }

  void Pause(const std::vector<model::PartitionId>& ids) override { SetPaused(ids, true); }
  void Resume(const std::vector<model::PartitionId>& ids) override { SetPaused(ids, false); }

  std::vector<PartitionState> States() const override {
    std::vector<PartitionState> states;
    for (const auto& partition : partitions_) states.push_back({partition.id, 0, EndOf(partition)});
    return states;
  }

  void Wake() override { waker_.Wake(); }
  std::string_view kind() const override { return "datagen"; }

 private:
  struct Partition {
    model::PartitionId id;
    int64_t next;
    bool paused;
  };

  int64_t Now() const { return clock_.Wall().time_since_epoch().count(); }
  int64_t EndOf(const Partition& partition) const {
    return RowsInPartition(RowsDue(rows_, Now()), partition.id.value, rows_.partitions);
  }
  int64_t NumberOf(const Partition& partition) const {
    return partition.next * rows_.partitions + partition.id.value;
  }

  void SetPaused(const std::vector<model::PartitionId>& ids, bool paused) {
    for (auto& partition : partitions_)
      if (std::find(ids.begin(), ids.end(), partition.id) != ids.end()) partition.paused = paused;
  }

  microseconds UntilNextRow() const {
    int64_t next = INT64_MAX;
    for (const auto& partition : partitions_) {
      const int64_t number = NumberOf(partition);
      if (partition.paused || (rows_.limit >= 0 && number >= rows_.limit)) continue;
      next = std::min(next, DueTimeOf(rows_, number) - Now());
    }
    return microseconds(std::max<int64_t>(next, kMillisecondUs));
  }

  // Values are cut out of one text when it is whole, because it moves while it grows.
  void Fill(model::RecordBatch* out) {
    text_.clear();
    ends_.clear();
    for (size_t i = 0; i < partitions_.size(); ++i) {
      Partition& partition = partitions_[(first_ + i) % partitions_.size()];
      if (!partition.paused) FillFrom(&partition, out);
    }
    if (!partitions_.empty()) first_ = (first_ + 1) % partitions_.size();
    text_.append(model::kPadding, '\0');
    size_t begin = 0;
    for (size_t i = 0; i < ends_.size(); ++i) {
      out->records[i].value = text_.data() + begin;
      out->records[i].value_bytes = static_cast<uint32_t>(ends_[i] - begin);
      begin = ends_[i];
    }
    out->bytes = begin;
  }

  void FillFrom(Partition* partition, model::RecordBatch* out) {
    const int64_t end = EndOf(*partition);
    const auto begin = static_cast<uint32_t>(out->records.size());
    while (partition->next < end && out->records.size() < options_.max_poll_records &&
           text_.size() < options_.max_bytes / 2) {
      const int64_t number = NumberOf(*partition);
      AppendGeneratedRow(rows_, number, &text_);
      ends_.push_back(text_.size());
      model::RecordView record;
      record.offset = partition->next++;
      record.timestamp_ms = DueTimeOf(rows_, number) / kMillisecondUs;
      out->records.push_back(record);
    }
    const auto last = static_cast<uint32_t>(out->records.size());
    if (last > begin)
      out->runs.push_back({partition->id, begin, last, model::Offset(partition->next)});
  }

  const ReaderOptions options_;
  const model::GeneratedRows& rows_;  // of options_
  const base::Clock& clock_;
  std::vector<Partition> partitions_;
  size_t first_ = 0;  // partition that is filled from first, so that none waits for ever
  std::string text_;
  std::vector<size_t> ends_;  // of the values in text_
  Waker waker_;
};

class GeneratedAdmin final : public TopicAdmin {
 public:
  GeneratedAdmin(const ReaderOptions& options, const base::Clock& clock)
      : rows_(*options.generated), clock_(clock) {}

  base::Result<TopicInfo> Describe(milliseconds) override {
    TopicInfo info;
    for (int32_t i = 0; i < rows_.partitions; ++i) info.partitions.push_back(model::PartitionId(i));
    return info;
  }

  base::Result<model::Offset> Resolve(model::PartitionId partition, StartAt at,
                                      int64_t timestamp_ms, milliseconds) override {
    if (at == StartAt::kEarliest) return model::Offset(0);
    // The first row at a time is the one after those that were due just before it.
    const int64_t now = clock_.Wall().time_since_epoch().count();
    const int64_t time =
        at == StartAt::kLatest ? now : std::min(now, timestamp_ms * kMillisecondUs - 1);
    return model::Offset(RowsInPartition(RowsDue(rows_, time), partition.value, rows_.partitions));
  }

  void Cancel() override {}  // nothing here waits

 private:
  const model::GeneratedRows rows_;
  const base::Clock& clock_;
};

}  // namespace

base::Result<std::unique_ptr<Reader>> MakeGeneratedReader(const ReaderOptions& options,
                                                          const base::Clock& clock) {
  return std::unique_ptr<Reader>(std::make_unique<GeneratedReader>(options, clock));
}

base::Result<std::unique_ptr<TopicAdmin>> MakeGeneratedAdmin(const ReaderOptions& options,
                                                             const base::Clock& clock) {
  return std::unique_ptr<TopicAdmin>(std::make_unique<GeneratedAdmin>(options, clock));
}

}  // namespace source
