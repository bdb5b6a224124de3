#pragma once
// Portal: one statement on its way to the client: bound parameters, the running query, and how far its rows have been sent.
// Used for Bind's portals and for each statement of a simple query alike.
//
// Threads: one at a time, a query thread (Run blocks). Owns: the Execution. Errors: the query's own; 0A000 when the columns
// are no longer those that were described. Limits: none of its own; what it holds is one chunk of the query room.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgwire/encode.h"
#include "query/engine.h"

namespace pgwire {

class Portal {
 public:
  enum class Progress : uint8_t {
    kDone,        // CommandComplete (or EmptyQueryResponse) is written
    kSuspended,   // the asked number of rows is written; more may follow
    kFull,        // `out` holds enough for now; Run goes on
  };

  Portal(std::shared_ptr<query::Prepared> prepared, std::vector<query::Parameter> parameters, std::vector<Format> formats);
  Portal(const Portal&) = delete;
  Portal& operator=(const Portal&) = delete;

  const query::Prepared& prepared() const { return *prepared_; }
  const std::vector<Format>& formats() const { return formats_; }   // one a field
  bool started() const { return state_ != State::kNew; }

  // Begins one Execute of at most `max_rows` rows (0 = all). Then Run until it is not kFull.
  void Begin(int64_t max_rows);
  base::Result<Progress> Run(query::Session* session, const TextStyle& style, size_t until_bytes, WriteBuffer* out);

 private:
  enum class State : uint8_t { kNew, kRows, kRowsDone, kCommandDone };

  base::Status Start(query::Session* session, const TextStyle& style, WriteBuffer* out);
  base::Result<Progress> SendRows(size_t until_bytes, WriteBuffer* out);
  Progress Complete(WriteBuffer* out);

  const std::shared_ptr<query::Prepared> prepared_;
  const std::vector<query::Parameter> parameters_;
  const std::vector<Format> formats_;
  State state_ = State::kNew;
  query::Execution execution_;
  std::optional<RowEncoder> encoder_;
  model::ChunkView chunk_;
  size_t next_row_ = 0;          // of chunk_
  int64_t max_rows_ = 0, sent_ = 0;   // of this Execute
};

// The formats of a result's columns from Bind's list (none = text, one = for all). 08P01, 22023.
base::Result<std::vector<Format>> ResultFormats(const std::vector<int16_t>& codes, size_t columns);

}  // namespace pgwire
