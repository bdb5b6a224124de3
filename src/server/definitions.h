#pragma once
// Between the catalog's objects and the rows they are kept as. Threads: any. Errors: kCorrupt when
// a stored definition no longer parses or validates (names the object).

#include <memory>
#include <vector>

#include "base/status.h"
#include "catalog/catalog.h"
#include "store/store.h"

namespace server {

// The view of a stored definition, which for a sink made AS SELECT is the sink's. `or_replace`: one
// of that name may be there.
base::Result<std::shared_ptr<catalog::View>> MakeStoredView(const std::string& definition,
                                                            bool or_replace,
                                                            const catalog::Catalog& catalog);

std::vector<store::Definition> ToDefinitions(const catalog::Catalog& catalog);

// Builds a catalog from stored rows on top of `empty` (which holds the system relations).
base::Result<std::shared_ptr<catalog::Catalog>> FromDefinitions(
    const std::vector<store::Definition>& definitions, const catalog::Catalog& empty);

}  // namespace server
