#include "store/compactor.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "store/duckdb_types.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Result;
using base::Status;

constexpr uint64_t kDueCommits = 1'000, kPartialsPerKey = 20, kWorthwhileRows = 50'000;
constexpr uint64_t kFullPassEvery = 32;
constexpr uint64_t kRowsPerTransaction = 200'000;
constexpr int kDefinitionsKept = 10;

std::string KeyList(const std::vector<std::string>& keys) {
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "" : ", ") + QuoteName(key);
  return list;
}

std::string SameKeys(const std::vector<std::string>& keys, const std::string& left,
                     const std::string& right) {
  std::string condition;
  for (const std::string& key : keys) {
    condition += (condition.empty() ? "" : " AND ") + left + "." + QuoteName(key) +
                 " IS NOT DISTINCT FROM " + right + "." + QuoteName(key);
  }
  return condition;
}

}  // namespace

Status Compactor::Run(const std::vector<Store::Maintained>& tables, bool all) {
  const uint64_t commits = state_->load.commits_since_compaction;
  std::erase_if(passes_, [&](const auto& pass) {
    return std::none_of(tables.begin(), tables.end(),
                        [&](const auto& table) { return table.object.value == pass.first; });
  });
  Status first_error;
  for (const Store::Maintained& table : tables) {
    const bool compacts = !table.merge.empty() || !table.remove_old.empty();
    if (!compacts || !(all || Due(table, commits))) continue;
    Status status = CompactTable(table, all);
    if (status.ok() || status.code() == base::Code::kNotFound)
      continue;  // a view that was just dropped
    if (status.sqlstate() == "54000" && table.on_overflow) table.on_overflow(status);
    state_->metrics.compaction_errors.Add();
    base::Log(base::Level::kWarning, "store", "compaction is tried again later",
              {{"table", table.table}, {"error", status.ToString()}});
    if (first_error.ok()) first_error = std::move(status);
  }
  if (!all && commits < kDueCommits) return first_error;
  Status status = CompactFixedTables();
  state_->load.commits_since_compaction -= commits;
  return first_error.ok() ? status : first_error;
}

bool Compactor::Due(const Store::Maintained& table, uint64_t commits) const {
  const uint64_t rows = state_->load.partials.Get(table.object.value);
  if (commits >= kDueCommits) return rows > 0;
  const auto pass = passes_.find(table.object.value);
  const uint64_t keys = pass == passes_.end() ? 1 : std::max<uint64_t>(pass->second.keys, 1);
  return rows >= std::max(kPartialsPerKey * keys, kWorthwhileRows);
}

Status Compactor::CompactTable(const Store::Maintained& table, bool all) {
  const base::MonotonicTime start = base::Clock::System().Monotonic();
  const uint64_t rows = state_->load.partials.Get(table.object.value);
  Pass& pass = passes_[table.object.value];
  const bool whole = all || pass.passes % kFullPassEvery == 0;
  if (!table.remove_old.empty()) RETURN_IF_ERROR(RemoveOldVersions(table, &pass));
  else
    RETURN_IF_ERROR(table.time_column.empty() ? CompactKeys(table, &pass)
                                              : CompactBuckets(table, &pass, whole));
  ++pass.passes;
  state_->load.partials.Subtract(table.object.value, rows);
  state_->metrics.compaction_seconds.Observe(
      std::chrono::duration<double>(base::Clock::System().Monotonic() - start).count());
  return {};
}

Result<std::vector<Compactor::Bucket>> Compactor::ReadBuckets(const Store::Maintained& table,
                                                              const std::string& from) {
  const std::string time = QuoteName(table.time_column);
  const std::string where =
      from.empty() ? "" : " WHERE " + time + " >= " + QuoteText(from) + " OR " + time + " IS NULL";
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(&session_, "SELECT CAST(" + time +
                                " AS VARCHAR), sum(partials)::BIGINT, count(*) FROM (SELECT " +
                                time + ", count(*) AS partials FROM " + QuoteName(table.table) +
                                where + " GROUP BY " + KeyList(table.keys) + ") GROUP BY " + time +
                                " ORDER BY " + time));
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < rows.size(); ++i) {
    buckets.push_back({rows.Text(i, 0), rows.IsNull(i, 0), static_cast<uint64_t>(rows.Int64(i, 1)),
                       static_cast<uint64_t>(rows.Int64(i, 2))});
  }
  return buckets;
}

// Whole buckets. A pass over all of a table takes every bucket in which anything can be won; the
// others those with two partials a key or more, so that a bucket is not rewritten for a few late
// rows.
Status Compactor::CompactBuckets(const Store::Maintained& table, Pass* pass, bool all) {
  ASSIGN_OR_RETURN(const std::vector<Bucket> buckets,
                   ReadBuckets(table, all ? "" : pass->hot_from));
  const std::string time = QuoteName(table.time_column), name = QuoteName(table.table);
  for (size_t i = 0; i < buckets.size();) {
    std::string values, condition;
    uint64_t rows = 0;
    for (; i < buckets.size() && (rows == 0 || rows + buckets[i].rows <= kRowsPerTransaction);
         ++i) {
      const Bucket& bucket = buckets[i];
      if (bucket.rows == bucket.keys || (!all && bucket.rows < 2 * bucket.keys)) continue;
      rows += bucket.rows;
      if (bucket.is_null) condition = time + " IS NULL";
      else values += (values.empty() ? "" : ", ") + QuoteText(bucket.time);
    }
    if (!values.empty())
      condition += (condition.empty() ? "" : " OR ") + time + " IN (" + values + ")";
    if (condition.empty()) continue;
    RETURN_IF_ERROR(Replace(name,
                            "SELECT * FROM (" + table.merge + ") AS merged WHERE " + condition,
                            "DELETE FROM " + name + " WHERE " + condition));
  }
  pass->keys = 0;
  for (const Bucket& bucket : buckets) pass->keys += bucket.keys;
  // The newest two buckets are still hot: their lateness is what usually comes.
  size_t newest = buckets.size();
  while (newest > 0 && buckets[newest - 1].is_null) --newest;
  if (newest >= 2) pass->hot_from = buckets[newest - 2].time;
  return {};
}

Status Compactor::CompactKeys(const Store::Maintained& table, Pass* pass) {
  const std::string name = QuoteName(table.table);
  if (table.keys.empty()) {
    ASSIGN_OR_RETURN(const Rows rows, Rows::Read(&session_, "SELECT count(*) FROM " + name));
    pass->keys = 1;
    return rows.Int64(0, 0) < 2 ? Status() : Replace(name, table.merge, "DELETE FROM " + name);
  }
  const std::string keys = KeyList(table.keys);
  ASSIGN_OR_RETURN(const Rows rows, Rows::Read(&session_,
                                               "SELECT count(*), count(*) FILTER (WHERE partials > "
                                               "1) FROM (SELECT count(*) AS partials FROM " +
                                                   name + " GROUP BY " + keys + ")"));
  pass->keys = static_cast<uint64_t>(rows.Int64(0, 0));
  if (rows.Int64(0, 1) == 0) return {};
  // The keys are named first, so that the merged rows and the deleted rows are those of the same
  // keys.
  const std::string several =
      "SELECT " + keys + " FROM " + name + " GROUP BY " + keys + " HAVING count(*) > 1";
  return Replace(name,
                 "SELECT merged.* FROM (" + table.merge +
                     ") AS merged WHERE EXISTS (SELECT 1 FROM (" + several + ") AS several WHERE " +
                     SameKeys(table.keys, "merged", "several") + ")",
                 "DELETE FROM " + name + " AS old USING temp.compacted AS merged WHERE " +
                     SameKeys(table.keys, "old", "merged"));
}

Status Compactor::RemoveOldVersions(const Store::Maintained& table, Pass* pass) {
  RETURN_IF_ERROR(session_.Run(table.remove_old));
  ASSIGN_OR_RETURN(const Rows rows,
                   Rows::Read(&session_, "SELECT count(*) FROM " + QuoteName(table.table)));
  pass->keys = static_cast<uint64_t>(rows.Int64(0, 0));
  state_->metrics.compactions.Add();
  return {};
}

Status Compactor::Replace(const std::string& table, const std::string& keep,
                          const std::string& remove) {
  RETURN_IF_ERROR(session_.RunInTransaction(
      {"CREATE OR REPLACE TEMP TABLE compacted AS " + keep, remove,
       "INSERT INTO " + table + " SELECT * FROM temp.compacted", "DROP TABLE temp.compacted"}));
  state_->metrics.compactions.Add();
  return {};
}

// The newest position of each partition stays, and the newest of each lane, whose commit number
// must not be used again.
Status Compactor::CompactFixedTables() {
  RETURN_IF_ERROR(Replace("freshet_positions",
                          "SELECT * FROM freshet_positions QUALIFY row_number() OVER (PARTITION BY "
                          "source, incarnation, partition "
                          "ORDER BY \"commit\" DESC) = 1 OR row_number() OVER (PARTITION BY lane "
                          "ORDER BY \"commit\" DESC) = 1",
                          "DELETE FROM freshet_positions"));
  ASSIGN_OR_RETURN(
      const Rows floors,
      Rows::Read(&session_, "SELECT count(*) - count(DISTINCT object) FROM freshet_floors"));
  if (floors.Int64(0, 0) > 0) {
    RETURN_IF_ERROR(
        Replace("freshet_floors",
                "SELECT object, max(floor), max(\"at\") FROM freshet_floors GROUP BY object",
                "DELETE FROM freshet_floors"));
  }
  return session_.Run(
      "DELETE FROM freshet_definitions WHERE version <= (SELECT max(version) FROM "
      "freshet_definitions) - " +
      std::to_string(kDefinitionsKept));
}

}  // namespace store
