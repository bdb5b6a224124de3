#pragma once
// SELECT set_config('name', 'value', is_local), the SET of clients that only know how to SELECT.
// Threads: any.

#include "model/schema.h"
#include "sql/ast.h"

namespace query {

// True for a SELECT of nothing but set_config calls with constant arguments.
bool IsSetConfig(const sql::Select& select);
model::Fields SetConfigFields(const sql::Select& select);

struct SetConfigCall {
  std::string name, value;
  bool local = false;
};
// Of an item of such a SELECT.
SetConfigCall SetConfigOf(const sql::Expr& call);

}  // namespace query
