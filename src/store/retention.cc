#include "store/retention.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "store/duckdb_types.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Status;

constexpr int64_t kSecond = 1'000'000, kHour = 3'600 * kSecond;
constexpr std::chrono::milliseconds kCommitPatience{10'000};

int64_t AlignDown(int64_t time, int64_t unit) {
  const int64_t rest = time % unit;
  return time - (rest < 0 ? rest + unit : rest);
}

// Floors are multiples of this.
int64_t UnitOf(const Store::Maintained& table) {
  if (table.bucket_us > 0) return table.bucket_us;
  return std::clamp(*table.retention_us / 64, kSecond, kHour);
}

std::string Time(int64_t us) { return "make_timestamp(" + std::to_string(us) + ")"; }
int64_t Now() { return base::Clock::System().Wall().time_since_epoch().count(); }

}  // namespace

Status Retention::LoadFloors() {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(&session_,
                 "SELECT object, epoch_us(max(floor)) FROM freshet_floors GROUP BY object"));
  for (size_t i = 0; i < rows.size(); ++i) state_->floors.Raise(rows.Int64(i, 0), rows.Int64(i, 1));
  return {};
}

Status Retention::Run(const std::vector<Store::Maintained>& tables,
                      const Maintenance::Watermark& watermark) {
  Status first_error;
  for (const Store::Maintained& table : tables) {
    const bool timed = !table.time_column.empty() || !table.expired.empty();
    if (!table.retention_us || !timed || !watermark) continue;
    const std::optional<model::EventTime> time = watermark(table.object);
    if (!time) continue;
    Status status = Apply(table, time->value);
    if (status.ok() || status.code() == base::Code::kNotFound)
      continue;  // a view that was just dropped
    state_->metrics.compaction_errors.Add();
    base::Log(base::Level::kWarning, "store", "retention is tried again later",
              {{"table", table.table}, {"error", status.ToString()}});
    if (first_error.ok()) first_error = std::move(status);
  }
  return first_error;
}

Status Retention::Apply(const Store::Maintained& table, int64_t watermark_us) {
  const int64_t object = table.object.value;
  const int64_t bound = watermark_us - *table.retention_us - table.origin_us;
  state_->floors.Raise(object, AlignDown(bound, UnitOf(table)) + table.origin_us - table.reach_us);
  const int64_t floor = *state_->floors.Get(object);
  const auto done = deleted_.find(object);
  if (done != deleted_.end() && done->second >= floor) return {};
  if (!state_->floors.WaitForCommits(kCommitPatience))
    return base::Unavailable("a commit that began before the floor rose is still under way");
  RETURN_IF_ERROR(Delete(table, floor));
  deleted_[object] = floor;
  return {};
}

Status Retention::Delete(const Store::Maintained& table, int64_t floor_us) {
  const std::string floor_row = "INSERT INTO freshet_floors VALUES (" +
                                std::to_string(table.object.value) + ", " + Time(floor_us) + ", " +
                                Time(Now()) + ")";
  std::string old = QuoteName(table.time_column) + " <= " + Time(floor_us - table.longest_us);
  if (constexpr std::string_view kFloor = "{floor}"; !table.expired.empty()) {
    std::string expired = table.expired;
    expired.replace(expired.find(kFloor), kFloor.size(), Time(floor_us));
    old = "rowid IN (" + expired + ")";
  }
  const std::string remove = "DELETE FROM " + QuoteName(table.table) + " WHERE " + old;
  return session_.RunInTransaction({remove, floor_row});
}

// The newest dead letters whose sizes add up to the bound stay.
Status Retention::BoundDeadLetters() {
  const StoreOptions& options = state_->engine->options();
  const int64_t oldest =
      Now() -
      std::chrono::duration_cast<std::chrono::microseconds>(options.max_dead_letter_age).count();
  ASSIGN_OR_RETURN(const Rows rows,
                   Rows::Read(&session_,
                              "SELECT epoch_us(max(\"at\")) FROM (SELECT \"at\", sum(sum(bytes)) "
                              "OVER (ORDER BY \"at\" DESC) AS newer FROM freshet_dead_letters "
                              "GROUP BY \"at\") WHERE newer > " +
                                  std::to_string(options.max_dead_letter_bytes)));
  const int64_t through = rows.IsNull(0, 0) ? oldest : std::max(oldest, rows.Int64(0, 0));
  ASSIGN_OR_RETURN(
      const Rows count,
      Rows::Read(&session_,
                 "SELECT count(*) FROM freshet_dead_letters WHERE \"at\" <= " + Time(through)));
  if (count.Int64(0, 0) > 0) {
    RETURN_IF_ERROR(
        session_.Run("DELETE FROM freshet_dead_letters WHERE \"at\" <= " + Time(through)));
    state_->metrics.dead_letters_dropped.Add(static_cast<uint64_t>(count.Int64(0, 0)));
  }
  return session_.Run("DELETE FROM freshet_late_rows WHERE \"at\" <= " + Time(oldest));
}

}  // namespace store
