#pragma once
// What a lane's commit writes beside views and raw rows: positions, dead letters, late rows,
// floors, views left out. Appended inside the lane's open transaction.
//
// Threads: the lane. Errors: those of the engine. Limits: a dead letter's key and value are cut at
// DeadLetter::kMaxBytes.

#include <duckdb.h>

#include <map>
#include <vector>

#include "base/status.h"
#include "model/dead_letter.h"
#include "store/lane_rows.h"
#include "store/row_faults.h"
#include "store/statement.h"
#include "store/store.h"

namespace store {

struct LaneRecord {
  Engine* engine;
  duckdb_connection connection;
  model::ObjectId source;
  model::LaneId lane;
  model::CommitNumber commit;
  model::Incarnation incarnation;
  int64_t now_us;
};

// Every commit writes positions, so they have a prepared statement over a table function of their
// own: an appender parses and plans its INSERT anew each time, which costs more than the rest of a
// small commit.
class PositionInsert {
 public:
  explicit PositionInsert(std::shared_ptr<LaneRows> rows);
  base::Status Prepare(Engine* engine, const Session::Use& use);
  void Drop() { insert_.Reset(); }
  base::Status Run(const LaneRecord& record, const std::vector<Position>& positions);

 private:
  std::shared_ptr<LaneRows> rows_;
  model::ColumnBatch batch_;
  Statement insert_;
};

base::Status AppendDeadLetters(const LaneRecord& record,
                               const std::vector<const std::vector<model::DeadLetter>*>& groups);
base::Status AppendLateRows(const LaneRecord& record,
                            const std::vector<const std::vector<LateRows>*>& groups,
                            const std::map<int64_t, int64_t>& floors);

// Views that the commit leaves out.
base::Status AppendLeftOut(const LaneRecord& record, const std::vector<LeftOut>& views);

}  // namespace store
