// Invariants:
// 1. parts_.rows is set exactly while the store's result is open; it is closed before the
// connection is let go.
// 2. pending_ points into the open result and is used up, copied or dropped before the result
// closes or moves on.
// 3. After failed_ is set nothing is open and every Take has that error.

#include "query/stream.h"

#include <algorithm>

namespace query {
namespace {

constexpr std::chrono::milliseconds kRestAfter{250};

}  // namespace

Deadline TimeLimit::At(base::MonotonicTime now) const {
  if (timeout.count() == 0) return std::nullopt;
  if (counts_pauses) return begun + timeout;
  return now + timeout - std::min<std::chrono::nanoseconds>(used, timeout);
}

Stream::Stream(StreamParts parts)
    : parts_(std::move(parts)), caster_(parts_.fields), last_read_(parts_.clock->Monotonic()) {}

Stream::~Stream() {
  if (parts_.rows) Release({});
}

base::Result<model::ChunkView> Stream::Take(size_t most) {
  std::lock_guard lock(mutex_);
  if (!failed_.ok()) return failed_;
  if (kept_) {
    auto chunk = kept_->Read(kept_at_, most, &slicer_);
    kept_at_ += chunk.rows;
    return chunk;
  }
  if (pending_at_ == pending_.rows) {
    if (!parts_.rows) return model::ChunkView{};
    pending_at_ = 0;
    pending_ = {};
    ASSIGN_OR_RETURN(pending_, Pull());
    if (pending_.rows == 0) return model::ChunkView{};
  }
  const size_t rows = std::min(most, pending_.rows - pending_at_);
  auto chunk = slicer_.Slice(pending_, pending_at_, rows);
  pending_at_ += rows;
  return chunk;
}

base::Result<model::ChunkView> Stream::Pull() {
  const auto begun = parts_.clock->Monotonic();
  ActiveScope scope(parts_.activity.get(), parts_.time.At(begun));
  base::Status status = scope.status();
  model::ChunkView chunk;
  if (status.ok()) {
    parts_.activity->RunsOn(parts_.connection.get());
    auto next = parts_.rows->Next();
    parts_.activity->RunsOn(nullptr);
    if (next.ok()) chunk = next.Take();
    else status = parts_.activity->Explain(next.TakeStatus());
  }
  if (status.ok()) status = Account(&chunk);
  last_read_ = parts_.clock->Monotonic();
  parts_.time.used += last_read_ - begun;
  if (!status.ok() || chunk.rows == 0) Release(status);
  if (!status.ok()) return status;
  return chunk;
}

base::Status Stream::Account(model::ChunkView* chunk) {
  RETURN_IF_ERROR(caster_.Cast(chunk));
  rows_ += chunk->rows;
  bytes_ += BytesOf(*chunk);
  if (bytes_ <= parts_.max_bytes) return {};
  return base::Exhausted("result is larger than " + std::to_string(parts_.max_bytes >> 20) + " MiB")
      .WithSqlstate("54000")
      .WithHint("Add LIMIT, or aggregate in the query.");
}

void Stream::Keep() {
  std::lock_guard lock(mutex_);
  if (!failed_.ok() || !parts_.rows) return;
  if (base::Status status = KeepLocked(SIZE_MAX); !status.ok()) {
    kept_.reset();
    if (failed_.ok()) Release(status);
  }
}

base::Result<std::shared_ptr<KeptRows>> Stream::KeepAll(size_t most_bytes) {
  std::lock_guard lock(mutex_);
  if (!failed_.ok()) return failed_;
  if (!kept_) RETURN_IF_ERROR(KeepLocked(most_bytes));
  if (kept_->bytes() > most_bytes) return std::shared_ptr<KeptRows>();
  return kept_;
}

base::Status Stream::KeepLocked(size_t most_bytes) {
  kept_ = std::make_shared<KeptRows>(parts_.kept_budget);
  kept_at_ = 0;
  if (pending_at_ < pending_.rows)
    RETURN_IF_ERROR(kept_->Add(slicer_.Slice(pending_, pending_at_, pending_.rows - pending_at_)));
  pending_at_ = pending_.rows = 0;
  while (parts_.rows && kept_->bytes() <= most_bytes) {
    ASSIGN_OR_RETURN(auto chunk, Pull());
    if (chunk.rows > 0) RETURN_IF_ERROR(kept_->Add(chunk));
  }
  return {};
}

void Stream::Fail(base::Status status) {
  std::lock_guard lock(mutex_);
  if (!failed_.ok() || (!parts_.rows && !kept_)) return;
  kept_.reset();
  Release(status);
}

bool Stream::UsesConnection() const {
  std::lock_guard lock(mutex_);
  return parts_.rows != nullptr;
}

void Stream::CloseWhenLate(base::MonotonicTime now) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !parts_.rows || !parts_.time.counts_pauses) return;
  const auto deadline = parts_.time.At(now);
  if (deadline && now >= *deadline)
    Release(base::Cancelled("canceling statement due to statement timeout"));
}

void Stream::Rest(base::MonotonicTime now) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && now - last_read_ >= kRestAfter) parts_.place.Leave();
}

void Stream::Release(const base::Status& status) {
  if (!status.ok()) failed_ = status;
  pending_at_ = pending_.rows = 0;
  if (parts_.rows) CountQuery(parts_.clock->Monotonic() - parts_.time.begun, rows_);
  parts_.rows.reset();
  parts_.connection.reset();
  parts_.place.Leave();
}

StreamRows::~StreamRows() { stream_->Fail(base::Cancelled("the portal was closed")); }

}  // namespace query
