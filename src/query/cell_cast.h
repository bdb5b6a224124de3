#pragma once
// Gives cells the layout that their PostgreSQL type promises where the engine computed in a wider
// one: date_trunc of a date is a timestamp, a product of smallints an integer. numeric may come as
// any number, text as it is.
//
// Threads: one owner. Errors: 22003 for a value outside the type; kInternal for cells that cannot
// be of the type.

#include <vector>

#include "model/result.h"

namespace query {

class CellCaster {
 public:
  explicit CellCaster(const model::Fields& fields) : fields_(fields), cells_(fields.size()) {}

  // Rewrites `chunk`'s columns in place; what is rewritten lives until the next Cast.
  base::Status Cast(model::ChunkView* chunk);

 private:
  const model::Fields fields_;
  std::vector<std::vector<char>> cells_;
};

}  // namespace query
