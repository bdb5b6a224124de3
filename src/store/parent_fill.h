#pragma once
// Fills a new view over a view from its parent's partials, in one transaction. What lies below the
// parent's retention floor is there in part at most: the child then begins at a floor of its own,
// the first of its buckets that begins at or above the parent's.
//
// Threads: one caller, while the source's lanes stand at a commit boundary; retention may go on.
// Errors: those of the engine; nothing is changed then.

#include <vector>

#include "base/status.h"
#include "store/store.h"
#include "store/store_state.h"

namespace store {

base::Status FillFromParent(StoreState* state, Session* session, const ParentFill& fill);
base::Status KeepFloorsOf(StoreState* state, Session* session,
                          const std::vector<model::ObjectId>& objects);

}  // namespace store
