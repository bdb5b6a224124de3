// Invariants of the estimate:
// 1. It never says less than the depth of the operator chain in the tree. A chain `a + b + c` nests
// to the left, one level
//    for each operator, and what stands in parentheses hangs below all operators of the list item
//    around it.
// 2. AND and OR do not nest (the grammar keeps them flat), so each starts a new chain, as a comma
// does; the AND of BETWEEN
//    does not.
// 3. Joins and set operations nest across list items, so they are counted for the whole level.

#include "sql/limits.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

#include "sql/position.h"

namespace sql {
namespace {

struct Level {
  bool is_case = false;
  size_t operators = 0;  // of the current chain
  size_t below = 0;      // deepest level closed inside the current chain
  size_t deepest = 0;    // over the finished chains
  size_t links = 0;      // joins and set operations
  size_t betweens = 0;   // BETWEENs whose AND has not come yet

  size_t Depth() const { return std::max(deepest, operators + below) + links; }
  void NewChain() {
    deepest = std::max(deepest, operators + below);
    operators = below = betweens = 0;
  }
};

bool StartsChain(int code) {
  switch (code) {
    case PG_QUERY__TOKEN__ASCII_44:  // ,
    case PG_QUERY__TOKEN__OR:
    case PG_QUERY__TOKEN__SELECT:
    case PG_QUERY__TOKEN__WHERE:
    case PG_QUERY__TOKEN__HAVING:
    case PG_QUERY__TOKEN__GROUP_P:
    case PG_QUERY__TOKEN__ORDER:
    case PG_QUERY__TOKEN__WHEN:
    case PG_QUERY__TOKEN__THEN:
    case PG_QUERY__TOKEN__ELSE:
    case PG_QUERY__TOKEN__ON: return true;
    default: return false;
  }
}

bool IsLink(int code) {
  return code == PG_QUERY__TOKEN__JOIN || code == PG_QUERY__TOKEN__UNION ||
         code == PG_QUERY__TOKEN__INTERSECT || code == PG_QUERY__TOKEN__EXCEPT;
}

bool IsOperatorWord(int code) {
  switch (code) {
    case PG_QUERY__TOKEN__NOT:
    case PG_QUERY__TOKEN__NOT_LA:
    case PG_QUERY__TOKEN__IS:
    case PG_QUERY__TOKEN__ISNULL:
    case PG_QUERY__TOKEN__NOTNULL:
    case PG_QUERY__TOKEN__LIKE:
    case PG_QUERY__TOKEN__ILIKE:
    case PG_QUERY__TOKEN__SIMILAR:
    case PG_QUERY__TOKEN__BETWEEN:
    case PG_QUERY__TOKEN__IN_P:
    case PG_QUERY__TOKEN__COLLATE:
    case PG_QUERY__TOKEN__AT:
    case PG_QUERY__TOKEN__OPERATOR:
    case PG_QUERY__TOKEN__OVERLAPS: return true;
    default: return false;
  }
}

bool IsOperator(const Token& token) {
  if (token.kind != Token::Kind::kPunctuation) return IsOperatorWord(token.code);
  return !token.Is(".") && !token.Is(",") && !token.Is(";");
}

class DepthCheck {
 public:
  DepthCheck(std::string_view text, const ParseLimits& limits)
      : text_(text), limits_(limits), levels_(1) {}

  base::Status Add(const Token& token) {
    if (token.Is("(") || token.Is("[") || token.code == PG_QUERY__TOKEN__CASE) return Open(token);
    if (token.Is(")") || token.Is("]")) {
      while (levels_.size() > 1 && levels_.back().is_case) Close();
      if (levels_.size() > 1) Close();
    } else if (token.code == PG_QUERY__TOKEN__END_P) {
      if (levels_.back().is_case) Close();
    } else if (token.Is(";")) {
      levels_.back() = Level{.is_case = levels_.back().is_case};
    } else {
      Count(token);
    }
    if (levels_.back().Depth() > limits_.max_chain)
      return TooComplex(token, "Its operators would nest more than " +
                                   std::to_string(limits_.max_chain) + " deep.");
    return {};
  }

 private:
  base::Status TooComplex(const Token& token, std::string detail) const {
    return base::Invalid("statement is too complex")
        .WithSqlstate("54001")
        .WithDetail(std::move(detail))
        .WithPosition(CharacterPosition(text_, token.begin));
  }

  base::Status Open(const Token& token) {
    if (levels_.size() > limits_.max_nesting)
      return TooComplex(token, "Parentheses, brackets and CASE nest more than " +
                                   std::to_string(limits_.max_nesting) + " deep.");
    levels_.push_back(Level{.is_case = token.code == PG_QUERY__TOKEN__CASE});
    return {};
  }

  void Close() {
    const size_t depth = levels_.back().Depth() + 1;
    levels_.pop_back();
    levels_.back().below = std::max(levels_.back().below, depth);
  }

  void Count(const Token& token) {
    Level& level = levels_.back();
    if (token.code == PG_QUERY__TOKEN__AND && level.betweens > 0) {
      --level.betweens;
    } else if (token.code == PG_QUERY__TOKEN__AND || StartsChain(token.code)) {
      level.NewChain();
    } else if (IsLink(token.code)) {
      ++level.links;
    } else if (IsOperator(token)) {
      ++level.operators;
      level.betweens += token.code == PG_QUERY__TOKEN__BETWEEN;
    }
  }

  std::string_view text_;
  const ParseLimits& limits_;
  std::vector<Level> levels_;
};

}  // namespace

base::Status CheckDepth(std::string_view text, std::span<const Token> tokens,
                        const ParseLimits& limits) {
  DepthCheck check(text, limits);
  for (const Token& token : tokens) RETURN_IF_ERROR(check.Add(token));
  return {};
}

}  // namespace sql
