#pragma once
// Delivery: stage two of one sink. It sends what its view has released (EMIT ON WINDOW CLOSE), or
// what changed in its view since the last look (FORMAT UPSERT), in the order of the outputs'
// numbers, one Kafka transaction for one or more outputs. What is to be sent is committed in the
// store before, and the number of the last output sent commits with the messages on the brokers:
// after a crash the two tell what is left.
//
// Threads: `sink-<id>` runs Run(); Start and Stop are for one caller, Progress and Delivered for
// any. Owns: its writer. Borrows: store, clock. Errors: what passes by itself is waited for with a
// new writer; else the sink stands still (state kStopped) until the next start.
// Limits: kMostRows of whole outputs a transaction; a single output is sent whole.

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
  int64_t delivered = -1;  // the number of the last output sent; -1 = not known yet
  int64_t messages = 0;    // since the start
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
  SinkProgress Progress() const;
  const catalog::Sink& sink() const { return *sink_; }
  const catalog::View& view() const { return *view_; }

  // Tables that a sink without EMIT needs: what was sent, and what waits.
  static std::vector<std::string> CreateTables(const catalog::Sink& sink);
  static std::vector<std::string> Tables(const catalog::Sink& sink);
  // How many messages wait, as text for a SELECT; `delivered` is Progress's.
  static std::string Waiting(const catalog::Sink& sink, const catalog::View& view,
                             int64_t delivered);

 private:
  static constexpr int64_t kMostRows = 20'000;

  void Run();
  base::Status Open();
  base::Status LookForChanges();
  base::Status Send();
  base::Result<int64_t> NextThrough();  // the number to send through; the delivered one = nothing
  base::Status SendThrough(int64_t number);
  base::Result<int64_t> Number(const std::string& sql);
  bool sends_changes() const { return !view_->emission; }
  std::string Table() const;
  std::string MessagesText() const;
  void SetState(SourceState state, base::Status error = {});
  bool WaitFor(std::chrono::milliseconds time);  // false = stop

  const Environment env_;
  const std::shared_ptr<const catalog::Sink> sink_;
  const std::shared_ptr<const catalog::View> view_;
  std::unique_ptr<sink::KafkaWriter> writer_;
  std::unique_ptr<store::StageWriter> stage_;
  std::unique_ptr<store::Connection> reader_;
  int64_t delivered_ = -1, produced_ = 0;
  std::optional<base::WallTime> seen_commit_;  // when it looked last
  base::MonotonicTime looked_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  SinkProgress progress_;
  std::thread thread_;
};

}  // namespace pipeline
