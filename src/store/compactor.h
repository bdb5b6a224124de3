#pragma once
// Compactor: merges the partials of a key into one row, by the view's own merge, and drops
// positions and definitions that newer ones replace. DELETE and INSERT in one transaction: readers
// see the rows before or after, never both or none.
//
// A table with a time column is looked at from its hot end (where the last pass saw the newest
// buckets); every 32nd pass looks at all of it, for late rows. Buckets are rewritten whole, some at
// a time. Without a time column, the keys that have several partials are rewritten.
//
// Threads: the maintenance thread; lanes may append meanwhile (their rows are not in the snapshot
// and stay). Errors: those of the engine; nothing has changed then. Limits: a pass begins at 1,000
// commits, or 20 partials a key when those are 50,000 rows; 200,000 rows a transaction, unless one
// bucket has more.

#include <map>
#include <string>
#include <vector>

#include "store/store_state.h"

namespace store {

class Compactor {
 public:
  explicit Compactor(StoreState* state) : state_(state), session_(state->engine.get()) {}

  // Compacts the tables that need it; `all` = every table, and all of it.
  base::Status Run(const std::vector<Store::Maintained>& tables, bool all);

 private:
  struct Pass {
    std::string hot_from;  // text of the time value, empty = from the beginning
    uint64_t passes = 0;
    uint64_t keys = 0;  // rows that were left
  };
  struct Bucket {
    std::string time;  // text; meaningless when is_null
    bool is_null;
    uint64_t rows, keys;
  };
  bool Due(const Store::Maintained& table, uint64_t commits) const;
  base::Status CompactTable(const Store::Maintained& table, bool all);
  base::Status CompactBuckets(const Store::Maintained& table, Pass* pass, bool all);
  base::Status RemoveOldVersions(const Store::Maintained& table, Pass* pass);
  base::Status CompactKeys(const Store::Maintained& table, Pass* pass);
  base::Result<std::vector<Bucket>> ReadBuckets(const Store::Maintained& table,
                                                const std::string& from);
  base::Status CompactFixedTables();
  // `keep` makes temporary table "compacted"; `remove` deletes what it stands for.
  base::Status Replace(const std::string& table, const std::string& keep,
                       const std::string& remove);

  StoreState* state_;
  Session session_;
  std::map<int64_t, Pass> passes_;
};

}  // namespace store
