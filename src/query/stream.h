#pragma once
// Stream: the rows of one running SELECT on their way to a client, with all that bounds them: the
// place it holds, the connection it runs on, the time and the bytes it may still take. Between the
// store's rows and pgwire's encoder.
//
// Threads: one reader; Fail, CloseWhenLate and Rest also from the watch. Owns: the store's rows, a
// place, a share of the connection. Errors: the query's own; 57014 when stopped; 54000 over
// max_result_bytes.

#include <chrono>
#include <memory>
#include <mutex>

#include "query/activity.h"
#include "query/cell_cast.h"
#include "query/kept_rows.h"
#include "query/places.h"
#include "query/query_metrics.h"

namespace query {

// How long a statement may take. In a transaction block the time between two reads is the client's
// and does not count; outside it does, because an open result holds a snapshot.
struct TimeLimit {
  std::chrono::milliseconds timeout{0};  // 0 = none
  base::MonotonicTime begun;
  std::chrono::nanoseconds used{0};
  bool counts_pauses = true;

  Deadline At(base::MonotonicTime now) const;
};

struct StreamParts {
  std::unique_ptr<model::RowSource> rows;
  std::shared_ptr<store::Connection> connection;
  Places::Place place;
  model::Fields fields;
  std::shared_ptr<Activity> activity;
  std::shared_ptr<KeptBudget> kept_budget;
  TimeLimit time;
  size_t max_bytes = 0;
  const base::Clock* clock = nullptr;
};

class Stream {
 public:
  explicit Stream(StreamParts parts);
  ~Stream();

  const model::Fields& fields() const { return parts_.fields; }
  // At most `most` rows; 0 rows at the end.
  base::Result<model::ChunkView> Take(size_t most);
  // Moves what is left into memory and lets go of the connection. A failure is told by the next
  // Take.
  void Keep();
  // The same for who reads the rows in another way; nullptr when they are more than `most_bytes`.
  base::Result<std::shared_ptr<KeptRows>> KeepAll(size_t most_bytes = SIZE_MAX);
  // Ends it: the next Take has this error.
  void Fail(base::Status status);
  bool UsesConnection() const;
  bool in_block() const { return !parts_.time.counts_pauses; }

  // The watch's turns. They leave a stream that is being read alone.
  void CloseWhenLate(base::MonotonicTime now);
  void Rest(base::MonotonicTime now);  // gives the place back when nobody has read for a while

 private:
  base::Result<model::ChunkView> Pull();  // the next chunk of the store's rows
  base::Status Account(model::ChunkView* chunk);
  base::Status KeepLocked(size_t most_bytes);
  void Release(const base::Status& status);

  mutable std::mutex mutex_;
  StreamParts parts_;
  CellCaster caster_;
  Slicer slicer_;
  model::ChunkView pending_;  // read, not yet taken
  size_t pending_at_ = 0;
  size_t bytes_ = 0, rows_ = 0;
  base::MonotonicTime last_read_;
  base::Status failed_;
  std::shared_ptr<KeptRows> kept_;
  size_t kept_at_ = 0;
};

// The handle that a client's portal owns. Destroying it ends the stream.
class StreamRows : public model::RowSource {
 public:
  explicit StreamRows(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~StreamRows() override;
  const model::Fields& fields() const override { return stream_->fields(); }
  base::Result<model::ChunkView> Next() override { return stream_->Take(SIZE_MAX); }

 private:
  std::shared_ptr<Stream> stream_;
};

}  // namespace query
