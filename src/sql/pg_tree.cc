#include "sql/pg_tree.h"

#include <pg_query.h>

namespace sql::pg {

base::Result<Tree> Parse(const std::string& text) {
  PgQueryProtobufParseResult raw = pg_query_parse_protobuf(text.c_str());
  base::Status status;
  Tree tree;
  if (raw.error != nullptr) {
    status = base::Invalid(raw.error->message)
                 .WithSqlstate("42601")
                 .WithPosition(raw.error->cursorpos > 0 ? raw.error->cursorpos : 0);
  } else {
    tree.reset(pg_query__parse_result__unpack(
        nullptr, raw.parse_tree.len, reinterpret_cast<const uint8_t*>(raw.parse_tree.data)));
    if (tree == nullptr) status = base::Internal("the parser's answer cannot be read");
  }
  pg_query_free_protobuf_parse_result(raw);
  RETURN_IF_ERROR(status);
  return tree;
}

std::string_view StringOf(const Node* node) {
  if (!Is(node, PG_QUERY__NODE__NODE_STRING) || node->string->sval == nullptr) return {};
  return node->string->sval;
}

}  // namespace sql::pg
