#pragma once
// The tables that every store has, and what is kept in them besides views and raw rows: format,
// definitions, positions. All are append-only in the steady state (INSERT, DELETE); none has a key
// or an index.
//
// Threads: functions over a Session of the caller. Errors: kCorrupt for a newer format or a foreign
// file.

#include <vector>

#include "base/status.h"
#include "store/engine.h"
#include "store/store.h"

namespace store {

// Makes what is missing in a new store and checks the format of an old one. Runs on every new
// instance.
base::Status PrepareFixedTables(duckdb_connection connection);
// The same check without writing, for Store::Check.
base::Status CheckFormat(duckdb_connection connection);

base::Result<std::vector<Definition>> ReadNewestDefinitions(Session* session);
base::Status WriteNextDefinitions(Session* session, const std::vector<Definition>& definitions);

// raw_<id> and partials_<id>.
base::Result<std::vector<std::string>> ReadObjectTables(Session* session);

struct PositionRow {
  Position position;
  model::LaneId lane;
  model::CommitNumber commit;
};
// The newest row of each (source, incarnation, partition) of every source.
base::Result<std::vector<PositionRow>> ReadNewestPositions(Session* session);
std::string PositionsInsert(const std::vector<PositionRow>& rows);  // at least one
base::Status InsertPositions(Session* session, const std::vector<PositionRow>& rows);

base::Result<std::vector<PartitionName>> ReadNames(Session* session, model::ObjectId source);
base::Status InsertNames(Session* session, const std::vector<PartitionName>& names);

base::Result<std::vector<LeftOut>> ReadViewsLeftOut(Session* session);
base::Status KeepViewsLeftOut(Session* session, const std::vector<model::ObjectId>& views);

}  // namespace store
