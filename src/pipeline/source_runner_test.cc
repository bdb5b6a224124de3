#include "pipeline/source_runner.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace pipeline {
namespace {

using std::chrono::milliseconds;

constexpr int kPartitions = 4;
constexpr model::ObjectId kId{4}, kOther{2};

std::shared_ptr<const catalog::Source> MakeSource(model::ObjectId id, const std::string& topic_id) {
  auto source = std::make_shared<catalog::Source>();
  source->id = id;
  source->name = "orders";
  source->topic = "orders";
  source->retention_us = 0;
  source->topic_id = topic_id;
  source->schema.columns.push_back({"a", model::kInt8});
  source->schema.columns[0].path = {"a"};
  source->fields = {{"a", model::kInt8}};
  return source;
}

class QuietReader : public source::Reader {
 public:
  base::Status Assign(const std::vector<source::PartitionStart>&) override { return {}; }
  base::Status Poll(milliseconds timeout, model::RecordBatch* out) override {
    out->Clear();
    std::this_thread::sleep_for(std::min(timeout, milliseconds(5)));
    return {};
  }
  void Pause(const std::vector<model::PartitionId>&) override {}
  void Resume(const std::vector<model::PartitionId>&) override {}
  std::vector<source::PartitionState> States() const override { return {}; }
  void Wake() override {}
};

class FourPartitions : public source::TopicAdmin {
 public:
  FourPartitions(std::function<void()> at_resolve, milliseconds answer_time)
      : at_resolve_(std::move(at_resolve)), answer_time_(answer_time) {}
  base::Result<source::TopicInfo> Describe(milliseconds) override {
    std::this_thread::sleep_for(answer_time_);
    source::TopicInfo info{"topic-id", {}};
    for (int i = 0; i < kPartitions; ++i) info.partitions.push_back(model::PartitionId(i));
    return info;
  }
  base::Result<model::Offset> Resolve(model::PartitionId, source::StartAt, int64_t,
                                      milliseconds) override {
    at_resolve_();
    return model::Offset(7);
  }

  void Cancel() override {}

 private:
  std::function<void()> at_resolve_;
  milliseconds answer_time_;
};

class SourceRunnerTest : public testing::Test {
 protected:
  SourceRunnerTest() : store_(store::Store::Open({}).Take()) {}

  void Run(std::function<void()> at_resolve) {
    Make(std::move(at_resolve), milliseconds(0));
    runner_->Start();
    for (int i = 0; i < 2'000 && runner_->Progress().state != SourceState::kRunning; ++i)
      std::this_thread::sleep_for(milliseconds(5));
    EXPECT_EQ(runner_->Progress().state, SourceState::kRunning);
  }

  void Make(std::function<void()> at_resolve, milliseconds answer_time) {
    SourceRunner::Environment environment;
    environment.store = store_.get();
    environment.clock = &base::Clock::System();
    environment.readers.reader =
        [](const source::ReaderOptions&) -> base::Result<std::unique_ptr<source::Reader>> {
      return std::unique_ptr<source::Reader>(std::make_unique<QuietReader>());
    };
    environment.readers.admin =
        [at_resolve, answer_time](
            const source::ReaderOptions&) -> base::Result<std::unique_ptr<source::TopicAdmin>> {
      return std::unique_ptr<source::TopicAdmin>(
          std::make_unique<FourPartitions>(at_resolve, answer_time));
    };
    runner_ = std::make_unique<SourceRunner>(environment, SourceSetup{MakeSource(kId, ""), {}});
  }

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<SourceRunner> runner_;
};

TEST_F(SourceRunnerTest, StartPositionsAreWrittenBeforeTheFirstFetch) {
  Run([] {});
  const auto positions = store_->ReadPositions(kId).Take();
  ASSERT_EQ(positions.size(), static_cast<size_t>(kPartitions));
  for (const auto& position : positions) EXPECT_EQ(position.next_offset.value, 7);
}

// Keeping a topic's id passes a barrier while start positions are still being resolved. The setup
// that the runner began with is gone then, and its memory belongs to another source.
TEST_F(SourceRunnerTest, ASetupReplacedDuringTheStartChangesNobodysPositions) {
  std::vector<std::shared_ptr<const catalog::Source>> others;
  Run([this, &others] {
    runner_->Park();
    ASSERT_TRUE(runner_->Unpark({MakeSource(kId, "topic-id"), {}}).ok());
    for (int i = 0; i < 64; ++i) others.push_back(MakeSource(kOther, "another"));
  });
  EXPECT_EQ(store_->ReadPositions(kId).Take().size(), static_cast<size_t>(kPartitions));
  EXPECT_TRUE(store_->ReadPositions(kOther).Take().empty());
}

// What the run before committed is known before a broker has answered.
TEST_F(SourceRunnerTest, TheStoredTimeIsKnownBeforeTheBrokerAnswers) {
  const model::EventTime early(1'000'000), late(9'000'000);
  std::vector<store::Position> positions;
  for (int i = 0; i < kPartitions; ++i)
    positions.push_back({kId, model::Incarnation(0), model::PartitionId(i), model::Offset(3),
                         i == 1 ? early : late});
  ASSERT_TRUE(store_->WritePositions(model::LaneId(0), positions).ok());
  Make([] { ADD_FAILURE() << "it has positions"; }, milliseconds(300));
  runner_->Start();
  const SourceProgress progress = runner_->Progress();
  EXPECT_EQ(progress.state, SourceState::kStarting);
  EXPECT_EQ(progress.partitions.size(), static_cast<size_t>(kPartitions));
  EXPECT_EQ(progress.watermark, early);
  EXPECT_EQ(progress.newest_event, late);
}

}  // namespace
}  // namespace pipeline
