#pragma once
// Delivery: stage two of one sink. It sends what its view has released (EMIT ON WINDOW CLOSE), or
// what changed in its view since the last look (FORMAT UPSERT), in the order of the outputs'
// numbers and of their rows. What is to be sent is committed in the store before, and how far the
// sink has come commits with the messages on the brokers: after a crash the two tell what is left.
// One Kafka transaction takes whole outputs, or a part of one that is larger than a transaction.
//
// Threads: `sink-<id>` runs Run(); Start and Stop are for one caller, LookAgain and Progress for
// any. Owns: its writer. Borrows: store, clock. Errors: what passes by itself is waited for with a
// new writer; else the sink stands still (state kStopped) until the next start.
// Limits: kMostMessages and kMostBytes a transaction, and in memory.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "pipeline/progress.h"
#include "sink/kafka_writer.h"
#include "store/store.h"

namespace pipeline {

struct SinkProgress {
  SourceState state = SourceState::kStarting;
  base::Status error;
  sink::Mark delivered;  // the number -1 = not known yet
  int64_t messages = 0;  // since the start
  base::WallTime last_delivery{};
};

class Delivery {
 public:
  struct Environment {
    store::Store* store;
    const base::Clock* clock;
    // Of the view's source: nothing changed in the view while it stands.
    std::function<base::WallTime()> last_commit;
  };
  Delivery(Environment environment, std::shared_ptr<const catalog::Sink> sink,
           std::shared_ptr<const catalog::View> view);
  ~Delivery();

  void Start();
  void Stop();  // idempotent
  // The view changed by something else than a commit of its source.
  void LookAgain() { look_again_ = true; }
  SinkProgress Progress() const;
  const catalog::Sink& sink() const { return *sink_; }
  const catalog::View& view() const { return *view_; }

  // Tables that a sink without EMIT needs: what was sent, and what waits.
  static std::vector<std::string> CreateTables(const catalog::Sink& sink);
  static std::vector<std::string> Tables(const catalog::Sink& sink);
  // How many messages wait, as text for a SELECT; `delivered` is Progress's.
  static std::string Waiting(const catalog::Sink& sink, const catalog::View& view,
                             const sink::Mark& delivered);

 private:
  static constexpr size_t kMostMessages = 20'000;
  static constexpr size_t kMostBytes = size_t{16} << 20;

  // Messages that wait for a transaction. Those of whole outputs come first.
  struct Part {
    std::vector<sink::Message> messages;
    size_t bytes = 0;
    int64_t number = -1;  // of the output of the last message
    size_t whole = 0;     // how many belong to whole outputs
    int64_t whole_through = -1;
    bool Full() const { return messages.size() >= kMostMessages || bytes >= kMostBytes; }
  };

  void Run();
  base::Status Open();
  base::Status LookForChanges();
  base::Status Send();
  base::Status Add(const model::ChunkView& chunk, size_t row, Part* part);
  base::Status SendWhole(Part* part);
  base::Status SendCut(Part* part);
  base::Status SendFirst(size_t count, const sink::Mark& mark, Part* part);
  std::vector<std::string> KeepMark(const sink::Mark& mark) const;
  base::Result<std::vector<int64_t>> Numbers(const std::string& sql);
  bool sends_changes() const { return !view_->emission; }
  std::string Table() const;
  std::string MessagesText() const;
  bool Stopped() const;
  void SetState(SourceState state, base::Status error = {});
  bool WaitFor(std::chrono::milliseconds time);  // false = stop

  const Environment env_;
  const std::shared_ptr<const catalog::Sink> sink_;
  const std::shared_ptr<const catalog::View> view_;
  std::unique_ptr<sink::KafkaWriter> writer_;
  std::unique_ptr<store::StageWriter> stage_;
  std::unique_ptr<store::Connection> reader_;
  sink::Mark delivered_;
  int64_t produced_ = 0;
  std::atomic<bool> look_again_{false};
  std::optional<base::WallTime> seen_commit_;  // when it looked last
  std::optional<model::EventTime> seen_floor_;
  base::MonotonicTime looked_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  SinkProgress progress_;
  std::thread thread_;
};

}  // namespace pipeline
