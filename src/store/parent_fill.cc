#include "store/parent_fill.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/duckdb_types.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Result;
using base::Status;

std::string Time(int64_t us) { return "make_timestamp(" + std::to_string(us) + ")"; }

int64_t AlignUp(int64_t time, int64_t unit) {
  const int64_t rest = time % unit;
  return rest == 0 ? time : time - rest + (rest < 0 ? 0 : unit);
}

constexpr int64_t kNoFloor = INT64_MIN;

// Gives the child's floor.
Result<int64_t> FillTable(StoreState* state, const Session::Use& use, Session* session,
                          const ParentFill& fill) {
  // A try that a crash cut off before the catalog's switch may have left its rows.
  RETURN_IF_ERROR(session->Run(use, "DELETE FROM " + QuoteName(fill.table)));
  RETURN_IF_ERROR(session->Run(use, "INSERT INTO " + QuoteName(fill.table) + " " + fill.select));
  // Read after the snapshot was taken: what it lacks lies below this floor.
  const std::optional<int64_t> parent = state->floors.Get(fill.parent.value);
  if (!parent || fill.time_column.empty()) return kNoFloor;
  const int64_t floor = fill.bucket_us == 0
                            ? *parent
                            : AlignUp(*parent - fill.origin_us, fill.bucket_us) + fill.origin_us;
  RETURN_IF_ERROR(session->Run(use, "DELETE FROM " + QuoteName(fill.table) + " WHERE " +
                                        fill.time_column + " < " + Time(floor)));
  const int64_t now = base::Clock::System().Wall().time_since_epoch().count();
  RETURN_IF_ERROR(session->Run(use, "INSERT INTO freshet_floors VALUES (" +
                                        std::to_string(fill.view.value) + ", " + Time(floor) +
                                        ", " + Time(now) + ")"));
  return floor;
}

}  // namespace

Status FillFromParent(StoreState* state, Session* session, const ParentFill& fill) {
  ASSIGN_OR_RETURN(const Session::Use use, session->Enter());
  RETURN_IF_ERROR(session->Run(use, "BEGIN TRANSACTION"));
  auto floor = FillTable(state, use, session, fill);
  if (!floor.ok()) {
    // Says that there is no transaction when the engine ended it itself.
    (void)session->Run(use, "ROLLBACK");
    return floor.TakeStatus();
  }
  RETURN_IF_ERROR(session->Run(use, "COMMIT"));
  if (*floor != kNoFloor) state->floors.Raise(fill.view.value, *floor);
  return {};
}

Status KeepFloorsOf(StoreState* state, Session* session,
                    const std::vector<model::ObjectId>& objects) {
  const auto all = state->floors.All();
  std::string gone;
  for (const auto& [object, floor] : all) {
    const bool kept = std::any_of(objects.begin(), objects.end(),
                                  [id = object](const auto& known) { return known.value == id; });
    if (!kept) gone += (gone.empty() ? "" : ", ") + std::to_string(object);
  }
  if (gone.empty()) return {};
  RETURN_IF_ERROR(session->Run("DELETE FROM freshet_floors WHERE object IN (" + gone + ")"));
  for (const auto& [object, floor] : all)
    if (std::none_of(objects.begin(), objects.end(),
                     [id = object](const auto& known) { return known.value == id; }))
      state->floors.Forget(object);
  return {};
}

}  // namespace store
