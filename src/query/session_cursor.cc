// Cursors. One that only moves forward reads its stream as it is fetched; one that scrolls, and one
// WITH HOLD when its transaction commits, keeps its rows in memory.

#include <algorithm>

#include "query/session.h"

namespace query {

// The rows of one FETCH that moves forward.
class SessionImpl::FetchedRows : public model::RowSource {
 public:
  FetchedRows(std::shared_ptr<Stream> stream, size_t left)
      : stream_(std::move(stream)), left_(left) {}
  const model::Fields& fields() const override { return stream_->fields(); }
  base::Result<model::ChunkView> Next() override {
    if (left_ == 0) return model::ChunkView{};
    ASSIGN_OR_RETURN(auto chunk, stream_->Take(left_));
    left_ -= chunk.rows;
    return chunk;
  }

 private:
  std::shared_ptr<Stream> stream_;
  size_t left_;
};

namespace {

// `count` kept rows from `first` on, forwards or backwards.
class ScrolledRows : public model::RowSource {
 public:
  ScrolledRows(model::Fields fields, std::shared_ptr<KeptRows> kept, size_t first, size_t count,
               bool backward)
      : fields_(std::move(fields)),
        kept_(std::move(kept)),
        at_(first),
        left_(count),
        backward_(backward) {}
  const model::Fields& fields() const override { return fields_; }
  base::Result<model::ChunkView> Next() override {
    if (left_ == 0) return model::ChunkView{};
    auto chunk = kept_->Read(at_, backward_ ? 1 : left_, &slicer_);
    left_ -= chunk.rows;
    if (backward_) --at_;
    else at_ += chunk.rows;
    return chunk;
  }

 private:
  model::Fields fields_;
  std::shared_ptr<KeptRows> kept_;
  size_t at_, left_;
  bool backward_;
  Slicer slicer_;
};

base::Status ForwardOnly() {
  return base::Invalid("cursor can only scan forward")
      .WithSqlstate("55000")
      .WithHint("Declare it with SCROLL option to enable backward scan.");
}

// Where a FETCH of a scrolling cursor leads: the rows it gives and the position after it. Position
// 0 is before the first row, rows + 1 after the last.
struct Scroll {
  size_t first = 0, count = 0, position = 0;  // first: 0-based
  bool backward = false;
};

Scroll ScrollBy(const sql::FetchCursor& fetch, size_t position, size_t rows) {
  Scroll scroll;
  int64_t count = fetch.all ? static_cast<int64_t>(rows + 1) : fetch.count;
  scroll.backward = fetch.backward != (count < 0);
  const size_t wanted = static_cast<size_t>(count < 0 ? -count : count);
  if (wanted == 0) {  // the row it stands on, once more
    scroll.position = position;
    if (position > 0 && position <= rows) scroll.first = position - 1, scroll.count = 1;
    return scroll;
  }
  if (scroll.backward) {
    const size_t before = position - std::min<size_t>(position, 1);
    scroll.count = std::min(wanted, before);
    scroll.first = before - std::min<size_t>(before, 1);
    scroll.position = scroll.count < wanted ? 0 : position - scroll.count;
  } else {
    const size_t after = rows - std::min(position, rows);
    scroll.count = std::min(wanted, after);
    scroll.first = position;
    scroll.position = scroll.count < wanted ? rows + 1 : position + scroll.count;
  }
  return scroll;
}

}  // namespace

base::Result<SessionImpl::Cursor*> SessionImpl::FindCursor(const std::string& name) {
  const auto found = cursors_.find(name);
  if (found == cursors_.end())
    return base::NotFound("cursor \"" + name + "\" does not exist").WithSqlstate("34000");
  return &found->second;
}

base::Result<Execution> SessionImpl::RunDeclare(PreparedPlan* prepared,
                                                const std::vector<Parameter>& parameters) {
  const auto& declare = std::get<sql::DeclareCursor>(prepared->statement.body);
  if (!block_ && !declare.hold)
    return base::Invalid("DECLARE CURSOR can only be used in transaction blocks")
        .WithSqlstate("25P01");
  if (cursors_.contains(declare.name))
    return base::AlreadyExists("cursor \"" + declare.name + "\" already exists")
        .WithSqlstate("42P03");
  if (cursors_.size() >= kMaxCursors)
    return base::Exhausted("too many cursors")
        .WithSqlstate("54000")
        .WithHint("CLOSE those no longer needed.");
  Cursor cursor;
  cursor.hold = declare.hold;
  cursor.scroll = declare.scroll;
  cursor.fields = prepared->fields;
  if (prepared->system) {
    ASSIGN_OR_RETURN(auto rows, RunSystem(*declare.select, parameters));
    ASSIGN_OR_RETURN(cursor.kept, KeepRows(rows.get()));
  } else {
    RETURN_IF_ERROR(Refresh(*declare.select, prepared->statement.text, prepared));
    ASSIGN_OR_RETURN(const auto literals, Literals(*prepared->plan, parameters));
    ASSIGN_OR_RETURN(const std::string text, Planner::Print(*prepared->plan, literals));
    ASSIGN_OR_RETURN(cursor.stream, Open(text, cursor.fields));
    if (cursor.scroll || !block_) {
      ASSIGN_OR_RETURN(cursor.kept, cursor.stream->KeepAll());
      cursor.stream.reset();
    }
  }
  cursor.held = !block_;
  cursors_[declare.name] = std::move(cursor);
  return Execution{nullptr, "DECLARE CURSOR", {}};
}

base::Result<std::shared_ptr<KeptRows>> SessionImpl::KeepRows(model::RowSource* rows) {
  auto kept = std::make_shared<KeptRows>(engine_->kept_budget());
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) return kept;
    RETURN_IF_ERROR(kept->Add(chunk));
  }
}

base::Result<Execution> SessionImpl::RunFetch(const sql::FetchCursor& fetch) {
  ASSIGN_OR_RETURN(Cursor * cursor, FindCursor(fetch.name));
  if (cursor->kept) return FetchKept(cursor, fetch);
  if (fetch.backward || fetch.count < 0) return ForwardOnly();
  const size_t most = fetch.all ? SIZE_MAX : static_cast<size_t>(fetch.count);
  auto rows = std::make_unique<FetchedRows>(cursor->stream, most);
  if (!fetch.move) return Execution{std::move(rows), "FETCH", {}};
  size_t moved = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (chunk.rows == 0) return Execution{nullptr, "MOVE " + std::to_string(moved), {}};
    moved += chunk.rows;
  }
}

base::Result<Execution> SessionImpl::FetchKept(Cursor* cursor, const sql::FetchCursor& fetch) {
  const bool backward = fetch.backward != (fetch.count < 0);
  if (backward && !cursor->scroll) return ForwardOnly();
  const Scroll scroll = ScrollBy(fetch, cursor->position, cursor->kept->rows());
  cursor->position = scroll.position;
  if (fetch.move) return Execution{nullptr, "MOVE " + std::to_string(scroll.count), {}};
  auto rows = std::make_unique<ScrolledRows>(cursor->fields, cursor->kept, scroll.first,
                                             scroll.count, scroll.backward);
  return Execution{std::move(rows), "FETCH", {}};
}

base::Result<Execution> SessionImpl::RunClose(const sql::CloseCursor& close) {
  if (close.name.empty()) {
    CloseCursors(true);
    return Execution{nullptr, "CLOSE CURSOR ALL", {}};
  }
  ASSIGN_OR_RETURN(Cursor * cursor, FindCursor(close.name));
  if (cursor->stream) cursor->stream->Fail(base::Cancelled("the cursor was closed"));
  cursors_.erase(close.name);
  return Execution{nullptr, "CLOSE CURSOR", {}};
}

// At COMMIT: what a WITH HOLD cursor has left moves to memory.
base::Status SessionImpl::HoldCursors() {
  for (auto& [name, cursor] : cursors_) {
    if (!cursor.hold || cursor.held) continue;
    if (cursor.stream) {
      ASSIGN_OR_RETURN(cursor.kept, cursor.stream->KeepAll());
      cursor.stream.reset();
      cursor.position = 0;
    }
    cursor.held = true;
  }
  return {};
}

void SessionImpl::CloseCursors(bool held_too) {
  for (auto cursor = cursors_.begin(); cursor != cursors_.end();) {
    if (cursor->second.held && !held_too) {
      ++cursor;
      continue;
    }
    if (cursor->second.stream)
      cursor->second.stream->Fail(base::Cancelled("the cursor was closed"));
    cursor = cursors_.erase(cursor);
  }
}

}  // namespace query
