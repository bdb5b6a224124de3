#pragma once
// PostgreSQL's parse tree as libpg_query hands it over, for the converters of this room only.
//
// Threads: any; libpg_query keeps its memory per thread. Owns: the unpacked tree. Errors:
// PostgreSQL's text, 42601.

#include <pg_query/pg_query.pb-c.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sql::pg {

using Node = PgQuery__Node;

struct FreeTree {
  void operator()(PgQuery__ParseResult* tree) const {
    pg_query__parse_result__free_unpacked(tree, nullptr);
  }
};
using Tree = std::unique_ptr<PgQuery__ParseResult, FreeTree>;

// Parses `text`; only after Scan (tokens.h) has accepted it.
base::Result<Tree> Parse(const std::string& text);

// A list of nodes as C++ iterates it.
struct NodeList {
  Node** items = nullptr;
  size_t count = 0;
  Node** begin() const { return items; }
  Node** end() const { return items + count; }
  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  const Node* operator[](size_t i) const { return items[i]; }
};
#define FRESHET_PG_LIST(owner, field) (::sql::pg::NodeList{(owner).field, (owner).n_##field})

// The text of a String node; empty for anything else.
std::string_view StringOf(const Node* node);
inline bool Is(const Node* node, PgQuery__Node__NodeCase what) {
  return node != nullptr && node->node_case == what;
}

}  // namespace sql::pg
