// relation FOR SYSTEM_TIME AS OF ..., which PostgreSQL's grammar does not know: found on the
// tokens, left out of what the grammar reads, and told to the relation of the tree that stands
// before it.

#include "sql/position.h"
#include "sql/shell.h"

namespace sql {
namespace {

constexpr const char* kHint =
    "Write JOIN table FOR SYSTEM_TIME AS OF stream.event_time for the row as it was then, AS OF "
    "PROCTIME() for the row as it is when a record is processed, or a plain JOIN for the table's "
    "current rows.";

// The first token of the relation's name that ends before token `at`.
size_t RelationBefore(std::span<const Token> tokens, size_t at) {
  size_t first = at - 1;
  while (first >= 2 && tokens[first - 1].Is(".")) first -= 2;
  return first;
}

base::Status Refuse(const StatementSource& source, const Token& token, const std::string& message) {
  return At(base::Unsupported(message).WithHint(kHint), source.text, token.begin);
}

// The event time: relation.column behind OF.
base::Status ReadTime(const StatementSource& source, LookupClause* clause) {
  const std::span<const Token> tokens = source.tokens;
  const size_t at = clause->first + 4;
  const bool column = at + 2 < tokens.size() && !NameOf(tokens[at]).empty() &&
                      tokens[at + 1].Is(".") && !NameOf(tokens[at + 2]).empty();
  if (!column || (at + 3 < tokens.size() && (tokens[at + 3].Is(".") || tokens[at + 3].Is("("))))
    return Refuse(source, tokens[clause->first],
                  "FOR SYSTEM_TIME AS OF takes PROCTIME() or stream.event_time");
  clause->time = {NameOf(tokens[at]), NameOf(tokens[at + 2])};
  clause->time_begin = tokens[at].begin;
  clause->last = at + 3;
  return {};
}

TableRef* Marked(TableRef* table, int begin) {
  if (table->kind == TableRef::Kind::kRelation) return table->location == begin ? table : nullptr;
  if (table->kind != TableRef::Kind::kJoin) return nullptr;
  TableRef* found = Marked(table->left.get(), begin);
  return found != nullptr ? found : Marked(table->right.get(), begin);
}

}  // namespace

base::Result<std::vector<LookupClause>> FindLookups(const StatementSource& source) {
  const std::span<const Token> tokens = source.tokens;
  const auto is_word = [&](size_t at, const char* word) {
    return at < tokens.size() && tokens[at].IsWord(word);
  };
  std::vector<LookupClause> found;
  for (size_t i = 1; i < tokens.size(); ++i) {
    if (!is_word(i, "FOR") || !is_word(i + 1, "SYSTEM_TIME")) continue;
    if (!is_word(i + 2, "AS") || !is_word(i + 3, "OF"))
      return Refuse(source, tokens[i], "only AS OF is supported after FOR SYSTEM_TIME");
    LookupClause clause{tokens[RelationBefore(tokens, i)].begin, i, i + 7, {}};
    const bool called = i + 6 < tokens.size() && tokens[i + 5].Is("(") && tokens[i + 6].Is(")");
    if (!is_word(i + 4, "PROCTIME") || !called) RETURN_IF_ERROR(ReadTime(source, &clause));
    found.push_back(std::move(clause));
  }
  return found;
}

base::Status MarkLookups(const StatementSource& source, const std::vector<LookupClause>& clauses,
                         Select* select) {
  for (const LookupClause& clause : clauses) {
    TableRef* relation = nullptr;
    for (auto& from : select->from)
      if (relation == nullptr) relation = Marked(from.get(), clause.relation_begin);
    if (relation == nullptr)
      return Refuse(source, source.tokens[clause.first],
                    "FOR SYSTEM_TIME AS OF belongs behind the name of a table that is joined");
    relation->as_of_processing = clause.time.empty();
    if (clause.time.empty()) continue;
    relation->as_of = std::make_unique<Expr>();
    relation->as_of->kind = ExprKind::kColumn;
    relation->as_of->name = clause.time;
    relation->as_of->location = clause.time_begin;
  }
  return {};
}

}  // namespace sql
